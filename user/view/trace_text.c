// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace for people: one line an event; who and what happened at a glance. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "model/process.h"
#include "view/field.h"
#include "view/line.h"
#include "view/view.h"

#define CLOCK_AT 11  /* of 2026-11-24T00:11:22.123456789Z: the time of day */
#define CLOCK_LEN 15 /* with microseconds */

/* Hostile bytes, padded to a column. */
static void put_escaped(struct view *view, const char *text, size_t len, size_t width)
{
	size_t n = line_escaped(&view->line, text, len);

	if (view->aligned && n < width)
		line_spaces(&view->line, width - n);
}

static const char *color_of(const struct view *view, uint8_t state)
{
	if (!view->color)
		return "";
	switch (state) {
	case SW_TCP_ESTABLISHED:
		return "\033[32m";
	case SW_TCP_LISTEN:
		return "\033[34m";
	case SW_TCP_SYN_SENT:
	case SW_TCP_SYN_RECV:
		return "\033[33m";
	case SW_TCP_CLOSE:
		return "\033[31m";
	default:
		return "\033[36m";
	}
}

static void put_clock(struct view *view, uint64_t ts_ns)
{
	char time[FORMAT_TIME_SIZE];

	format_time((int64_t)ts_ns + view->realtime_offset_ns, time);
	line_printf(&view->line, "%.*s ", CLOCK_LEN, time + CLOCK_AT);
}

static void put_owner(struct view *view, const struct process *owner)
{
	char pid[16] = "?";

	if (owner)
		snprintf(pid, sizeof(pid), "%u", owner->pid);
	line_printf(&view->line, view->aligned ? "%7s " : "%s ", pid);
	if (owner && owner->comm[0])
		put_escaped(view, owner->comm, strlen(owner->comm), SW_COMM_LEN);
	else
		put_escaped(view, "?", 1, SW_COMM_LEN);
	line_printf(&view->line, " ");
}

static void put_states(struct view *view, const struct event *told)
{
	const char *old_name = conn_state_name(told->old_state);
	const char *new_name = conn_state_name(told->new_state);
	const char *reset = view->color ? "\033[0m" : "";

	if (told->kind != EVENT_STATE) {
		old_name = told->kind == EVENT_EXISTS ? "exists" : "owner";
		if (told->kind == EVENT_OWNER)
			new_name = conn_state_name(told->conn.state);
	}
	line_printf(&view->line, view->aligned ? "%-11s -> %s%-11s%s " : "%s -> %s%s%s ",
		    old_name ? old_name : "?", color_of(view, told->new_state),
		    new_name ? new_name : "?", reset);
}

static void put_ends(struct view *view, const struct conn *conn)
{
	char local[FORMAT_ENDPOINT_SIZE], remote[FORMAT_ENDPOINT_SIZE];

	format_endpoint(conn->ends.family, conn->ends.laddr, conn->ends.lport, local);
	format_endpoint(conn->ends.family, conn->ends.raddr, conn->ends.rport, remote);
	line_printf(&view->line, view->aligned ? "%-21s %-21s" : "%s %s", local, remote);
}

static void put_last(struct view *view, const struct event *told)
{
	const char *reason = conn_reason_name(told->reason);
	const char *error = told->conn.error ? format_errno(told->conn.error) : NULL;
	char duration[FORMAT_DURATION_SIZE];

	if (reason)
		line_printf(&view->line, " %s", reason);
	if (error)
		line_printf(&view->line, " %s", error);
	if (!told->conn.existed && told->ts_ns >= told->conn.opened_ns) {
		format_duration((told->ts_ns - told->conn.opened_ns) / NSEC_PER_USEC, duration);
		line_printf(&view->line, " after %s", duration);
	}
	if (told->conn.counted && told->old_state != SW_TCP_LISTEN)
		line_printf(&view->line, " rx %llu B tx %llu B",
			    (unsigned long long)told->conn.counters.rx_bytes,
			    (unsigned long long)told->conn.counters.tx_bytes);
	if (told->conn.counted && told->conn.counters.retrans)
		line_printf(&view->line, " retrans %u", told->conn.counters.retrans);
}

static void put_notes(struct view *view, const struct event *told)
{
	const struct process *owner = told->conn.owner;

	if (told->inferred)
		line_printf(&view->line, " (inferred)");
	if (told->acted) {
		line_printf(&view->line, " by ");
		put_escaped(view, told->actor.comm, strnlen(told->actor.comm, SW_COMM_LEN), 0);
		line_printf(&view->line, "[%u]", told->actor.pid);
	}
	if (told->previous_owner) {
		line_printf(&view->line, " before: ");
		put_escaped(view, told->previous_owner->comm, strlen(told->previous_owner->comm),
			    0);
		line_printf(&view->line, "[%u]", told->previous_owner->pid);
	}
	if (told->last)
		put_last(view, told);
	if (owner && owner->exe &&
	    (told->kind != EVENT_STATE || told->old_state == SW_TCP_CLOSE ||
	     told->old_state == SW_TCP_LISTEN)) {
		line_printf(&view->line, " ");
		put_escaped(view, owner->exe, strlen(owner->exe), 0);
		if (owner->exe_deleted)
			line_printf(&view->line, " (deleted)");
	}
	if (owner && owner->container && told->old_state == SW_TCP_CLOSE) {
		line_printf(&view->line, " %s:", owner->runtime);
		put_escaped(view, owner->container, strnlen(owner->container, 12), 0);
	}
}

static void put_ancestors(struct view *view, const struct process *process)
{
	for (process = process ? process->parent : NULL; process; process = process->parent) {
		line_printf(&view->line, " < ");
		put_escaped(view, process->comm, strlen(process->comm), 0);
		line_printf(&view->line, "[%u]", process->pid);
	}
}

static void start(struct view *view, const struct sw_start *record)
{
	line_printf(&view->line,
		    view->aligned ? "%-15s %7s %-16s %-11s    %-11s %-21s %s\n"
				  : "%s %s %s %s -> %s %s %s\n",
		    "TIME (UTC)", "PID", "COMM", "FROM", "TO", "LOCAL", "REMOTE");
}

static void event(struct view *view, const struct event *told)
{
	put_clock(view, told->ts_ns);
	if (told->kind == EVENT_LOST) {
		line_printf(&view->line, "LOST %llu records: the table is being repaired\n",
			    (unsigned long long)told->count);
		return;
	}
	if (told->kind == EVENT_RESYNC) {
		line_printf(&view->line, "RESYNC %llu added, %llu changed, %llu removed\n",
			    (unsigned long long)told->resync.added,
			    (unsigned long long)told->resync.changed,
			    (unsigned long long)told->resync.removed);
		return;
	}
	put_owner(view, told->conn.owner);
	put_states(view, told);
	put_ends(view, &told->conn);
	put_notes(view, told);
	if (view->ancestors)
		put_ancestors(view, told->conn.owner);
	line_printf(&view->line, "\n");
}

/* The summary goes to standard error: the command prints it. */
static void end(struct view *view, const struct view_end *told)
{
	(void)view;
	(void)told;
}

const struct view_ops view_text = { start, event, end };
