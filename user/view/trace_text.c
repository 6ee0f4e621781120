// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace for people: one line an event; who and what happened at a glance. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "model/process.h"
#include "model/stack.h"
#include "view/field.h"
#include "view/line.h"
#include "view/origin.h"
#include "view/peer_view.h"
#include "view/view.h"

#define CLOCK_AT 11  /* of 2026-11-24T00:11:22.123456789Z: the time of day */
#define CLOCK_LEN 15 /* with microseconds */

/* Of the columns, as start() has them too. */
#define PID_WIDTH 7
#define STATE_WIDTH 11
#define ENDPOINT_WIDTH 21

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
	time[CLOCK_AT + CLOCK_LEN] = ' ';
	json_raw(&view->line, time + CLOCK_AT, CLOCK_LEN + 1);
}

static void put_owner(struct view *view, const struct process *owner)
{
	char pid[TEXT_DECIMAL_SIZE] = "?";
	size_t len = owner ? text_decimal(owner->pid, pid) : 1;

	if (view->aligned && len < PID_WIDTH)
		line_spaces(&view->line, PID_WIDTH - len);
	json_raw(&view->line, pid, len);
	line_string(&view->line, " ");
	if (owner && owner->comm[0])
		put_escaped(view, owner->comm, strlen(owner->comm), SW_COMM_LEN);
	else
		put_escaped(view, "?", 1, SW_COMM_LEN);
	line_string(&view->line, " ");
}

static void put_states(struct view *view, const struct event *told)
{
	const char *old_name = conn_state_name(told->old_state);
	const char *new_name = conn_state_name(told->new_state);
	size_t width = view->aligned ? STATE_WIDTH : 0;

	if (told->kind == EVENT_FAILED) {
		old_name = "connect";
		new_name = "failed";
	} else if (told->kind != EVENT_STATE) {
		old_name = told->kind == EVENT_EXISTS ? "exists" : "owner";
		if (told->kind == EVENT_OWNER)
			new_name = conn_state_name(told->conn.state);
		if (told->stack) {
			old_name = "stack";
			new_name = stack_call_name(told->stack->call);
		}
	}
	line_padded(&view->line, old_name ? old_name : "?", width);
	line_string(&view->line, " -> ");
	line_string(&view->line, color_of(view, told->new_state));
	line_padded(&view->line, new_name ? new_name : "?", width);
	line_string(&view->line, view->color ? "\033[0m " : " ");
}

static void put_ends(struct view *view, const struct conn *conn)
{
	size_t width = view->aligned ? ENDPOINT_WIDTH : 0;
	char end[FORMAT_ENDPOINT_SIZE];

	format_endpoint(conn->ends.family, conn->ends.laddr, conn->ends.lport, end);
	line_padded(&view->line, end, width);
	line_string(&view->line, " ");
	format_endpoint(conn->ends.family, conn->ends.raddr, conn->ends.rport, end);
	line_padded(&view->line, end, width);
}

static void put_last(struct view *view, const struct event *told)
{
	const char *reason = conn_reason_name(told->reason);
	const char *error = told->conn.error ? format_errno(told->conn.error) : NULL;
	const char *reset = conn_reset_reason_name(told->conn.reset_reason);
	char duration[FORMAT_DURATION_SIZE];

	if (reason) {
		line_string(&view->line, " ");
		line_string(&view->line, reason);
	}
	if (error)
		line_printf(&view->line, " %s", error);
	if (reset) {
		line_string(&view->line, " ");
		line_string(&view->line, reset);
	}
	if (!told->conn.existed && told->ts_ns >= told->conn.opened_ns) {
		format_duration((told->ts_ns - told->conn.opened_ns) / NSEC_PER_USEC, duration);
		line_string(&view->line, " after ");
		line_string(&view->line, duration);
	}
	if (told->failed) {
		line_string(&view->line, " attempts ");
		line_number(&view->line, conn_attempts(&told->conn));
		return;
	}
	if (told->conn.counted && told->old_state != SW_TCP_LISTEN) {
		line_string(&view->line, " rx ");
		line_number(&view->line, told->conn.counters.rx_bytes);
		line_string(&view->line, " B tx ");
		line_number(&view->line, told->conn.counters.tx_bytes);
		line_string(&view->line, " B");
	}
	if (told->conn.counted && told->conn.counters.retrans)
		line_printf(&view->line, " retrans %u", told->conn.counters.retrans);
}

static void put_stack(struct view *view, const struct sw_stack *stack)
{
	const char *script = stack_script(stack);

	line_printf(&view->line, " ");
	origin_text_modules(&view->line, stack);
	if (script) {
		line_printf(&view->line, " script ");
		put_escaped(view, script, strlen(script), 0);
	}
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
	if (told->stack) {
		put_stack(view, told->stack);
		return;
	}
	if (owner && owner->exe &&
	    (told->kind != EVENT_STATE || told->old_state == SW_TCP_CLOSE ||
	     told->old_state == SW_TCP_LISTEN)) {
		line_string(&view->line, " ");
		put_escaped(view, owner->exe, strlen(owner->exe), 0);
		if (owner->exe_deleted)
			line_printf(&view->line, " (deleted)");
	}
	if (owner && owner->container && told->old_state == SW_TCP_CLOSE) {
		const char *name = owner->container->name;
		size_t len = name ? strlen(name) : strnlen(owner->container->id, FIELD_SHORT_ID);

		line_printf(&view->line, " %s:", owner->container->runtime);
		put_escaped(view, name ? name : owner->container->id, len, 0);
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
		line_printf(&view->line, "RESYNC %llu added, %llu changed, %llu removed%s\n",
			    (unsigned long long)told->resync.added,
			    (unsigned long long)told->resync.changed,
			    (unsigned long long)told->resync.removed,
			    told->resync.verified ? " by verification" : "");
		return;
	}
	put_owner(view, told->conn.owner);
	put_states(view, told);
	put_ends(view, &told->conn);
	put_notes(view, told);
	if (view->ancestors)
		origin_text_parents(&view->line, told->conn.owner);
	line_string(&view->line, "\n");
	if (told->stack)
		origin_text_frames(&view->line, told->stack);
	if (told->last)
		peer_view_text(&told->conn, view->realtime_offset_ns, &view->line);
}

/* The summary goes to standard error: the command prints it. */
static void end(struct view *view, const struct view_end *told)
{
	(void)view;
	(void)told;
}

const struct view_ops view_text = { start, event, end };
