// SPDX-License-Identifier: GPL-2.0-or-later
/* Draining, looking and sleeping. What the records mean is the table's. */
#include "cli/watch.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/options.h"
#include "model/decode.h"

#define DRAIN_MS 20		   /* how often the ring is emptied while there is traffic ... */
#define CROWDED_PERCENT 12	   /* ... but twice as often each time it is so full */
#define RELIEF_RECORDS 1024	   /* dealt with in 1 to 3 ms */
#define QUIET_DRAINS 5		   /* empty drains before we sleep until woken */
#define IDLE_MS 500		   /* then still look for losses */
#define LOOK_NS (4 * NSEC_PER_SEC) /* a correction comes within 5 seconds */
#define REPAIR_NS NSEC_PER_SEC
#define VERIFY_NS (60 * NSEC_PER_SEC) /* without any doubt: some kernels hide silently */
#define LOOK_SHARE 50		      /* looks take at most this part of the time */
#define NICENESS (-20)
#define NAMES_MS 200 /* for the names of containers at the start; a disk takes 1 or 2 */

static int look(struct watch *watch, uint32_t cause)
{
	uint64_t begin_ns = clock_monotonic_ns();
	int r = live_look(watch->live, cause);

	watch->looked_ns = clock_monotonic_ns();
	watch->look_took_ns = watch->looked_ns - begin_ns;
	if (r < 0)
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
	return r;
}

/*
 * Where every processor is busy, a fair share is too little to read the ring before it is full. Of
 * a million sockets, opened and closed by 200 processes on two processors, 6.2 million records were
 * lost without, 2.0 with -10, 30,000 with -15, none with -20. But not where we would interrupt the
 * programs that write the ring: the kernel does not run them again on that processor meanwhile.
 */
static void come_first(const struct kernel_facts *facts)
{
	if (!kernel_preempts_tracepoints(facts))
		(void)setpriority(PRIO_PROCESS, 0, NICENESS);
}

int watch_open(struct watch *watch, const struct live_options *options,
	       struct container_names *names, struct conn_table *table,
	       struct process_table *processes)
{
	struct live_error error;
	int r;

	*watch = (struct watch){ .table = table,
				 .drain_ms = DRAIN_MS,
				 .names = names,
				 .containers = process_table_containers(processes) };
	if (options->stacks)
		watch->stacks = stack_watch_new();
	r = live_open(options, &watch->live, &error);
	if (r < 0) {
		log_error("%s", error.message);
		return error.refused ? EXIT_REFUSED : EXIT_FAILED;
	}
	come_first(live_facts(watch->live));
	if (watch->stacks && !stack_watch_attach(watch->stacks, options))
		stack_watch_free(TAKE_PTR(watch->stacks));
	return EXIT_OK;
}

size_t watch_doors(const struct watch *watch, struct doors *ret_doors[1])
{
	if (!kernel_has_capability(live_facts(watch->live), CAP_SYS_ADMIN))
		return 0;
	ret_doors[0] = live_doors(watch->live);
	return 1;
}

int watch_start(struct watch *watch)
{
	char missing[512];

	if (watch->stacks && !stack_watch_start(watch->stacks))
		stack_watch_free(TAKE_PTR(watch->stacks));
	if (kernel_misses(live_facts(watch->live), live_mode(watch->live), missing,
			  sizeof(missing)))
		log_error("%s", missing);
	if (live_start(watch->live) < 0 || look(watch, SW_LOOK_START) < 0)
		return EXIT_FAILED;
	return EXIT_OK;
}

void watch_verify(struct watch *watch, unsigned int seconds)
{
	watch->verify_ns = seconds * NSEC_PER_SEC;
}

void watch_take_event(struct watch *watch, const struct event *event)
{
	if (event->kind == EVENT_RESYNC && event->resync.verified)
		log_error(
			"verification: %llu connections had been missed, %llu were in another state, %llu had ended; that is repaired",
			(unsigned long long)event->resync.added,
			(unsigned long long)event->resync.changed,
			(unsigned long long)event->resync.removed);
}

void watch_stop(struct watch *watch)
{
	live_stop(watch->live);
	stack_watch_finish(watch->stacks);
}

void watch_close(struct watch *watch)
{
	stack_watch_free(TAKE_PTR(watch->stacks));
	live_close(TAKE_PTR(watch->live));
	container_names_free(TAKE_PTR(watch->names));
}

/*
 * Ask for names, and take those that come within `timeout_ms`: as if at the time of the last
 * record, for what the hooks write next may be a bit older than now.
 */
