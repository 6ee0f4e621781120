// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows and events: what a record means is conn_apply.c's. */
#include "model/conn_table_internal.h"
#include "model/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * How long an event may wait for what completes it. The port is chosen within the same system
 * call, whose result may say why it failed, and which may lose its processor in between, and a busy
 * machine gives it back late: only a record that never comes ends that wait; a reset is sent at
 * once; an expired timer starts again after a SYN-ACK was sent by a softirq that may be delayed, as
 * may the child be whose request has ended: 15 ms were seen where a processor was taken away.
 */
#define HOLD_PORT_NS NSEC_PER_SEC
#define HOLD_WHY_NS (2 * NSEC_PER_MSEC)
#define HOLD_END_NS (50 * NSEC_PER_MSEC)
#define HOLD_ANSWER_NS (200 * NSEC_PER_MSEC) /* a virtual processor may be halted meanwhile */

struct conn_table *conn_table_new(struct process_table *processes, size_t max)
{
	struct conn_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->processes = processes;
	table->answering = ROW_NONE;
	conn_rows_init(&table->rows, max);
	event_queue_init(&table->queue);
	return table;
}

/* What a row refers to. */
static void give_back(struct conn_table *table, struct conn_row *row)
{
	struct conn_rare *rare = TAKE_PTR(row->rare);

	row->owner_made_it = false;
	table_set_owner(table, row, NULL);
	if (!rare)
		return;
	process_unref(table->processes, rare->creator);
	process_unref(table->processes, rare->heir);
	peers_unref(rare->peers);
	free(rare);
}

void conn_table_free(struct conn_table *table)
{
	struct queued *item;

	if (!table)
		return;
	for (; (item = event_queue_head(&table->queue)); event_queue_pop(&table->queue))
		conn_table_done(table, &item->event);
	event_queue_done(&table->queue);
	for (uint32_t i = 0; i < table->rows.top; i++) {
		struct conn_row *row = conn_rows_at(&table->rows, i);

		if (row->used)
			give_back(table, row);
	}
	conn_rows_done(&table->rows);
	lives_free(table);
	free(table->listeners);
	look_free(table);
	free(table);
}

void conn_table_done(struct conn_table *table, struct event *event)
{
	table_unref_conn(table, &event->conn);
	process_unref(table->processes, TAKE_PTR(event->previous_owner));
	free(TAKE_PTR(event->stack));
}

void table_ref_conn(const struct conn *conn)
{
	process_ref(conn->owner);
	process_ref(conn->creator);
	peers_ref(conn->peers);
}

void table_unref_conn(struct conn_table *table, struct conn *conn)
{
	process_unref(table->processes, TAKE_PTR(conn->owner));
	process_unref(table->processes, TAKE_PTR(conn->creator));
	peers_unref(TAKE_PTR(conn->peers));
}

struct event *table_push(struct conn_table *table, const struct conn_row *row, enum event_kind kind,
			 enum queued_kind queued, uint64_t ts_ns)
{
	struct queued *item = event_queue_push(&table->queue, queued);

	if (!item) {
		table->stats.untracked++;
		return NULL;
	}
	item->event.kind = kind;
	item->event.ts_ns = ts_ns;
	item->row = ROW_NONE;
	if (row) {
		table_show(row, &item->event.conn);
		table_ref_conn(&item->event.conn);
	}
	return &item->event;
}

static const struct conn_rare nothing = { .gen = 1, .older = ROW_NONE };

const struct conn_rare *table_rare(const struct conn_row *row)
{
	return row->rare ? row->rare : &nothing;
}

struct conn_rare *table_make_rare(struct conn_table *table, struct conn_row *row)
{
	if (row->rare)
		return row->rare;
	row->rare = malloc(sizeof(*row->rare));
	if (row->rare)
		*row->rare = nothing;
	else
		table->stats.untracked++;
	return row->rare;
}

uint32_t table_older(const struct conn_table *table, uint32_t number)
{
	return table_rare(conn_rows_at(&table->rows, number))->older;
}

/* Without memory for it, the creator is not known any more. */
static void keep_creator(struct conn_table *table, struct conn_row *row)
{
	struct conn_rare *rare = table_make_rare(table, row);

	if (rare)
		rare->creator = process_ref(row->owner);
	row->owner_made_it = false;
}

