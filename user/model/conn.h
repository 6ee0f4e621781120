/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection (or listener) as events tell it and every view reads it. No I/O, no kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sockwatch/record.h"
#include "sockwatch/tcp_state.h"

struct peers;
struct process;

/* A UDP socket that has a port and no peer; the kernel's number for it is that of CLOSE. */
#define CONN_UNCONN SW_TCP_STATES
#define CONN_STATES (SW_TCP_STATES + 1)

enum conn_reason {
	CONN_REASON_NONE, /* not over yet, or a listener */
	CONN_REASON_FIN_LOCAL,
	CONN_REASON_FIN_REMOTE,
	CONN_REASON_FIN_BOTH,
	CONN_REASON_RST_SENT,
	CONN_REASON_RST_RECEIVED,
	CONN_REASON_REFUSED,
	CONN_REASON_TIMEOUT,
	CONN_REASON_UNREACHABLE,
	CONN_REASON_ABORTED,
	CONN_REASON_KILLED,
	CONN_REASON_LISTENER_CLOSED,
	CONN_REASON_SYN_EXPIRED,
	CONN_REASON_UNKNOWN, /* over, and nothing has told why */
	CONN_REASONS,
};

/* What the kernel has for this connection at present. */
enum conn_body {
	CONN_BODY_FULL,
	CONN_BODY_REQUEST,  /* before the third segment of the handshake */
	CONN_BODY_TIMEWAIT, /* the socket is gone, its remainder lives on */
};

struct conn {
	struct sw_endpoints ends;
	uint32_t gen;	       /* from 1: the lives of one cookie */
	uint8_t state;	       /* enum sw_tcp_state, SYN_RECV for request sockets; CONN_UNCONN */
	uint8_t body;	       /* enum conn_body */
	uint16_t error;	       /* errno of its end or of connect(2); 0: none */
	bool uid_known;	       /* ends.uid is the socket's */
	bool counted;	       /* counters are filled */
	bool traffic_known;    /* traffic is filled */
	bool existed;	       /* older than our first look: opened_ns is not known */
	bool silent;	       /* it is over, and has not sent a single segment */
	uint8_t reset_reason;  /* of its end: enum sw_reset_reason */
	struct process *owner; /* counted reference, or NULL */
	/*
	 * Who connected, listened or accepted, whoever owns it by now. Counted reference, or NULL:
	 * not known, or nobody has accepted it yet.
	 */
	struct process *creator;
	uint64_t opened_ns;  /* CLOCK_MONOTONIC of its first transition */
	uint64_t entered_ns; /* when it entered its state; 0: not known, only found in it */
	struct sw_counters counters;
	struct sw_traffic traffic;
	uint64_t listener_cookie; /* 0: not a passive open, or unknown */
	uint64_t connect_ns;	  /* how long connect(2) took; 0: unknown */
	uint64_t handshake_ns;	  /* from SYN_SENT or SYN_RECV to ESTABLISHED; 0: unknown */
	struct peers *peers; /* of a UDP socket: counted reference; NULL: none, or not counted */
};

static inline bool conn_is_v6(const struct conn *conn)
{
	return conn->ends.family == SW_FAMILY_INET6;
}

/* Of a connect that failed: how often SYN was sent. */
static inline uint32_t conn_attempts(const struct conn *conn)
{
	return conn->silent ? 0 : conn->counters.retrans + 1;
}

/* The kernel's name of a state, e.g. "TIME_WAIT", or UNCONN; NULL for what is no state. */
const char *conn_state_name(unsigned int state);

/*
 * The state that a name means: the kernel's spelling, RFC 9293's (SYN-SENT), netstat's and
 * Windows XP's (LISTENING, SYN_RECEIVED, FIN_WAIT_1, CLOSED), in any case; - and _ are the same.
 * 0 (SW_TCP_NONE) if it is none.
 */
unsigned int conn_state_parse(const char *name);

/* "fin-local" and so on; NULL for CONN_REASON_NONE. */
const char *conn_reason_name(enum conn_reason reason);

/* The kernel's name without its prefix, "TCP_ABORT_ON_CLOSE"; NULL for SW_RESET_UNKNOWN. */
const char *conn_reset_reason_name(unsigned int reason);
