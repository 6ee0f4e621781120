// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has which socket open: open addressing, as it is filled once and then only read. */
#include "model/holder_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 256 /* a quiet machine; must be a power of two */
#define SHARED_MIN 16

/* Several processes have it. */
struct shared {
	uint32_t processes;
	uint32_t listed;
	const struct process *last; /* that was counted */
	struct socket_holder list[HOLDERS_LISTED];
};

/* Half a cache line, as each row of a snapshot misses one here. */
struct slot {
	uint64_t inode;	 /* 0: free */
	uint64_t socket; /* 0: not known */
	struct process *owner;
	int32_t fd;
	uint32_t shared; /* 1 + its place in the map's array; 0: only the owner has it */
};

struct holder_map {
	struct process_table *processes;
	struct slot *slots;
	size_t slot_count;
	size_t used;
	struct shared *shared;
	uint32_t shared_count, shared_room;
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
		process_unref(map->processes, map->slots[i].owner);
	for (uint32_t i = 0; i < map->shared_count; i++)
		for (uint32_t j = 0; j < map->shared[i].listed; j++)
			process_unref(map->processes, map->shared[i].list[j].process);
	free(map->shared);
	free(map->slots);
	free(map);
}

static bool is_socket(const struct slot *slot, uint64_t inode, uint64_t socket)
{
	return slot->inode == inode && (!socket || !slot->socket || slot->socket == socket);
}

/* The socket's slot, or the free one where it belongs. There is always a free one. */
static struct slot *probe(struct slot *slots, size_t count, uint64_t inode, uint64_t socket)
{
	/* Numbers of neighbours follow each other; 2^64 / golden ratio spreads them. */
	size_t at = (size_t)(inode * 11400714819323198485ull >> 32) & (count - 1);

	while (slots[at].inode && !is_socket(&slots[at], inode, socket))
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
			*probe(slots, count, from->inode, from->socket) = *from;
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

static struct shared *shared_of(const struct holder_map *map, const struct slot *slot)
{
	return slot->shared ? &map->shared[slot->shared - 1] : NULL;
}

/* Sorted, the owner first. Beyond the limit the youngest falls out. */
static void list_insert(struct holder_map *map, struct shared *shared, struct process *process,
			int32_t fd)
{
	uint32_t at = shared->listed;

	while (at > 0 && is_better_owner(process, shared->list[at - 1].process))
		at--;
	if (at == HOLDERS_LISTED)
		return;
	if (shared->listed == HOLDERS_LISTED)
		process_unref(map->processes, shared->list[--shared->listed].process);
	memmove(&shared->list[at + 1], &shared->list[at],
		(shared->listed - at) * sizeof(*shared->list));
	shared->list[at] = (struct socket_holder){ process_ref(process), fd };
	shared->listed++;
}

/* From now on several have it: so far the owner does. */
static int share(struct holder_map *map, struct slot *slot)
{
	struct shared *shared;

	if (map->shared_count == map->shared_room) {
		uint32_t room = map->shared_room ? map->shared_room * 2 : SHARED_MIN;
		void *larger = realloc(map->shared, room * sizeof(*map->shared));

		if (!larger)
			return -ENOMEM;
		map->shared = larger;
		map->shared_room = room;
	}
	shared = &map->shared[map->shared_count++];
	*shared = (struct shared){ .processes = 1, .last = slot->owner };
	list_insert(map, shared, slot->owner, slot->fd);
	slot->shared = map->shared_count;
	return 0;
}

static void set_owner(struct holder_map *map, struct slot *slot, struct process *process,
		      int32_t fd)
{
	process_unref(map->processes, slot->owner);
	slot->owner = process_ref(process);
	slot->fd = fd;
}

/* One more process has it. */
static int add_process(struct holder_map *map, struct slot *slot, struct process *process,
		       int32_t fd)
{
	struct shared *shared;

	if (!slot->shared && share(map, slot) < 0)
		return -ENOMEM;
	shared = shared_of(map, slot);
	list_insert(map, shared, process, fd);
	shared->processes++;
	shared->last = process;
	if (is_better_owner(process, slot->owner))
		set_owner(map, slot, process, fd);
	return 0;
}

/* One more descriptor of a process that has it already. */
static void add_descriptor(const struct holder_map *map, struct slot *slot,
			   const struct process *process, int32_t fd)
{
	struct shared *shared = shared_of(map, slot);

	if (process == slot->owner && fd < slot->fd)
		slot->fd = fd;
	for (uint32_t i = 0; shared && i < shared->listed; i++)
		if (shared->list[i].process == process && fd < shared->list[i].fd)
			shared->list[i].fd = fd;
}

/* Threads whose leader has exited come one by one. */
static bool is_known(const struct holder_map *map, const struct slot *slot,
		     const struct process *process)
{
	const struct shared *shared = shared_of(map, slot);

	if (process == (shared ? shared->last : slot->owner))
		return true;
	for (uint32_t i = 0; shared && i < shared->listed; i++)
		if (shared->list[i].process == process)
			return true;
	return false;
}

int holder_map_add(struct holder_map *map, uint64_t inode, uint64_t socket, struct process *process,
		   int32_t fd)
{
	struct slot *slot;

	/* At four fifths a probe is 3 steps on average, next to each other. */
	if (map->used * 5 >= map->slot_count * 4 && grow(map) < 0)
		return -ENOMEM;
	slot = probe(map->slots, map->slot_count, inode, socket);
	if (!slot->inode) {
		map->used++;
		slot->inode = inode;
		slot->socket = socket;
		set_owner(map, slot, process, fd);
		return 0;
	}
	if (!is_known(map, slot, process))
		return add_process(map, slot, process, fd);
	add_descriptor(map, slot, process, fd);
	return 0;
}

bool holder_map_find(const struct holder_map *map, uint64_t inode, uint64_t socket,
		     struct holder *ret_holder)
{
	const struct slot *slot = probe(map->slots, map->slot_count, inode, socket);
	const struct shared *shared = shared_of(map, slot);

	if (!slot->inode)
		return false;
	*ret_holder = (struct holder){ .owner = slot->owner, .processes = 1, .fd = slot->fd };
	if (shared) {
		ret_holder->processes = shared->processes;
		ret_holder->list = shared->list;
		ret_holder->listed = shared->listed;
	}
	return true;
}
