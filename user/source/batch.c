// SPDX-License-Identifier: GPL-2.0-or-later
/* A growing array of records. */
#include "source/batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_CAPACITY                                                              \
	(4 << 20) /* a busy machine in 20 ms; a look may have a hundred times that \
		   */

void batch_clear(struct batch *batch)
{
	batch->len = batch->count = 0;
	if (batch->capacity > KEPT_CAPACITY)
		batch_done(batch);
}

void batch_done(struct batch *batch)
{
	free(batch->bytes);
	free(batch->offsets);
	memset(batch, 0, sizeof(*batch));
}

static bool make_room(void **memory, size_t *capacity, size_t needed, size_t item)
{
	size_t larger = *capacity ? *capacity : 4096;
	void *moved;

	if (needed <= *capacity)
		return true;
	while (larger < needed)
		larger *= 2;
	moved = realloc(*memory, larger * item);
	if (!moved)
		return false;
	*memory = moved;
	*capacity = larger;
	return true;
}

static size_t pad(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static char *add(struct batch *batch, size_t size)
{
	size_t padded = pad(size);
	char *record;

	if (!make_room((void **)&batch->bytes, &batch->capacity, batch->len + padded, 1) ||
	    !make_room((void **)&batch->offsets, &batch->offsets_capacity, batch->count + 1,
		       sizeof(*batch->offsets)))
		return NULL;
	record = batch->bytes + batch->len;
	batch->offsets[batch->count++] = batch->len;
	batch->len += padded;
	return record;
}

void *batch_add(struct batch *batch, size_t size)
{
	void *record = add(batch, size);

	return record ? memset(record, 0, pad(size)) : NULL;
}

int batch_copy(struct batch *batch, const void *first, size_t first_size, const void *second,
	       size_t second_size)
{
	size_t size = first_size + second_size;
	char *to = add(batch, size);

	if (!to)
		return -ENOMEM;
	memcpy(to, first, first_size);
	if (second_size)
		memcpy(to + first_size, second, second_size);
	memset(to + size, 0, pad(size) - size);
	return 0;
}

const struct sw_header *batch_at(const struct batch *batch, size_t index)
{
	return (const struct sw_header *)(batch->bytes + batch->offsets[index]);
}

static int compare(const void *left, const void *right, void *data)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	const char *bytes = data;
	uint64_t a_ns = ((const struct sw_header *)(bytes + a))->ts_ns;
	uint64_t b_ns = ((const struct sw_header *)(bytes + b))->ts_ns;

	if (a_ns != b_ns)
		return a_ns < b_ns ? -1 : 1;
	return a < b ? -1 : a > b;
}

void batch_sort(struct batch *batch)
{
	for (size_t i = 1; i < batch->count; i++)
		if (batch_at(batch, i)->ts_ns < batch_at(batch, i - 1)->ts_ns) {
			qsort_r(batch->offsets, batch->count, sizeof(*batch->offsets), compare,
				batch->bytes);
			return;
		}
}
