/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row of a snapshot: a socket as it is now, of any protocol, and who holds it. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn.h"

enum socket_kind {
	SOCKET_TCP,
	SOCKET_UDP,
	SOCKET_RAW,
	SOCKET_UNIX,
	SOCKET_KINDS,
};

/* What inet_diag calls idiag_timer. */
enum socket_timer {
	SOCKET_TIMER_OFF,
	SOCKET_TIMER_RETRANSMIT,
	SOCKET_TIMER_KEEPALIVE,
	SOCKET_TIMER_TIMEWAIT,
	SOCKET_TIMER_PROBE,
};

/* A process that has a socket open. */
struct socket_holder {
	struct process *process;
	int32_t fd; /* its lowest descriptor of it */
};

struct socket_row {
	enum socket_kind kind;
	/*
	 * Ends, state, owner, counters. UDP and raw sockets are ESTABLISHED or (shown as UNCONN)
	 * CLOSE, as in ss; ends.protocol of a raw socket is its IP protocol number. The owner is a
	 * reference that holds until the visit of the row ends; NULL: nobody, or not ours to know.
	 */
	struct conn conn;
	uint64_t inode;	 /* 0: no file any more (TIME_WAIT, orphans) */
	uint64_t socket; /* address of the kernel's struct socket; 0: none, or not known */
	uint32_t recv_q; /* bytes; of a listener: connections that wait for accept() */
	uint32_t send_q; /* bytes; of a listener: how many may wait */
	enum socket_timer timer;
	uint32_t timer_ms;    /* until it fires */
	uint32_t retransmits; /* of the segment that is under way */
	uint32_t holders;     /* processes that have it open; 0: none, or unknown */
	int32_t fd;	      /* the owner's descriptor; -1: unknown */
	/* Of several holders: the oldest process first, the first HOLDERS_LISTED of them. Not
	 * owned. */
	const struct socket_holder *held_by;
	uint32_t held_count; /* 0: there is one at most */
	/* SOCKET_UNIX */
	uint16_t type; /* SOCK_STREAM ... */
	uint64_t peer_inode;
	const char *path; /* any bytes; a leading NUL: abstract. NULL: unnamed. Not owned */
	size_t path_len;
	bool fresh; /* interval mode: not there at the last display */
};
