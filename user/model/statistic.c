// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of counters in the kernel's order: a few hundred, so a walk over them is quick enough. */
#include "model/statistic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int statistic_list_add(struct statistic_list *list, const struct statistic *statistic)
{
	void *items =
		array_reserve(list->items, list->count, &list->capacity, sizeof(*list->items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = *statistic;
	return 0;
}

const struct statistic *statistic_list_find(const struct statistic_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

bool statistic_list_has(const struct statistic_list *list, enum statistic_protocol protocol)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].protocol == protocol)
			return true;
	return false;
}

void statistic_list_keep(struct statistic_list *list, unsigned int protocols)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (protocols & 1u << list->items[i].protocol)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* Mostly at the same place as last time. */
static const struct statistic *find_last(const struct statistic_list *last, const char *name,
					 size_t index)
{
	if (index < last->count && !strcmp(last->items[index].name, name))
		return &last->items[index];
	return statistic_list_find(last, name);
}

void statistic_list_compare(struct statistic_list *list, const struct statistic_list *last)
{
	for (size_t i = 0; i < list->count; i++) {
		struct statistic *now = &list->items[i];
		const struct statistic *before = find_last(last, now->name, i);

		now->delta_known = before && before->known && now->known;
		if (now->delta_known)
			now->delta = (int64_t)(now->value - before->value);
	}
}

void statistic_list_done(struct statistic_list *list)
{
	free(list->items);
	*list = (struct statistic_list){ 0 };
}
