// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each record means for the table. Looks at the kernel are in conn_look.c, mini sockets in
 * conn_mini.c.
 */
#include <errno.h>
#include <string.h>

#include "model/conn_table_internal.h"

/* A new owner becomes an event when there was another one before. */
static void change_owner(struct conn_table *table, struct conn_row *row, struct process *owner,
			 uint64_t ts_ns)
{
	struct process *previous = row->owner;
	struct event *event;

	if (!owner || owner == previous)
		return;
	process_ref(previous);
	table_set_owner(table, row, owner);
	event = previous ? table_push(table, row, EVENT_OWNER, QUEUED_READY, ts_ns) : NULL;
	if (event) {
		event->old_state = event->new_state = row->state;
		event->previous_owner = TAKE_PTR(previous);
	}
	process_unref(table->processes, previous);
}

void table_note_owner(struct conn_table *table, struct conn_row *row, uint32_t flags,
		      const struct sw_task *task, uint64_t ts_ns)
{
	if ((flags & SW_SOCKET_OWNED) && !row->owner_settled)
		change_owner(table, row, process_table_get(table->processes, task), ts_ns);
}

/* The timer started again, or something tells more about the end. */
void table_drop_tentative_end(struct conn_table *table, struct conn_row *row)
{
	struct queued *waiting = table_waiting(table, row);

	if (waiting && waiting->kind == QUEUED_END)
		table_settle(table, row, QUEUED_DROPPED);
}

/* Mini sockets know neither uid nor protocol; a port of 0 means that it is not known any more. */
void table_update_ends(struct conn_row *row, const struct sw_endpoints *ends, uint32_t flags)
{
	if (!(flags & SW_SOCKET_MINI)) {
		row->ends.uid = ends->uid;
		row->uid_known = true;
	}
	if (ends->netns)
		row->ends.netns = ends->netns;
	if (ends->rport) {
		row->ends.rport = ends->rport;
		memcpy(row->ends.raddr, ends->raddr, sizeof(ends->raddr));
	}
	if (ends->lport) {
		row->ends.lport = ends->lport;
		memcpy(row->ends.laddr, ends->laddr, sizeof(ends->laddr));
	}
}

void table_count(struct conn_row *row, const struct sw_state *record)
{
	row->counters = record->counters;
	row->traffic_known = (record->flags & SW_SOCKET_COUNTED) &&
			     record->header.size >= SW_STATE_SIZE_MIN + sizeof(record->traffic);
	if (row->traffic_known)
		row->traffic = record->traffic;
}

static void note_fin(struct conn_row *row, uint8_t new_state)
{
	if (new_state == SW_TCP_FIN_WAIT1 && !row->fin_remote_first)
		row->fin_local_first = true;
	else if (new_state == SW_TCP_CLOSE_WAIT && !row->fin_local_first)
		row->fin_remote_first = true;
	else if (new_state == SW_TCP_CLOSING)
		row->fin_both = true;
}

static void infer_step(struct conn_table *table, uint32_t number, uint8_t state, uint64_t ts_ns)
{
	struct event *event = table_transition(table, number, state, ts_ns, QUEUED_READY);

	if (event)
		event->inferred = true;
	conn_rows_at(&table->rows, number)->entered_ns = 0; /* some time before this */
	note_fin(conn_rows_at(&table->rows, number), state);
}

/* The state from which a connection that was once in `from` usually enters `state` (RFC 9293). */
static uint8_t usual_state_before(uint8_t state, uint8_t from)
{
	switch (state) {
	case SW_TCP_SYN_RECV:
		return SW_TCP_LISTEN;
	case SW_TCP_ESTABLISHED:
		return from == SW_TCP_SYN_SENT ? SW_TCP_SYN_SENT : SW_TCP_SYN_RECV;
	case SW_TCP_FIN_WAIT1:
	case SW_TCP_CLOSE_WAIT:
		return SW_TCP_ESTABLISHED;
	case SW_TCP_FIN_WAIT2:
	case SW_TCP_CLOSING:
		return SW_TCP_FIN_WAIT1;
	case SW_TCP_TIME_WAIT:
		return from == SW_TCP_CLOSING ? SW_TCP_CLOSING : SW_TCP_FIN_WAIT2;
	case SW_TCP_LAST_ACK:
		return SW_TCP_CLOSE_WAIT;
	default:
		return SW_TCP_NONE;
	}
}

