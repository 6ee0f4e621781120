// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds and enters network namespaces. */
#include "source/netns.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/util.h"

#define PID_LIMIT 4194304 /* PID_MAX_LIMIT; the numbers of namespaces begin far above */

static int add(struct netns_list *list, const char *path)
{
	CLEANUP_FD int fd = -1;
	struct stat status;
	void *items;

	if (stat(path, &status) < 0) {
		/* It may just have gone; a refusal means that it is there. */
		list->unseen += errno == EACCES || errno == EPERM;
		return 0;
	}
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].inode == (uint32_t)status.st_ino)
			return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		list->unseen++;
		return 0;
	}
	items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count].inode = (uint32_t)status.st_ino;
	list->items[list->count++].fd = TAKE_FD(fd);
	return 0;
}

static int add_processes(struct netns_list *list)
{
	CLEANUP_DIR DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[280];
	int r = 0;

	while (proc && r == 0 && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		r = add(list, path);
	}
	return r;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static int add_mounts(struct netns_list *list)
{
	CLEANUP_FILE FILE *file = fopen("/proc/self/mountinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (file && r == 0 && getline(&line, &size, file) >= 0) {
		char root[64], point[4096];

		if (!strstr(line, " - nsfs ") ||
		    sscanf(line, "%*s %*s %*s %63s %4095s", root, point) != 2 ||
		    strncmp(root, "net:", 4) != 0)
			continue;
		unescape(point);
		r = add(list, point);
	}
	return r;
}

int netns_open_home(uint32_t *ret_inode)
{
	CLEANUP_FD int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (home < 0 || fstat(home, &status) < 0)
		return -errno;
	*ret_inode = (uint32_t)status.st_ino;
	return TAKE_FD(home);
}

/* Each namespace takes a descriptor. A command that we run was started with the old limit. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int netns_list_read(struct netns_list *ret_list)
{
	int r;

	memset(ret_list, 0, sizeof(*ret_list));
	allow_many_files();
	r = add(ret_list, "/proc/self/ns/net");
	if (r == 0)
		r = add_mounts(ret_list);
	if (r == 0)
		r = add_processes(ret_list);
	if (r < 0)
		netns_list_done(ret_list);
	return r;
}

void netns_list_done(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		close(list->items[i].fd);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

int netns_list_visit(struct netns_list *list, int (*visit)(void *data, uint32_t inode), void *data)
{
	uint32_t own = 0;
	CLEANUP_FD int home = netns_open_home(&own);
	int r = 0;

	if (home < 0)
		return home;
	for (size_t i = 0; i < list->count && r >= 0; i++) {
		bool is_home = list->items[i].inode == own;

		if (!is_home && setns(list->items[i].fd, CLONE_NEWNET) < 0) {
			list->unseen++;
			continue;
		}
		r = visit(data, list->items[i].inode);
		if (!is_home && setns(home, CLONE_NEWNET) < 0)
			return -errno;
	}
	return r;
}

int netns_try(uint32_t inode)
{
	uint32_t own = 0;
	CLEANUP_FD int home = netns_open_home(&own);
	struct netns_list list;
	int r;

	if (home < 0)
		return home;
	if (inode == own)
		return 0;
	r = netns_list_read(&list);
	if (r < 0)
		return r;
	r = list.unseen ? -EACCES : -ENOENT;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].inode == inode)
			r = setns(list.items[i].fd, CLONE_NEWNET) < 0 ? -errno : 0;
	netns_list_done(&list);
	return r == 0 && setns(home, CLONE_NEWNET) < 0 ? -errno : r;
}

/* Is it a namespace at all? Names of ip-netns(8) are files that one is mounted on, or was. */
static int inode_of(const char *path, uint32_t *ret_inode)
{
	struct stat status, own;

	if (stat(path, &status) < 0 || stat("/proc/self/ns/net", &own) < 0)
		return -errno;
	if (status.st_dev != own.st_dev)
		return -EINVAL;
	*ret_inode = (uint32_t)status.st_ino;
	return 0;
}

static int inode_of_name(const char *name, uint32_t *ret_inode)
{
	static const char *const directories[] = { "/run/netns", "/var/run/netns" };
	char path[NAME_MAX + 32];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && r == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		r = inode_of(path, ret_inode);
	}
	return r;
}

static int find_inode(uint32_t inode, uint32_t *ret_inode)
{
	struct netns_list list;
	int r = netns_list_read(&list);

	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].inode == inode)
			r = 0;
	netns_list_done(&list);
	if (r == 0)
		*ret_inode = inode;
	return r;
}

int netns_resolve(const char *text, uint32_t *ret_inode)
{
	unsigned long long number;
	char path[64], *end;
	int r;

	if (!*text || strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
	    strlen(text) > NAME_MAX)
		return -EINVAL;
	if (strcmp(text, "self") == 0)
		return inode_of("/proc/self/ns/net", ret_inode);
	r = inode_of_name(text, ret_inode);
	if (r != -ENOENT || !isdigit((unsigned char)*text))
		return r;
	number = strtoull(text, &end, 10);
	if (*end || number > UINT32_MAX)
		return -ENOENT;
	if (number > PID_LIMIT)
		return find_inode((uint32_t)number, ret_inode);
	snprintf(path, sizeof(path), "/proc/%llu/ns/net", number);
	return inode_of(path, ret_inode);
}
