/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios: traffic on a stage of its own, all of them under one tracer, then judged one by one.
 */
#pragma once

#include "stage.h"
#include "tracer.h"
#include "trail.h"

/* What a scenario's check is given. */
struct run {
	struct suite *suite;
	const struct tracer *tracer;
	const struct facts *facts;
	enum net net;
	const char *name;
	const struct scenario *scenario;
};

/* Which connection of a play, and what its last event says. */
struct ending {
	const char *states; /* its trail; NULL: connect() failed before, and it has none */
	enum role role;	    /* whose end: the client's, or the server's; NULL states: client's */
	const char *reason; /* NULL ends a list */
	const char *error;  /* NULL: none */
	const char *reset_reason; /* where the kernel tells it; NULL: none */
	int attempts;		  /* from 1, NO_ATTEMPTS or SOME_ATTEMPTS; 0: no failed connect */
	bool of_remainder;	  /* of a time-wait socket that is still in FIN_WAIT2 */
};

#define NO_ATTEMPTS (-1)
#define SOME_ATTEMPTS (-2) /* 1, or more on a slow machine */

#define ON_V4 (1U << NET_V4)
#define ON_V6 (1U << NET_V6)
#define ON_V4MAPPED (1U << NET_V4MAPPED)
#define ON_ALL (ON_V4 | ON_V6 | ON_V4MAPPED)

struct scenario {
	const char *name;
	unsigned int nets; /* ON_* */
	stage_play play;
	void (*check)(const struct run *run);
	const struct ending *endings; /* how its connections end, for check_endings(); NULL ends */
	bool slow;		      /* needs --slow */
	bool without_witness; /* the kernel's own counters do not count what this one does */
	bool unborn; /* children without a request: only trampolines see them born before 6.13 */
};

/* play_STEM() plays it, check_STEM() judges it. */
#define SCENARIO(title, where, stem) \
	.name = (title), .nets = (where), .play = play_##stem, .check = check_##stem

extern const struct scenario scenarios_bytes[];
extern const struct scenario scenarios_close[];
extern const struct scenario scenarios_connect[];
extern const struct scenario scenarios_listen[];
extern const struct scenario scenarios_owner[];
extern const struct scenario scenarios_wire[];
extern const struct scenario scenarios_special[];
extern const struct scenario scenarios_reason[];
extern const struct scenario scenarios_failure[];
extern const struct scenario scenarios_attack[];

/* Run those whose "NAME NET" matches the glob (NULL: all), as one cmocka group; failures. */
int scenarios_run(struct suite *suite, const char *filter);
void scenarios_list(const struct suite *suite, const char *filter);

/*
 * One play under a tracer of its own with these arguments (NULL: none): started, played, settled,
 * stopped. Skips or fails the test as the play says. ret_process is to be freed.
 */
struct tracer *run_alone(struct suite *suite, const char *const args[], enum net net,
			 stage_play play, struct stage_process *ret_process);
/* Let the namespace of a finished play go and wait until the tracer shows all its ends. */
void settle(struct suite *suite, const struct tracer *tracer, struct stage_process *process);

/* /proc/net/snmp of the namespace counted the same connections as the tracer. */
void check_witness(const struct tracer *tracer, const struct facts *facts);

/* The connection with these ports; its states; its family is the run's. */
void expect_connection(const struct run *run, int lport, int rport, const char *states,
		       struct trail *ret_trail);

/* Skips the test if the kernel hid what connect(2) returned and so this reason, as one may. */
void skip_without_result(const struct trail *trail, const char *reason);

/* The same with that of a UDP socket, and so its peer. */
void skip_without_peer(const struct trail *trail);

/* run->scenario->endings are what the tracer shows. */
void check_endings(const struct run *run);

/* As many `failed` events in the run's namespace. */
void expect_failed_events(const struct run *run, size_t expected);

#define ACTIVE_CLOSE "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE"
#define PASSIVE_CLOSE "LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE"
