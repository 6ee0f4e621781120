/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel and a table kept in step: what `trace` and repeated displays share. It drains the
 * ring, looks at the kernel's tables when that is due, and knows how long it may sleep.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/conn_table.h"
#include "cli/stack_watch.h"
#include "source/live.h"
#include "system/container_names.h"

#define WATCH_TABLE_MAX (8u << 20) /* connections: about 2 GiB */
#define WATCH_HOLD_MS 2		   /* how long a tick may wait while an event is held */

struct watch {
	struct live *live;		    /* owned */
	struct conn_table *table;	    /* not owned */
	struct container_names *names;	    /* owned; NULL: not wanted */
	struct container_table *containers; /* of the table's processes; not owned */
	struct stack_watch *stacks;	    /* owned; NULL: not asked for, or not to be had */
	bool named;			    /* those that were there at the start */
	uint64_t looked_ns, look_took_ns;
	uint64_t verify_ns;  /* --verify: each look is one, and so often there is one; 0: none */
	uint64_t drained_ns; /* the time of the last record */
	unsigned int quiet;  /* empty drains in a row */
	int drain_ms;	     /* between two drains */
	bool repair_due;     /* set it when records were lost */
};

/*
 * Attach; `processes` are those of the table. `names` is owned from here on; NULL: nobody asks what
 * containers are called. EXIT_OK, or another exit status after an explanation on standard error.
 */
int watch_open(struct watch *watch, const struct live_options *options,
	       struct container_names *names, struct conn_table *table,
	       struct process_table *processes);
/* What its looks open in other namespaces, for an opener; 0: none, since we may not enter them. */
size_t watch_doors(const struct watch *watch, struct doors *ret_doors[1]);
/*
 * Look at what is there: the records of that are in the first watch_drain(). Says what cannot be
 * seen for want of capabilities. As watch_open().
 */
int watch_start(struct watch *watch);
/* Compare the table with the kernel's so often (--verify), and count what is wrong. */
void watch_verify(struct watch *watch, unsigned int seconds);
/* What an event means for what is to be done; tells on standard error what a verification found. */
void watch_take_event(struct watch *watch, const struct event *event);
/* No new records from here on; those that were written before are in the next drains. */
void watch_stop(struct watch *watch);
/* Detaches. Also after a failed watch_open(). */
void watch_close(struct watch *watch);

/*
 * Call `take` for each checked record that is there, with what containers are called among them;
 * stops at its first negative result and
 * returns it. The number of records, or negative errno.
 */
int watch_drain(struct watch *watch, int (*take)(void *data, const struct sw_header *record),
		void *data);

/* Look at the kernel's tables: what that finds is in the next drain. */
void watch_look(struct watch *watch);
/* After a drain: do so if something may be wrong with ours. */
void watch_look_if_due(struct watch *watch);

/*
 * How many milliseconds until the next drain, after one of `count` records. With ret_wakes true
 * the kernel wakes us earlier through live_fd().
 */
int watch_timeout(struct watch *watch, int count, bool *ret_wakes);
