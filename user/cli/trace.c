// SPDX-License-Identifier: GPL-2.0-or-later
/* sockwatch trace: from a source through the table to a view, until it ends. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "base/util.h"
#include "cli/child.h"
#include "cli/filter.h"
#include "cli/options.h"
#include "model/conn_table.h"
#include "model/decode.h"
#include "source/live.h"
#include "source/recording.h"
#include "view/view.h"

#define DRAIN_MS 20		   /* how often the ring is emptied while there is traffic */
#define HOLD_MS 2		   /* and while an event waits for what completes it */
#define QUIET_DRAINS 5		   /* empty drains before we sleep until woken */
#define IDLE_MS 500		   /* then still look for losses */
#define FINISH_MS 5000		   /* a reader that blocks is given this long at the end */
#define LOOK_NS (4 * NSEC_PER_SEC) /* a correction comes within 5 seconds */
#define REPAIR_NS NSEC_PER_SEC
#define VERIFY_NS (60 * NSEC_PER_SEC) /* without any doubt: some kernels hide silently */
#define LOOK_SHARE 50		      /* looks take at most this part of the time */
#define TABLE_MAX (8u << 20)	      /* connections: about 2 GiB */
#define OUTPUT_MAX (64u << 20)	      /* bytes that wait for a slow reader, then we wait too */

struct trace {
	struct trace_options options;
	struct filter *filter;
	struct process_table *processes;
	struct conn_table *table;
	struct view view;
	struct output output;
	struct live *live;
	struct recording_writer *writer;
	struct child child;
	int signals;
	uint64_t begin_ns, now_ns, events;
	uint64_t looked_ns, look_took_ns;
	bool repair_due;
};

/* ---- records to lines --------------------------------------------------------------------------
 */

static bool is_shown(const struct trace *trace, const struct event *event)
{
	if (event->kind == EVENT_LOST || event->kind == EVENT_RESYNC)
		return true;
	if (event->kind == EVENT_EXISTS && !trace->options.existing)
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
		if (event.kind == EVENT_LOST)
			trace->repair_due = true;
		if (is_shown(trace, &event)) {
			trace->view.ops->event(&trace->view, &event);
			trace->events++;
		}
		conn_table_done(trace->table, &event);
	}
	if (trace->view.line.failed)
		return -ENOMEM;
	if (trace->view.line.len)
		r = output_append(&trace->output, trace->view.line.data, trace->view.line.len);
	json_reset(&trace->view.line);
	return r;
}

static int take_record(struct trace *trace, const struct sw_header *record)
{
	const void *bytes = record;
	int r;

	trace->now_ns = record->ts_ns;
	if (record->kind == SW_RECORD_CLOCK)
		trace->view.realtime_offset_ns =
			((const struct sw_clock *)record)->realtime_offset_ns;
	if (record->kind == SW_RECORD_START)
		trace->begin_ns = record->ts_ns;
	if (record->kind == SW_RECORD_START)
		trace->view.ops->start(&trace->view, bytes);
	r = conn_table_apply(trace->table, record);
	if (r < 0 && r != -ENOSPC)
		return r;
	return drain_events(trace);
}

static bool signal_waits(const struct trace *trace)
{
	struct pollfd signal = { .fd = trace->signals, .events = POLLIN };

	return poll(&signal, 1, 0) > 0;
}

static int flush(struct trace *trace)
{
	int r = output_flush(&trace->output, 0, -1);

	/* A slow reader: wait for it only when there is no more room for what it has not read. */
	while (r == -EAGAIN && output_pending(&trace->output) > OUTPUT_MAX && !signal_waits(trace))
		r = output_flush(&trace->output, 100, trace->signals);
	return r == -EAGAIN ? 0 : r;
}

static void on_second_signal(int signal)
{
	(void)signal;
	_exit(EXIT_INTERRUPTED); /* the kernel detaches what we held */
}