#define STEPS_MAX 8 /* more than any way has, from LISTEN to TIME_WAIT */

/* The states to pass through, the last one first. 0: no usual way leads there. */
static size_t usual_way(uint8_t from, uint8_t to, uint8_t ret_steps[STEPS_MAX])
{
	size_t count = 0;

	for (; to != from; to = usual_state_before(to, from)) {
		if (to == SW_TCP_NONE || count == STEPS_MAX)
			return 0;
		ret_steps[count++] = to;
	}
	return count;
}

void table_catch_up_before(struct conn_table *table, uint32_t number, uint8_t state, uint64_t ts_ns)
{
	uint8_t steps[STEPS_MAX];
	size_t count = usual_way(conn_rows_at(&table->rows, number)->state, state, steps);

	if (count <= 1)
		return;
	while (count > 1)
		infer_step(table, number, steps[--count], ts_ns);
	table->look_due = true; /* what hid these may have hidden more */
}

void table_catch_up(struct conn_table *table, uint32_t number, uint8_t state, uint64_t ts_ns)
{
	if (conn_rows_at(&table->rows, number)->state == state)
		return;
	table_catch_up_before(table, number, state, ts_ns);
	infer_step(table, number, state, ts_ns);
	table->look_due = true;
}

void table_end_inferred(struct conn_table *table, uint32_t number, uint64_t ts_ns)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	uint8_t old_state = row->state;
	enum conn_reason reason = row->body == CONN_BODY_TIMEWAIT ? reason_of_fin(row)
								  : CONN_REASON_UNKNOWN;
	struct event *event = table_transition(table, number, SW_TCP_CLOSE, ts_ns, QUEUED_READY);

	if (event) {
		event->old_state = old_state;
		event->inferred = true;
		event->reason = old_state == SW_TCP_LISTEN ? CONN_REASON_NONE : reason;
	}
}

void table_end_missed(struct conn_table *table, uint32_t number, uint64_t ts_ns)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);

	if (row->body == CONN_BODY_TIMEWAIT || row->state == SW_TCP_CLOSE)
		return;
	table_drop_tentative_end(table, row);
	table_end_inferred(table, number, ts_ns);
}

/* CLOSE→SYN_SENT or CLOSE→LISTEN: a life begins. */
static uint32_t begin_life(struct conn_table *table, const struct sw_state *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	struct conn_row *row;

	if (number != ROW_NONE) {
		row = conn_rows_at(&table->rows, number);
		if ((record->flags & SW_SOCKET_AGAIN) && row->state == record->new_state)
			return number; /* this life, told twice */
		table_end_missed(table, number, record->header.ts_ns);
	}
	number = table_add(table, &record->ends, record->header.ts_ns);
	if (number != ROW_NONE)
		conn_rows_at(&table->rows, number)->state = record->old_state;
	return number;
}

/* A row for a socket that we have not heard of, in the state that it had before the record. */
uint32_t table_meet(struct conn_table *table, const struct sw_endpoints *ends, uint8_t state,
		    uint64_t ts_ns)
{
	uint32_t number = table_add(table, ends, ts_ns);
	struct conn_row *row;

	if (number == ROW_NONE)
		return number;
	row = conn_rows_at(&table->rows, number);
	row->state = state;
	row->existed = state != SW_TCP_CLOSE && state != SW_TCP_LISTEN;
	table_set_owner(table, row, look_holder_of(table, ends->cookie));
	return number;
}

void table_inherit(struct conn_table *table, struct conn_row *row, uint64_t cookie)
{
	uint32_t listener = cookie ? conn_rows_find(&table->rows, cookie) : ROW_NONE;

	if (cookie)
		row->listener_cookie = cookie;
	if (listener == ROW_NONE) {
		if (!row->owner)
			table_set_owner(table, row, look_holder_of(table, cookie));
		return;
	}
	table_set_owner(table, row, conn_rows_at(&table->rows, listener)->owner);
	row->ends.uid = conn_rows_at(&table->rows, listener)->ends.uid;
	row->uid_known = conn_rows_at(&table->rows, listener)->uid_known;
}

