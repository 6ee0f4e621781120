// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens what is mapped by its place in memory: the very file, whatever has its name by now. */
#include "system/stack_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/util.h"
#include "system/stack_message.h"

void stack_files_init(struct stack_files *files)
{
	struct rlimit limit = { .rlim_cur = 4 * STACK_FILES_OPEN_MAX };

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	*files = (struct stack_files){ .open_max = STACK_FILES_OPEN_MAX };
	if (limit.rlim_cur / 4 < files->open_max)
		files->open_max = limit.rlim_cur / 4;
}

void stack_files_clear(struct stack_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		util_close_fd(&files->items[i].fd);
		free(files->items[i].path);
	}
	files->count = files->open = 0;
}

void stack_files_done(struct stack_files *files)
{
	stack_files_clear(files);
	free(files->items);
}

bool stack_files_are_full(const struct stack_files *files)
{
	return files->count >= STACK_FILES_MAX || files->open >= files->open_max;
}

/* A device or a pipe is not opened, not even for a moment: that may do something. */
static int open_regular(int process, const char *name)
{
	CLEANUP_FD int found = openat(process, name, O_PATH | O_CLOEXEC);
	char path[64];
	struct stat status;
	int fd;

	if (found < 0 || fstat(found, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/*
 * map_files leads to the file itself, but wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the
 * first user namespace. Else by name, in the process's view, if that is still the same inode.
 */
static int open_mapped(int process, const struct proc_map *map)
{
	char name[SW_PATH_LEN + 8];
	struct stat status;
	int fd;

	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)map->start,
		 (unsigned long long)map->end);
	fd = open_regular(process, name);
	if (fd >= 0 || map->deleted)
		return fd;
	snprintf(name, sizeof(name), "root/%s", map->path);
	fd = open_regular(process, name);
	if (fd < 0) /* the process has just ended: most of them see what we see */
		fd = open_regular(AT_FDCWD, map->path);
	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_ino != map->inode)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static bool is_same(const struct stack_file *file, const struct proc_map *map)
{
	/* The path too: a file system may show the same numbers for the files of its snapshots. */
	return file->inode == map->inode && file->major == map->major &&
	       file->minor == map->minor && strcmp(file->path, map->path) == 0;
}

int stack_files_get(struct stack_files *files, int process, const struct proc_map *map)
{
	struct stack_file file = {
		.inode = map->inode, .major = map->major, .minor = map->minor, .fd = -1
	};
	void *larger;

	for (size_t i = 0; i < files->count; i++)
		if (is_same(&files->items[i], map))
			return (int)i;
	if (files->count >= STACK_FILES_MAX)
		return -ENOSPC;
	larger = array_reserve(files->items, files->count, &files->capacity, sizeof(file));
	if (!larger)
		return -ENOMEM;
	files->items = larger;
	file.path = strdup(map->path);
	if (!file.path)
		return -ENOMEM;
	if (files->open < files->open_max)
		file.fd = open_mapped(process, map);
	else
		files->refused++;
	files->open += file.fd >= 0;
	files->items[files->count] = file;
	return (int)files->count++;
}
