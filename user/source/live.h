/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel as a source of records. With hooks.c the only place that knows libbpf. Not
 * for threads: a look moves the caller through the network namespaces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"
#include "sockwatch/settings.h"
#include "source/hooks.h"

struct doors;
struct live;

struct live_options {
	enum sw_mode mode;	 /* SW_MODE_NONE: choose by probing */
	uint32_t ring_bytes;	 /* power of two and multiple of the page size */
	struct sw_wanted wanted; /* only connections like this are told about */
	bool stacks;		 /* somebody gives us SW_RECORD_STACK: the stream says so */
	uint32_t stacks_of;	 /* of this process and its descendants only; 0: of all */
	bool peers;		 /* count whom UDP sockets talk to */
};

/* What went wrong, in a sentence with the cure. */
struct live_error {
	char message[768];
	bool refused; /* privilege or kernel lacks what is needed: exit status 77 */
};

/* Load and attach. 0, or negative errno and ret_error filled. */
int live_open(const struct live_options *options, struct live **ret_live,
	      struct live_error *ret_error);
/* Detaches everything. Accepts NULL. */
void live_close(struct live *live);

/* What its looks open in each namespace: for an opener. */
struct doors *live_doors(const struct live *live);

/* The hooks write nothing from now on; what they have written stays. */
void live_stop(struct live *live);

enum sw_mode live_mode(const struct live *live);
const struct hook_status *live_hooks(const struct live *live);
const struct kernel_facts *live_facts(const struct live *live);

/* Are the peers of UDP sockets counted, as they were asked for? */
bool live_counts_peers(const struct live *live);

/* Readable when the kernel wants to wake us; see live_sleep(). */
int live_fd(const struct live *live);

/* The first records of a stream: SW_RECORD_CLOCK and SW_RECORD_START. 0 or -ENOMEM. */
int live_start(struct live *live);

/*
 * Walk over the kernel's tables; `cause` is enum sw_look_cause. The records join those of the next
 * live_collect(), each at its time. 0 or negative errno.
 */
int live_look(struct live *live, uint32_t cause);

/*
 * The peers of all UDP sockets as they are now, as records for the next live_collect(). 0, also if
 * they are not counted, or negative errno.
 */
int live_look_at_peers(struct live *live);

/*
 * Take what the hooks have written, add SW_RECORD_LOST if records found no room, and sort all by
 * the kernel's time. The records of the last call are gone. Number of records, or -ENOMEM.
 */
int live_collect(struct live *live);
const struct sw_header *live_at(const struct live *live, size_t index);

/*
 * Empty the ring for the next live_collect(), so that it has room while what the last one gave is
 * dealt with, or the kernel's tables are walked over.
 */
void live_relieve(struct live *live);

/* How much of the ring the records of the last live_collect() would fill, others included. */
unsigned int live_fill_percent(const struct live *live);

/* A record made elsewhere, for the next live_collect(); it is copied. 0 or -ENOMEM. */
int live_give(struct live *live, const struct sw_header *record);

/*
 * About how many results of connect(2) the kernel may have run no program for, which are not among
 * what is lost. Up to Linux 6.18 there are none. Since 7 a program of a classic tracepoint can be
 * preempted, and on its processor none is run meanwhile, of no such tracepoint.
 */
uint64_t live_results_missed(struct live *live);

/* May a hook have missed something that only a look can show? Asking ends the doubt. */
bool live_take_doubt(struct live *live);

/* A record without content that says what time it is. */
int live_tick(struct live *live, uint16_t kind);

/*
 * Ask for a wake-up at the next record. Returns false if some are waiting already: then collect
 * again instead of sleeping.
 */
bool live_sleep(struct live *live);
