// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has which socket open: open addressing, as it is filled once and then only read. */
#include "model/holder_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 256 /* a quiet machine; must be a power of two */

struct slot {
	uint64_t inode; /* 0: free */
	uint64_t cookie;
	struct holder holder;
	const struct process *last; /* that was counted */
};

struct holder_map {
	struct process_table *processes;
	struct slot *slots;
	size_t slot_count;
	size_t used;
};

struct holder_map *holder_map_new(struct process_table *processes)
{
	struct holder_map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->processes = processes;
	map->slot_count = SLOTS_MIN;
	map->slots = calloc(map->slot_count, sizeof(*map->slots));
	if (!map->slots) {
		free(map);
		return NULL;
	}
	return map;
}

void holder_map_free(struct holder_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->slot_count; i++) {
		struct holder *holder = &map->slots[i].holder;

		process_unref(map->processes, holder->owner);
		for (uint32_t j = 0; j < holder->listed; j++)
			process_unref(map->processes, holder->list[j].process);
		free(holder->list);
	}
	free(map->slots);
	free(map);
}

static bool is_socket(const struct slot *slot, uint64_t inode, uint64_t cookie)
{
	return slot->inode == inode && (!cookie || !slot->cookie || slot->cookie == cookie);
}

/* The socket's slot, or the free one where it belongs. There is always a free one. */
static struct slot *probe(struct slot *slots, size_t count, uint64_t inode, uint64_t cookie)
{
	/* Numbers of neighbours follow each other; 2^64 / golden ratio spreads them. */
	size_t at = (size_t)(inode * 11400714819323198485ull >> 32) & (count - 1);

	while (slots[at].inode && !is_socket(&slots[at], inode, cookie))
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static int grow(struct holder_map *map)
{
	size_t count = map->slot_count * 2;
	struct slot *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->slot_count; i++) {
		const struct slot *from = &map->slots[i];

		if (from->inode)
			*probe(slots, count, from->inode, from->cookie) = *from;
	}
	free(map->slots);
	map->slots = slots;
	map->slot_count = count;
	return 0;
}

static bool is_better_owner(const struct process *process, const struct process *than)
{
	bool is_init = process->pid == 1, was_init = than->pid == 1;

	if (is_init != was_init)
		return was_init;
	if (process->start_ns != than->start_ns)
		return process->start_ns < than->start_ns;
	return process->pid < than->pid;
}

/* Sorted, the owner first. Beyond the limit the youngest falls out. */
static void list_insert(struct holder_map *map, struct holder *holder, struct process *process,
			int32_t fd)
{
	uint32_t at = holder->listed;

	while (at > 0 && is_better_owner(process, holder->list[at - 1].process))
		at--;
	if (at == HOLDERS_LISTED)
		return;
	if (holder->listed == HOLDERS_LISTED)
		process_unref(map->processes, holder->list[--holder->listed].process);
	memmove(&holder->list[at + 1], &holder->list[at],
		(holder->listed - at) * sizeof(*holder->list));
	holder->list[at] = (struct socket_holder){ process_ref(process), fd };
	holder->listed++;
}

/* One more process has it. */
static int add_process(struct holder_map *map, struct holder *holder, struct process *process,
		       int32_t fd)
{
	if (holder->owner && !holder->list) {
		holder->list = calloc(HOLDERS_LISTED, sizeof(*holder->list));
		if (!holder->list)
			return -ENOMEM;
		holder->list[0] = (struct socket_holder){ process_ref(holder->owner), holder->fd };
		holder->listed = 1;
	}
	if (holder->list)
		list_insert(map, holder, process, fd);
	holder->processes++;
	if (holder->owner && !is_better_owner(process, holder->owner))
		return 0;
	process_unref(map->processes, holder->owner);
	holder->owner = process_ref(process);
	holder->fd = fd;
	return 0;
}

/* One more descriptor of a process that has it already. */
static void add_descriptor(struct holder *holder, const struct process *process, int32_t fd)
{
	if (process == holder->owner && fd < holder->fd)
		holder->fd = fd;
	for (uint32_t i = 0; i < holder->listed; i++)
		if (holder->list[i].process == process && fd < holder->list[i].fd)
			holder->list[i].fd = fd;
}

int holder_map_add(struct holder_map *map, uint64_t inode, uint64_t cookie, struct process *process,
		   int32_t fd)
{
	struct slot *slot;
	int r = 0;

	/* At four fifths a probe is 3 steps on average, next to each other. */
	if (map->used * 5 >= map->slot_count * 4 && grow(map) < 0)
		return -ENOMEM;
	slot = probe(map->slots, map->slot_count, inode, cookie);
	if (!slot->inode) {
		map->used++;
		slot->inode = inode;
		slot->cookie = cookie;
	}
	if (slot->last == process)
		add_descriptor(&slot->holder, process, fd);
	else
		r = add_process(map, &slot->holder, process, fd);
	slot->last = process;
	return r;
}

const struct holder *holder_map_find(const struct holder_map *map, uint64_t inode, uint64_t cookie)
{
	const struct slot *slot = probe(map->slots, map->slot_count, inode, cookie);

	return slot->inode ? &slot->holder : NULL;
}
