/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sockwatch trace -j` as a child, its lines collected by a thread. Events stay where they are
 * until tracer_free(), so pointers to them may be kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct suite;
struct tracer;

enum line_kind {
	LINE_OTHER,
	LINE_START,
	LINE_END,
	LINE_STATE,
	LINE_EXISTS,
	LINE_OWNER,
	LINE_FAILED,
	LINE_LOST,
	LINE_RESYNC,
	LINE_STACK,
};

enum state {
	STATE_UNKNOWN, /* absent, null or no name of a state */
	STATE_CLOSE,
	STATE_LISTEN,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_ESTABLISHED,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_CLOSING,
	STATE_UNCONN, /* UDP without a peer */
	STATES,
};

const char *state_name(enum state state);

/* One line of the tracer. Numbers that are null or absent are -1. */
struct event {
	enum line_kind kind;
	enum state old, new; /* LINE_EXISTS: `new` is the `state` key */
	uint64_t cookie;
	uint64_t arrived_ns; /* when we had read it; CLOCK_MONOTONIC */
	long long netns;
	int gen, family, lport, rport;
	long long pid;
	bool inferred;
	bool udp;	  /* `proto` */
	const char *text; /* the whole line, without its newline */
};

/*
 * Start it with `--mode` as the suite says and these further arguments (the list ends with NULL),
 * and wait for the start line. Fails the test, with what it said on stderr, if none comes.
 */
struct tracer *tracer_start(struct suite *suite, const char *const args[]);
/* The same without waiting for anything. */
struct tracer *tracer_spawn(struct suite *suite, const char *const args[]);
void tracer_wait_start(struct tracer *tracer);

/* Read nothing from it, or again. */
void tracer_pause_reading(struct tracer *tracer, bool pause);
/* SIGINT, the rest of the output, the exit status (128 + signal if killed). Fails if it hangs. */
int tracer_stop(struct tracer *tracer);
/* Wait for it to end on its own. */
int tracer_wait_exit(struct tracer *tracer, int timeout_ms);
void tracer_signal(const struct tracer *tracer, int signal);
/* Kills it if it still runs. Accepts NULL. */
void tracer_free(struct tracer *tracer);
/* Those that a failed test has left. */
void tracer_free_all(struct suite *suite);

size_t tracer_count(const struct tracer *tracer);
const struct event *tracer_event(const struct tracer *tracer, size_t index);
/* The first line of this kind, or NULL. */
const struct event *tracer_first(const struct tracer *tracer, enum line_kind kind);
/* The start line says that this run infers what no hook shows. */
bool tracer_infers(const struct tracer *tracer);
pid_t tracer_pid(const struct tracer *tracer);
/* What it wrote to stderr until now; to be freed. */
char *tracer_stderr(const struct tracer *tracer);

/* A line that is no JSON object was seen: how many, and the first one. */
size_t tracer_bad_lines(const struct tracer *tracer, const char **ret_first);

/* Poll until `done(tracer, arg)`; false when the time is up. */
bool tracer_wait(const struct tracer *tracer, bool (*done)(const struct tracer *, const void *),
		 const void *arg, int timeout_ms);

/* Wait until every connection of this network namespace has come to CLOSE. */
bool tracer_wait_closed(const struct tracer *tracer, unsigned int netns, int timeout_ms);

/* Assert what every stream must have: start and end lines, nothing lost, only JSON. */
void tracer_check_stream(const struct tracer *tracer);
