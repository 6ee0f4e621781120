// SPDX-License-Identifier: GPL-2.0-or-later
/* Open addressing over a slab. */
#include "model/conn_rows.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 1024 /* 176 KiB: small enough for a quiet machine, few for a busy one */
#define INDEX_MIN 8

void conn_rows_init(struct conn_rows *rows, size_t max)
{
	*rows = (struct conn_rows){ .free_head = ROW_NONE, .max = max };
}

void conn_rows_done(struct conn_rows *rows)
{
	for (size_t i = 0; i < rows->chunk_count; i++)
		free(rows->chunks[i]);
	free(rows->chunks);
	for (size_t i = 0; i < CONN_INDEXES; i++)
		free(rows->indexes[i].slots);
	conn_rows_init(rows, rows->max);
}

struct conn_row *conn_rows_at(const struct conn_rows *rows, uint32_t row)
{
	return &rows->chunks[row / CHUNK_ROWS][row % CHUNK_ROWS];
}

/* Cookies are handed out in batches, so neighbours are common: spread them (Fibonacci hashing). */
static uint64_t hash_of(uint64_t cookie)
{
	return cookie * 0x9E3779B97F4A7C15ull;
}

static struct conn_index *index_of(const struct conn_rows *rows, uint64_t cookie)
{
	return (struct conn_index *)&rows->indexes[hash_of(cookie) >> 56];
}

/* Other bits than those that chose the index. */
static size_t home_of(const struct conn_index *index, uint64_t cookie)
{
	return (hash_of(cookie) >> 20) & (index->size - 1);
}

static uint64_t cookie_at(const struct conn_rows *rows, const struct conn_index *index, size_t slot)
{
	return conn_rows_at(rows, index->slots[slot])->ends.cookie;
}

/* The slot that holds the cookie, or the free one where it belongs. */
static size_t slot_of(const struct conn_rows *rows, const struct conn_index *index, uint64_t cookie)
{
	size_t slot = home_of(index, cookie);

	while (index->slots[slot] != ROW_NONE && cookie_at(rows, index, slot) != cookie)
		slot = (slot + 1) & (index->size - 1);
	return slot;
}

uint32_t conn_rows_find(const struct conn_rows *rows, uint64_t cookie)
{
	const struct conn_index *index = index_of(rows, cookie);

	return index->size ? index->slots[slot_of(rows, index, cookie)] : ROW_NONE;
}

static bool grow_index(const struct conn_rows *rows, struct conn_index *index)
{
	struct conn_index larger = *index;

	larger.size = index->size ? index->size * 2 : INDEX_MIN;
	larger.slots = malloc(larger.size * sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	memset(larger.slots, 0xff, larger.size * sizeof(*larger.slots));
	for (size_t i = 0; i < index->size; i++)
		if (index->slots[i] != ROW_NONE)
			larger.slots[slot_of(rows, &larger, cookie_at(rows, index, i))] =
				index->slots[i];
	free(index->slots);
	*index = larger;
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
		rows->free_head = conn_rows_at(rows, row)->next_free;
		return row;
	}
	if (rows->top == rows->chunk_count * CHUNK_ROWS && !grow_chunks(rows))
		return ROW_NONE;
	return rows->top++;
}

uint32_t conn_rows_add(struct conn_rows *rows, uint64_t cookie)
{
	struct conn_index *index = index_of(rows, cookie);
	struct conn_row *new;
	uint32_t row;

	if (rows->used >= rows->max)
		return ROW_NONE;
	/* Linear probing stays short up to three quarters. */
	if ((index->used + 1) * 4 > index->size * 3 && !grow_index(rows, index))
		return ROW_NONE;
	row = take_free(rows);
	if (row == ROW_NONE)
		return ROW_NONE;
	new = conn_rows_at(rows, row);
	memset(new, 0, sizeof(*new));
	new->ends.cookie = cookie;
	new->used = true;
	index->slots[slot_of(rows, index, cookie)] = row;
	index->used++;
	rows->used++;
	return row;
}

/* Close the gap so that no probe ends too early. */
static void delete_slot(const struct conn_rows *rows, struct conn_index *index, size_t gap)
{
	size_t mask = index->size - 1, slot = gap;

	index->used--;
	for (;;) {
		index->slots[gap] = ROW_NONE;
		do {
			slot = (slot + 1) & mask;
			if (index->slots[slot] == ROW_NONE)
				return;
			/* Stay if home lies cyclically in (gap, slot]. */
		} while (((slot - home_of(index, cookie_at(rows, index, slot))) & mask) <
			 ((slot - gap) & mask));
		index->slots[gap] = index->slots[slot];
		gap = slot;
	}
}

void conn_rows_redirect(struct conn_rows *rows, uint64_t cookie, uint32_t replacement)
{
	struct conn_index *index = index_of(rows, cookie);
	size_t slot;

	if (!index->size)
		return;
	slot = slot_of(rows, index, cookie);
	if (index->slots[slot] == ROW_NONE)
		return;
	if (replacement == ROW_NONE)
		delete_slot(rows, index, slot);
	else
		index->slots[slot] = replacement;
}

void conn_rows_release(struct conn_rows *rows, uint32_t row)
{
	struct conn_row *old = conn_rows_at(rows, row);

	old->used = false;
	old->next_free = rows->free_head;
	rows->free_head = row;
	rows->used--;
}