void table_note_creator(struct conn_row *row)
{
	if (row->owner && !table_rare(row)->creator)
		row->owner_made_it = true;
}

void table_set_owner(struct conn_table *table, struct conn_row *row, struct process *owner)
{
	if (row->owner_made_it && owner != row->owner)
		keep_creator(table, row);
	process_ref(owner);
	if (owner)
		owner->sockets++;
	if (row->owner)
		row->owner->sockets--;
	process_unref(table->processes, row->owner);
	row->owner = owner;
}

/* Each record of a connection without a row comes here: it is one connection. */
static uint32_t count_untracked(struct conn_table *table, uint64_t cookie)
{
	uint64_t *known = &table->untracked_cookies[cookie % UNTRACKED_COOKIES];

	table->stats.untracked += *known != cookie;
	*known = cookie;
	return ROW_NONE;
}

/* Makes way for another life of a cookie. What that has of this one, or NULL: there is no room. */
static struct conn_rare *next_life(struct conn_table *table, uint32_t old)
{
	const struct conn_row *row = conn_rows_at(&table->rows, old);
	bool over = row->state == SW_TCP_CLOSE;
	struct conn_rare *rare;

	if (!over && table->rows.used >= table->rows.max)
		return NULL;
	rare = malloc(sizeof(*rare));
	if (!rare)
		return NULL;
	*rare = nothing;
	rare->gen = table_rare(row)->gen + 1;
	rare->older = over ? table_rare(row)->older : old;
	conn_rows_redirect(&table->rows, row->ends.cookie, ROW_NONE);
	if (over)
		table_release(table, old);
	return rare;
}

uint32_t table_add(struct conn_table *table, const struct sw_endpoints *ends, uint64_t ts_ns)
{
	uint32_t old = conn_rows_find(&table->rows, ends->cookie), new;
	CLEANUP_FREE struct conn_rare *rare = NULL;
	struct conn_row *row;

	if (old != ROW_NONE) {
		rare = next_life(table, old);
		if (!rare)
			return count_untracked(table, ends->cookie);
	}
	new = conn_rows_add(&table->rows, ends->cookie);
	if (new == ROW_NONE)
		return count_untracked(table, ends->cookie);
	row = conn_rows_at(&table->rows, new);
	row->ends = *ends;
	row->rare = TAKE_PTR(rare);
	row->opened_ns = row->changed_ns = ts_ns;
	table->stats.connections++;
	return new;
}

void table_release(struct conn_table *table, uint32_t number)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);

	table_settle(table, row, QUEUED_READY);
	if (table->answering == number)
		table->answering = ROW_NONE;
	lives_note_end(table, row);
	listeners_drop(table, row);
	give_back(table, row);
	conn_rows_release(&table->rows, number);
}

void table_forget(struct conn_table *table, uint32_t number)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	uint64_t cookie = row->ends.cookie;
	uint32_t newest = conn_rows_find(&table->rows, cookie);

	if (newest == number) {
		conn_rows_redirect(&table->rows, cookie, table_older(table, number));
	} else {
		while (newest != ROW_NONE && table_older(table, newest) != number)
			newest = table_older(table, newest);
		if (newest != ROW_NONE)
			conn_rows_at(&table->rows, newest)->rare->older =
				table_older(table, number);
	}
	table_release(table, number);
}

struct queued *table_waiting(struct conn_table *table, const struct conn_row *row)
{
	return row->waits ? event_queue_at(&table->queue, row->waiting) : NULL;
}

void table_settle(struct conn_table *table, struct conn_row *row, enum queued_kind kind)
{
	struct queued *item = table_waiting(table, row);

	if (item && item->kind != QUEUED_READY)
		event_queue_resolve(&table->queue, item, kind);
	row->waits = false;
}

struct event *table_transition(struct conn_table *table, uint32_t number, uint8_t new_state,
			       uint64_t ts_ns, enum queued_kind kind)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	uint8_t old_state = row->state;
	struct queued *item;
	struct event *event;

	table_settle(table, row, QUEUED_READY);
	row->untold = false;
	row->state = new_state;
	/* A life is told in its order; the clock that hooks read may step back (timekeeping.c). */
	if (ts_ns < row->changed_ns)
		ts_ns = row->changed_ns;
	row->changed_ns = row->entered_ns = ts_ns;
	row->called |= new_state == SW_TCP_SYN_SENT;
	listeners_note(table, number);
	event = table_push(table, row, EVENT_STATE, kind, ts_ns);
	if (!event)
		return NULL;
	event->old_state = old_state;
	event->new_state = new_state;
	event->last = new_state == SW_TCP_CLOSE;
	if (kind != QUEUED_READY) {
		row->waits = true;
		row->waiting = table->queue.next - 1;
		item = event_queue_at(&table->queue, row->waiting);
		item->row = number;
	}
	return event;
}

