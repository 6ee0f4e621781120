// SPDX-License-Identifier: GPL-2.0-or-later
/* Running a program under a time limit, with its output in memory. */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

/* A reader's limit against a program that writes without end. */
#define OUTPUT_MAX (256L << 20)

char *read_fd(int fd, size_t *ret_len)
{
	struct stat status;
	size_t len = 0;
	char *text;

	if (fstat(fd, &status) < 0 || status.st_size > OUTPUT_MAX)
		return NULL;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return NULL;
	while (len < (size_t)status.st_size) {
		ssize_t got = pread(fd, text + len, (size_t)status.st_size - len, (off_t)len);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return text;
}

unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static int open_output(const struct program *program, int memory)
{
	int ends[2];

	if (program->stdout_path)
		return open(program->stdout_path, O_WRONLY | O_CLOEXEC);
	if (!program->closed_pipe)
		return memory;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	close(ends[0]);
	return ends[1];
}

static int enter_netns(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
}

/* In a mount namespace of its own. */
static int cover_var_lib(const char *directory)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	(void)mkdir("/var", 0755); /* a small guest has none */
	(void)mkdir("/var/lib", 0755);
	return mount(directory, "/var/lib", NULL, MS_BIND, NULL);
}

/* As setpriv --ambient-caps does it: they outlive execve(), and there are no others. */
static int keep_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = data[i].inheritable =
			(uint32_t)(wanted >> (32 * i));
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	for (int capability = 0; capability < 64; capability++)
		if (wanted >> capability & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return -1;
	return 0;
}

static int become_user(uid_t uid, uint64_t capabilities)
{
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	return keep_capabilities(capabilities);
}

/* In the child. Keeps the exit status 126 and 127 of a shell for what could not be run. */
static _Noreturn void become(const struct program *program, int out, int err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(126);
	if (program->netns_of != 0 && enter_netns(program->netns_of) < 0)
		_exit(126);
	if (program->var_lib && cover_var_lib(program->var_lib) < 0)
		_exit(126);
	if (program->uid != 0 && become_user(program->uid, program->capabilities) < 0)
		_exit(126);
	execv(program->args[0], (char *const *)program->args);
	_exit(127);
}

static void wait_for(const struct running *running, int timeout_ms, struct program_result *result)
{
	uint64_t begin = now_ns();
	int status = 0;

	while (waitpid(running->pid, &status, WNOHANG) == 0) {
		if (now_ns() - begin > (uint64_t)timeout_ms * 1000000) {
			result->timed_out = true;
			kill(-running->pid, SIGKILL);
			waitpid(running->pid, &status, 0);
			break;
		}
		sleep_ms(2);
	}
	result->took_ms = (int)((now_ns() - running->began_ns) / 1000000);
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_start(const struct program *program, struct running *ret_running)
{
	int memory = memfd_create("stdout", MFD_CLOEXEC);
	int err = memfd_create("stderr", MFD_CLOEXEC);
	int out = open_output(program, memory);
	pid_t pid;

	if (memory < 0 || err < 0 || out < 0)
		fail_msg("cannot make the output of %s: %s", program->args[0], strerror(errno));
	pid = fork();
	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (pid == 0)
		become(program, out, err);
	if (out != memory)
		close(out);
	*ret_running = (struct running){ program->args[0], pid, memory, err, now_ns() };
}

void program_finish(struct running *running, int timeout_ms, struct program_result *ret_result)
{
	memset(ret_result, 0, sizeof(*ret_result));
	wait_for(running, timeout_ms, ret_result);
	ret_result->out = read_fd(running->out, &ret_result->out_len);
	ret_result->err = read_fd(running->err, NULL);
	close(running->out);
	close(running->err);
	if (!ret_result->out || !ret_result->err)
		fail_msg("%s wrote too much", running->name);
}

void program_run(const struct program *program, struct program_result *ret_result)
{
	struct running running;

	program_start(program, &running);
	program_finish(&running, program->timeout_ms, ret_result);
}

char *program_output(const struct running *running)
{
	return read_fd(running->out, NULL);
}

void program_result_done(struct program_result *result)
{
	free(result->out);
	free(result->err);
	memset(result, 0, sizeof(*result));
}

int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat status;
	int result = -1;

	if (in >= 0 && out >= 0 && fstat(in, &status) == 0)
		result = sendfile(out, in, NULL, (size_t)status.st_size) == status.st_size ? 0 : -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return result;
}
