// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks at the kernel's own tables: the seed at the start, repairs, and what no hook shows. */
#include <errno.h>
#include <stdlib.h>

#include "model/conn_table_internal.h"

/* A row that changed this shortly before a look may have been missed by it, and is left alone. */
#define LOOK_GRACE_NS (100 * NSEC_PER_MSEC)
/* How long a descriptor may be under way to another process until we look less often. */
#define IN_FLIGHT_NS (60 * NSEC_PER_SEC)
/* Longer than the kernel keeps what nobody holds: TIME_WAIT, FIN_WAIT2 and orphans. */
#define UNSEEN_NS (180 * NSEC_PER_SEC)

/* What a look has found of a row is for its end to judge, and for no other look. */
static void forget_findings(struct conn_table *table, struct conn_row *row)
{
	row->seen = row->held = row->owner_holds = false;
	if (row->rare)
		process_unref(table->processes, TAKE_PTR(row->rare->heir));
}

static void look_begin(struct conn_table *table, const struct sw_look *record)
{
	/* The one before was cut. */
	for (uint32_t i = 0; table->look_cause && i < table->rows.top; i++)
		if (conn_rows_at(&table->rows, i)->used)
			forget_findings(table, conn_rows_at(&table->rows, i));
	table->look_cause = record->cause;
	table->look_begin_ns = record->begin_ns;
	table->visited_count = 0;
	holder_map_free(TAKE_PTR(table->holders)); /* of one that was cut */
	table->added = table->changed = table->removed = 0;
	table->look_due = false;
}

void look_free(struct conn_table *table)
{
	holder_map_free(table->holders);
	holder_map_free(table->last_holders);
	free(table->visited);
}

struct process *look_holder_of(const struct conn_table *table, uint64_t cookie)
{
	struct holder holder;

	if (!cookie)
		return NULL;
	if ((table->holders && holder_map_find(table->holders, cookie, 0, &holder)) ||
	    (table->last_holders && holder_map_find(table->last_holders, cookie, 0, &holder)))
		return holder.owner;
	return NULL;
}

static int keep_holder(struct conn_table *table, const struct sw_holder *record)
{
	struct process *holder;

	if (!record->cookie)
		return 0;
	holder = process_table_get(table->processes, &record->task);
	if (!table->holders)
		table->holders = holder_map_new(table->processes);
	if (!holder || !table->holders)
		return -ENOMEM;
	return holder_map_add(table->holders, record->cookie, 0, holder, (int32_t)record->fd);
}

/* The look has all sockets, unless there are namespaces that it could not enter. */
static void keep_holders(struct conn_table *table, bool complete)
{
	if (complete)
		holder_map_free(TAKE_PTR(table->holders));
	holder_map_free(table->last_holders);
	table->last_holders = TAKE_PTR(table->holders);
}

static int visit_netns(struct conn_table *table, const struct sw_look_netns *record)
{
	uint32_t *visited = realloc(table->visited, (table->visited_count + 1) * sizeof(*visited));

	if (!visited)
		return -ENOMEM;
	table->visited = visited;
	visited[table->visited_count++] = record->netns;
	return 0;
}

static bool was_visited(const struct conn_table *table, uint32_t netns)
{
	for (size_t i = 0; i < table->visited_count; i++)
		if (table->visited[i] == netns)
			return true;
	return false;
}

static uint8_t state_of(const struct sw_state *record)
{
	return record->new_state == SW_TCP_NEW_SYN_RECV ? SW_TCP_SYN_RECV : record->new_state;
}

static enum conn_body body_of(const struct sw_state *record)
{
	if (!(record->flags & SW_SOCKET_MINI))
		return CONN_BODY_FULL;
	return record->new_state == SW_TCP_NEW_SYN_RECV ? CONN_BODY_REQUEST : CONN_BODY_TIMEWAIT;
}

void look_take_holder(struct conn_table *table, struct conn_row *row)
{
	struct process *holder = look_holder_of(table, row->ends.cookie);

	if (!holder)
		return;
	row->held = true;
	row->owner_holds = !row->owner || row->owner == holder;
	if (!row->owner)
		table_set_owner(table, row, holder);
}

