// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners by port: whose child is a connection that nothing else tells the listener of? That is
 * one whose request nobody saw (SYN cookies, Fast Open, from before we came), or only sock_ops did.
 */
#include <stdlib.h>
#include <string.h>

#include "model/conn_table_internal.h"

#define LISTENERS_MIN 16

static bool make_room(struct conn_table *table)
{
	uint32_t capacity = table->listeners_max ? 2 * table->listeners_max : LISTENERS_MIN;
	struct listener *larger;

	if (table->listeners_count < table->listeners_max)
		return true;
	larger = reallocarray(table->listeners, capacity, sizeof(*larger));
	if (!larger)
		return false;
	table->listeners = larger;
	table->listeners_max = capacity;
	return true;
}

void listeners_note(struct conn_table *table, uint32_t number)
{
	struct conn_row *row = conn_rows_at(&table->rows, number);
	struct conn_rare *rare;

	/* A child is called one, too, until its first transition. */
	if (row->state != SW_TCP_LISTEN || row->ends.rport)
		return;
	rare = table_make_rare(table, row);
	if (!rare)
		return;
	if (!rare->listed) {
		if (!make_room(table)) {
			table->stats.untracked++;
			return;
		}
		rare->listed = ++table->listeners_count;
	}
	table->listeners[rare->listed - 1] = (struct listener){
		.row = number,
		.netns = row->ends.netns,
		.lport = row->ends.lport,
	};
}

/* The last one takes its place. */
void listeners_drop(struct conn_table *table, struct conn_row *row)
{
	uint32_t place = table_rare(row)->listed;
	const struct listener *last;

	if (!place)
		return;
	last = &table->listeners[--table->listeners_count];
	table->listeners[place - 1] = *last;
	conn_rows_at(&table->rows, last->row)->rare->listed = place;
	row->rare->listed = 0;
}

enum fit { FIT_NONE, FIT_WILDCARD, FIT_EXACT };

/* How the kernel finds a listener: one of this address goes before one of any (inet_hashtables.c).
 */
static enum fit fit_of(const struct conn_row *listener, const struct sw_endpoints *child)
{
	static const uint8_t any[sizeof(child->laddr)];

	if (listener->state != SW_TCP_LISTEN || listener->ends.family != child->family)
		return FIT_NONE;
	if (memcmp(listener->ends.laddr, child->laddr, sizeof(any)) == 0)
		return FIT_EXACT;
	return memcmp(listener->ends.laddr, any, sizeof(any)) == 0 ? FIT_WILDCARD : FIT_NONE;
}

uint64_t listeners_find(const struct conn_table *table, const struct sw_endpoints *child)
{
	const struct process *owner = NULL;
	enum fit best = FIT_NONE;
	uint64_t cookie = 0;

	for (uint32_t i = 0; i < table->listeners_count; i++) {
		const struct listener *listener = &table->listeners[i];
		const struct conn_row *row;
		enum fit fit;

		if (listener->lport != child->lport || listener->netns != child->netns)
			continue;
		row = conn_rows_at(&table->rows, listener->row);
		fit = fit_of(row, child);
		if (fit == FIT_NONE || fit < best)
			continue;
		if (fit > best) {
			cookie = row->ends.cookie;
			owner = row->owner;
		} else if (!owner || row->owner != owner) {
			cookie = 0; /* SO_REUSEPORT: it may be either's */
		}
		best = fit;
	}
	return cookie;
}
