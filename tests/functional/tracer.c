// SPDX-License-Identifier: GPL-2.0-or-later
/* The tracer under test: its process, its lines, its end. What the lines mean is trail.c's. */
#define _GNU_SOURCE
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jsonline.h"
#include "program.h"
#include "suite.h"

/* Events live in blocks that never move; together they bound the memory of a runaway tracer. */
#define BLOCK_EVENTS 4096
#define BLOCKS_MAX 256
#define LINE_MAX_BYTES (1024 * 1024) /* 4096 peers of 200 bytes */

struct tracer {
	struct suite *suite;
	struct tracer *next;
	pid_t pid;
	int out;
	int err;
	bool exited;
	int status;
	bool reading;
	pthread_t reader;
	_Atomic size_t count;
	_Atomic size_t bad_lines;
	_Atomic bool overflowed;
	_Atomic bool paused;
	const char *first_bad; /* among the events */
	struct event *blocks[BLOCKS_MAX];
};

static const char *const state_names[STATES] = {
	[STATE_UNKNOWN] = "?",		 [STATE_CLOSE] = "CLOSE",
	[STATE_LISTEN] = "LISTEN",	 [STATE_SYN_SENT] = "SYN_SENT",
	[STATE_SYN_RECV] = "SYN_RECV",	 [STATE_ESTABLISHED] = "ESTABLISHED",
	[STATE_FIN_WAIT1] = "FIN_WAIT1", [STATE_FIN_WAIT2] = "FIN_WAIT2",
	[STATE_TIME_WAIT] = "TIME_WAIT", [STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[STATE_LAST_ACK] = "LAST_ACK",	 [STATE_CLOSING] = "CLOSING",
	[STATE_UNCONN] = "UNCONN",
};

const char *state_name(enum state state)
{
	return state < STATES ? state_names[state] : "?";
}

/* A string value without escapes, as names of states and events are. */
static bool is_text(const char *value, const char *text)
{
	size_t len = strlen(text);

	return value[0] == '"' && strncmp(value + 1, text, len) == 0 && value[1 + len] == '"';
}

static enum state state_of(const char *value)
{
	for (int state = 1; state < STATES; state++)
		if (is_text(value, state_names[state]))
			return (enum state)state;
	return STATE_UNKNOWN;
}

static enum line_kind kind_of(const char *value)
{
	static const struct {
		const char *name;
		enum line_kind kind;
	} kinds[] = {
		{ "state", LINE_STATE }, { "exists", LINE_EXISTS }, { "owner", LINE_OWNER },
		{ "lost", LINE_LOST },	 { "resync", LINE_RESYNC }, { "failed", LINE_FAILED },
		{ "stack", LINE_STACK }, { "start", LINE_START },   { "end", LINE_END },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_text(value, kinds[i].name))
			return kinds[i].kind;
	return LINE_OTHER;
}

static long long number_of(const char *line, const char *key)
{
	long long value = -1;

	jsonline_number(line, key, &value);
	return value;
}

/* Unsigned 64 bits keep their bits; null and other types are -1. */
static long long integer(const char *value)
{
	return *value >= '0' && *value <= '9' ? (long long)strtoull(value, NULL, 10) : -1;
}

struct parsing {
	struct event event;
	enum state state;
};

/* One pass over the line: a reader that is slower than the tracer would make it lose events. */
static void take_pair(const char *key, size_t key_len, const char *value, void *arg)
{
	struct parsing *parsing = arg;
	struct event *event = &parsing->event;

#define KEY_IS(name) (key_len == sizeof(name) - 1 && memcmp(key, name, sizeof(name) - 1) == 0)
	if (KEY_IS("event"))
		event->kind = kind_of(value);
	else if (KEY_IS("old"))
		event->old = state_of(value);
	else if (KEY_IS("new"))
		event->new = state_of(value);
	else if (KEY_IS("state"))
		parsing->state = state_of(value);
	else if (KEY_IS("cookie"))
		event->cookie = (uint64_t)integer(value);
	else if (KEY_IS("netns"))
		event->netns = integer(value);
	else if (KEY_IS("gen"))
		event->gen = (int)integer(value);
	else if (KEY_IS("family"))
		event->family = (int)integer(value);
	else if (KEY_IS("lport"))
		event->lport = (int)integer(value);
	else if (KEY_IS("rport"))
		event->rport = (int)integer(value);
	else if (KEY_IS("pid"))
		event->pid = integer(value);
	else if (KEY_IS("proto"))
		event->udp = is_text(value, "udp");
	else if (KEY_IS("inferred"))
		event->inferred = strncmp(value, "true", 4) == 0;
#undef KEY_IS
}

static bool parse(const char *line, struct event *ret_event)
{
	struct parsing parsing = { .event = { .cookie = UINT64_MAX,
					      .netns = -1,
					      .gen = -1,
					      .family = -1,
					      .lport = -1,
					      .rport = -1,
					      .pid = -1,
					      .arrived_ns = now_ns(),
					      .text = line } };
	bool valid = jsonline_walk(line, take_pair, &parsing);

	*ret_event = parsing.event;
	if (ret_event->kind == LINE_EXISTS)
		ret_event->new = parsing.state;
	return valid;
}

static void keep_line(struct tracer *tracer, const char *line)
{
	size_t index = atomic_load(&tracer->count);
	struct event **block = &tracer->blocks[index / BLOCK_EVENTS % BLOCKS_MAX];
	char *copy;

	if (index >= (size_t)BLOCK_EVENTS * BLOCKS_MAX) {
		tracer->overflowed = true;
		return;
	}
	if (!*block)
		*block = calloc(BLOCK_EVENTS, sizeof(**block));
	copy = strdup(line);
	if (!*block || !copy)
		abort();
	if (!parse(copy, &(*block)[index % BLOCK_EVENTS]) &&
	    atomic_fetch_add(&tracer->bad_lines, 1) == 0)
		tracer->first_bad = copy;
	atomic_store(&tracer->count, index + 1);
}

static void *read_lines(void *arg)
{
	struct tracer *tracer = arg;
	char *line = malloc(LINE_MAX_BYTES);
	size_t used = 0;

	if (!line)
		abort();
	for (;;) {
		char *begin = line, *end;
		ssize_t got;

		while (tracer->paused)
			sleep_ms(5);
		got = read(tracer->out, line + used, LINE_MAX_BYTES - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
		line[used] = '\0';
		while ((end = memchr(begin, '\n', used - (size_t)(begin - line)))) {
			*end = '\0';
			keep_line(tracer, begin);
			begin = end + 1;
		}
		used -= (size_t)(begin - line);
		memmove(line, begin, used);
		if (used == LINE_MAX_BYTES - 1)
			used = 0; /* longer than any event: the next line will not parse */
	}
	if (used > 0) {
		line[used] = '\0';
		keep_line(tracer, line);
	}
	free(line);
	return NULL;
}

static _Noreturn void become(const struct tracer *tracer, const char *const args[], int out)
{
	const char *argv[PROGRAM_ARGS_MAX] = { tracer->suite->sockwatch, "trace", "-j" };
	char mode[64];
	size_t count = 3;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (strcmp(tracer->suite->mode, "auto") != 0) {
		snprintf(mode, sizeof(mode), "--mode=%s", tracer->suite->mode);
		argv[count++] = mode;
	}
	for (; args && *args && count < PROGRAM_ARGS_MAX - 1; args++)
		argv[count++] = *args;
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(tracer->err, STDERR_FILENO) < 0)
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

struct tracer *tracer_spawn(struct suite *suite, const char *const args[])
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int ends[2];

	if (!tracer || pipe2(ends, O_CLOEXEC) < 0)
		fail_msg("cannot make a pipe");
	/* Its writes should not wait for our reads: 1 MiB is what the kernel grants anybody. */
	fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
	tracer->suite = suite;
	tracer->out = ends[0];
	tracer->err = memfd_create("stderr", MFD_CLOEXEC);
	tracer->pid = fork();
	if (tracer->pid < 0 || tracer->err < 0)
		fail_msg("cannot start the tracer: %s", strerror(errno));
	if (tracer->pid == 0)
		become(tracer, args, ends[1]);
	close(ends[1]);
	if (pthread_create(&tracer->reader, NULL, read_lines, tracer) != 0)
		fail_msg("cannot start a thread");
	tracer->reading = true;
	tracer->next = suite->tracers;
	suite->tracers = tracer;
	return tracer;
}

static bool has_started(const struct tracer *tracer, const void *arg)
{
	(void)arg;
	return tracer_first(tracer, LINE_START) != NULL;
}

void tracer_wait_start(struct tracer *tracer)
{
	uint64_t begin = now_ns();
	int limit = suite_deadline_ms(tracer->suite, 60);
	int status;

	while (!has_started(tracer, NULL)) {
		bool ended = waitpid(tracer->pid, &status, WNOHANG) == tracer->pid;
		char *said;

		if (!ended && now_ns() - begin < (uint64_t)limit * 1000000) {
			sleep_ms(5);
			continue;
		}
		tracer->exited = ended;
		said = tracer_stderr(tracer);
		print_error("sockwatch's stderr: %s\n", said ? said : "");
		free(said);
		fail_msg("no start line: sockwatch %s", ended ? "ended" : "is silent");
	}
}

struct tracer *tracer_start(struct suite *suite, const char *const args[])
{
	struct tracer *tracer = tracer_spawn(suite, args);

	tracer_wait_start(tracer);
	return tracer;
}

int tracer_wait_exit(struct tracer *tracer, int timeout_ms)
{
	uint64_t begin = now_ns();
	int status = 0;

	while (!tracer->exited) {
		pid_t pid = waitpid(tracer->pid, &status, WNOHANG);

		if (pid == tracer->pid) {
			tracer->exited = true;
			tracer->status = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
		} else if (now_ns() - begin > (uint64_t)timeout_ms * 1000000) {
			fail_msg("sockwatch has not ended after %d ms", timeout_ms);
		} else {
			sleep_ms(2);
		}
	}
	if (tracer->reading)
		pthread_join(tracer->reader, NULL);
	tracer->reading = false;
	return tracer->status;
}

int tracer_stop(struct tracer *tracer)
{
	tracer_signal(tracer, SIGINT);
	return tracer_wait_exit(tracer, suite_deadline_ms(tracer->suite, 20));
}

void tracer_pause_reading(struct tracer *tracer, bool pause)
{
	tracer->paused = pause;
}

void tracer_signal(const struct tracer *tracer, int number)
{
	if (!tracer->exited)
		kill(tracer->pid, number);
}

static void unlink_from_suite(struct tracer *tracer)
{
	struct tracer **link = &tracer->suite->tracers;

	while (*link && *link != tracer)
		link = &(*link)->next;
	if (*link)
		*link = tracer->next;
}

void tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return;
	unlink_from_suite(tracer);
	if (!tracer->exited) {
		kill(-tracer->pid, SIGKILL);
		waitpid(tracer->pid, NULL, 0);
	}
	tracer->paused = false;
	if (tracer->reading)
		pthread_join(tracer->reader, NULL);
	close(tracer->out);
	close(tracer->err);
	for (size_t i = 0; i < tracer->count; i++)
		free((char *)tracer_event(tracer, i)->text);
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		free(tracer->blocks[i]);
	free(tracer);
}

