/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only owner of truth: records in, transitions out. One connection is one row from request
 * socket to the end of TIME_WAIT, found by its cookie; each new life of a cookie is a new
 * generation. No I/O; time is what the records say.
 *
 * Events come out in the order of the kernel's time. An event that another record may still
 * complete (the port of SYN_SENT, the reason of an end) is held until it is, at most a second.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"
#include "model/process.h"

struct conn_table;

struct conn_table_stats {
	uint64_t connections; /* lives seen, those that were there at the start included */
	uint64_t transitions;
	uint64_t inferred;  /* of these */
	uint64_t lost;	    /* records the kernel side had no room for */
	uint64_t untracked; /* connections that found no room here */
	uint64_t verified;  /* looks that compared the table with the kernel for --verify */
	uint64_t drift;	    /* rows that these found to be wrong, though a hook should have told */
	uint64_t stacks;    /* that came, whatever is in them */
	uint64_t stacks_incomplete;	    /* of these: the frames do not reach the end */
	uint64_t stack_ends[SW_STACK_ENDS]; /* why: by enum sw_stack_end */
};

/* At most `max` rows. `processes` must outlive the table. NULL on lack of memory. */
struct conn_table *conn_table_new(struct process_table *processes, size_t max);
void conn_table_free(struct conn_table *table);

/*
 * Apply one record that decode_record() has accepted. Processes go to the process table. 0; -ENOMEM
 * or -ENOSPC if a row or event found no room: then the record had no effect, and is counted.
 */
int conn_table_apply(struct conn_table *table, const struct sw_header *record);

/* The oldest event that is ready. The caller gives its references back with conn_table_done(). */
bool conn_table_next(struct conn_table *table, struct event *ret_event);
void conn_table_done(struct conn_table *table, struct event *event);

/* Are events being held? Then a SW_RECORD_TICK is needed to get them out. */
bool conn_table_holds(const struct conn_table *table);

/* Is there anything that only a look at the kernel can correct? */
bool conn_table_wants_look(const struct conn_table *table);

/*
 * Connections in any order: start with *cursor = 0; false ends. Those that are over are not shown.
 * No references are taken: they hold until the next record.
 */
bool conn_table_iterate(const struct conn_table *table, size_t *cursor, struct conn *ret_conn);

/* The present life of a cookie. No references are taken: they hold until the next record. */
bool conn_table_find(const struct conn_table *table, uint64_t cookie, struct conn *ret_conn);

const struct conn_table_stats *conn_table_stats(const struct conn_table *table);
