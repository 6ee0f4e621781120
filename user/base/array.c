// SPDX-License-Identifier: GPL-2.0-or-later
/* Arrays that grow by doubling. */
#include "base/array.h"

#include <stdlib.h>

#define CAPACITY_MIN 16

void *array_reserve(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? 2 * *capacity : CAPACITY_MIN;
	void *moved;

	if (count < *capacity)
		return items;
	moved = reallocarray(items, wanted, size);
	if (moved)
		*capacity = wanted;
	return moved;
}