uint32_t table_meet_child(struct conn_table *table, const struct sw_endpoints *ends,
			  uint64_t listener_cookie, const struct sw_task *owner, uint64_t ts_ns,
			  bool inferred)
{
	uint32_t number = table_meet(table, ends, SW_TCP_LISTEN, ts_ns);
	struct conn_row *row;
	struct event *event;

	if (number == ROW_NONE)
		return number;
	row = conn_rows_at(&table->rows, number);
	table_inherit(table, row, listener_cookie);
	if (owner)
		table_set_owner(table, row, process_table_get(table->processes, owner));
	event = table_transition(table, number, SW_TCP_SYN_RECV, ts_ns, QUEUED_READY);
	if (event)
		event->inferred = inferred;
	row->entered_ns = 0; /* with the SYN, perhaps long ago */
	return number;
}

/* Another process acted, or a thread that goes by a name of its own. */
void table_note_actor(struct event *event, const struct sw_state *record)
{
	const struct process *owner = event->conn.owner;
	const struct sw_actor *actor = &record->actor;

	if (!(record->flags & SW_SOCKET_ACTED) || !owner)
		return;
	if (owner->pid == actor->pid &&
	    (actor->tid == actor->pid || strncmp(owner->comm, actor->comm, SW_COMM_LEN) == 0))
		return;
	event->acted = true;
	event->actor = *actor;
}

/* Without hooks on time-wait sockets: does one follow? (net/ipv4/tcp_minisocks.c) */
static bool infers_timewait(const struct conn_table *table, const struct sw_state *record,
			    const struct conn_row *row)
{
	return !(table->features & SW_SEES_TIMEWAIT) && !record->error && !row->reset_received &&
	       (record->old_state == SW_TCP_FIN_WAIT2 || record->old_state == SW_TCP_CLOSING);
}

static void infer_timewait(struct conn_table *table, uint32_t number, const struct sw_state *record)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	bool fin = record->old_state == SW_TCP_CLOSING || (record->flags & SW_SOCKET_FIN_RECEIVED);
	struct event *event;

	row->body = CONN_BODY_TIMEWAIT;
	table->look_due = true;
	if (!fin)
		return; /* its remainder stays in FIN_WAIT2 */
	event = table_transition(table, number, SW_TCP_TIME_WAIT, record->header.ts_ns,
				 QUEUED_READY);
	if (event)
		event->inferred = true;
}

/* It has told its last transition, and this one is another life's, whose beginning was missed. */
static bool is_told_out(const struct conn_row *row, const struct sw_state *record)
{
	return row->body == CONN_BODY_FULL && row->state == SW_TCP_CLOSE &&
	       record->new_state != SW_TCP_CLOSE;
}

/* Its request was there before us, or came before we knew the listener. */
static void inherit_late(struct conn_table *table, struct conn_row *row,
			 const struct sw_state *record)
{
	if (record->old_state == SW_TCP_LISTEN || record->old_state == SW_TCP_SYN_RECV)
		table_inherit(table, row,
			      row->listener_cookie ? row->listener_cookie
						   : listeners_find(table, &record->ends));
}

/* The row that a transition is about, made if need be. */
static uint32_t row_of_state(struct conn_table *table, const struct sw_state *record)
{
	uint64_t ts_ns = record->header.ts_ns;
	uint32_t number;

	if (record->old_state == SW_TCP_CLOSE)
		return begin_life(table, record);
	number = conn_rows_find(&table->rows, record->ends.cookie);
	if (number != ROW_NONE && !is_told_out(conn_rows_at(&table->rows, number), record))
		return number;
	if (record->old_state == SW_TCP_SYN_RECV)
		return table_meet_child(table, &record->ends, listeners_find(table, &record->ends),
					record->flags & SW_SOCKET_OWNED ? &record->owner : NULL,
					ts_ns, true);
	return table_meet(table, &record->ends, record->old_state, ts_ns);
}

