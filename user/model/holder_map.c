// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has which socket open: open addressing, as it is filled once and then only read. */
#include "model/holder_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

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
	for (size_t i = 0; i < map->slot_count; i++)
		process_unref(map->processes, map->slots[i].holder.owner);
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

static void set_owner(struct holder_map *map, struct slot *slot, struct process *process,
		      int32_t fd)
{
	process_unref(map->processes, slot->holder.owner);
	slot->holder.owner = process_ref(process);
	slot->holder.fd = fd;
}

int holder_map_add(struct holder_map *map, uint64_t inode, uint64_t cookie, struct process *process,
		   int32_t fd)
{
	struct slot *slot;

	/* At four fifths a probe is 3 steps on average, next to each other. */
	if (map->used * 5 >= map->slot_count * 4 && grow(map) < 0)
		return -ENOMEM;
	slot = probe(map->slots, map->slot_count, inode, cookie);
	if (!slot->inode) {
		map->used++;
		slot->inode = inode;
		slot->cookie = cookie;
	}
	if (slot->last != process) {
		slot->holder.processes++;
		slot->last = process;
	}
	if (!slot->holder.owner || is_better_owner(process, slot->holder.owner))
		set_owner(map, slot, process, fd);
	else if (process == slot->holder.owner && fd < slot->holder.fd)
		slot->holder.fd = fd;
	return 0;
}

const struct holder *holder_map_find(const struct holder_map *map, uint64_t inode, uint64_t cookie)
{
	const struct slot *slot = probe(map->slots, map->slot_count, inode, cookie);

	return slot->inode ? &slot->holder : NULL;
}
