// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a line of /proc/PID/maps. */
#include "model/proc_maps.h"

#include <stdio.h>
#include <string.h>

#define DELETED " (deleted)"

/* The kernel writes a newline in a path as \012, and nothing else that way. */
static void restore_newlines(char *path)
{
	char *to = path;

	for (const char *from = path; *from; from++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static bool cut_mark(char *path)
{
	size_t len = strlen(path), mark = strlen(DELETED);

	if (len <= mark || strcmp(path + len - mark, DELETED) != 0)
		return false;
	path[len - mark] = '\0';
	return true;
}

bool proc_maps_parse(char *line, struct proc_map *ret_map)
{
	unsigned long long start, end, offset, inode;
	unsigned int major, minor;
	struct proc_map map = { 0 };
	char permissions[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu%n", &start, &end, permissions, &offset,
		   &major, &minor, &inode, &at) != 7 ||
	    end <= start || strlen(permissions) != 4)
		return false;
	map.start = start;
	map.end = end;
	map.offset = offset;
	map.inode = inode;
	map.major = major;
	map.minor = minor;
	map.executable = permissions[2] == 'x';
	map.path = line + at + strspn(line + at, " ");
	map.path[strcspn(map.path, "\n")] = '\0';
	map.deleted = inode && cut_mark(map.path);
	restore_newlines(map.path);
	*ret_map = map;
	return true;
}
