// SPDX-License-Identifier: GPL-2.0-or-later
/* base/sandbox.c: what a process that is locked in can and cannot do. Each in a child of its own.
 */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

enum { CANNOT_TRY = 77 };

/* How a process with these needs ended, which exits with what `probe` returned. */
static int status_in_sandbox(unsigned int needs, int (*probe)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct sandbox_report report;

		if (sandbox_enter(needs, &report) < 0 || report.seccomp < 0)
			_exit(CANNOT_TRY);
		_exit(probe());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TRY)
		skip();
	return status;
}

/* What `probe` returned: small and not negative. */
static int in_sandbox(unsigned int needs, int (*probe)(void))
{
	int status = status_in_sandbox(needs, probe);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

#define EXPECT(needs, probe, result) assert_int_equal(in_sandbox((needs), (probe)), (result))

static int probe_program(void)
{
	char *const none[] = { NULL };

	return error_of(execve("/bin/true", none, none));
}

static int probe_fork(void)
{
	return error_of(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int probe_trace(void)
{
	return error_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int probe_mount(void)
{
	return error_of(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int probe_load(void)
{
	return error_of(syscall(SYS_bpf, 5 /* BPF_PROG_LOAD */, NULL, 0));
}

/* Refused for its arguments, not for what it is. */
static int probe_lookup(void)
{
	return error_of(syscall(SYS_bpf, 1 /* BPF_MAP_LOOKUP_ELEM */, NULL, 0)) == ENOSYS;
}

static int probe_signal(void)
{
	return error_of(kill(getppid(), 0));
}

static int probe_namespace(void)
{
	return error_of(setns(-1, CLONE_NEWNET));
}

static int probe_other_namespace(void)
{
	return error_of(setns(-1, CLONE_NEWNS));
}

static int probe_inet(void)
{
	return error_of(socket(AF_INET, SOCK_DGRAM, 0));
}

static int probe_packet(void)
{
	return error_of(socket(AF_PACKET, SOCK_RAW, 0));
}

static int probe_writing(void)
{
	return error_of(open("/tmp/sockwatch-sandbox", O_WRONLY | O_CREAT, 0600));
}

static int probe_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0;
}

static int probe_memory(void)
{
	void *memory = malloc(1 << 20);
	int failed = !memory;

	free(memory);
	return failed;
}

static int probe_reading(void)
{
	return error_of(open("/proc/self/stat", O_RDONLY));
}

static void *do_nothing(void *data)
{
	return data;
}

static int probe_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, do_nothing, NULL) != 0)
		return EAGAIN;
	return pthread_join(thread, NULL);
}

static void what_could_do_harm_is_refused(void **state)
{
	int (*const harmful[])(void) = { probe_program, probe_fork,    probe_trace,
					 probe_mount,	probe_load,    probe_signal,
					 probe_packet,	probe_writing, probe_other_namespace };
	const unsigned int needs[] = { SANDBOX_NOTHING, SANDBOX_NAMES, SANDBOX_PROCESSES,
				       SANDBOX_NAMESPACES };

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		for (size_t n = 0; n < sizeof(needs) / sizeof(needs[0]); n++)
			EXPECT(needs[n], harmful[i], ENOSYS);
}

static void what_is_always_needed_works(void **state)
{
	EXPECT(SANDBOX_NOTHING, probe_memory, 0);
	EXPECT(SANDBOX_NOTHING, probe_reading, 0);
	EXPECT(SANDBOX_NOTHING, probe_thread, 0);
	EXPECT(SANDBOX_NOTHING, probe_lookup, 0);
}

#ifdef __x86_64__
/* x32's, which the kernel need not have for that. */
static int probe_foreign(void)
{
	return error_of(syscall(0x40000000 | SYS_getpid));
}

static void calls_of_another_architecture_kill(void **state)
{
	int status = status_in_sandbox(SANDBOX_NOTHING, probe_foreign);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}
#endif

static void names_need_sockets_and_modules(void **state)
{
	EXPECT(SANDBOX_NAMES, probe_inet, 0);
	EXPECT(SANDBOX_NAMES, probe_code, 0);
	EXPECT(SANDBOX_NOTHING, probe_inet, ENOSYS);
	EXPECT(SANDBOX_NOTHING, probe_code, ENOSYS);
}

static void only_who_needs_it_enters_namespaces(void **state)
{
	EXPECT(SANDBOX_NAMESPACES, probe_namespace, EBADF);
	EXPECT(SANDBOX_NOTHING, probe_namespace, ENOSYS);
}

static int probe_status(void)
{
	char line[128];
	unsigned long long effective = 1, bounding = 1;
	int privileges = 0, seccomp = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "CapEff: %llx", &effective);
		(void)sscanf(line, "CapBnd: %llx", &bounding);
		(void)sscanf(line, "NoNewPrivs: %d", &privileges);
		(void)sscanf(line, "Seccomp: %d", &seccomp);
	}
	return effective != 0 || geteuid() == 0 || privileges != 1 || seccomp != 2;
}

static void no_capability_and_no_root_is_left(void **state)
{
	EXPECT(SANDBOX_NOTHING, probe_status, 0);
	EXPECT(SANDBOX_NAMES, probe_status, 0);
}

/* Landlock's answer, where the kernel has it: the file is there, and may be read by anybody. */
static int probe_file(void)
{
	return error_of(open("/etc/passwd", O_RDONLY));
}

static void files_are_read_only_where_they_are_needed(void **state)
{
	int result = in_sandbox(SANDBOX_NOTHING, probe_file);

	if (result == 0)
		skip(); /* no Landlock */
	assert_int_equal(result, EACCES);
	EXPECT(SANDBOX_NAMES, probe_file, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_do_harm_is_refused),
		cmocka_unit_test(what_is_always_needed_works),
#ifdef __x86_64__
		cmocka_unit_test(calls_of_another_architecture_kill),
#endif
		cmocka_unit_test(names_need_sockets_and_modules),
		cmocka_unit_test(only_who_needs_it_enters_namespaces),
		cmocka_unit_test(no_capability_and_no_root_is_left),
		cmocka_unit_test(files_are_read_only_where_they_are_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
