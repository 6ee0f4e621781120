// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UDP sockets: they appear with a port, get and lose a peer, and are closed. Each record tells how
 * the socket is now: what differs from the row is a transition. One that loses its port and comes
 * to another has a new life.
 */
#include <errno.h>
#include <string.h>

#include "model/conn_table_internal.h"
#include "model/peers.h"

/* Without a port nobody can reach it, and ss does not show it. */
static uint8_t state_of(const struct sw_endpoints *ends, uint8_t kernel_state)
{
	if (!ends->lport)
		return SW_TCP_CLOSE;
	return kernel_state == SW_TCP_ESTABLISHED ? SW_TCP_ESTABLISHED : CONN_UNCONN;
}

/* ROW_NONE also if the cookie is that of another protocol's socket: then the record is hostile. */
static uint32_t find(const struct conn_table *table, uint64_t cookie)
{
	uint32_t number = conn_rows_find(&table->rows, cookie);

	if (number == ROW_NONE || conn_rows_at(&table->rows, number)->ends.protocol != SW_PROTO_UDP)
		return ROW_NONE;
	return number;
}

static bool same_peer(const struct sw_endpoints *a, const struct sw_endpoints *b)
{
	return a->rport == b->rport && memcmp(a->raddr, b->raddr, sizeof(a->raddr)) == 0;
}

/* Where it is bound may be told later than that it is, and is no transition. */
static void take_ends(struct conn_row *row, const struct sw_endpoints *ends)
{
	uint32_t netns = ends->netns ? ends->netns : row->ends.netns;

	row->ends = *ends;
	row->ends.netns = netns;
	row->uid_known = true;
}

static uint32_t begin_life(struct conn_table *table, const struct sw_endpoints *ends,
			   uint64_t ts_ns)
{
	uint32_t number = table_add(table, ends, ts_ns);

	if (number != ROW_NONE) {
		conn_rows_at(&table->rows, number)->state = SW_TCP_CLOSE;
		conn_rows_at(&table->rows, number)->uid_known = true;
	}
	return number;
}

static void count_traffic(struct conn_row *row)
{
	const struct peers *peers = table_rare(row)->peers;
	struct sw_datagrams total;

	if (!peers)
		return;
	total = peers_total(peers);
	row->counters.rx_bytes = total.rx_bytes;
	row->counters.tx_bytes = total.tx_bytes;
	row->counted = true;
}

static int step(struct conn_table *table, uint32_t number, uint8_t state, uint64_t ts_ns,
		bool inferred)
{
	struct event *event = table_transition(table, number, state, ts_ns, QUEUED_READY);

	if (!event)
		return -ENOMEM;
	event->inferred = inferred;
	return 0;
}

/* From what the row says to how the socket is now. Returns 1 if that was a change, 0 or -ENOMEM. */
static int become(struct conn_table *table, uint32_t number, const struct sw_endpoints *ends,
		  uint8_t state, uint64_t ts_ns, bool inferred)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	bool other_peer = !same_peer(&row->ends, ends);
	int r = 0;

	if (row->state == state && !(state == SW_TCP_ESTABLISHED && other_peer)) {
		take_ends(row, ends);
		return 0;
	}
	/* connect() to another peer gives up the first one. */
	if (row->state == state)
		r = step(table, number, CONN_UNCONN, ts_ns, true);
	if (state != SW_TCP_CLOSE)
		take_ends(row, ends);
	else
		count_traffic(row);
	return step(table, number, state, ts_ns, inferred) < 0 || r < 0 ? -ENOMEM : 1;
}

static int apply_present(struct conn_table *table, const struct sw_socket *record)
{
	uint8_t state = state_of(&record->ends, record->state);
	uint32_t number = find(table, record->ends.cookie);
	uint64_t ts_ns = record->header.ts_ns;
	struct conn_row *row;
	int r;

	if (number != ROW_NONE) {
		row = conn_rows_at(&table->rows, number);
		/* It has lost its port, and come to another one, unseen. */
		if (state != SW_TCP_CLOSE && row->state != SW_TCP_CLOSE &&
		    row->ends.lport != record->ends.lport)
			table_end_inferred(table, number, ts_ns);
		if (row->state == SW_TCP_CLOSE)
			number = ROW_NONE;
	}
	if (number == ROW_NONE && state == SW_TCP_CLOSE)
		return 0;
	if (number == ROW_NONE)
		number = begin_life(table, &record->ends, ts_ns);
	if (number == ROW_NONE)
		return -ENOSPC;
	table_note_owner(table, conn_rows_at(&table->rows, number), record->flags, &record->owner,
			 ts_ns);
	r = become(table, number, &record->ends, state, ts_ns, false);
	return r < 0 ? r : 0;
}

