// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two processes: a supervisor that does nothing but start the unwinder again, and the unwinder.
 * The kernel keeps the time: a timer that runs out ends the process, whatever it is doing.
 */
#include "system/stack_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/util.h"
#include "system/stack_message.h"

#define SOCKET_FD 3
#define MEMORY_MAX (512ul << 20) /* of its own, files not counted */
#define MEMFD_MAX (64ul << 20)	 /* MiniDebugInfo of one file */
#define NICENESS 10
#define REAP_TRIES 100
#define REAP_US 1000
#define OPEN_FILES_MAX (2 * STACK_FILES_MAX + 64)

/* ---- the unwinder ---------------------------------------------------------------------------- */

struct served_file {
	int fd; /* as it came; -1: none, or in `elf` by now */
	struct unwind_elf *elf;
};

struct server {
	struct served_file files[STACK_FILES_MAX];
	uint64_t request[STACK_WORK_SIZE / sizeof(uint64_t) + 1];
	uint64_t answer[STACK_ANSWER_SIZE / sizeof(uint64_t) + 1];
};

static void forget(struct server *server)
{
	for (size_t i = 0; i < STACK_FILES_MAX; i++) {
		unwind_elf_close(TAKE_PTR(server->files[i].elf));
		util_close_fd(&server->files[i].fd);
	}
}

static struct unwind_elf *find_file(void *data, uint32_t number)
{
	struct server *server = data;
	struct served_file *file;

	/* Numbers of maps count from 1. */
	if (!number || number > STACK_FILES_MAX)
		return NULL;
	file = &server->files[number - 1];
	if (!file->elf && file->fd >= 0)
		(void)unwind_elf_open(TAKE_FD(file->fd), &file->elf);
	return file->elf;
}

/* In milliseconds; 0 stops them. */
static void set_timers(long cpu_ms, long real_ms)
{
	const struct itimerval cpu = { .it_value.tv_usec = cpu_ms * 1000 };
	const struct itimerval real = { .it_value.tv_sec = real_ms / 1000,
					.it_value.tv_usec = real_ms % 1000 * 1000 };

	setitimer(ITIMER_PROF, &cpu, NULL);
	setitimer(ITIMER_REAL, &real, NULL);
}

/* The length of the message, or 0 at the end. *ret_fd is -1 if none came with it. */
static size_t receive(struct server *server, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { server->request, sizeof(server->request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	ssize_t len;

	*ret_fd = -1;
	do
		len = recvmsg(SOCKET_FD, &message, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	header = len > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(header), sizeof(*ret_fd));
	return len > 0 ? (size_t)len : 0;
}

static void keep_file(struct server *server, uint32_t number, int fd)
{
	if (number >= STACK_FILES_MAX) {
		util_close_fd(&fd);
		return;
	}
	unwind_elf_close(TAKE_PTR(server->files[number].elf));
	util_close_fd(&server->files[number].fd);
	server->files[number].fd = fd;
}

static void work(struct server *server, size_t size)
{
	size_t len;

	set_timers(STACK_CHILD_CPU_MS, STACK_CHILD_REAL_MS);
	len = stack_child_answer(server->request, size, find_file, server, server->answer);
	set_timers(0, 0);
	if (len)
		(void)!send(SOCKET_FD, server->answer, len, MSG_NOSIGNAL);
}

static _Noreturn void serve(void)
{
	struct server *server = calloc(1, sizeof(*server));
	size_t size;
	int fd;

	for (size_t i = 0; server && i < STACK_FILES_MAX; i++)
		server->files[i].fd = -1;
	while (server && (size = receive(server, &fd)) >= sizeof(struct stack_message)) {
		const struct stack_message *message = (const void *)server->request;

		if (message->kind == STACK_MESSAGE_FILE)
			keep_file(server, message->number, TAKE_FD(fd));
		else if (message->kind == STACK_MESSAGE_FORGET)
			forget(server);
		else if (message->kind == STACK_MESSAGE_WORK)
			work(server, size);
		util_close_fd(&fd);
	}
	_exit(0);
}

/* ---- the supervisor -------------------------------------------------------------------------- */

static void limit(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(resource, &limit);
}

/* Nothing but its socket, little memory, no privilege. */
static void confine(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct sandbox_report report;
	sigset_t signals;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	(void)dup2(socket, SOCKET_FD);
	(void)syscall(SYS_close_range, SOCKET_FD + 1, ~0u, 0);
	limit(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow alone is larger */
	limit(RLIMIT_DATA, MEMORY_MAX);
#endif
	limit(RLIMIT_FSIZE, MEMFD_MAX);
	limit(RLIMIT_NOFILE, OPEN_FILES_MAX);
	/* The tracer comes first; what it misses is worse than a stack that comes late. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	prctl(PR_SET_NAME, "sockwatch-stack");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ctrl-C is for the tracer; when that ends, our socket does. The timers' must come through.
	 */
	sigfillset(&signals);
	sigdelset(&signals, SIGPROF);
	sigdelset(&signals, SIGALRM);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	signal(SIGPROF, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	/* Stacks are hostile: who cannot give everything up does not touch them. */
	if (sandbox_enter(SANDBOX_UNWINDER, &report) < 0)
		_exit(1);
}

static _Noreturn void supervise(int socket)
{
	pid_t parent = getppid();

	confine(socket);
	while (getppid() == parent) {
		struct stack_message died = { .kind = STACK_MESSAGE_DIED };
		int status = 0;
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve();
		}
		if (child < 0 || waitpid(child, &status, 0) != child || WIFEXITED(status))
			break;
		died.number = (uint32_t)WTERMSIG(status);
		if (send(SOCKET_FD, &died, sizeof(died), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

int stack_child_start(int *ret_socket, pid_t *ret_pid)
{
	int sockets[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	child = fork();
	if (child == 0)
		supervise(sockets[1]);
	close(sockets[1]);
	if (child < 0) {
		int r = -errno;

		close(sockets[0]);
		return r;
	}
	*ret_socket = sockets[0];
	*ret_pid = child;
	return 0;
}

void stack_child_reap(pid_t pid)
{
	/* It may be in the middle of its work, and is not waited for then. */
	for (int i = 0; i < REAP_TRIES && waitpid(pid, NULL, WNOHANG) == 0; i++)
		usleep(REAP_US);
}
