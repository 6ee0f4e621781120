// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of interfaces that is searched by index. */
#include "model/interface.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

int interface_list_add(struct interface_list *list, const struct interface *interface)
{
	void *items =
		array_reserve(list->items, list->count, &list->capacity, sizeof(*list->items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = *interface;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	uint32_t left = ((const struct interface *)a)->index;
	uint32_t right = ((const struct interface *)b)->index;

	return (left > right) - (left < right);
}

void interface_list_sort(struct interface_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_index);
}

const struct interface *interface_list_find(const struct interface_list *list, uint32_t index)
{
	struct interface key = { .index = index };

	return list->count ? bsearch(&key, list->items, list->count, sizeof(key), by_index) : NULL;
}

void interface_list_done(struct interface_list *list)
{
	free(list->items);
	*list = (struct interface_list){ 0 };
}