static int apply_end(struct conn_table *table, const struct sw_socket *record)
{
	uint32_t number = find(table, record->ends.cookie);
	int r = 0;

	table->ended_cookies[record->ends.cookie % ENDED_COOKIES] = record->ends.cookie;
	if (number == ROW_NONE)
		return 0;
	if (conn_rows_at(&table->rows, number)->state != SW_TCP_CLOSE) {
		count_traffic(conn_rows_at(&table->rows, number));
		r = step(table, number, SW_TCP_CLOSE, record->header.ts_ns, false);
	}
	table_forget(table, number);
	return r;
}

/* The peers of a row, made if there are none yet. NULL: no such socket (r is 0), or no memory. */
static struct peers *peers_of(struct conn_table *table, uint64_t cookie, int *ret_r)
{
	uint32_t number = find(table, cookie);
	struct conn_rare *rare;

	*ret_r = 0;
	if (number == ROW_NONE)
		return NULL;
	rare = table_make_rare(table, conn_rows_at(&table->rows, number));
	if (rare && !rare->peers)
		rare->peers = peers_new();
	if (!rare || !rare->peers)
		*ret_r = -ENOMEM;
	return rare ? rare->peers : NULL;
}

static int apply_count(struct conn_table *table, const struct sw_udp_count *record)
{
	struct peers *peers;
	int r;

	peers = peers_of(table, record->cookie, &r);
	if (peers)
		peers_count(peers, record);
	return r;
}

static int apply_peer(struct conn_table *table, const struct sw_peer *record)
{
	struct peers *peers;
	int r;

	peers = peers_of(table, record->cookie, &r);
	return peers ? peers_put(peers, record) : r;
}

int udp_apply(struct conn_table *table, const struct sw_header *record)
{
	const void *bytes = record;

	switch (record->kind) {
	case SW_RECORD_UDP:
		return apply_present(table, bytes);
	case SW_RECORD_UDP_END:
		return apply_end(table, bytes);
	case SW_RECORD_UDP_COUNT:
		return apply_count(table, bytes);
	default:
		return apply_peer(table, bytes);
	}
}

/* ---- looks ----------------------------------------------------------------------------------- */

/* The socket of a look that the table does not have: there before us, or missed. */
static int discover(struct conn_table *table, const struct sw_state *record, uint8_t state)
{
	uint32_t number = begin_life(table, &record->ends, record->header.ts_ns);
	struct conn_row *row;

	if (number == ROW_NONE)
		return -ENOSPC;
	row = conn_rows_at(&table->rows, number);
	row->seen = true;
	if (record->flags & SW_SOCKET_OWNED)
		table_set_owner(table, row, process_table_get(table->processes, &record->owner));
	look_take_holder(table, row);
	if (table->look_cause == SW_LOOK_START) {
		row->existed = row->untold = true;
		row->entered_ns = 0;
		row->state = state;
		return 0; /* told at the end of the look, when its holders are known */
	}
	table->added++;
	return step(table, number, state, record->header.ts_ns, true);
}

/* The iterator takes a bucket of sockets, then shows them. */
static bool has_ended(const struct conn_table *table, uint64_t cookie)
{
	return table->ended_cookies[cookie % ENDED_COOKIES] == cookie;
}

int udp_look(struct conn_table *table, const struct sw_state *record)
{
	uint32_t number = find(table, record->ends.cookie);
	uint8_t state = state_of(&record->ends, record->new_state);
	struct conn_row *row;
	int r;

	if (state == SW_TCP_CLOSE)
		return 0;
	if (number == ROW_NONE)
		return has_ended(table, record->ends.cookie) ? 0 : discover(table, record, state);
	row = conn_rows_at(&table->rows, number);
	row->seen = true;
	if (row->changed_ns > record->header.ts_ns)
		return 0; /* live records know better */
	if ((record->flags & SW_SOCKET_OWNED) && !row->owner)
		table_set_owner(table, row, process_table_get(table->processes, &record->owner));
	if (row->state == SW_TCP_CLOSE)
		return discover(table, record, state); /* another life */
	r = become(table, number, &record->ends, state, record->header.ts_ns, true);
	table->changed += r > 0;
	return r < 0 ? r : 0;
}
