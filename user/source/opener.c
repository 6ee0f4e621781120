// SPDX-License-Identifier: GPL-2.0-or-later
/* The two ends of a socket pair: the child opens and sends, the parent asks and receives. */
#include "source/opener.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/sandbox.h"
#include "base/util.h"

#define SETS_MAX 8

struct opener {
	pid_t pid;
	int fd;
	size_t counts[SETS_MAX]; /* of the doors in each set */
};

/* What the child answers: one message for each namespace, and a last one. */
struct answer {
	uint32_t netns;		   /* 0: the last one */
	int32_t result;		   /* of the last one: 0 or negative errno */
	uint32_t hidden;	   /* likewise */
	int32_t errors[DOORS_MAX]; /* 0: a descriptor comes with the message; else negative errno */
};

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(DOORS_MAX * sizeof(int))];
};

/* ---- the child ------------------------------------------------------------------------------- */

struct sending {
	int fd;
	size_t count;
};

static int send_answer(int fd, const struct answer *answer, const int *fds, size_t count)
{
	union control control = { 0 };
	struct iovec part = { (void *)answer, sizeof(*answer) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_doors(void *data, uint32_t netns, const int *fds)
{
	const struct sending *sending = data;
	struct answer answer = { .netns = netns };
	int opened[DOORS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < sending->count; i++) {
		if (fds[i] >= 0)
			opened[count++] = fds[i];
		else
			answer.errors[i] = fds[i];
	}
	return send_answer(sending->fd, &answer, opened, count);
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* A link that we kept would keep its program attached when our parent lets go of it. */
static void close_others(int fd, struct doors *const sets[], size_t count)
{
	int kept[SETS_MAX * DOORS_MAX + 1] = { fd };
	size_t used = 1;
	unsigned int next = 0;

	for (size_t i = 0; i < count; i++)
		used += doors_links(sets[i], kept + used);
	qsort(kept, used, sizeof(kept[0]), compare);
	for (size_t i = 0; i < used; i++) {
		if ((unsigned int)kept[i] > next)
			close_range(next, (unsigned int)kept[i] - 1, 0);
		next = (unsigned int)kept[i] + 1;
	}
	close_range(next, ~0u, 0);
}

static _Noreturn void serve(int fd, struct doors *const sets[], size_t count)
{
	struct sandbox_report report;
	sigset_t all;
	uint8_t set;

	/* Ctrl-C is for our parent, which ends us when it is done. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "sockwatch-doors", 0, 0, 0);
	close_others(fd, sets, count);
	(void)sandbox_enter(SANDBOX_NAMESPACES, &report);
	while (recv(fd, &set, sizeof(set), 0) == sizeof(set) && set < count) {
		struct sending sending = { fd, doors_count(sets[set]) };
		struct answer last = { 0 };
		size_t hidden = 0;

		last.result = doors_visit_here(sets[set], send_doors, &sending, &hidden);
		last.hidden = (uint32_t)hidden;
		if (send_answer(fd, &last, NULL, 0) < 0)
			break;
	}
	_exit(0);
}

/* ---- the parent ------------------------------------------------------------------------------ */

int opener_start(struct doors *const sets[], size_t count, struct opener **ret_opener)
{
	struct opener *opener = count <= SETS_MAX ? calloc(1, sizeof(*opener)) : NULL;
	int ends[2];

	if (!opener)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		free(opener);
		return -errno;
	}
	opener->fd = ends[0];
	opener->pid = fork();
	if (opener->pid == 0)
		serve(ends[1], sets, count);
	close(ends[1]);
	if (opener->pid < 0) {
		int r = -errno;

		close(opener->fd);
		free(opener);
		return r;
	}
	for (size_t i = 0; i < count; i++) {
		opener->counts[i] = doors_count(sets[i]);
		doors_delegate(sets[i], opener, (unsigned int)i);
	}
	*ret_opener = opener;
	return 0;
}

void opener_free(struct opener *opener)
{
	if (!opener)
		return;
	close(opener->fd);
	while (waitpid(opener->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(opener);
}

/* Returns how many descriptors came, owned by the caller; or negative errno. */
static int receive_answer(int fd, struct answer *ret_answer, int ret_fds[DOORS_MAX])
{
	union control control;
	struct iovec part = { ret_answer, sizeof(*ret_answer) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	size_t count = 0;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret_fds, CMSG_DATA(header), count * sizeof(int));
	}
	/* It ended, or we have no descriptors left. */
	if (n != sizeof(*ret_answer) || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < count; i++)
			close(ret_fds[i]);
		return n == 0 ? -EPIPE : -EMFILE;
	}
	return (int)count;
}

/* Opened descriptors to their doors; what is too much or too little is nobody's. */
static void assign(const struct answer *answer, const int *received, size_t received_count,
		   size_t count, int ret_fds[DOORS_MAX])
{
	size_t next = 0;

	for (size_t i = 0; i < DOORS_MAX; i++) {
		if (i < count && answer->errors[i] == 0 && next < received_count)
			ret_fds[i] = received[next++];
		else
			ret_fds[i] = answer->errors[i] < 0 ? answer->errors[i] : -EBADF;
	}
	for (; next < received_count; next++)
		close(received[next]);
}

/* The answers are taken to the last one, whatever a visit says: the next question has its own. */
int opener_visit(struct opener *opener, unsigned int set, doors_visitor *visit, void *data,
		 size_t *ret_hidden)
{
	uint8_t question = (uint8_t)set;
	int result = 0;

	*ret_hidden = 0;
	if (send(opener->fd, &question, sizeof(question), MSG_NOSIGNAL) < 0)
		return -errno;
	for (;;) {
		int received[DOORS_MAX] = { 0 }, fds[DOORS_MAX];
		struct answer answer;
		int count = receive_answer(opener->fd, &answer, received);

		if (count < 0)
			return count;
		if (answer.netns == 0) {
			*ret_hidden = answer.hidden;
			return result < 0 ? result : answer.result;
		}
		assign(&answer, received, (size_t)count, opener->counts[set], fds);
		if (result >= 0)
			result = visit(data, answer.netns, fds);
		for (size_t i = 0; i < DOORS_MAX; i++)
			util_close_fd(&fds[i]);
	}
}
