// SPDX-License-Identifier: GPL-2.0-or-later
/* sockwatch trace: from a source through the table to a view, until it ends. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/sandbox.h"
#include "base/util.h"
#include "cli/child.h"
#include "cli/confine.h"
#include "cli/explain.h"
#include "cli/filter.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/summary.h"
#include "cli/watch.h"
#include "model/conn_table.h"
#include "source/opener.h"
#include "source/recording.h"
#include "view/view.h"

#define LINGER_MS 250 /* after the command's end */
#define LINGER_STEP_MS 50
#define OUTPUT_CHUNK (256u << 10)
#define OUTPUT_MAX (64u << 20) /* bytes that wait for a slow reader, then we wait too */

struct trace {
	struct trace_options options;
	struct filter *filter;
	struct process_table *processes;
	struct conn_table *table;
	struct view view;
	struct output output;
	uint64_t child_ended_ns; /* 0: not yet */
	size_t unwritten;	 /* of the output, when it was last flushed */
	struct watch watch;
	struct recording_writer *writer;
	struct child child;
	struct opener *opener;
	int signals;
	uint64_t begin_ns, now_ns, events;
	/* To the wall clock, since its last step and before that. */
	int64_t offset_ns, former_offset_ns;
	uint64_t clock_ns; /* when that step was; 0: none has been told */
};

/* ---- records to lines --------------------------------------------------------------------------
 */

static bool is_shown(const struct trace *trace, const struct event *event)
{
	if (event->kind == EVENT_LOST || event->kind == EVENT_RESYNC)
		return true;
	if (event->kind == EVENT_STACK && !trace->options.ancestors)
		return false;
	if (event->kind == EVENT_EXISTS && !trace->options.existing)
		return false;
	if (trace->options.failed && !event->failed)
		return false;
	if (trace->options.command && !(event->conn.owner && event->conn.owner->traced))
		return false;
	return filter_matches(trace->filter, &event->conn, event->new_state);
}

static int drain_events(struct trace *trace)
{
	struct event event;
	int r = 0;

	while (conn_table_next(trace->table, &event)) {
		trace->view.realtime_offset_ns =
			event.ts_ns < trace->clock_ns ? trace->former_offset_ns : trace->offset_ns;
		watch_take_event(&trace->watch, &event);
		if (is_shown(trace, &event)) {
			trace->view.ops->event(&trace->view, &event);
			trace->events++;
		}
		conn_table_done(trace->table, &event);
	}
	trace->view.realtime_offset_ns = trace->offset_ns;
	if (trace->view.line.failed)
		return -ENOMEM;
	if (trace->view.line.len)
		r = output_append(&trace->output, trace->view.line.data, trace->view.line.len);
	json_reset(&trace->view.line);
	return r;
}

/* What was held until after the step has the time before it. */
static void take_clock(struct trace *trace, const struct sw_clock *record)
{
	trace->former_offset_ns = trace->clock_ns ? trace->offset_ns : record->realtime_offset_ns;
	trace->offset_ns = record->realtime_offset_ns;
	trace->clock_ns = record->header.ts_ns;
}

static int take_record(struct trace *trace, const struct sw_header *record)
{
	const void *bytes = record;
	int r;

	trace->now_ns = record->ts_ns;
	if (record->kind == SW_RECORD_CLOCK)
		take_clock(trace, bytes);
	if (record->kind == SW_RECORD_START)
		trace->begin_ns = record->ts_ns;
	if (record->kind == SW_RECORD_START)
		trace->view.ops->start(&trace->view, bytes);
	r = conn_table_apply(trace->table, record);
	if (r < 0 && r != -ENOSPC)
		return r;
	return drain_events(trace);
}

static int flush(struct trace *trace)
{
	int r = output_flush(&trace->output, 0, -1);

	/* A slow reader: wait for it only when there is no more room for what it has not read. */
	while (r == -EAGAIN && output_pending(&trace->output) > OUTPUT_MAX &&
	       !interrupt_waits(trace->signals))
		r = output_flush(&trace->output, 100, trace->signals);
	return r == -EAGAIN ? 0 : r;
}