static int apply_state(struct conn_table *table, const struct sw_state *record)
{
	uint64_t ts_ns = record->header.ts_ns;
	uint32_t number = row_of_state(table, record);
	enum queued_kind kind = QUEUED_READY;
	struct queued *waiting;
	struct conn_row *row;
	struct event *event;

	if (number == ROW_NONE)
		return -ENOSPC;
	row = conn_rows_at(&table->rows, number);
	table_drop_tentative_end(table, row); /* the request went on as this child */
	waiting = table_waiting(table, row);
	if (row->body == CONN_BODY_TIMEWAIT) {
		/* The full socket is released; its remainder has the state. */
		if (record->error)
			row->error = record->error;
		table_count(row, record);
		return 0;
	}
	table_update_ends(row, &record->ends, record->flags);
	if (waiting && waiting->kind == QUEUED_PORT && record->ends.lport)
		waiting->event.conn.ends = row->ends;
	row->counted = record->flags & SW_SOCKET_COUNTED;
	table_count(row, record);
	row->body = CONN_BODY_FULL;
	table_note_owner(table, row, record->flags, &record->owner, ts_ns);
	if (record->old_state == SW_TCP_CLOSE)
		table_note_creator(row);
	if (row->state == record->new_state)
		return 0; /* the request said it, or a look did */
	if (!row->owner)
		inherit_late(table, row, record);
	table_catch_up(table, number, record->old_state, ts_ns);
	if (record->new_state == SW_TCP_ESTABLISHED && row->entered_ns && ts_ns >= row->entered_ns)
		row->handshake_us = table_us(ts_ns - row->entered_ns);
	note_fin(row, record->new_state);
	if (record->new_state == SW_TCP_CLOSE) {
		if (infers_timewait(table, record, row))
			infer_timewait(table, number, record);
		else
			end_close(table, number, record);
		return 0;
	}
	end_forget_signs(row); /* what it has survived is not what will end it */
	if (record->new_state == SW_TCP_SYN_SENT &&
	    ((table->features & SW_SEES_PORT) || !record->ends.lport))
		kind = QUEUED_PORT;
	event = table_transition(table, number, record->new_state, ts_ns, kind);
	if (event)
		table_note_actor(event, record);
	return event ? 0 : -ENOMEM;
}

struct conn_row *table_row_of(const struct conn_table *table, const struct sw_endpoints *ends)
{
	uint32_t number = ends->cookie ? conn_rows_find(&table->rows, ends->cookie) : ROW_NONE;

	return number == ROW_NONE ? NULL : conn_rows_at(&table->rows, number);
}

static void apply_port(struct conn_table *table, const struct sw_socket *record)
{
	struct conn_row *row = table_row_of(table, &record->ends);
	struct queued *waiting;

	if (!row)
		return;
	if (row->state != SW_TCP_SYN_SENT)
		return;
	table_update_ends(row, &record->ends, SW_SOCKET_MINI);
	waiting = table_waiting(table, row);
	if (waiting && waiting->kind == QUEUED_PORT) {
		waiting->event.conn.ends = row->ends;
		table_settle(table, row, QUEUED_READY);
	}
}

/* What is accepted had a handshake that nobody showed: from here on it is told. */
static uint32_t meet_accepted(struct conn_table *table, const struct sw_socket *record)
{
	uint64_t ts_ns = record->header.ts_ns;

	switch (record->ends.cookie ? record->state : SW_TCP_NONE) {
	case SW_TCP_SYN_RECV: /* Fast Open */
		return table_meet_child(table, &record->ends, 0, NULL, ts_ns, true);
	case SW_TCP_ESTABLISHED:
	case SW_TCP_CLOSE_WAIT:
		return table_meet(table, &record->ends, record->state, ts_ns);
	default:
		return ROW_NONE;
	}
}

static struct conn_row *row_of_accepted(struct conn_table *table, const struct sw_socket *record)
{
	struct conn_row *row = table_row_of(table, &record->ends);
	uint32_t number;

	if (row)
		return row;
	number = meet_accepted(table, record);
	if (number == ROW_NONE)
		return NULL;
	row = conn_rows_at(&table->rows, number);
	row->body = CONN_BODY_FULL;
	row->untold = row->state != SW_TCP_SYN_RECV; /* if the first look is under way */
	table->look_due = true;			     /* what hid that may have hidden more */
	return row;
}

static void apply_accept(struct conn_table *table, const struct sw_socket *record)
{
	struct conn_row *row = row_of_accepted(table, record);

	if (!row)
		return;
	row->accepted = true;
	if (!(record->flags & SW_SOCKET_OWNED))
		return;
	row->owner_settled = true;
	change_owner(table, row, process_table_get(table->processes, &record->owner),
		     record->header.ts_ns);
	table_note_creator(row);
}

static void apply_destroy(struct conn_table *table, const struct sw_socket *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	const struct conn_row *row;

	if (number == ROW_NONE)
		return;
	row = conn_rows_at(&table->rows, number);
	if (row->body != CONN_BODY_FULL)
		return;
	if (row->state != SW_TCP_CLOSE)
		table_end_inferred(table, number, record->header.ts_ns);
	if (end_is_told(table, number))
		table_forget(table, number);
}

