// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc/PID tells of a process, as the record that an iterator would have written. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr() */
#endif
#include "model/proc_pid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_TICK_NS 10000000ull /* USER_HZ is 100 wherever we run */

int proc_pid_parse_stat(const char *text, struct proc_pid *ret_pid)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct proc_pid pid = { 0 };
	unsigned long long ticks;
	unsigned int parent;
	size_t len;

	if (!open || !close || close < open || sscanf(text, "%u (", &pid.task.pid) != 1)
		return -EBADMSG;
	/* State, parent, and then the 18 fields up to the start time, the 22nd. */
	if (sscanf(close + 1,
		   " %*c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &parent, &ticks) != 2)
		return -EBADMSG;
	len = close - open - 1;
	if (len > sizeof(pid.task.comm) - 1)
		len = sizeof(pid.task.comm) - 1;
	memcpy(pid.task.comm, open + 1, len);
	pid.task.start_ns = ticks * USER_TICK_NS;
	pid.parent_pid = parent;
	*ret_pid = pid;
	return 0;
}

int proc_pid_parse_uid(const char *status, uint32_t *ret_uid)
{
	/* The name, which is above, has its newlines escaped. */
	const char *line = strstr(status, "\nUid:");
	unsigned int uid;

	if (!line || sscanf(line, "\nUid: %u", &uid) != 1)
		return -EBADMSG;
	*ret_uid = uid;
	return 0;
}

uint32_t proc_pid_parse_inner(const char *status)
{
	const char *line = strstr(status, "\nNSpid:");
	unsigned int outer, pid;
	int len = 0;

	if (!line || sscanf(line, "\nNSpid:%*1[\t]%u%n", &outer, &len) != 1)
		return 0;
	pid = 0;
	/* One number for each namespace, the innermost last. */
	for (line += len; sscanf(line, "%*1[\t]%u%n", &pid, &len) == 1; line += len)
		;
	return pid;
}

/* Is "memory" among the controllers, which are separated by commas and end with a colon? */
static bool has_memory(const char *controllers)
{
	size_t len;

	for (;; controllers += len + 1) {
		len = strcspn(controllers, ",:\n");
		if (len == strlen("memory") && strncmp(controllers, "memory", len) == 0)
			return true;
		if (controllers[len] != ',')
			return false;
	}
}

/* Lines are hierarchy:controllers:path; the unified hierarchy is 0 and has no controllers. */
static size_t find_path(const char *text, bool unified, const char **ret_path)
{
	size_t len;

	for (const char *line = text; *line; line += len + (line[len] == '\n')) {
		const char *controllers, *path;

		len = strcspn(line, "\n");
		controllers = memchr(line, ':', len);
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path || path >= line + len)
			continue;
		if (unified ? strncmp(line, "0::", 3) != 0 : !has_memory(controllers + 1))
			continue;
		*ret_path = path + 1;
		return line + len - (path + 1);
	}
	return 0;
}

size_t proc_pid_find_cgroup(const char *text, const char **ret_path)
{
	const char *path = NULL, *memory_path = NULL;
	size_t len = find_path(text, true, &path), memory_len;

	if (len <= strlen("/")) {
		memory_len = find_path(text, false, &memory_path);
		if (memory_len) {
			path = memory_path;
			len = memory_len;
		}
	}
	if (len)
		*ret_path = path;
	return len;
}

uint64_t proc_pid_parse_socket(const char *link)
{
	unsigned long long inode;
	char *end;

	if (strncmp(link, "socket:[", 8) != 0 || link[8] < '0' || link[8] > '9')
		return 0;
	inode = strtoull(link + 8, &end, 10);
	return strcmp(end, "]") == 0 ? inode : 0;
}

/* "/usr/bin/curl" becomes "curl\0bin\0usr\0"; the root one NUL. Returns the length written. */
static size_t write_names(const char *path, size_t len, char *out, bool *ret_cut)
{
	size_t written = 0;

	while (len) {
		const char *slash = memrchr(path, '/', len);
		size_t begin = slash ? (size_t)(slash - path) + 1 : 0;

		if (written + (len - begin) + 1 > SW_PATH_LEN) {
			*ret_cut = true;
			return written;
		}
		if (len > begin) {
			memcpy(out + written, path + begin, len - begin);
			written += len - begin;
			out[written++] = '\0';
		}
		len = slash ? begin - 1 : 0;
	}
	if (!written)
		out[written++] = '\0';
	return written;
}

size_t proc_pid_record(const struct proc_pid *pid, const char *exe, size_t exe_len,
		       bool exe_deleted, const char *cgroup, size_t cgroup_len, void *out)
{
	struct sw_process *record = out;
	char *names = (char *)(record + 1);
	bool exe_cut = false, cgroup_cut = false;
	size_t size;

	memset(record, 0, sizeof(*record));
	record->task = pid->task;
	record->parent_pid = pid->parent_pid;
	if (exe_len)
		record->exe_len = (uint16_t)write_names(exe, exe_len, names, &exe_cut);
	if (cgroup_len)
		record->cgroup_len = (uint16_t)write_names(cgroup, cgroup_len,
							   names + record->exe_len, &cgroup_cut);
	record->flags = (exe_deleted ? SW_PROCESS_EXE_DELETED : 0) |
			(exe_cut ? SW_PROCESS_EXE_CUT : 0) |
			(cgroup_cut ? SW_PROCESS_CGROUP_CUT : 0);
	size = record->exe_len + record->cgroup_len;
	memset(names + size, 0, -size & 7);
	size += -size & 7;
	memcpy(names + size, &pid->inner, sizeof(pid->inner));
	record->header.kind = SW_RECORD_PROCESS;
	record->header.size = (uint32_t)(sizeof(*record) + size + sizeof(pid->inner));
	return record->header.size;
}
