// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Repeated displays that miss nothing: the tracer stays attached, and each display also lists the
 * connections that closed since the last one, however short they were.
 */
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/explain.h"
#include "cli/interrupt.h"
#include "cli/netstat_command.h"
#include "cli/summary.h"

#define RING_BYTES (32u << 20)	    /* a walk over a large table may take a second, undrained */
#define PEERS_WATCH_NS NSEC_PER_SEC /* --peers without INTERVAL: how long */
#define GONE_MAX 200000		    /* kept until the display; beyond that written at once */
#define SUMMARY "sockwatch: %u displays; %llu connections, %llu lost\n"

struct watching {
	struct netstat *netstat;
	struct watch watch;
	struct event *gone; /* last transitions, references held */
	size_t gone_count, gone_capacity;
	struct stack_book *stacks; /* NULL: not asked for */
	uint64_t lost;		   /* since the last display */
	unsigned int display;
	int64_t realtime_offset_ns;
	uint64_t shown_ns; /* CLOCK_MONOTONIC of the last display */
};

/* ---- what closed ------------------------------------------------------------------------------
 */

static int write_gone(struct watching *watching)
{
	struct netstat_rows *rows = watching->netstat->rows;
	int r = 0;

	if (watching->lost && watching->netstat->options.format == FORMAT_CSV)
		log_error("%llu records were lost: some of what closed may be missing",
			  (unsigned long long)watching->lost);
	if (watching->lost)
		table_put_lost(netstat_rows_table(rows), watching->lost);
	watching->lost = 0;
	if (watching->gone_count)
		table_begin_gone(netstat_rows_table(rows));
	for (size_t i = 0; i < watching->gone_count; i++) {
		if (r == 0)
			r = netstat_rows_put_gone(rows, &watching->gone[i]);
		conn_table_done(watching->netstat->conns, &watching->gone[i]);
	}
	watching->gone_count = 0;
	return r == 0 ? netstat_rows_flush(rows) : r;
}

/* Takes over the event's references. */
static int keep_gone(struct watching *watching, struct event *event)
{
	if (watching->gone_count == watching->gone_capacity) {
		size_t capacity = watching->gone_capacity ? watching->gone_capacity * 2 : 256;
		void *larger = realloc(watching->gone, capacity * sizeof(*watching->gone));

		if (!larger) {
			conn_table_done(watching->netstat->conns, event);
			return -ENOMEM;
		}
		watching->gone = larger;
		watching->gone_capacity = capacity;
	}
	watching->gone[watching->gone_count++] = *event;
	return watching->gone_count < GONE_MAX ? 0 : write_gone(watching);
}

static bool is_wanted(const struct watching *watching, const struct event *event)
{
	const struct netstat *netstat = watching->netstat;

	return (event->kind == EVENT_STATE || event->kind == EVENT_FAILED) && event->last &&
	       (!netstat->netns || event->conn.ends.netns == netstat->netns) &&
	       netstat_rows_wants_gone(netstat->rows, event);
}

static int take_event(struct watching *watching, struct event *event)
{
	watch_take_event(&watching->watch, event);
	if (event->kind == EVENT_LOST)
		watching->lost += event->count;
	if (event->kind == EVENT_STACK && watching->stacks)
		stack_book_put(watching->stacks, event->conn.ends.cookie, event->conn.gen,
			       TAKE_PTR(event->stack));
	if (is_wanted(watching, event))
		return keep_gone(watching, event);
	conn_table_done(watching->netstat->conns, event);
	return 0;
}

static int take_record(void *data, const struct sw_header *record)
{
	struct watching *watching = data;
	struct conn_table *conns = watching->netstat->conns;
	const void *bytes = record;
	struct event event;
	int r;

	if (record->kind == SW_RECORD_CLOCK)
		watching->realtime_offset_ns = ((const struct sw_clock *)bytes)->realtime_offset_ns;
	r = conn_table_apply(conns, record);
	if (r == -ENOSPC)
		r = 0; /* the table is full: it has counted that */
	while (r == 0 && conn_table_next(conns, &event))
		r = take_event(watching, &event);
	return r;
}

/* ---- displays ---------------------------------------------------------------------------------
 */

/* All that happened up to now, with what was held for a moment. */
static int settle(struct watching *watching)
{
	int r = watch_drain(&watching->watch, take_record, watching);

	for (int i = 0; r >= 0 && i < 10 && conn_table_holds(watching->netstat->conns); i++) {
		usleep(WATCH_HOLD_MS * 1000);
		r = watch_drain(&watching->watch, take_record, watching);
	}
	return r < 0 ? r : 0;
}

static int show(struct watching *watching)
{
	struct netstat *netstat = watching->netstat;
	struct table *table = netstat_rows_table(netstat->rows);
	const struct netstat_options *options = &netstat->options;
	uint64_t fresh_since_ns = watching->shown_ns;
	int r = live_look_at_peers(watching->watch.live);

	if (r == 0)
		r = settle(watching);
	watching->display++;
	table->display = options->repeated ? watching->display : 0;
	table->ts_ns = watching->shown_ns = clock_monotonic_ns();
	table->realtime_offset_ns = watching->realtime_offset_ns;
	if (r == 0)
		r = netstat_show_sockets(netstat, fresh_since_ns);
	if (r == 0 && options->repeated)
		r = write_gone(watching);
	if (watching->stacks)
		stack_book_prune(watching->stacks, netstat->conns, fresh_since_ns);
	if (r == 0 &&
	    (options->ethernet || options->interfaces || options->statistics || options->routes))
		r = netstat_show_tables(netstat, watching->display);
	return r;
}

