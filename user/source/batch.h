/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records brought together and put in the order of the kernel's time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

struct batch {
	char *bytes; /* records one after the other, each a multiple of 8 */
	size_t len, capacity;
	size_t *offsets;
	size_t count, offsets_capacity;
};

void batch_clear(struct batch *batch);
void batch_done(struct batch *batch);
/* Room for a record of `size` bytes, zeroed, or NULL. Invalidates what was returned before. */
void *batch_add(struct batch *batch, size_t size);
/* A copy of a record that is there in two pieces; the second may be empty. 0 or -ENOMEM. */
int batch_copy(struct batch *batch, const void *first, size_t first_size, const void *second,
	       size_t second_size);
/* By time; records of the same time stay as they came. */
void batch_sort(struct batch *batch);
const struct sw_header *batch_at(const struct batch *batch, size_t index);