static void take_row(struct conn_table *table, struct conn_row *row, const struct sw_state *record)
{
	row->body = body_of(record);
	row->seen = true;
	if (record->flags & SW_SOCKET_MINI)
		return;
	row->uid_known = true;
	row->counted = record->flags & SW_SOCKET_COUNTED;
	table_count(row, record);
	if ((record->flags & SW_SOCKET_OWNED) && !row->owner)
		table_set_owner(table, row, process_table_get(table->processes, &record->owner));
}

/* Without the hook only a look shows the end of a mini socket. */
static bool end_is_seen(const struct conn_table *table, const struct conn_row *row)
{
	return row->body == CONN_BODY_REQUEST ? table->features & SW_SEES_REQUEST_END
					      : table->features & SW_SEES_TIMEWAIT_END;
}

static bool is_udp(const struct conn_row *row)
{
	return row->ends.protocol == SW_PROTO_UDP;
}

/* May the kernel have it without anybody holding it? Then a hook will tell its end. */
static bool needs_no_holder(const struct conn_table *table, const struct conn_row *row)
{
	if (row->body != CONN_BODY_FULL)
		return end_is_seen(table, row);
	if (is_udp(row))
		return !row->owner; /* the kernel's own */
	return row->state == SW_TCP_FIN_WAIT1 || row->state == SW_TCP_FIN_WAIT2 ||
	       row->state == SW_TCP_LAST_ACK || row->state == SW_TCP_CLOSING;
}

/*
 * The owner has closed it, but this look was too early to see who has it instead: the call may not
 * have been over, or its descriptor is in a message that nobody has read yet.
 */
static bool is_between_hands(const struct conn_table *table, const struct conn_row *row)
{
	uint64_t released_ns = table_rare(row)->released_ns;

	if (!released_ns || row->state == SW_TCP_CLOSE)
		return false;
	if (row->held)
		return released_ns + LOOK_GRACE_NS > table->look_begin_ns;
	return !needs_no_holder(table, row) && released_ns + IN_FLIGHT_NS > table->look_begin_ns;
}

/* What is still open that a hook will not tell us about? */
static bool needs_another_look(const struct conn_table *table, const struct conn_row *row)
{
	if (row->body == CONN_BODY_FULL)
		return is_between_hands(table, row) || (is_udp(row) && row->state != SW_TCP_CLOSE &&
							!(table->features & SW_SEES_UDP_END));
	return !end_is_seen(table, row) ||
	       (row->state == SW_TCP_FIN_WAIT2 && !(table->features & SW_SEES_TIMEWAIT_FIN));
}

/* Verification counts only what a hook should have told; a repair all that it repairs. */
static uint64_t counts(const struct conn_table *table, const struct conn_row *row)
{
	return table->look_cause != SW_LOOK_VERIFY || !needs_another_look(table, row);
}

/* A socket that the table does not have: there before us, or missed. */
static int discover(struct conn_table *table, const struct sw_state *record)
{
	uint64_t ts_ns = record->header.ts_ns;
	uint32_t number = table_add(table, &record->ends, ts_ns);
	struct conn_row *row;
	struct event *event;

	if (number == ROW_NONE)
		return -ENOSPC;
	row = conn_rows_at(&table->rows, number);
	take_row(table, row, record);
	look_take_holder(table, row);
	/* TIME_WAIT does not tell who was first. */
	row->fin_remote_first = state_of(record) == SW_TCP_CLOSE_WAIT ||
				state_of(record) == SW_TCP_LAST_ACK;
	row->fin_local_first = state_of(record) == SW_TCP_FIN_WAIT1 ||
			       state_of(record) == SW_TCP_FIN_WAIT2;
	row->existed = true;
	row->entered_ns = 0;
	if (table->look_cause == SW_LOOK_START) {
		row->untold = true;
		row->state = state_of(record);
		listeners_note(table, number);
		return 0; /* told at the end: its holders come after it in old recordings */
	}
	row->state = row->body == CONN_BODY_REQUEST ? SW_TCP_LISTEN : SW_TCP_CLOSE;
	event = table_transition(table, number, state_of(record), ts_ns, QUEUED_READY);
	if (event)
		event->inferred = true;
	row->entered_ns = 0;
	table->added += row->body == CONN_BODY_REQUEST && !(table->features & SW_SEES_REQUEST)
				? table->look_cause != SW_LOOK_VERIFY
				: counts(table, row);
	return 0;
}

