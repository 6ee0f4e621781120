// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID of every process that we may look into: which sockets it has open, and who it is. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "model/proc_pid.h"
#include "source/snapshot_proc.h"

#define FILE_SIZE_MAX 8192 /* status has 1.5 KiB, cgroup a path and a few controllers */
#define ANCESTORS_MAX 64   /* as the table keeps */

/* The start of a file, ended with NUL. Returns its length; 0 if it cannot be read. */
static size_t read_text(int directory, const char *name, char *out, size_t size)
{
	CLEANUP_FD int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0)
		len += n;
	out[len] = '\0';
	return len;
}

/* Returns the length; 0: not ours to read, or a process without one. */
static size_t read_exe(int directory, char *out, size_t size, bool *ret_deleted)
{
	static const char mark[] = " (deleted)";
	ssize_t len = readlinkat(directory, "exe", out, size);
	size_t mark_len = sizeof(mark) - 1;
	struct stat status;

	if (len <= 0 || out[0] != '/')
		return 0;
	/* The mark alone could be part of a name. */
	if (fstatat(directory, "exe", &status, 0) == 0 && status.st_nlink == 0 &&
	    (size_t)len > mark_len && memcmp(out + len - mark_len, mark, mark_len) == 0) {
		*ret_deleted = true;
		len -= (ssize_t)mark_len;
	}
	return (size_t)len;
}

/* The inode number of its pid namespace; 0: not ours to know. */
static uint32_t read_pid_ns(int directory)
{
	struct stat status;

	return fstatat(directory, "ns/pid", &status, 0) == 0 ? (uint32_t)status.st_ino : 0;
}

/* Enter one process. 0; -ENOENT if it is gone; -ENOMEM. */
static int describe(int directory, struct process_table *processes, struct proc_pid *ret_pid)
{
	_Alignas(8) char record[PROC_PID_RECORD_SIZE];
	char text[FILE_SIZE_MAX], exe[PATH_MAX];
	const char *cgroup = NULL;
	bool exe_deleted = false;
	size_t exe_len, cgroup_len;

	if (!read_text(directory, "stat", text, sizeof(text)) ||
	    proc_pid_parse_stat(text, ret_pid) < 0)
		return -ENOENT;
	if (!read_text(directory, "status", text, sizeof(text)) ||
	    proc_pid_parse_uid(text, &ret_pid->task.uid) < 0)
		return -ENOENT;
	ret_pid->inner.pid = proc_pid_parse_inner(text);
	if (ret_pid->inner.pid)
		ret_pid->inner.pid_ns = read_pid_ns(directory);
	exe_len = read_exe(directory, exe, sizeof(exe), &exe_deleted);
	read_text(directory, "cgroup", text, sizeof(text));
	cgroup_len = proc_pid_find_cgroup(text, &cgroup);
	proc_pid_record(ret_pid, exe, exe_len, exe_deleted, cgroup, cgroup_len, record);
	return process_table_exec(processes, (const struct sw_process *)record);
}

static int open_process(uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The table links a child to a parent that it knows: so the eldest comes first. */
static int describe_ancestors(uint32_t pid, struct process_table *processes)
{
	uint32_t chain[ANCESTORS_MAX];
	struct proc_pid described;
	size_t count = 0;
	int r = 0;

	while (pid && count < ARRAY_SIZE(chain) && !process_table_find(processes, pid)) {
		CLEANUP_FD int directory = open_process(pid);
		char text[FILE_SIZE_MAX];

		if (directory < 0 || !read_text(directory, "stat", text, sizeof(text)) ||
		    proc_pid_parse_stat(text, &described) < 0)
			break;
		chain[count++] = pid;
		pid = described.parent_pid;
	}
	while (count && r != -ENOMEM) {
		CLEANUP_FD int directory = open_process(chain[--count]);

		r = describe(directory, processes, &described);
	}
	return r == -ENOMEM ? r : 0;
}

/* Enter a process that has a socket, its ancestors before it. NULL: it is gone, or no memory. */
static struct process *enter(int directory, struct process_table *processes, int *ret_error)
{
	char text[FILE_SIZE_MAX];
	struct proc_pid pid;

	*ret_error = -ENOENT;
	if (!read_text(directory, "stat", text, sizeof(text)) ||
	    proc_pid_parse_stat(text, &pid) < 0)
		return NULL;
	*ret_error = describe_ancestors(pid.parent_pid, processes);
	if (*ret_error == 0)
		*ret_error = describe(directory, processes, &pid);
	return *ret_error == 0 ? process_table_get(processes, &pid.task) : NULL;
}

static uint64_t socket_of(int descriptors, const char *name)
{
	char link[64];
	ssize_t len = readlinkat(descriptors, name, link, sizeof(link) - 1);

	if (len <= 0)
		return 0;
	link[len] = '\0';
	return proc_pid_parse_socket(link);
}

static int add_sockets(int directory, struct process_table *processes, struct holder_map *holders)
{
	int fd = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_DIR DIR *descriptors = fd >= 0 ? fdopendir(fd) : NULL;
	struct process *process = NULL;
	struct dirent *entry;
	int r = 0;

	while (descriptors && r == 0 && (entry = readdir(descriptors))) {
		uint64_t inode = socket_of(fd, entry->d_name);

		if (!inode)
			continue;
		if (!process)
			process = enter(directory, processes, &r);
		if (process)
			r = holder_map_add(holders, inode, 0, process, atoi(entry->d_name));
	}
	return r == -ENOMEM ? r : 0;
}

int snapshot_proc_holders(struct process_table *processes, struct holder_map *holders)
{
	CLEANUP_DIR DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	while (proc && r == 0 && (entry = readdir(proc))) {
		CLEANUP_FD int directory = -1;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		directory = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (directory >= 0)
			r = add_sockets(directory, processes, holders);
	}
	return r;
}
