/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc/PID tells of a process, made into the record that an iterator would have written, so
 * that the process table has one way in. No I/O.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

struct proc_pid {
	struct sw_task task; /* uid is left to the caller */
	uint32_t parent_pid;
	struct sw_inner inner; /* left to the caller, as is all that is not in stat */
};

/* /proc/PID/stat, the whole file. The name in it may hold any bytes. 0 or -EBADMSG. */
int proc_pid_parse_stat(const char *text, struct proc_pid *ret_pid);

/* The real user out of /proc/PID/status. 0 or -EBADMSG. */
int proc_pid_parse_uid(const char *status, uint32_t *ret_uid);

/*
 * The number in its own pid namespace out of /proc/PID/status; 0: that namespace is the one that
 * /proc is of, or the kernel is older than the line.
 */
uint32_t proc_pid_parse_inner(const char *status);

/*
 * The path out of /proc/PID/cgroup (cgroups(7)): of the unified hierarchy, or, where that has only
 * its root, of the memory controller. Points into the text; not ended. Returns its length, 0: none.
 */
size_t proc_pid_find_cgroup(const char *text, const char **ret_path);

/* The inode number of a descriptor's link, "socket:[123]"; 0 if it is something else. */
uint64_t proc_pid_parse_socket(const char *link);

#define PROC_PID_RECORD_SIZE \
	(sizeof(struct sw_process) + 2 * (SW_PATH_LEN + 8) + sizeof(struct sw_inner))

/*
 * Write the SW_RECORD_PROCESS, which takes at most PROC_PID_RECORD_SIZE bytes, aligned to 8. Paths
 * need not end with NUL; a length of 0: unknown. Returns its size; decode_row() will accept it.
 */
size_t proc_pid_record(const struct proc_pid *pid, const char *exe, size_t exe_len,
		       bool exe_deleted, const char *cgroup, size_t cgroup_len, void *out);