/* The row of the right life: a time-wait socket may share its cookie with a newer one. */
static uint32_t find_body(const struct conn_table *table, const struct sw_state *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	bool timewait = body_of(record) == CONN_BODY_TIMEWAIT;

	for (uint32_t at = number; at != ROW_NONE; at = table_older(table, at))
		if ((conn_rows_at(&table->rows, at)->body == CONN_BODY_TIMEWAIT) == timewait)
			return at;
	/* A time-wait socket is what its full one became; a full one is another life's. */
	return timewait ? number : ROW_NONE;
}

/* The record that told the port was lost. */
static void take_port(struct conn_table *table, struct conn_row *row, const struct sw_state *record)
{
	struct queued *waiting = table_waiting(table, row);

	if (!waiting || waiting->kind != QUEUED_PORT || !record->ends.lport)
		return;
	table_update_ends(row, &record->ends, record->flags);
	waiting->event.conn.ends = row->ends;
	table_settle(table, row, QUEUED_READY);
}

/* listen(2) without bind(2) listens first, and gets a port then (inet_csk_listen_start()). */
static void take_listening_port(struct conn_table *table, uint32_t number,
				const struct sw_state *record)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);

	if (row->state != SW_TCP_LISTEN || row->ends.lport || state_of(record) != SW_TCP_LISTEN)
		return;
	table_update_ends(row, &record->ends, record->flags);
	listeners_note(table, number);
}

static int look_at_tcp(struct conn_table *table, const struct sw_state *record)
{
	uint32_t number = find_body(table, record);
	struct conn_row *row;

	/* Closed, or only bound: no connection. */
	if (state_of(record) == SW_TCP_CLOSE || state_of(record) == SW_TCP_BOUND_INACTIVE)
		return 0;
	if (number == ROW_NONE)
		return discover(table, record);
	row = conn_rows_at(&table->rows, number);
	row->seen = true;
	take_port(table, row, record);
	take_listening_port(table, number, record);
	if (row->changed_ns > record->header.ts_ns || row->waits)
		return 0; /* live records know better */
	if (row->state == SW_TCP_CLOSE)
		return 0;
	take_row(table, row, record);
	if (row->state == state_of(record))
		return 0;
	table->changed += counts(table, row);
	table_catch_up(table, number, state_of(record), record->header.ts_ns);
	return 0;
}

static int look_at_socket(struct conn_table *table, const struct sw_state *record)
{
	return record->ends.protocol == SW_PROTO_UDP ? udp_look(table, record)
						     : look_at_tcp(table, record);
}

/* Of several the oldest: a server is older than its workers. */
static void consider_heir(struct conn_table *table, struct conn_row *row, struct process *heir)
{
	struct conn_rare *rare = table_make_rare(table, row);

	if (!rare || (rare->heir && heir->start_ns >= rare->heir->start_ns))
		return;
	process_ref(heir);
	process_unref(table->processes, rare->heir);
	rare->heir = heir;
}

static int look_at_holder(struct conn_table *table, const struct sw_holder *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->cookie);
	struct process *holder;
	struct conn_row *row;

	if (number == ROW_NONE)
		return keep_holder(table, record);
	row = conn_rows_at(&table->rows, number);
	row->held = true;
	holder = process_table_get(table->processes, &record->task);
	if (!holder)
		return 0;
	if (!row->owner)
		table_set_owner(table, row, holder);
	if (row->owner == holder)
		row->owner_holds = true;
	else
		consider_heir(table, row, holder);
	return 0;
}

/* The owner has let go, and another still holds the socket. */
static void hand_over(struct conn_table *table, struct conn_row *row, uint64_t ts_ns)
{
	struct process *heir = table_rare(row)->heir, *previous;
	struct event *event;

	if (!heir || row->owner_holds || row->state == SW_TCP_CLOSE ||
	    row->changed_ns >= table->look_begin_ns)
		return;
	previous = process_ref(row->owner);
	table_set_owner(table, row, heir);
	row->owner_settled = true;
	event = table_push(table, row, EVENT_OWNER, QUEUED_READY, ts_ns);
	if (event) {
		event->inferred = true;
		event->old_state = event->new_state = row->state;
		event->previous_owner = TAKE_PTR(previous);
	}
	process_unref(table->processes, previous);
	/* No hook shows a hand-over: for a verification it is none of the drift. */
	table->changed += table->look_cause != SW_LOOK_VERIFY;
}

