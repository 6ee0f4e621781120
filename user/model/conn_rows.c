// SPDX-License-Identifier: GPL-2.0-or-later
/* Open addressing over a slab. */
#include "model/conn_rows.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 1024 /* about 256 KiB: small enough for a quiet machine, few for a busy one */

void conn_rows_init(struct conn_rows *rows, size_t max)
{
	*rows = (struct conn_rows){ .free_head = ROW_NONE, .max = max };
}

void conn_rows_done(struct conn_rows *rows)
{
	for (size_t i = 0; i < rows->chunk_count; i++)
		free(rows->chunks[i]);
	free(rows->chunks);
	free(rows->slots);
	conn_rows_init(rows, rows->max);
}

struct conn_row *conn_rows_at(const struct conn_rows *rows, uint32_t row)
{
	return &rows->chunks[row / CHUNK_ROWS][row % CHUNK_ROWS];
}

/* Cookies are handed out in batches, so neighbours are common: spread them (Fibonacci hashing). */
static size_t home_of(const struct conn_rows *rows, uint64_t cookie)
{
	return (cookie * 0x9E3779B97F4A7C15ull >> 20) & (rows->slot_count - 1);
}

static uint64_t cookie_at(const struct conn_rows *rows, size_t slot)
{
	return conn_rows_at(rows, rows->slots[slot])->conn.ends.cookie;
}

/* The slot that holds the cookie, or the free one where it belongs. */
static size_t slot_of(const struct conn_rows *rows, uint64_t cookie)
{
	size_t slot = home_of(rows, cookie);

	while (rows->slots[slot] != ROW_NONE && cookie_at(rows, slot) != cookie)
		slot = (slot + 1) & (rows->slot_count - 1);
	return slot;
}

uint32_t conn_rows_find(const struct conn_rows *rows, uint64_t cookie)
{
	return rows->slot_count ? rows->slots[slot_of(rows, cookie)] : ROW_NONE;
}

static bool grow_slots(struct conn_rows *rows)
{
	struct conn_rows larger = *rows;

	larger.slot_count = rows->slot_count ? rows->slot_count * 2 : 2048;
	larger.slots = malloc(larger.slot_count * sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	memset(larger.slots, 0xff, larger.slot_count * sizeof(*larger.slots));
	for (size_t i = 0; i < rows->slot_count; i++)
		if (rows->slots[i] != ROW_NONE)
			larger.slots[slot_of(&larger, cookie_at(rows, i))] = rows->slots[i];
	free(rows->slots);
	rows->slots = larger.slots;
	rows->slot_count = larger.slot_count;
	return true;
}

static bool grow_chunks(struct conn_rows *rows)
{
	struct conn_row **chunks = realloc(rows->chunks, (rows->chunk_count + 1) * sizeof(*chunks));

	if (!chunks)
		return false;
	rows->chunks = chunks;
	chunks[rows->chunk_count] = calloc(CHUNK_ROWS, sizeof(struct conn_row));
	if (!chunks[rows->chunk_count])
		return false;
	rows->chunk_count++;
	return true;
}

static uint32_t take_free(struct conn_rows *rows)
{
	uint32_t row = rows->free_head;

	if (row != ROW_NONE) {
		rows->free_head = conn_rows_at(rows, row)->older;
		return row;
	}
	if (rows->top == rows->chunk_count * CHUNK_ROWS && !grow_chunks(rows))
		return ROW_NONE;
	return rows->top++;
}

uint32_t conn_rows_add(struct conn_rows *rows, uint64_t cookie)
{
	struct conn_row *new;
	uint32_t row;

	if (rows->used >= rows->max)
		return ROW_NONE;
	/* Linear probing stays short up to three quarters. */
	if ((rows->used + 1) * 4 > rows->slot_count * 3 && !grow_slots(rows))
		return ROW_NONE;
	row = take_free(rows);
	if (row == ROW_NONE)
		return ROW_NONE;
	new = conn_rows_at(rows, row);
	memset(new, 0, sizeof(*new));
	new->conn.ends.cookie = cookie;
	new->older = ROW_NONE;
	new->used = true;
	rows->slots[slot_of(rows, cookie)] = row;
	rows->used++;
	return row;
}

/* Close the gap so that no probe ends too early. */
static void delete_slot(struct conn_rows *rows, size_t gap)
{
	size_t mask = rows->slot_count - 1, slot = gap;

	for (;;) {
		rows->slots[gap] = ROW_NONE;
		do {
			slot = (slot + 1) & mask;
			if (rows->slots[slot] == ROW_NONE)
				return;
			/* Stay if home lies cyclically in (gap, slot]. */
		} while (((slot - home_of(rows, cookie_at(rows, slot))) & mask) <
			 ((slot - gap) & mask));
		rows->slots[gap] = rows->slots[slot];
		gap = slot;
	}
}

void conn_rows_redirect(struct conn_rows *rows, uint64_t cookie, uint32_t replacement)
{
	size_t slot;

	if (!rows->slot_count)
		return;
	slot = slot_of(rows, cookie);
	if (rows->slots[slot] == ROW_NONE)
		return;
	if (replacement == ROW_NONE)
		delete_slot(rows, slot);
	else
		rows->slots[slot] = replacement;
}

void conn_rows_release(struct conn_rows *rows, uint32_t row)
{
	struct conn_row *old = conn_rows_at(rows, row);

	old->used = false;
	old->older = rows->free_head;
	rows->free_head = row;
	rows->used--;
}