void tracer_free_all(struct suite *suite)
{
	while (suite->tracers)
		tracer_free(suite->tracers);
}

size_t tracer_count(const struct tracer *tracer)
{
	return atomic_load(&tracer->count);
}

const struct event *tracer_event(const struct tracer *tracer, size_t index)
{
	return &tracer->blocks[index / BLOCK_EVENTS][index % BLOCK_EVENTS];
}

const struct event *tracer_first(const struct tracer *tracer, enum line_kind kind)
{
	size_t count = tracer_count(tracer);

	for (size_t i = 0; i < count; i++)
		if (tracer_event(tracer, i)->kind == kind)
			return tracer_event(tracer, i);
	return NULL;
}

bool tracer_infers(const struct tracer *tracer)
{
	const struct event *start = tracer_first(tracer, LINE_START);
	char mode[32] = "";

	return start && jsonline_string(start->text, "mode", mode, sizeof(mode)) &&
	       strcmp(mode, "tracepoint") == 0;
}

pid_t tracer_pid(const struct tracer *tracer)
{
	return tracer->pid;
}

char *tracer_stderr(const struct tracer *tracer)
{
	return read_fd(tracer->err, NULL);
}

size_t tracer_bad_lines(const struct tracer *tracer, const char **ret_first)
{
	if (ret_first)
		*ret_first = tracer->first_bad;
	return tracer->bad_lines;
}

