/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table's memory: rows in a slab, found by socket cookie through open addressing (linear
 * probing, backward-shift deletion). Knows nothing of TCP.
 *
 * The index is made of many small ones, of which each grows by itself: a million rows in one would
 * take a tenth of a second to move, and the kernel's ring has no more than a quarter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn.h"

#define ROW_NONE UINT32_MAX

/* What few connections have. Of the others it is all zero, but for `gen` and `older`. */
struct conn_rare {
	struct process *creator; /* counted reference; NULL: see owner_made_it */
	struct process *heir;	 /* counted reference: another holder, found by the present look */
	struct peers *peers;	 /* of a UDP socket: counted reference */
	uint64_t released_ns;	 /* when its owner last closed a descriptor that others shared */
	uint32_t gen;		 /* 1 of others */
	uint32_t older;	 /* a former life of the cookie, still in TIME_WAIT. ROW_NONE of others */
	uint32_t listed; /* a listener's place among all, from 1. 0 of others */
};

/* What the table knows of a connection; table_show() makes a struct conn of it for others. */
struct conn_row {
	struct sw_endpoints ends;
	struct process *owner;	/* counted reference, or NULL */
	struct conn_rare *rare; /* owned; NULL: nothing of that. Read it by table_rare() */
	uint64_t opened_ns;
	uint64_t changed_ns; /* of its last transition */
	uint64_t entered_ns;
	struct sw_counters counters;
	struct sw_traffic traffic;
	uint64_t listener_cookie;
	uint32_t connect_us; /* 0: unknown; see table_us() */
	uint32_t handshake_us;
	union {
		uint32_t waiting;   /* if it waits: position in the event queue */
		uint32_t next_free; /* if it is not used */
	};
	uint16_t error;
	uint16_t reported_ms; /* the low bits of when error was reported */
	uint8_t state;
	uint8_t body;
	uint8_t reset_reason;
	bool used : 1;
	bool waits : 1; /* for what completes an event */
	bool uid_known : 1;
	bool counted : 1;
	bool traffic_known : 1;
	bool existed : 1;
	bool silent : 1;
	bool accepted : 1;	/* owner is the one who accepted it */
	bool owner_made_it : 1; /* the owner is also the creator */
	/* What the present look has found: it in the kernel, somebody holding it, its owner so. */
	bool seen : 1;
	bool held : 1;
	bool owner_holds : 1;
	bool untold : 1; /* found by the first look, which tells it at its end */
	/* accept() or a look has told the owner: what old recordings repeat is older */
	bool owner_settled : 1;
	bool called : 1;     /* connect(2) has begun this life */
	bool result_due : 1; /* connect(2) went on without telling its fate, and may be asked again
			      */
	bool destroyed : 1;  /* goes as soon as its last event is out */
	bool reset_received : 1;
	bool reset_sent : 1;
	bool reset_sent_after : 1; /* when it was closed already */
	bool closed_by_act : 1;	   /* a task held the socket when it was closed */
	bool closed_held : 1;	   /* and it had a file */
	bool error_returned : 1;   /* error is what connect(2) returned, not the socket's */
	bool fin_local_first : 1;
	bool fin_remote_first : 1;
	bool fin_both : 1;
};

/* A million live sockets: 200 MB, with 8 bytes each in the index and what bursts have left. */
_Static_assert(sizeof(struct conn_row) <= 176, "a row has grown");

#define CONN_INDEXES 256 /* 4096 rows each at a million: moved in 0.4 ms */

struct conn_index {
	uint32_t *slots; /* row numbers, or ROW_NONE */
	size_t size;	 /* power of two, or 0 */
	size_t used;
};

struct conn_rows {
	struct conn_row **chunks; /* rows never move: CHUNK_ROWS of them each */
	size_t chunk_count;
	uint32_t free_head; /* chained through conn_row.next_free */
	uint32_t top;	    /* rows ever used */
	struct conn_index indexes[CONN_INDEXES];
	size_t used;
	size_t max;
};

void conn_rows_init(struct conn_rows *rows, size_t max);
/* References in the rows are the caller's to give back first. */
void conn_rows_done(struct conn_rows *rows);

/* ROW_NONE if there is none. */
uint32_t conn_rows_find(const struct conn_rows *rows, uint64_t cookie);
struct conn_row *conn_rows_at(const struct conn_rows *rows, uint32_t row);
/* A zeroed row that the cookie now leads to. ROW_NONE: full, or no memory. */
uint32_t conn_rows_add(struct conn_rows *rows, uint64_t cookie);
/* The cookie leads to `replacement` from now on (ROW_NONE: nowhere). The row stays in use. */
void conn_rows_redirect(struct conn_rows *rows, uint64_t cookie, uint32_t replacement);
void conn_rows_release(struct conn_rows *rows, uint32_t row);
