/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a scenario plays: a child process in a network namespace of its own, where nothing else
 * happens. It tells the parent, which judges, what it did through `struct facts`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "suite.h"

enum net {
	NET_V4,
	NET_V6,
	NET_V4MAPPED, /* IPv6 sockets with ::ffff: addresses */
	NETS,
};

enum role {
	ROLE_CLIENT,
	ROLE_SERVER,
	ROLE_HELPER,
	ROLES,
};

#define FACTS_PORTS 64

/* What the kernel tells the program about its own socket (TCP_INFO). */
struct counted {
	long rtt_us, retrans;
	long rx_bytes, tx_bytes; /* payload */
	long rx_segs, tx_segs, rx_data_segs, tx_data_segs;
	uint64_t from_ns, to_ns; /* its connect() was between these; CLOCK_MONOTONIC */
};

/* In memory shared by the stage and the suite. Written by the stage, read after it has ended. */
struct facts {
	volatile int paused;	/* pauses that the play has reached */
	volatile int resumed;	/* and that the parent has ended */
	volatile bool done;	/* the play is over, the namespace still lives */
	volatile bool released; /* the parent lets the namespace go */
	char skip[200];		/* not empty: why it could not be played */
	char failure[300];	/* not empty: what went wrong in the traffic itself */
	unsigned int netns;	/* inode */
	pid_t stage_pid;
	pid_t pid[ROLES];
	uint16_t server_port, client_port;
	uint16_t ports[FACTS_PORTS];	/* where there are several clients */
	uint64_t times_ns[FACTS_PORTS]; /* CLOCK_MONOTONIC, when each of them was used */
	long number[8];			/* as the scenario likes */
	struct counted counted[4];	/* of sockets, as their programs read it */
	char text[4][256];
	long active_opens, passive_opens; /* TcpActiveOpens and TcpPassiveOpens, at the end */
};

struct puppet;

struct stage {
	struct suite *suite;
	struct facts *facts;
	enum net net;
	struct puppet *puppets[ROLES];
};

typedef void (*stage_play)(struct stage *stage);

/* A running stage as the parent sees it. */
struct stage_process {
	pid_t pid;
	struct facts *facts;
	uint64_t began_ns;
};

const char *net_name(enum net net);

/* Parent: play in a new namespace. */
void stage_start(struct suite *suite, enum net net, stage_play play, struct stage_process *ret);
/* Parent: wait until the play is over; kills what takes longer than this. */
void stage_wait_done(struct stage_process *process, int timeout_ms);
/* Parent: wait for the play's next pause; skips or fails the test if it ends before. */
void stage_wait_pause(struct stage_process *process, int timeout_ms);
void stage_resume(struct stage_process *process);
/* Parent: let the namespace go and wait for the process; facts stay until stage_free(). */
void stage_release(struct stage_process *process, int timeout_ms);
void stage_free(struct stage_process *process);
/* Parent: skip the test, or fail it, if the play said so. */
void stage_check(const struct stage_process *process);

/* Stage: end the play. */
_Noreturn void stage_skip(struct stage *stage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn void stage_fail(struct stage *stage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Stage: wait until the parent resumes it. */
void stage_pause(struct stage *stage);
/* Stage: write one of /proc/sys/net; false if this kernel has no such setting. */
bool stage_sysctl(struct stage *stage, const char *path, const char *value);

/* The network namespace that we are in: its inode. */
unsigned int own_netns(void);
/* A number of /proc/net/snmp such as ("Tcp:", "ActiveOpens") in this namespace, or -1. */
long snmp_read(const char *proto, const char *name);

/* The traffic must work for the test to mean anything: the value, or the end of the play. */
#define must(stage, call) must_not_fail(stage, #call, call)
long must_not_fail(struct stage *stage, const char *what, long result);