/* Drain until the next display is due. 1: a signal ends us; 0; or negative errno. */
static int wait_for_display(struct watching *watching, uint64_t due_ns)
{
	for (;;) {
		int count = watch_drain(&watching->watch, take_record, watching), timeout_ms;
		uint64_t now_ns = clock_monotonic_ns();
		bool wakes;

		if (count < 0)
			return count;
		watch_look_if_due(&watching->watch);
		if (now_ns >= due_ns) /* perhaps long ago: displays may take longer than that */
			return netstat_sleep(watching->netstat, 0, -1);
		timeout_ms = watch_timeout(&watching->watch, count, &wakes);
		if ((uint64_t)timeout_ms * NSEC_PER_MSEC > due_ns - now_ns)
			timeout_ms = (int)((due_ns - now_ns) / NSEC_PER_MSEC) + 1;
		if (netstat_sleep(watching->netstat, timeout_ms,
				  wakes ? live_fd(watching->watch.live) : -1))
			return 1;
	}
}

static int repeat(struct watching *watching)
{
	struct netstat *netstat = watching->netstat;
	const struct netstat_options *options = &netstat->options;
	uint64_t due_ns = clock_monotonic_ns();
	int r;

	for (;;) {
		/* What only a look shows to have closed must not be missing in the end either. */
		if (watching->display && watching->display + 1 == options->count)
			watch_look(&watching->watch);
		r = show(watching);
		if (r < 0 || watching->display == options->count)
			return r;
		due_ns += options->interval_s * NSEC_PER_SEC;
		/* Those that a slow reader has kept us from are not made up for. */
		if (due_ns < watching->shown_ns)
			due_ns = watching->shown_ns;
		r = wait_for_display(watching, due_ns);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (netstat->output.ending) /* during that display */
			return 0;
		/* What came since the last display must not be missing in the end. */
		netstat->output.ending = true;
		interrupt_expect_second();
		watch_look(&watching->watch);
		watch_stop(&watching->watch);
		return show(watching);
	}
}

/* One display of peers: they are known only from when we came, so that takes a moment. */
static int show_once(struct watching *watching)
{
	int r;

	log_error(
		"peers are known only while sockwatch watches: this is one second; an INTERVAL shows more");
	r = wait_for_display(watching, clock_monotonic_ns() + PEERS_WATCH_NS);
	return r < 0 ? r : show(watching);
}

static void summarize(const struct watching *watching)
{
	const struct conn_table_stats *stats = conn_table_stats(watching->netstat->conns);

	fprintf(stderr, SUMMARY, watching->display, (unsigned long long)stats->connections,
		(unsigned long long)(stats->lost + stats->untracked));
	summary_print_verified(stats);
	summary_print_results(live_results_missed(watching->watch.live));
	if (watching->stacks)
		summary_print_stacks(stats, stack_watch_drops(watching->watch.stacks));
}

int netstat_watch(struct netstat *netstat)
{
	struct watching watching = { .netstat = netstat };
	struct live_options options = { .ring_bytes = RING_BYTES,
					.stacks = netstat->options.components,
					.peers = netstat->options.peers };
	int status;

	netstat->conns = conn_table_new(netstat->processes, WATCH_TABLE_MAX);
	if (!netstat->conns) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	netstat_rows_watch(netstat->rows, netstat->conns);
	if (options.stacks) {
		watching.stacks = stack_book_new();
		netstat_rows_show_stacks(netstat->rows, watching.stacks);
	}
	filter_wanted(netstat->filter, &options.wanted);
	if (netstat->netns)
		options.wanted.netns = netstat->netns;
	status = watch_open(&watching.watch, &options, TAKE_PTR(netstat->names), netstat->conns,
			    netstat->processes);
	if (status == EXIT_OK)
		status = netstat_confine(netstat, &watching.watch);
	if (status == EXIT_OK)
		status = watch_start(&watching.watch);
	if (status == EXIT_OK) {
		int r;

		watch_verify(&watching.watch, netstat->options.verify_s);
		if (options.peers && !live_counts_peers(watching.watch.live))
			log_error("this kernel does not let us count peers: see sockwatch doctor");
		r = netstat->options.repeated ? repeat(&watching) : show_once(&watching);
		status = netstat_explain(netstat, r);
		if (status == EXIT_OK && r != -EPIPE && netstat->options.repeated)
			summarize(&watching);
	}
	for (size_t i = 0; i < watching.gone_count; i++)
		conn_table_done(netstat->conns, &watching.gone[i]);
	free(watching.gone);
	netstat_rows_show_stacks(netstat->rows, NULL);
	stack_book_free(watching.stacks);
	watch_close(&watching.watch);
	return status;
}
