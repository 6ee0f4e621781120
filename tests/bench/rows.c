// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection table alone: a million rows are added, then found. Prints as JSON what an
 * insertion takes, and the longest one, in time on the processor.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/conn_rows.h"

#define ROWS 1000000
#define CHUNK_ROWS 1024 /* as conn_rows.c has it */

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* As the kernel hands them out: in batches of 4096, by processor. */
static uint64_t cookie_of(uint64_t number)
{
	return number % 2 << 12 | (number / 2 & 4095) | number / 8192 << 13;
}

static void fill(struct conn_rows *rows, uint64_t *ret_sum_ns, uint64_t *ret_max_ns)
{
	uint64_t before = cpu_ns(), begin = before, now;

	*ret_max_ns = 0;
	for (uint64_t i = 0; i < ROWS; i++) {
		if (conn_rows_add(rows, cookie_of(i)) == ROW_NONE)
			exit(1);
		now = cpu_ns();
		if (now - before > *ret_max_ns)
			*ret_max_ns = now - before;
		before = now;
	}
	*ret_sum_ns = before - begin;
}

static uint64_t find_all(const struct conn_rows *rows)
{
	uint64_t begin = cpu_ns();

	for (uint64_t i = 0; i < ROWS; i++)
		if (conn_rows_find(rows, cookie_of(i * 7919 % ROWS)) == ROW_NONE)
			exit(1);
	return cpu_ns() - begin;
}

static size_t memory(const struct conn_rows *rows)
{
	size_t bytes = rows->chunk_count * (sizeof(void *) + CHUNK_ROWS * sizeof(struct conn_row));

	for (size_t i = 0; i < CONN_INDEXES; i++)
		bytes += rows->indexes[i].size * sizeof(*rows->indexes[i].slots);
	return bytes;
}

int main(void)
{
	struct conn_rows rows;
	uint64_t sum_ns, max_ns, find_ns;

	conn_rows_init(&rows, ROWS);
	fill(&rows, &sum_ns, &max_ns);
	find_ns = find_all(&rows);
	printf("{\"rows\":%d,\"mean_ns\":%llu,\"max_ns\":%llu,\"find_ns\":%llu,\"bytes\":%zu}\n",
	       ROWS, (unsigned long long)sum_ns / ROWS, (unsigned long long)max_ns,
	       (unsigned long long)find_ns / ROWS, memory(&rows) / ROWS);
	conn_rows_done(&rows);
	return 0;
}