bool tracer_wait(const struct tracer *tracer, bool (*done)(const struct tracer *, const void *),
		 const void *arg, int timeout_ms)
{
	uint64_t begin = now_ns();

	while (!done(tracer, arg)) {
		if (now_ns() - begin > (uint64_t)timeout_ms * 1000000)
			return false;
		sleep_ms(5);
	}
	return true;
}

/*
 * Every connection ends as it began: one CLOSE for each first step. One that is older than the
 * tracer shows no first step, but leaves each state that it is seen to enter.
 */
static bool is_closed(const struct tracer *tracer, const void *arg)
{
	unsigned int netns = *(const unsigned int *)arg;
	size_t count = tracer_count(tracer);
	size_t opened = 0, closed = 0;
	long inside[STATES] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->netns != netns)
			continue;
		if (event->kind == LINE_EXISTS)
			opened++;
		if (event->kind != LINE_STATE)
			continue;
		opened += event->old == STATE_CLOSE ||
			  (event->old == STATE_LISTEN && event->new == STATE_SYN_RECV);
		closed += event->new == STATE_CLOSE;
		inside[event->new]++;
		inside[event->old]--;
	}
	for (enum state state = STATE_SYN_SENT; state < STATES; state++)
		if (inside[state] > 0)
			return false;
	return closed >= opened;
}

bool tracer_wait_closed(const struct tracer *tracer, unsigned int netns, int timeout_ms)
{
	return tracer_wait(tracer, is_closed, &netns, timeout_ms);
}

void tracer_check_stream(const struct tracer *tracer)
{
	const struct event *end = tracer_first(tracer, LINE_END);
	const char *bad = NULL;

	if (tracer_bad_lines(tracer, &bad) > 0)
		fail_msg("no JSON object: %s", bad ? bad : "");
	if (tracer->overflowed)
		fail_msg("more than %d events", BLOCK_EVENTS * BLOCKS_MAX);
	if (tracer_count(tracer) == 0 || tracer_event(tracer, 0)->kind != LINE_START)
		fail_msg("the first line is not the start");
	if (!end || end != tracer_event(tracer, tracer_count(tracer) - 1))
		fail_msg("the last line is not the end");
	if (number_of(end->text, "lost") == 0)
		return;
	for (size_t i = 0; i < tracer_count(tracer); i++)
		if (tracer_event(tracer, i)->kind == LINE_LOST ||
		    tracer_event(tracer, i)->kind == LINE_RESYNC)
			print_error("%s\n", tracer_event(tracer, i)->text);
	fail_msg("events were lost: %s", end->text);
}