static void summarize(const struct trace *trace)
{
	const struct conn_table_stats *stats = conn_table_stats(trace->table);

	fprintf(stderr,
		"sockwatch: %llu events shown; %llu connections, %llu transitions (%llu inferred), %llu lost\n",
		(unsigned long long)trace->events, (unsigned long long)stats->connections,
		(unsigned long long)stats->transitions, (unsigned long long)stats->inferred,
		(unsigned long long)(stats->lost + stats->untracked));
	summary_print_verified(stats);
	if (trace->options.ancestors)
		summary_print_stacks(stats, stack_watch_drops(trace->watch.stacks));
}

static int finish(struct trace *trace, int status)
{
	const struct conn_table_stats *stats = conn_table_stats(trace->table);
	const struct view_end end = { .stats = stats,
				      .events = trace->events,
				      .stacks_told = trace->options.ancestors,
				      .stacks_dropped = stack_watch_drops(trace->watch.stacks),
				      .ts_ns = trace->now_ns,
				      .duration_ns = trace->now_ns - trace->begin_ns };
	int r;

	trace->view.ops->end(&trace->view, &end);
	r = drain_events(trace);
	if (r == 0)
		r = output_flush(&trace->output, OUTPUT_FINISH_MS, -1);
	if (r == -EAGAIN)
		return explain_waiting(output_pending(&trace->output));
	if (r < 0)
		return explain_output(r);
	if (!trace->options.json)
		summarize(trace);
	if (trace->watch.live)
		summary_print_results(live_results_missed(trace->watch.live));
	if (status == EXIT_OK && trace->options.strict && stats->lost + stats->untracked)
		return EXIT_LOST;
	return status;
}

/* ---- the kernel --------------------------------------------------------------------------------
 */

/* A long drain is written as it goes, or its lines would all be in memory at once. */
static void flush_some(struct trace *trace)
{
	if (output_pending(&trace->output) < trace->unwritten + OUTPUT_CHUNK)
		return;
	/* The flush at the end of the drain tells an error. */
	(void)output_flush(&trace->output, 0, -1);
	trace->unwritten = output_pending(&trace->output);
}

static int keep_and_take(void *data, const struct sw_header *record)
{
	struct trace *trace = data;
	int r = trace->writer ? recording_write(trace->writer, record) : 0;

	if (r < 0) {
		log_error("cannot write '%s': %s", trace->options.write_path, strerror(-r));
		return -EIO;
	}
	flush_some(trace);
	return take_record(trace, record);
}

/* Takes what is there. Number of records, or negative errno after an explanation. */
static int drain(struct trace *trace, int *ret_status)
{
	int count = watch_drain(&trace->watch, keep_and_take, trace);
	int r;

	if (count < 0) {
		if (count != -EIO)
			log_error("cannot take the kernel's records: %s", strerror(-count));
		*ret_status = EXIT_FAILED;
		return count;
	}
	r = flush(trace);
	trace->unwritten = output_pending(&trace->output);
	if (r < 0) {
		*ret_status = explain_output(r);
		return r;
	}
	if (trace->writer && count > 0)
		(void)recording_flush(trace->writer);
	return count;
}

