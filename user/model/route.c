// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of routes in the kernel's order. */
#include "model/route.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

int route_list_add(struct route_list *list, const struct route *route)
{
	void *items =
		array_reserve(list->items, list->count, &list->capacity, sizeof(*list->items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = *route;
	return 0;
}

void route_list_done(struct route_list *list)
{
	free(list->items);
	*list = (struct route_list){ 0 };
}