/* From here on another Ctrl-C ends us at once. */
static void expect_second_signal(void)
{
	const struct sigaction action = { .sa_handler = on_second_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A reader that has gone is no failure; anything else that keeps us from writing is. */
static int explain_output(int r)
{
	if (r == -EPIPE)
		return EXIT_OK;
	log_error("cannot write to standard output: %s", strerror(-r));
	return EXIT_FAILED;
}

static void summarize(const struct trace *trace)
{
	const struct conn_table_stats *stats = conn_table_stats(trace->table);

	fprintf(stderr,
		"sockwatch: %llu events shown; %llu connections, %llu transitions (%llu inferred), %llu lost\n",
		(unsigned long long)trace->events, (unsigned long long)stats->connections,
		(unsigned long long)stats->transitions, (unsigned long long)stats->inferred,
		(unsigned long long)(stats->lost + stats->untracked));
}

static int finish(struct trace *trace, int status)
{
	const struct conn_table_stats *stats = conn_table_stats(trace->table);
	const struct view_end end = { .stats = stats,
				      .events = trace->events,
				      .ts_ns = trace->now_ns,
				      .duration_ns = trace->now_ns - trace->begin_ns };
	int r;

	trace->view.ops->end(&trace->view, &end);
	r = drain_events(trace);
	if (r == 0)
		r = output_flush(&trace->output, FINISH_MS, -1);
	if (r == -EAGAIN) {
		log_error("the reader of standard output stopped: %zu bytes were not written",
			  output_pending(&trace->output));
		return EXIT_FAILED;
	}
	if (r < 0)
		return explain_output(r);
	if (!trace->options.json)
		summarize(trace);
	if (status == EXIT_OK && trace->options.strict && stats->lost + stats->untracked)
		return EXIT_LOST;
	return status;
}

/* ---- the kernel --------------------------------------------------------------------------------
 */

static int record(struct trace *trace, const struct sw_header *bytes)
{
	int r = trace->writer ? recording_write(trace->writer, bytes) : 0;

	if (r < 0)
		log_error("cannot write '%s': %s", trace->options.write_path, strerror(-r));
	return r;
}

/* Takes what is there. Number of records, or negative errno; the output's errors are told. */
static int drain(struct trace *trace, int *ret_status)
{
	int count = live_collect(trace->live), r = 0;

	for (int i = 0; r == 0 && i < count; i++) {
		const struct sw_header *bytes = live_at(trace->live, i);
		const struct sw_header *checked;

		if (decode_record(bytes, bytes->size, &checked) < 0)
			continue;
		if (record(trace, bytes) < 0) {
			*ret_status = EXIT_FAILED;
			return -EIO;
		}
		r = take_record(trace, checked);
	}
	if (count < 0 || r < 0) {
		log_error("out of memory: %s", strerror(count < 0 ? -count : -r));
		*ret_status = EXIT_FAILED;
		return count < 0 ? count : r;
	}
	r = flush(trace);
	if (r < 0) {
		*ret_status = explain_output(r);
		return r;
	}
	if (trace->writer && count > 0)
		(void)recording_flush(trace->writer);
	return count;
}

static int look(struct trace *trace, uint32_t cause)
{
	uint64_t begin_ns = live_now_ns();
	int r = live_look(trace->live, cause);

	trace->looked_ns = live_now_ns();
	trace->look_took_ns = trace->looked_ns - begin_ns;
	if (r < 0)
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
	return r;
}

static void look_if_due(struct trace *trace)
{
	uint64_t now_ns = live_now_ns(), age_ns = now_ns - trace->looked_ns;

	if (trace->repair_due && age_ns > REPAIR_NS) {
		trace->repair_due = false;
		(void)look(trace, SW_LOOK_LOST);
	} else if (age_ns > LOOK_NS && age_ns > LOOK_SHARE * trace->look_took_ns &&
		   (live_take_doubt(trace->live) || conn_table_wants_look(trace->table) ||
		    age_ns > VERIFY_NS)) {
		(void)look(trace, SW_LOOK_DRIFT);
	}
}

/* True if a signal asks us to end. */
static bool wait_for_work(struct trace *trace, int timeout_ms, bool *ret_reader_gone)
{
	struct pollfd fds[] = {
		{ .fd = trace->signals, .events = POLLIN },
		{ .fd = trace->output.waits ? trace->output.fd : -1,
		  .events = output_pending(&trace->output) ? POLLOUT : 0 },
		{ .fd = timeout_ms > DRAIN_MS ? live_fd(trace->live) : -1, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	(void)poll(fds, ARRAY_SIZE(fds), timeout_ms);
	*ret_reader_gone = fds[1].revents & (POLLERR | POLLHUP);
	if (!(fds[0].revents & POLLIN) || read(trace->signals, &info, sizeof(info)) <= 0)
		return false;
	return info.ssi_signo != SIGCHLD;
}

static int timeout_of(struct trace *trace, unsigned int *quiet, int count)
{
	if (conn_table_holds(trace->table)) {
		*quiet = 0;
		return HOLD_MS;
	}
	*quiet = count > 0 ? 0 : *quiet + 1;
	if (*quiet <= QUIET_DRAINS)
		return DRAIN_MS;
	return live_sleep(trace->live) ? IDLE_MS : DRAIN_MS;
}

static int run_live(struct trace *trace)
{
	unsigned int quiet = 0;
	int status = EXIT_OK;
	bool reader_gone = false;

	for (;;) {
		int count;

		if (conn_table_holds(trace->table))
			(void)live_tick(trace->live, SW_RECORD_TICK);
		count = drain(trace, &status);
		if (count < 0)
			return status;
		if (child_has_ended(&trace->child))
			break;
		look_if_due(trace);
		if (wait_for_work(trace, timeout_of(trace, &quiet, count), &reader_gone))
			break;
		if (reader_gone)
			return EXIT_OK;
	}
	expect_second_signal();
	/* Nothing new from here on, but all that was written before; then what is still held. */
	live_detach(trace->live);
	if (drain(trace, &status) < 0)
		return status;
	usleep(HOLD_MS * 1000);
	(void)live_tick(trace->live, SW_RECORD_END);
	if (drain(trace, &status) < 0)
		return status;
	return finish(trace, trace->child.ended ? trace->child.status : EXIT_OK);
}

static int open_live(struct trace *trace)
{
	const struct live_options options = { .mode = trace->options.mode,
					      .ring_bytes = trace->options.ring_bytes };
	struct live_error error;
	int r;

	r = live_open(&options, &trace->live, &error);
	if (r < 0) {
		log_error("%s", error.message);
		return error.refused ? EXIT_REFUSED : EXIT_FAILED;
	}
	if (live_start(trace->live) < 0 || look(trace, SW_LOOK_START) < 0)
		return EXIT_FAILED;
	return EXIT_OK;
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

static int trace_kernel(struct trace *trace)
{
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
		if (r < 0) {
			log_error("cannot write '%s': %s", trace->options.write_path, strerror(-r));
			return EXIT_FAILED;
		}
	}
	status = open_live(trace);
	if (status != EXIT_OK)
		return status;
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
	while ((r = recording_read(reader, &bytes)) > 0) {
		r = take_record(trace, bytes);
		if (r == 0)
			r = flush(trace);
		if (r < 0 || signal_waits(trace))
			break;
	}
	if (r == 0) {
		status = finish(trace, EXIT_OK);
	} else if (r == -ENODATA || r == -EBADMSG) {
		(void)output_flush(&trace->output, FINISH_MS, -1);
		status = explain_reading(trace, reader, r);
	} else {
		status = explain_output(r);
	}
	recording_reader_close(reader);
	return status;
}

/* ---- the command -------------------------------------------------------------------------------
 */

static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int parse_filter(struct trace *trace)
{
	struct filter_error error;
	int r = filter_parse(trace->options.filter_count, trace->options.filter_words,
			     &trace->filter, &error);

	if (r == -EINVAL)
		log_error("%s", error.message);
	else if (r < 0)
		log_error("out of memory");
	return r == -EINVAL ? EXIT_USAGE : r < 0 ? EXIT_FAILED : EXIT_OK;
}

static void trace_done(struct trace *trace)
{
	int r = recording_writer_close(trace->writer);

	if (r < 0)
		log_error("cannot write '%s': %s", trace->options.write_path, strerror(-r));
	child_abandon(&trace->child);
	live_close(trace->live);
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
		return EXIT_OK;
	}
	status = parse_filter(&trace);
	if (status != EXIT_OK)
		return status;
	trace.signals = catch_signals();
	trace.processes = process_table_new();
	trace.table = trace.processes ? conn_table_new(trace.processes, TABLE_MAX) : NULL;
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