void look_note_handover(struct conn_table *table, const struct sw_socket *record)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	struct conn_row *row = number != ROW_NONE ? conn_rows_at(&table->rows, number) : NULL;
	bool releases = record->header.kind == SW_RECORD_RELEASE;
	struct conn_rare *rare;

	if (!row || !(record->flags & SW_SOCKET_OWNED))
		return;
	if (releases && (!row->owner || row->owner->pid != record->owner.pid))
		return;
	table->look_due = true;
	rare = releases ? table_make_rare(table, row) : NULL;
	if (rare)
		rare->released_ns = record->header.ts_ns;
}

static bool is_gone(const struct conn_table *table, const struct conn_row *row)
{
	if (row->seen || row->state == SW_TCP_CLOSE || row->waits)
		return false;
	if (row->changed_ns + LOOK_GRACE_NS > table->look_begin_ns)
		return false;
	if (was_visited(table, row->ends.netns))
		return true;
	/*
	 * Nobody can enter a namespace that only its sockets keep alive, or that is being deleted:
	 * the holders decide. What has none by nature will be told by a hook, unless it was missed.
	 */
	return !row->held && (table->look_cause == SW_LOOK_LOST || !needs_no_holder(table, row) ||
			      row->changed_ns + UNSEEN_NS < table->look_begin_ns);
}

static void tell_existing(struct conn_table *table, struct conn_row *row, uint64_t ts_ns)
{
	struct event *event;

	/* What has moved since was told as a transition. */
	if (!row->untold)
		return;
	row->untold = false;
	event = table_push(table, row, EVENT_EXISTS, QUEUED_READY, ts_ns);
	if (event)
		event->old_state = event->new_state = row->state;
}

/* After a loss always; of a verification only what it found. */
static void tell_resync(struct conn_table *table, const struct sw_look *record)
{
	bool verifies = table->look_cause == SW_LOOK_VERIFY;
	uint64_t drift = table->added + table->changed + table->removed;
	struct event *event;

	if (verifies) {
		table->stats.verified++;
		table->stats.drift += drift;
	}
	if (verifies ? !drift : table->look_cause != SW_LOOK_LOST)
		return;
	event = table_push(table, NULL, EVENT_RESYNC, QUEUED_READY, record->header.ts_ns);
	if (!event)
		return;
	event->resync.added = table->added;
	event->resync.changed = table->changed;
	event->resync.removed = table->removed;
	event->resync.unseen_netns = record->incomplete;
	event->resync.verified = verifies;
}

static int look_end(struct conn_table *table, const struct sw_look *record)
{
	bool repairs = table->look_cause != SW_LOOK_START;

	for (uint32_t i = 0; i < table->rows.top; i++) {
		struct conn_row *row = conn_rows_at(&table->rows, i);

		if (!row->used)
			continue;
		hand_over(table, row, record->header.ts_ns);
		if (!repairs)
			tell_existing(table, row, record->header.ts_ns);
		if (repairs && is_gone(table, row)) {
			table->removed += counts(table, row);
			table_end_inferred(table, i, record->header.ts_ns);
			if (row->body != CONN_BODY_FULL)
				table_forget(table, i);
		} else if (row->state == SW_TCP_CLOSE && !row->held && repairs &&
			   row->changed_ns + LOOK_GRACE_NS < table->look_begin_ns) {
			table_forget(table, i); /* its destruction was among what was lost */
		} else if (needs_another_look(table, row)) {
			table->look_due = true;
		}
		forget_findings(table, row);
	}
	tell_resync(table, record);
	keep_holders(table, !record->incomplete);
	table->look_cause = 0;
	table->repairing = false;
	return 0;
}

int look_apply(struct conn_table *table, const struct sw_header *record)
{
	const void *bytes = record;

	if (record->kind == SW_RECORD_LOOK_BEGIN) {
		look_begin(table, bytes);
		return 0;
	}
	if (!table->look_cause)
		return 0; /* a row without its look: a recording that was cut */
	switch (record->kind) {
	case SW_RECORD_LOOK_NETNS:
		return visit_netns(table, bytes);
	case SW_RECORD_SOCKET:
		return look_at_socket(table, bytes);
	case SW_RECORD_HOLDER:
		return look_at_holder(table, bytes);
	default:
		return look_end(table, bytes);
	}
}