/* True if a signal asks us to end. */
static bool wait_for_work(struct trace *trace, int count, bool *ret_reader_gone)
{
	bool wakes;
	int timeout_ms = watch_timeout(&trace->watch, count, &wakes);
	struct pollfd fds[] = {
		{ .fd = trace->signals, .events = POLLIN },
		{ .fd = trace->output.waits ? trace->output.fd : -1,
		  .events = output_pending(&trace->output) ? POLLOUT : 0 },
		{ .fd = wakes ? live_fd(trace->watch.live) : -1, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	if (trace->child.ended && timeout_ms > LINGER_STEP_MS)
		timeout_ms = LINGER_STEP_MS;
	(void)poll(fds, ARRAY_SIZE(fds), timeout_ms);
	*ret_reader_gone = fds[1].revents & (POLLERR | POLLHUP);
	if (!(fds[0].revents & POLLIN) || read(trace->signals, &info, sizeof(info)) <= 0)
		return false;
	return info.ssi_signo != SIGCHLD;
}

/* What a command leaves behind when it exits goes on for a round trip or two. */
static bool has_lingered(struct trace *trace)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!trace->child_ended_ns)
		trace->child_ended_ns = now_ns;
	return now_ns - trace->child_ended_ns > LINGER_MS * NSEC_PER_MSEC;
}

static int run_live(struct trace *trace)
{
	int status = EXIT_OK;
	bool reader_gone = false;

	for (;;) {
		int count = drain(trace, &status);

		if (count < 0)
			return status;
		if (child_has_ended(&trace->child) && has_lingered(trace))
			break;
		watch_look_if_due(&trace->watch);
		if (wait_for_work(trace, count, &reader_gone))
			break;
		if (reader_gone)
			return EXIT_OK;
	}
	interrupt_expect_second();
	/* Nothing new from here on, but all that was written before; then what is still held. */
	watch_stop(&trace->watch);
	if (drain(trace, &status) < 0)
		return status;
	usleep(WATCH_HOLD_MS * 1000);
	(void)live_tick(trace->watch.live, SW_RECORD_END);
	if (drain(trace, &status) < 0)
		return status;
	return finish(trace, trace->child.ended ? trace->child.status : EXIT_OK);
}

static int start_command(struct trace *trace)
{
	const struct sw_task task = { .pid = (uint32_t)trace->child.pid };

	if (!trace->options.command)
		return EXIT_OK;
	if (process_table_trace(trace->processes, &task) < 0)
		return EXIT_FAILED;
	child_release(&trace->child);
	return EXIT_OK;
}

static int explain_writing(const char *path, int r)
{
	if (r == -ELOOP)
		log_error(
			"cannot write '%s': it is a symbolic link, or leads through one that somebody else may have put there",
			path);
	else if (r == -EEXIST)
		log_error(
			"cannot write '%s': the file there is somebody else's, or has other names: remove it",
			path);
	else
		log_error("cannot write '%s': %s", path, strerror(-r));
	return EXIT_FAILED;
}

static int trace_kernel(struct trace *trace)
{
	struct live_options live = { .mode = trace->options.mode,
				     .ring_bytes = trace->options.ring_bytes,
				     .stacks = trace->options.ancestors,
				     .peers = trace->options.peers };
	struct container_names *names;
	struct doors *doors[1];
	int r, status;

	if (trace->options.command) {
		r = child_start(&trace->child, trace->options.command);
		if (r < 0) {
			log_error("cannot start '%s': %s", trace->options.command[0], strerror(-r));
			return EXIT_FAILED;
		}
	}
	if (trace->options.write_path) {
		r = recording_writer_open(trace->options.write_path, &trace->writer);
		if (r < 0)
			return explain_writing(trace->options.write_path, r);
	}
	/* A recording has everything, whatever is shown. */
	if (!trace->writer) {
		filter_wanted(trace->filter, &live.wanted);
		live.stacks_of = trace->options.command ? (uint32_t)trace->child.pid : 0;
	}
	names = container_names_new("", !trace->options.no_sandbox);
	if (!names)
		return explain_names(errno);
	status = watch_open(&trace->watch, &live, names, trace->table, trace->processes);
	if (status == EXIT_OK)
		status = confine(!trace->options.no_sandbox,
				 live.stacks ? SANDBOX_STACKS : SANDBOX_NOTHING, doors,
				 watch_doors(&trace->watch, doors), &trace->opener);
	if (status == EXIT_OK)
		status = watch_start(&trace->watch);
	if (status != EXIT_OK)
		return status;
	watch_verify(&trace->watch, trace->options.verify_s);
	/* The seed, and with it the start line. */
	if (drain(trace, &status) < 0)
		return status;
	status = start_command(trace);
	return status == EXIT_OK ? run_live(trace) : status;
}