static int take_names(struct watch *watch, unsigned int timeout_ms,
		      int (*take)(void *data, const struct sw_header *record), void *data)
{
	uint64_t until_ns = clock_monotonic_ns() + timeout_ms * NSEC_PER_MSEC, now_ns;
	struct sw_container *record;
	int r = 0;

	if (!watch->names)
		return 0;
	container_names_ask(watch->names, watch->containers);
	while (r >= 0 && (record = container_names_take(watch->names, timeout_ms))) {
		record->header.ts_ns = watch->drained_ns;
		r = take(data, &record->header);
		container_names_ask(watch->names, watch->containers);
		now_ns = timeout_ms ? clock_monotonic_ns() : until_ns;
		timeout_ms = now_ns < until_ns ? (until_ns - now_ns) / NSEC_PER_MSEC : 0;
	}
	return r;
}

/* Processes come first in a look: before the first socket of all, their containers get names. */
static int name_first(struct watch *watch, const struct sw_header *next,
		      int (*take)(void *data, const struct sw_header *record), void *data)
{
	if (watch->named || (next->kind != SW_RECORD_LOOK_NETNS && next->kind != SW_RECORD_SOCKET))
		return 0;
	watch->named = true;
	return take_names(watch, NAMES_MS, take, data);
}

int watch_drain(struct watch *watch, int (*take)(void *data, const struct sw_header *record),
		void *data)
{
	int count, r = stack_watch_drain(watch->stacks, watch->live);

	if (r < 0)
		return r;
	if (conn_table_holds(watch->table))
		(void)live_tick(watch->live, SW_RECORD_TICK);
	count = live_collect(watch->live);
	for (int i = 0; r >= 0 && i < count; i++) {
		const struct sw_header *bytes = live_at(watch->live, i), *checked;

		if (i % RELIEF_RECORDS == RELIEF_RECORDS - 1)
			live_relieve(watch->live);
		if (decode_record(bytes, bytes->size, &checked) < 0)
			continue;
		watch->drained_ns = checked->ts_ns;
		/* Its event may be behind one that waits for the repair. */
		watch->repair_due |= checked->kind == SW_RECORD_LOST;
		r = name_first(watch, checked, take, data);
		if (r >= 0)
			r = take(data, checked);
	}
	if (r >= 0 && count >= 0)
		r = take_names(watch, 0, take, data);
	return r < 0 ? r : count;
}

static bool look_is_due(struct watch *watch, uint64_t age_ns)
{
	uint64_t verify_ns = watch->verify_ns ? watch->verify_ns : VERIFY_NS;

	return age_ns > verify_ns || (age_ns > LOOK_NS && (live_take_doubt(watch->live) ||
							   conn_table_wants_look(watch->table)));
}

void watch_look(struct watch *watch)
{
	(void)look(watch, watch->verify_ns ? SW_LOOK_VERIFY : SW_LOOK_DRIFT);
}

void watch_look_if_due(struct watch *watch)
{
	uint64_t age_ns = clock_monotonic_ns() - watch->looked_ns;

	if (watch->repair_due && age_ns > REPAIR_NS) {
		watch->repair_due = false;
		(void)look(watch, SW_LOOK_LOST);
	} else if (age_ns > LOOK_SHARE * watch->look_took_ns && look_is_due(watch, age_ns)) {
		watch_look(watch);
	}
}

/* As long as the ring, at the pace of the last time, has plenty of room. */
static int drain_interval(struct watch *watch)
{
	unsigned int fill = live_fill_percent(watch->live);

	if (fill > CROWDED_PERCENT && watch->drain_ms > 1)
		watch->drain_ms /= 2;
	else if (fill < CROWDED_PERCENT / 4 && watch->drain_ms < DRAIN_MS)
		watch->drain_ms = watch->drain_ms * 2 < DRAIN_MS ? watch->drain_ms * 2 : DRAIN_MS;
	return watch->drain_ms;
}

int watch_timeout(struct watch *watch, int count, bool *ret_wakes)
{
	*ret_wakes = false;
	if (conn_table_holds(watch->table)) {
		watch->quiet = 0;
		return WATCH_HOLD_MS;
	}
	watch->quiet = count > 0 ? 0 : watch->quiet + 1;
	if (watch->quiet <= QUIET_DRAINS || stack_watch_is_busy(watch->stacks) ||
	    !live_sleep(watch->live))
		return drain_interval(watch);
	*ret_wakes = true;
	return IDLE_MS;
}
