/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of /proc/PID/maps (proc_pid_maps(5)). Paths in it are hostile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_map {
	uint64_t start, end, offset;
	uint64_t inode; /* 0: no file */
	uint32_t major, minor;
	bool executable;
	char *path;   /* into the line, which the parser changes: newlines are themselves again */
	bool deleted; /* the file has no name any more; the mark is cut from the path */
};

/* `line` ends with NUL, with or without a newline before it. False: it is none. */
bool proc_maps_parse(char *line, struct proc_map *ret_map);