void table_stop_waiting(struct conn_table *table, uint32_t number)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);

	table_settle(table, row, QUEUED_READY);
	if (table->answering == number)
		table->answering = ROW_NONE;
	if (row->destroyed)
		table_forget(table, number);
}

static uint64_t hold_ns(enum queued_kind kind)
{
	switch (kind) {
	case QUEUED_PORT:
	case QUEUED_RESULT:
		return HOLD_PORT_NS;
	case QUEUED_ANSWER:
		return HOLD_ANSWER_NS;
	case QUEUED_END:
		return HOLD_END_NS;
	default:
		return HOLD_WHY_NS;
	}
}

bool conn_table_next(struct conn_table *table, struct event *ret_event)
{
	struct queued *item;

	while ((item = event_queue_head(&table->queue))) {
		if (item->kind == QUEUED_DROPPED) {
			conn_table_done(table, &item->event);
			event_queue_pop(&table->queue);
			continue;
		}
		if (item->kind != QUEUED_READY) {
			if (item->event.ts_ns + hold_ns(item->kind) > table->now_ns ||
			    (item->kind == QUEUED_PORT && table->repairing))
				return false;
			if (item->kind == QUEUED_END)
				table_forget(table, item->row); /* its timer did not start again */
			else
				table_stop_waiting(table, item->row);
		}
		*ret_event = item->event;
		event_queue_pop(&table->queue);
		if (ret_event->kind == EVENT_STATE) {
			table->stats.transitions++;
			table->stats.inferred += ret_event->inferred;
		}
		return true;
	}
	return false;
}

bool conn_table_holds(const struct conn_table *table)
{
	return table->queue.next != table->queue.first;
}

bool conn_table_wants_look(const struct conn_table *table)
{
	return table->look_due;
}

uint32_t table_us(uint64_t ns)
{
	uint64_t us = ns / NSEC_PER_USEC;

	if (!us)
		return ns > 0; /* 0 is not known */
	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* 0 for what was too long. */
static uint64_t ns_of(uint32_t us)
{
	return us < UINT32_MAX ? us * NSEC_PER_USEC : 0;
}

void table_show(const struct conn_row *row, struct conn *ret_conn)
{
	const struct conn_rare *rare = table_rare(row);

	*ret_conn = (struct conn){
		.ends = row->ends,
		.gen = rare->gen,
		.state = row->state,
		.body = row->body,
		.error = row->error,
		.uid_known = row->uid_known,
		.counted = row->counted,
		.traffic_known = row->traffic_known,
		.existed = row->existed,
		.silent = row->silent,
		.reset_reason = row->reset_reason,
		.owner = row->owner,
		.creator = row->owner_made_it ? row->owner : rare->creator,
		.opened_ns = row->opened_ns,
		.entered_ns = row->entered_ns,
		.counters = row->counters,
		.traffic = row->traffic,
		.listener_cookie = row->listener_cookie,
		.connect_ns = ns_of(row->connect_us),
		.handshake_ns = ns_of(row->handshake_us),
		.peers = rare->peers,
	};
}

bool conn_table_iterate(const struct conn_table *table, size_t *cursor, struct conn *ret_conn)
{
	while (*cursor < table->rows.top) {
		const struct conn_row *row = conn_rows_at(&table->rows, (*cursor)++);

		if (row->used && row->state != SW_TCP_CLOSE) {
			table_show(row, ret_conn);
			return true;
		}
	}
	return false;
}

bool conn_table_find(const struct conn_table *table, uint64_t cookie, struct conn *ret_conn)
{
	uint32_t number = cookie ? conn_rows_find(&table->rows, cookie) : ROW_NONE;

	if (number == ROW_NONE)
		return false;
	table_show(conn_rows_at(&table->rows, number), ret_conn);
	return true;
}

const struct conn_table_stats *conn_table_stats(const struct conn_table *table)
{
	return &table->stats;
}
