// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a connection ends that was a full socket, or fails to begin: what is seen of it is noted, and
 * the reason (conn_reason.c) is decided again with each piece, until the event is out.
 */
#include <errno.h>

#include "model/conn_table_internal.h"

void end_forget_signs(struct conn_row *row)
{
	row->reset_received = row->reset_sent = row->reset_sent_after = false;
	row->reset_reason = SW_RESET_UNKNOWN;
	row->error = 0;
	row->error_returned = false;
}

bool end_is_told(struct conn_table *table, uint32_t number)
{
	if (table->answering != number)
		return true;
	conn_rows_at(&table->rows, number)->destroyed = true;
	return false;
}

/* Made by a hook, in the order of its processor; not in user space or by a look. */
static bool is_of_hook(uint16_t kind)
{
	switch (kind) {
	case SW_RECORD_CONTAINER:
	case SW_RECORD_SOCKET:
	case SW_RECORD_HOLDER:
	case SW_RECORD_STACK:
	case SW_RECORD_UDP_COUNT:
	case SW_RECORD_PEER:
		return false;
	default:
		return kind >= SW_RECORD_FORK;
	}
}

void end_watch_answer(struct conn_table *table, const struct sw_header *record)
{
	const struct conn_row *row = conn_rows_at(&table->rows, table->answering);
	const struct sw_socket *socket = (const void *)record;

	if (!is_of_hook(record->kind) || record->cpu != table->answer_cpu)
		return;
	/* What follows within tcp_reset() about the same socket; all of these begin alike. */
	if (record->kind >= SW_RECORD_STATE && socket->ends.cookie == row->ends.cookie)
		return;
	table_stop_waiting(table, table->answering);
}

/* One at a time: they are decided at once, or the processors take turns. */
static void await_answer(struct conn_table *table, uint32_t number, uint16_t cpu)
{
	if (table->answering != ROW_NONE)
		table_stop_waiting(table, table->answering);
	table->answering = number;
	table->answer_cpu = cpu;
}

/*
 * An orphan that gets data is ended by tcp_reset(), or by tcp_done() if the same segment has taken
 * it to FIN_WAIT2: before the answer.
 */
static bool may_answer(const struct conn_row *row, const struct sw_state *record)
{
	return (record->flags & SW_SOCKET_ORPHAN) &&
	       (row->reset_received || row->state == SW_TCP_FIN_WAIT2);
}

static enum queued_kind what_tells_more(const struct conn_row *row, const struct sw_state *record)
{
	if (record->flags & SW_SOCKET_CALLED)
		return QUEUED_RESULT;
	return may_answer(row, record) ? QUEUED_ANSWER : QUEUED_WHY;
}

static bool is_failed_connect(const struct conn_row *row, uint8_t old_state)
{
	return row->called && (old_state == SW_TCP_SYN_SENT || old_state == SW_TCP_SYN_RECV);
}

/*
 * sk_err at the end; or what was reported just before, if the application has taken that away from
 * the socket meanwhile. What it had survived is not its end.
 */
static void take_error(struct conn_row *row, const struct sw_state *record)
{
	uint16_t age_ms = (uint16_t)(record->header.ts_ns / NSEC_PER_MSEC) - row->reported_ms;

	if (record->error || age_ms > 1)
		row->error = record->error;
}

void end_close(struct conn_table *table, uint32_t number, const struct sw_state *record)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	enum queued_kind kind = what_tells_more(row, record);
	uint8_t old_state = row->state;
	struct event *event;

	take_error(row, record);
	row->closed_by_act = record->flags & SW_SOCKET_ACTED;
	row->closed_held = record->flags & SW_SOCKET_HELD;
	row->silent = record->flags & SW_SOCKET_SILENT;
	event = table_transition(table, number, SW_TCP_CLOSE, record->header.ts_ns, kind);
	if (!event)
		return;
	if (kind == QUEUED_ANSWER)
		await_answer(table, number, record->header.cpu);
	event->failed = is_failed_connect(row, old_state);
	event->reason = reason_of_close(table, row, old_state);
	table_note_actor(event, record);
}

/* The end that is still held, or NULL. */
static struct event *held_end(struct conn_table *table, const struct conn_row *row)
{
	struct queued *waiting = table_waiting(table, row);

	return waiting && waiting->kind != QUEUED_PORT && waiting->kind != QUEUED_END
		       ? &waiting->event
		       : NULL;
}

static void decide_again(const struct conn_table *table, const struct conn_row *row,
			 struct event *event)
{
	event->conn.error = row->error;
	event->conn.reset_reason = row->reset_reason;
	event->reason = reason_of_close(table, row, event->old_state);
}

static void note_reset_sent(struct conn_row *row, const struct sw_socket *record)
{
	if (row->state == SW_TCP_CLOSE)
		row->reset_sent_after = true;
	else
		row->reset_sent = true;
	row->reset_reason = record->reset_reason;
}

/* disconnect() sets an error when all is over: it is not the reason. */
static void note_error(struct conn_row *row, const struct sw_socket *record)
{
	if (!record->error || row->state == SW_TCP_CLOSE)
		return;
	row->error = record->error;
	row->reported_ms = (uint16_t)(record->header.ts_ns / NSEC_PER_MSEC);
}

