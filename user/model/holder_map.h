/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which socket open: the join between a walk over descriptors and the rows of sockets.
 * Filled first, then asked. No I/O.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/process.h"
#include "model/socket_row.h"

/* A listener may be held by hundreds of workers: the others are counted only. */
#define HOLDERS_LISTED 32

struct holder_map;

struct holder {
	struct process *owner;
	uint32_t processes; /* distinct ones that have the socket open; at least 1 */
	int32_t fd;	    /* the owner's lowest descriptor of it */
	/* If there are several: the owner, then the others by age. */
	const struct socket_holder *list;
	uint32_t listed; /* at most HOLDERS_LISTED; 0: there is only the owner */
};

/* It keeps references into `processes`, which must live longer. NULL on lack of memory. */
struct holder_map *holder_map_new(struct process_table *processes);
/* Gives the references back. Accepts NULL. */
void holder_map_free(struct holder_map *map);

/*
 * `process` has the socket open as `fd`. The inode number is never 0. Numbers of sockets are 32
 * bits wide and come again on a machine that has been up for long, so the address of the kernel's
 * struct socket tells them apart; 0: not known. The descriptors of a process must come in one go to
 * be counted as one process where more have the socket than are listed.
 *
 * The owner is the holder that is oldest, as a server is older than its workers. Process 1 is only
 * if nobody else is: it keeps the listeners of the services that it starts.
 * 0 or -ENOMEM.
 */
int holder_map_add(struct holder_map *map, uint64_t inode, uint64_t socket, struct process *process,
		   int32_t fd);

/* False: nobody has been seen with it. What it finds is valid until the next add. */
bool holder_map_find(const struct holder_map *map, uint64_t inode, uint64_t socket,
		     struct holder *ret_holder);
