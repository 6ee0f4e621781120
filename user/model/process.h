/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes we know, living and dead. A process is (pid, start time): a pid used again is
 * another process. The dead stay as long as a connection, an event or a child refers to them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/container_table.h"
#include "model/unit.h"
#include "sockwatch/record.h"

struct process_table;

struct process {
	uint32_t pid;
	uint32_t uid;
	uint64_t start_ns;	     /* since boot, suspend included */
	char comm[SW_COMM_LEN + 1];  /* empty: known only as somebody's parent so far */
	char *exe;		     /* full path; NULL: unknown, or a kernel thread */
	char *cgroup;		     /* path below the hierarchy's root; NULL: unknown */
	struct container *container; /* counted reference; NULL: none */
	struct unit_name unit;	     /* within `cgroup`; no length: none */
	struct unit_name user_unit;  /* the same, of a user's manager */
	char *script;		     /* what an interpreter runs; NULL: none, or not known */
	struct process *parent;	     /* counted reference; NULL: unknown */
	uint32_t ppid;		     /* 0: unknown */
	uint32_t inner_pid; /* in its pid namespace; 0: that is the machine's first, or unknown */
	uint32_t pid_ns;    /* inode number of that namespace; 0: the same */
	bool exe_deleted;
	bool kernel;
	bool exited;
	bool traced;	      /* it, or one it descends from, was marked by process_table_trace() */
	bool script_asked;    /* the caller's: no need to look for its script again */
	unsigned int sockets; /* rows of the connection table that it owns; kept by that table */
	/* The table's own. */
	uint64_t exec_ns; /* CLOCK_MONOTONIC of the last exec; 0: not seen */
	bool parent_cut;  /* it has more ancestors than the table keeps */
	unsigned int refs;
	struct process *hash_next;
};

/* NULL on lack of memory. */
struct process_table *process_table_new(void);
/* Every reference must have been given back. Accepts NULL. */
void process_table_free(struct process_table *table);

/*
 * Apply one record that the decoder has accepted. 0, or -ENOMEM, after which the table is as it
 * was before.
 */
int process_table_exec(struct process_table *table, const struct sw_process *record);
int process_table_fork(struct process_table *table, const struct sw_fork *record);
void process_table_exit(struct process_table *table, const struct sw_exit *record);

/* The containers that they are in. Owned by the table. */
struct container_table *process_table_containers(struct process_table *table);

/*
 * The process as known, or made from what `task` says. NULL if task->pid is 0 or out of memory. No
 * reference is taken: take one before the next call, which may free a process that is dead.
 */
struct process *process_table_get(struct process_table *table, const struct sw_task *task);

/* The living process that has this pid, or NULL. No reference is taken. */
struct process *process_table_find(struct process_table *table, uint32_t pid);

/*
 * What a known process ran as an interpreter at a time, until its next exec; it may have had that
 * already. NULL changes nothing.
 */
void process_table_script(struct process_table *table, const struct sw_task *task,
			  const char *script, uint64_t when_ns);

/* Mark a process; its later children inherit the mark. 0, -ENOMEM, or -EINVAL if the pid is 0. */
int process_table_trace(struct process_table *table, const struct sw_task *task);

size_t process_table_count(const struct process_table *table);

/* Both accept NULL. ref returns its argument. The last unref of a dead process frees it. */
struct process *process_ref(struct process *process);
void process_unref(struct process_table *table, struct process *process);
