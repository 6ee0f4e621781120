/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trail of a connection: its state events in the order in which they were printed. What a
 * trail must look like is DESIGN.md §2; a failed assertion prints the trail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer.h"

/* More steps than any life of a connection has. */
#define TRAIL_MAX 24

/* For `rport`: the end of a listener, which has none. For both: any. */
#define PORT_NONE (-2)
#define PORT_ANY (-3)

struct trail {
	const struct tracer *tracer;
	long long netns;
	uint64_t cookie;
	int gen;
	size_t count; /* may exceed TRAIL_MAX; only so many are kept */
	bool existed; /* an `exists` event came before */
	const struct event *events[TRAIL_MAX];
};

/* What a namespace's trails are allowed. */
struct trail_rules {
	bool infers;   /* the run infers what no hook shows */
	bool hidden;   /* the kernel may have run no hook now and then, and not said so */
	bool resynced; /* after a loss anything may be inferred, and a trail may begin anywhere */
	bool open;     /* the connection may still be there */
	bool unborn;   /* with `infers`: nor does a hook show how SYN_RECV begins */
};

/*
 * The connection with these ports in this namespace; fails the test if there is none, or if
 * several connections show these ports, unless `life` says which of them (from 1).
 */
void trail_find(const struct tracer *tracer, unsigned int netns, int lport, int rport, int life,
		struct trail *ret_trail);
/* How many connections have these ports. */
size_t trail_matches(const struct tracer *tracer, unsigned int netns, int lport, int rport);
void trail_of(const struct tracer *tracer, uint64_t cookie, int gen, struct trail *ret_trail);

/* What is wrong with it, or NULL. */
const char *trail_problem(const struct trail *trail, const struct trail_rules *rules);

/* Call `visit` for every connection of a namespace. */
void trail_walk(const struct tracer *tracer, unsigned int netns,
		void (*visit)(const struct trail *trail, void *arg), void *arg);

/* Assertions. `states` is "CLOSE SYN_SENT ESTABLISHED ..." */
void trail_expect_states(const struct trail *trail, const char *states);
/* From the event with this index on (negative: from the end), this process is the owner. */
void trail_expect_owner(const struct trail *trail, int from, long pid, const char *exe);
/* A key of the last event. */
void trail_expect_text(const struct trail *trail, const char *key, const char *text);
void trail_expect_number(const struct trail *trail, const char *key, long long value);
long long trail_last_number(const struct trail *trail, const char *key);
/* The index of the first event that enters this state, or -1. */
int trail_index(const struct trail *trail, enum state state);

/* Every connection of the namespace is as it must be. */
void trail_check_namespace(const struct tracer *tracer, unsigned int netns,
			   const struct trail_rules *rules);

/* To stderr, for whoever reads the log of a failure. */
void trail_print(const struct trail *trail);
void trail_print_namespace(const struct tracer *tracer, unsigned int netns);
