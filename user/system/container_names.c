// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that reads the files of container runtimes, and the pipes to it and from it (sockets
 * would be rows of our own tables). Questions have one size, and so have answers, small enough to
 * be written at once. It may hang on a dead disk, where even SIGKILL waits.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* close_range(), pipe2() */
#endif
#include "system/container_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/util.h"
#include "model/decode.h"
#include "system/container_files.h"

#define RECORD_SIZE (sizeof(struct sw_container) + 4 * SW_CONTAINER_TEXT_LEN)
_Static_assert(RECORD_SIZE <= PIPE_BUF, "answers are written at once");
#define END_MS 50 /* for a child that reads no dead disk to be gone */

/* Both texts end with NUL. */
struct question {
	uint32_t user;
	char runtime[24];
	char id[SW_CONTAINER_TEXT_LEN + 1];
};

struct container_names {
	int questions, answers;
	pid_t child;
	size_t open; /* questions that were asked, not answered */
	_Alignas(8) char answer[RECORD_SIZE];
};

/* ---- the child ------------------------------------------------------------------------------- */

/* Without a name if there is none. */
static void make_record(const struct question *question, const struct container_config *config,
			struct sw_container *record)
{
	const char *const texts[] = { question->id, question->runtime, config->name, config->pod };
	uint16_t *const lens[] = { &record->id_len, &record->runtime_len, &record->name_len,
				   &record->pod_len };
	char *out = (char *)(record + 1);

	memset(record, 0, RECORD_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*lens[i] = (uint16_t)strlen(texts[i]);
		memcpy(out, texts[i], *lens[i]);
		out += *lens[i];
	}
	record->user = question->user;
	record->header.kind = SW_RECORD_CONTAINER;
	record->header.size = (uint32_t)((out - (char *)record + 7) & ~7);
}

static _Noreturn void answer(int questions, int answers, const char *root)
{
	_Alignas(8) char record[RECORD_SIZE];
	struct question question;

	while (read(questions, &question, sizeof(question)) == sizeof(question)) {
		struct container_config config = { 0 };

		(void)container_files_find(root, question.runtime, question.id, question.user,
					   &config);
		make_record(&question, &config, (struct sw_container *)record);
		if (write(answers, record, sizeof(record)) < 0)
			break;
	}
	_exit(0);
}

/* Whatever we have open would stay open with the child; Ctrl-C is for us alone. */
static _Noreturn void become_child(int questions, int answers, const char *root, bool sandboxed,
				   pid_t parent)
{
	struct sandbox_report report;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "sockwatch-names");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Above those where they go. */
	questions = fcntl(questions, F_DUPFD, 3);
	answers = fcntl(answers, F_DUPFD, 3);
	if (getppid() != parent || dup2(questions, 0) < 0 || dup2(answers, 1) < 0)
		_exit(1);
	(void)close_range(2, UINT_MAX, 0);
	if (sandboxed && sandbox_enter(SANDBOX_CONTAINERS, &report) < 0)
		_exit(1);
	answer(0, 1, root);
}

/* ---- its parent ------------------------------------------------------------------------------ */

static int set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

struct container_names *container_names_new(const char *root, bool sandboxed)
{
	CLEANUP_FREE struct container_names *names = calloc(1, sizeof(*names));
	int questions[2] = { -1, -1 }, answers[2] = { -1, -1 };
	pid_t parent = getpid();

	if (!names)
		return NULL;
	names->child = -1;
	if (pipe2(questions, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0 &&
	    set_nonblocking(questions[1]) == 0 && set_nonblocking(answers[0]) == 0)
		names->child = fork();
	if (names->child == 0)
		become_child(questions[0], answers[1], root, sandboxed, parent);
	util_close_fd(&questions[0]);
	util_close_fd(&answers[1]);
	names->questions = questions[1];
	names->answers = answers[0];
	if (names->child > 0)
		return TAKE_PTR(names);
	util_close_fd(&names->questions);
	util_close_fd(&names->answers);
	return NULL;
}

void container_names_free(struct container_names *names)
{
	const struct timespec pause = { .tv_nsec = NSEC_PER_MSEC };

	if (!names)
		return;
	util_close_fd(&names->questions);
	util_close_fd(&names->answers);
	kill(names->child, SIGKILL);
	for (int i = 0; i < END_MS && waitpid(names->child, NULL, WNOHANG) == 0; i++)
		nanosleep(&pause, NULL);
	free(names);
}

/* False: there is no room for it now. */
static bool ask(struct container_names *names, const struct container *container)
{
	struct question question = { .user = container->user };

	/* What is longer no runtime has made: it is answered by silence. */
	if (strlen(container->id) >= sizeof(question.id) ||
	    strlen(container->runtime) >= sizeof(question.runtime))
		return true;
	memcpy(question.id, container->id, strlen(container->id));
	memcpy(question.runtime, container->runtime, strlen(container->runtime));
	if (write(names->questions, &question, sizeof(question)) < 0)
		return errno != EAGAIN;
	names->open++;
	return true;
}

void container_names_ask(struct container_names *names, struct container_table *table)
{
	struct container *container;

	while ((container = container_table_nameless(table)) && ask(names, container))
		container_table_asked(container);
}

static bool wait_for_answer(const struct container_names *names, unsigned int timeout_ms)
{
	struct pollfd answers = { .fd = names->answers, .events = POLLIN };

	return poll(&answers, 1, (int)timeout_ms) > 0;
}

struct sw_container *container_names_take(struct container_names *names, unsigned int timeout_ms)
{
	struct sw_container *record = (struct sw_container *)names->answer;

	while (names->open && wait_for_answer(names, timeout_ms)) {
		ssize_t size = read(names->answers, names->answer, RECORD_SIZE);
		const struct sw_header *decoded;

		if (size <= 0) { /* it has ended: nothing will be answered any more */
			names->open = 0;
			break;
		}
		names->open--;
		/* It reads what others wrote, and is not believed either. */
		if (decode_record(record, (size_t)size, &decoded) == 0 &&
		    decoded->kind == SW_RECORD_CONTAINER && (record->name_len || record->pod_len))
			return record;
	}
	return NULL;
}
