/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table tells the views. */
#pragma once

#include "conn.h"

enum event_kind {
	EVENT_NONE,
	EVENT_STATE,  /* a transition */
	EVENT_EXISTS, /* a socket found at the start */
	EVENT_OWNER,  /* the connection has another owner now */
	EVENT_LOST,   /* `count` records were not written */
	EVENT_RESYNC, /* the table was compared with the kernel, after a loss or by --verify */
	EVENT_FAILED, /* connect(2) failed before there was any transition */
	EVENT_STACK,  /* `stack`: what led to the connection */
	EVENT_ROW,    /* no event: a row of a display, or (with `last`) one that is gone from it */
};

struct event {
	enum event_kind kind;
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	uint8_t old_state;
	uint8_t new_state;
	bool inferred;		 /* not seen by a hook: concluded, or found by a look */
	bool last;		 /* the connection is over with this transition */
	bool failed;		 /* ... and never was established: connect(2) led nowhere */
	bool acted;		 /* `actor` operated on the socket, and is not its owner */
	enum conn_reason reason; /* of the last transition */
	struct sw_actor actor;
	struct conn conn;		/* as it was then; conn.owner is a counted reference */
	struct process *previous_owner; /* EVENT_OWNER: counted reference, or NULL */
	uint64_t count;			/* EVENT_LOST */
	struct sw_stack *stack;		/* EVENT_STACK: owned by the event */
	struct {
		uint64_t added, changed, removed, unseen_netns;
		bool verified; /* --verify found it; otherwise it follows a loss */
	} resync;
};
