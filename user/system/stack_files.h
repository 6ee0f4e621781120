/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that processes execute, held open so that they can be read when the process, or the
 * file's name, is gone. A file that is held keeps its inode number, by which it is found again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/proc_maps.h"

#define STACK_FILES_OPEN_MAX 512 /* and at most a quarter of what we may open */

struct stack_file {
	uint64_t inode;
	uint32_t major, minor;
	int fd; /* -1: it could not be opened, or the budget was spent */
	char *path;
	bool sent; /* the caller's: the unwinder has it */
};

struct stack_files {
	struct stack_file *items;
	size_t count, capacity, open, open_max;
	uint64_t refused; /* files that were too many */
};

void stack_files_init(struct stack_files *files);
void stack_files_done(struct stack_files *files);

/* No more room for new files: time to clear. Then all numbers are void. */
bool stack_files_are_full(const struct stack_files *files);
void stack_files_clear(struct stack_files *files);

/*
 * The number of a map's file, from 0; it is opened at first sight, through the descriptor of
 * /proc/PID. Negative errno: no memory, or no room.
 */
int stack_files_get(struct stack_files *files, int process, const struct proc_map *map);
