// SPDX-License-Identifier: GPL-2.0-or-later
/* Request and time-wait sockets: a connection before and after its full socket. */
#include <errno.h>

#include "model/conn_table_internal.h"

static int apply_request(struct conn_table *table, const struct sw_request *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	struct conn_row *row;

	if (number != ROW_NONE) {
		/* Its timer was only moved. */
		row = conn_rows_at(&table->rows, number);
		if (row->body == CONN_BODY_REQUEST)
			table_drop_tentative_end(table, row);
		return 0;
	}
	number = table_meet(table, &record->ends, SW_TCP_LISTEN, record->header.ts_ns);
	if (number == ROW_NONE)
		return -ENOSPC;
	row = conn_rows_at(&table->rows, number);
	row->body = CONN_BODY_REQUEST;
	table_inherit(table, row, record->listener_cookie);
	if (!(table->features & SW_SEES_REQUEST_END))
		table->look_due = true;
	return table_transition(table, number, SW_TCP_SYN_RECV, record->header.ts_ns, QUEUED_READY)
		       ? 0
		       : -ENOMEM;
}

static void apply_request_end(struct conn_table *table, const struct sw_request *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	struct conn_row *row;
	struct event *event;
	uint64_t entered_ns;

	if (number == ROW_NONE)
		return;
	row = conn_rows_at(&table->rows, number);
	if (row->body != CONN_BODY_REQUEST || row->state == SW_TCP_CLOSE)
		return; /* completed: the child goes on */
	table_drop_tentative_end(table, row);
	entered_ns = row->entered_ns;
	event = table_transition(table, number, SW_TCP_CLOSE, record->header.ts_ns,
				 record->final ? QUEUED_READY : QUEUED_END);
	if (event)
		event->reason = reason_of_request(table, row, record);
	if (record->final) {
		table_forget(table, number);
	} else { /* not the end, until its event is out */
		row->state = SW_TCP_SYN_RECV;
		row->entered_ns = entered_ns;
	}
}

static int apply_child(struct conn_table *table, const struct sw_socket *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	struct conn_row *row;

	if (number == ROW_NONE)
		number = table_meet_child(table, &record->ends, record->listener_cookie,
					  record->flags & SW_SOCKET_OWNED ? &record->owner : NULL,
					  record->header.ts_ns, false);
	if (number == ROW_NONE)
		return -ENOSPC;
	row = conn_rows_at(&table->rows, number);
	table_drop_tentative_end(table, row);
	row->body = CONN_BODY_FULL;
	table_update_ends(row, &record->ends, record->flags);
	table_note_owner(table, row, record->flags, &record->owner, record->header.ts_ns);
	/* It was taken for another one's, by its port. */
	if (!row->owner ||
	    (record->listener_cookie && row->listener_cookie != record->listener_cookie))
		table_inherit(table, row, record->listener_cookie);
	return 0;
}

uint32_t mini_find_timewait(const struct conn_table *table, const struct sw_endpoints *ends)
{
	uint32_t number = conn_rows_find(&table->rows, ends->cookie), newest = number;

	for (; number != ROW_NONE; number = table_older(table, number)) {
		const struct conn_row *row = conn_rows_at(&table->rows, number);

		if (row->body == CONN_BODY_TIMEWAIT && row->ends.lport == ends->lport &&
		    row->ends.rport == ends->rport)
			return number;
	}
	return newest;
}

static void enter_timewait_state(struct conn_table *table, uint32_t number, uint8_t substate,
				 uint64_t ts_ns, bool inferred)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	struct event *event;

	/* Never back from TIME_WAIT to FIN_WAIT2: a record that was late says so. */
	if (row->state == substate || row->state == SW_TCP_TIME_WAIT)
		return;
	table_catch_up_before(table, number, substate, ts_ns);
	event = table_transition(table, number, substate, ts_ns, QUEUED_READY);
	if (event)
		event->inferred = inferred;
	if (inferred)
		row->entered_ns = 0;
}

static int apply_timewait(struct conn_table *table, const struct sw_timewait *record)
{
	uint32_t number = mini_find_timewait(table, &record->ends);
	struct conn_row *row;

	if (number == ROW_NONE) {
		number = table_meet(table, &record->ends, SW_TCP_FIN_WAIT2, record->header.ts_ns);
		if (number == ROW_NONE)
			return -ENOSPC;
		table->look_due = true; /* a stranger: it may be gone already */
	}
	row = conn_rows_at(&table->rows, number);
	if (record->final)
		table_drop_tentative_end(table, row);
	else if (row->waits)
		return 0; /* the segment was its end */
	if (row->body != CONN_BODY_TIMEWAIT && row->state == SW_TCP_CLOSE)
		return 0;
	row->body = CONN_BODY_TIMEWAIT;
	enter_timewait_state(table, number, record->substate, record->header.ts_ns, false);
	if (row->state == SW_TCP_FIN_WAIT2 && !(table->features & SW_SEES_TIMEWAIT_FIN))
		table->look_due = true;
	return 0;
}

static void apply_timewait_end(struct conn_table *table, const struct sw_timewait *record)
{
	uint32_t number = mini_find_timewait(table, &record->ends);
	struct conn_row *row;
	enum conn_reason reason;
	struct event *event;
	uint64_t entered_ns;
	uint8_t state;

	if (number == ROW_NONE)
		return;
	row = conn_rows_at(&table->rows, number);
	if (row->body != CONN_BODY_TIMEWAIT)
		return;
	table_drop_tentative_end(table, row);
	/* The FIN that nobody showed us. */
	enter_timewait_state(table, number, record->substate, record->header.ts_ns, true);
	state = row->state;
	reason = reason_of_timewait(table, row, record->early);
	entered_ns = row->entered_ns;
	event = table_transition(table, number, SW_TCP_CLOSE, record->header.ts_ns,
				 record->final ? QUEUED_READY : QUEUED_END);
	if (event)
		event->reason = reason;
	if (record->final) {
		table_forget(table, number);
	} else {
		row->state = state;
		row->entered_ns = entered_ns;
	}
}

int mini_apply(struct conn_table *table, const struct sw_header *record)
{
	const void *bytes = record;

	switch (record->kind) {
	case SW_RECORD_REQUEST:
		return apply_request(table, bytes);
	case SW_RECORD_CHILD:
		return apply_child(table, bytes);
	case SW_RECORD_TIMEWAIT:
		return apply_timewait(table, bytes);
	case SW_RECORD_REQUEST_END:
		apply_request_end(table, bytes);
		break;
	default:
		apply_timewait_end(table, bytes);
		break;
	}
	return 0;
}