/* What remains of a connection answered with a reset. */
static void note_mini_reset(struct conn_table *table, const struct sw_socket *record)
{
	uint32_t number = mini_find_timewait(table, &record->ends);
	struct conn_row *row = number == ROW_NONE ? NULL : conn_rows_at(&table->rows, number);

	if (row && row->body == CONN_BODY_TIMEWAIT)
		note_reset_sent(row, record);
}

void end_apply_sign(struct conn_table *table, const struct sw_socket *record)
{
	struct conn_row *row = table_row_of(table, &record->ends);
	struct event *event;

	if (record->flags & SW_SOCKET_MINI) {
		note_mini_reset(table, record);
		return;
	}
	if (!row)
		return;
	if (record->header.kind == SW_RECORD_RESET_IN)
		row->reset_received = true;
	else if (record->header.kind == SW_RECORD_RESET_OUT)
		note_reset_sent(row, record);
	else if (record->header.kind == SW_RECORD_ERROR)
		note_error(row, record);
	else if (record->header.kind == SW_RECORD_RETRANSMIT)
		row->counters.retrans++;
	event = held_end(table, row);
	if (event)
		decide_again(table, row, event);
	if (record->header.kind == SW_RECORD_RESET_OUT && table->answering != ROW_NONE &&
	    conn_rows_at(&table->rows, table->answering) == row)
		table_stop_waiting(table, table->answering);
}

/* A non-blocking call says nothing about its fate. */
static bool result_is_final(int32_t result)
{
	return result < 0 && result > -4096 && result != -EINPROGRESS && result != -EALREADY &&
	       result != -EISCONN && result != -EINTR && result > -512 /* ERESTARTSYS and so on */;
}

/* What the call returned that has begun this life was lost, and now comes what it ended with. */
static bool fetches_error(const struct conn_row *row, const struct sw_connect *record)
{
	return result_is_final(record->result) && row->called && !row->connect_us &&
	       row->state == SW_TCP_CLOSE && row->error == -record->result;
}

/*
 * This life has begun or ended within the call; or an earlier call has begun it, did not wait, and
 * this one fetches its result.
 */
static bool is_of_this_life(const struct conn_row *row, const struct sw_connect *record)
{
	uint64_t begin_ns = record->header.ts_ns - record->latency_ns;

	return row->opened_ns >= begin_ns || row->result_due || fetches_error(row, record) ||
	       (row->state == SW_TCP_CLOSE && row->changed_ns >= begin_ns);
}

static void take_result(struct conn_table *table, struct conn_row *row,
			const struct sw_connect *record)
{
	struct event *event = held_end(table, row);
	bool fetched = row->result_due; /* of a call before, which is what took this long */

	if (!fetched)
		row->connect_us = table_us(record->latency_ns);
	if (!result_is_final(record->result)) {
		row->result_due = record->result < 0 && record->result != -EISCONN;
		return;
	}
	row->result_due = false;
	if (!event)
		return;
	if (!row->error) {
		row->error = (uint16_t)-record->result;
		row->error_returned = true;
	}
	if (!fetched)
		event->conn.connect_ns = record->latency_ns;
	decide_again(table, row, event);
	table_settle(table, row, QUEUED_READY);
}

/* The event of a connection that never was; `row` is as it should be but for this. */
static int tell_failed(struct conn_table *table, struct conn_row *row,
		       const struct sw_connect *record)
{
	struct event *event;

	table_set_owner(table, row, process_table_get(table->processes, &record->owner));
	row->ends.protocol = SW_PROTO_TCP;
	row->uid_known = row->counted = true;
	row->state = SW_TCP_CLOSE;
	row->error = (uint16_t)-record->result;
	row->connect_us = table_us(record->latency_ns);
	row->changed_ns = record->header.ts_ns;
	row->silent = true;
	event = table_push(table, row, EVENT_FAILED, QUEUED_READY, record->header.ts_ns);
	if (!event)
		return -ENOMEM;
	event->old_state = event->new_state = SW_TCP_CLOSE;
	event->last = event->failed = true;
	event->reason = reason_of_result(row->error);
	return 0;
}

/* A socket without a cookie has had no life before this, and needs no row: nothing follows. */
static int fail_without_row(struct conn_table *table, const struct sw_connect *record,
			    uint64_t begin_ns)
{
	struct conn_row row = { .ends = record->ends, .opened_ns = begin_ns };
	int r = tell_failed(table, &row, record);

	table->stats.connections++;
	table_set_owner(table, &row, NULL);
	return r;
}

static int fail(struct conn_table *table, const struct sw_connect *record)
{
	uint64_t begin_ns = record->header.ts_ns - record->latency_ns;
	uint32_t number;

	if (!record->ends.cookie)
		return fail_without_row(table, record, begin_ns);
	number = conn_rows_find(&table->rows, record->ends.cookie);
	if (number != ROW_NONE)
		table_end_missed(table, number, begin_ns);
	number = table_add(table, &record->ends, begin_ns);
	return number == ROW_NONE ? -ENOSPC
				  : tell_failed(table, conn_rows_at(&table->rows, number), record);
}

int end_apply_connect(struct conn_table *table, const struct sw_connect *record)
{
	struct conn_row *row = table_row_of(table, &record->ends);

	if (row && is_of_this_life(row, record)) {
		take_result(table, row, record);
		return 0;
	}
	if (record->state != SW_TCP_CLOSE || !result_is_final(record->result))
		return 0;
	return fail(table, record);
}
