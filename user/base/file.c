// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks to a file one name at a time, so that no link is followed unseen. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"

#define LINKS_MAX 40 /* as the kernel has it */

/* On the way: a directory, and what is still to be walked from there. */
struct walk {
	int directory;
	char rest[PATH_MAX];
	unsigned int links;
};

static bool others_may_write(int directory)
{
	struct stat status;

	if (fstat(directory, &status) < 0)
		return true;
	return (status.st_uid != 0 && status.st_uid != geteuid()) ||
	       (status.st_mode & (S_IWGRP | S_IWOTH));
}

static int start_at(struct walk *walk, const char *directory)
{
	util_close_fd(&walk->directory);
	walk->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return walk->directory < 0 ? -errno : 0;
}

/* Put what the link says in front of the rest. */
static int follow(struct walk *walk, int link)
{
	char text[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t len = readlinkat(link, "", text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	if (others_may_write(walk->directory) || ++walk->links > LINKS_MAX)
		return -ELOOP;
	text[len] = '\0';
	if (snprintf(joined, sizeof(joined), "%s/%s", text, walk->rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(walk->rest, joined, strlen(joined) + 1);
	return text[0] == '/' ? start_at(walk, "/") : 0;
}

/* Take the first name off the rest and go there. 1: it was the last one, which stays in `name`. */
static int step(struct walk *walk, char name[NAME_MAX + 1])
{
	size_t skipped = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + skipped, "/");
	CLEANUP_FD int next = -1;
	struct stat status;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->rest + skipped, len);
	name[len] = '\0';
	memmove(walk->rest, walk->rest + skipped + len, strlen(walk->rest + skipped + len) + 1);
	if (!walk->rest[0])
		return 1;
	next = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 || fstat(next, &status) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return follow(walk, next);
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	util_close_fd(&walk->directory);
	walk->directory = TAKE_FD(next);
	return 0;
}

static int open_existing(int directory, const char *name)
{
	CLEANUP_FD int fd =
		openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (S_ISCHR(status.st_mode))
		return TAKE_FD(fd);
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_uid != geteuid() || status.st_nlink != 1)
		return -EEXIST;
	if (fchmod(fd, S_IRUSR | S_IWUSR) < 0 || ftruncate(fd, 0) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int create(int directory, const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);

	if (fd < 0)
		return errno == EEXIST ? open_existing(directory, name) : -errno;
	return fd;
}

int file_create_private(const char *path)
{
	struct walk walk = { .directory = -1 };
	char name[NAME_MAX + 1] = "";
	int r;

	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	memcpy(walk.rest, path, strlen(path) + 1);
	r = start_at(&walk, path[0] == '/' ? "/" : ".");
	while (r == 0)
		r = step(&walk, name);
	if (r == 1)
		r = name[0] ? create(walk.directory, name) : -EISDIR;
	util_close_fd(&walk.directory);
	return r;
}