/* ---- a recording -------------------------------------------------------------------------------
 */

static int explain_reading(const struct trace *trace, struct recording_reader *reader, int r)
{
	const char *path = trace->options.read_path;

	if (r == -ENODATA)
		log_error("'%s' ends too early: it was cut, or its writer is still running", path);
	else
		log_error("'%s' is damaged at byte %llu", path,
			  (unsigned long long)recording_offset(reader));
	return EXIT_FAILED;
}

static int explain_opening(const char *path, int r)
{
	if (r == -ENOMSG)
		log_error("'%s' is no recording of sockwatch trace --write", path);
	else if (r == -EPROTONOSUPPORT)
		log_error("'%s' was written by a newer version, or on another kind of machine",
			  path);
	else
		log_error("cannot read '%s': %s", path, strerror(-r));
	return EXIT_FAILED;
}

static int trace_recording(struct trace *trace)
{
	struct recording_reader *reader;
	const struct sw_header *bytes;
	int r, status;

	r = recording_reader_open(trace->options.read_path, &reader);
	if (r < 0)
		return explain_opening(trace->options.read_path, r);
	status = confine(!trace->options.no_sandbox, SANDBOX_NOTHING, NULL, 0, &trace->opener);
	if (status != EXIT_OK) {
		recording_reader_close(reader);
		return status;
	}
	while ((r = recording_read(reader, &bytes)) > 0) {
		r = take_record(trace, bytes);
		if (r == 0)
			r = flush(trace);
		if (r < 0 || interrupt_waits(trace->signals))
			break;
	}
	if (r == 0) {
		status = finish(trace, EXIT_OK);
	} else if (r == -ENODATA || r == -EBADMSG) {
		(void)output_flush(&trace->output, OUTPUT_FINISH_MS, -1);
		status = explain_reading(trace, reader, r);
	} else {
		status = explain_output(r);
	}
	recording_reader_close(reader);
	return status;
}

static void trace_done(struct trace *trace)
{
	int r = recording_writer_close(trace->writer);

	if (r < 0)
		log_error("cannot write '%s': %s", trace->options.write_path, strerror(-r));
	child_abandon(&trace->child);
	watch_close(&trace->watch);
	opener_free(trace->opener);
	conn_table_free(trace->table);
	process_table_free(trace->processes);
	filter_free(trace->filter);
	json_done(&trace->view.line);
	output_done(&trace->output);
	util_close_fd(&trace->signals);
}

int cli_trace(int argc, char **argv)
{
	struct trace trace = { .signals = -1, .child.gate = -1 };
	int status = trace_options_parse(argc, argv, &trace.options);

	if (status != EXIT_OK)
		return status;
	if (trace.options.help) {
		trace_options_help();
		return explain_stdout();
	}
	status = explain_filter(trace.options.filter_count, trace.options.filter_words,
				&trace.filter);
	if (status != EXIT_OK)
		return status;
	trace.signals = interrupt_catch();
	trace.processes = process_table_new();
	trace.table = trace.processes ? conn_table_new(trace.processes, WATCH_TABLE_MAX) : NULL;
	output_init(&trace.output, STDOUT_FILENO);
	json_init(&trace.view.line);
	trace.view.ops = trace.options.json ? &view_json : &view_text;
	trace.view.color = color_wanted(trace.options.color, STDOUT_FILENO);
	trace.view.aligned = isatty(STDOUT_FILENO);
	trace.view.ancestors = trace.options.ancestors;
	if (!trace.table) {
		log_error("out of memory");
		status = EXIT_FAILED;
	} else {
		status = trace.options.read_path ? trace_recording(&trace) : trace_kernel(&trace);
	}
	trace_done(&trace);
	return status;
}