/* The dying one may not have been the only holder of its sockets. */
static void apply_exit(struct conn_table *table, const struct sw_exit *record)
{
	struct process *process = process_table_find(table->processes, record->task.pid);

	if (process && process->sockets)
		table->look_due = true;
	lives_note_exit(table, process);
	process_table_exit(table->processes, record);
}

/* A child shares its parent's sockets, and the parent may close its own descriptors. */
static int apply_fork(struct conn_table *table, const struct sw_fork *record)
{
	struct process *parent = process_table_find(table->processes, record->parent_pid);

	if (parent && parent->sockets)
		table->look_due = true;
	return process_table_fork(table->processes, record);
}

/* An exec closes descriptors that others may have too. */
static int apply_process(struct conn_table *table, const struct sw_process *record)
{
	const struct process *process =
		record->flags & SW_PROCESS_EXEC
			? process_table_find(table->processes, record->task.pid)
			: NULL;

	if (process && process->sockets)
		table->look_due = true;
	return process_table_exec(table->processes, record);
}

static int apply_stream(struct conn_table *table, const struct sw_header *record)
{
	struct event *event;

	if (record->kind == SW_RECORD_START)
		table->features = ((const struct sw_start *)record)->features;
	if (table->features & SW_TAKES_STACKS)
		lives_keep(table);
	if (record->kind == SW_RECORD_END)
		table->repairing = false;
	if (record->kind != SW_RECORD_LOST)
		return 0;
	table->repairing = true;
	table->stats.lost += ((const struct sw_lost *)record)->count;
	event = table_push(table, NULL, EVENT_LOST, QUEUED_READY, record->ts_ns);
	if (event)
		event->count = ((const struct sw_lost *)record)->count;
	return event ? 0 : -ENOMEM;
}

static int apply_socket_record(struct conn_table *table, const struct sw_header *record)
{
	const void *bytes = record;

	switch (record->kind) {
	case SW_RECORD_STATE:
		return apply_state(table, bytes);
	case SW_RECORD_REQUEST:
	case SW_RECORD_REQUEST_END:
	case SW_RECORD_CHILD:
	case SW_RECORD_TIMEWAIT:
	case SW_RECORD_TIMEWAIT_END:
		return mini_apply(table, record);
	case SW_RECORD_PORT:
		apply_port(table, bytes);
		break;
	case SW_RECORD_ACCEPT:
		apply_accept(table, bytes);
		break;
	case SW_RECORD_CONNECT:
		return end_apply_connect(table, bytes);
	case SW_RECORD_DESTROY:
		apply_destroy(table, bytes);
		break;
	case SW_RECORD_RELEASE:
	case SW_RECORD_RECEIVE:
		look_note_handover(table, bytes);
		break;
	case SW_RECORD_UDP:
	case SW_RECORD_UDP_END:
	case SW_RECORD_UDP_COUNT:
	case SW_RECORD_PEER:
		return udp_apply(table, record);
	default:
		end_apply_sign(table, bytes);
		break;
	}
	return 0;
}

int conn_table_apply(struct conn_table *table, const struct sw_header *record)
{
	const void *bytes = record;

	if (record->ts_ns > table->now_ns)
		table->now_ns = record->ts_ns;
	if (table->answering != ROW_NONE)
		end_watch_answer(table, record);
	switch (record->kind) {
	case SW_RECORD_PROCESS:
		return apply_process(table, bytes);
	case SW_RECORD_FORK:
		return apply_fork(table, bytes);
	case SW_RECORD_EXIT:
		apply_exit(table, bytes);
		return 0;
	case SW_RECORD_CONTAINER:
		return container_table_name(process_table_containers(table->processes), bytes);
	case SW_RECORD_STACK:
		return stack_apply(table, bytes);
	case SW_RECORD_LOOK_BEGIN:
	case SW_RECORD_LOOK_END:
	case SW_RECORD_LOOK_NETNS:
	case SW_RECORD_SOCKET:
	case SW_RECORD_HOLDER:
		return look_apply(table, record);
	default:
		return record->kind < SW_RECORD_PROCESS ? apply_stream(table, record)
							: apply_socket_record(table, record);
	}
}
