// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processes we know, by (pid, start time). Records come from several CPUs and after losses, so
 * any of them may be the first that speaks of a process. Sizes were checked by the decoder.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr() */
#endif
#include "model/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "model/decode.h"

#define BUCKETS_MIN 256 /* a small machine; must be a power of two */

/*
 * A daemon that forks itself for ever would keep all its dead: they go beyond the 16th ancestor,
 * which is more than anybody reads. Living ones cost nothing, but would be held once they die;
 * hence an end for them as well, far above what nested builds reach.
 */
#define DEAD_ANCESTORS_MAX 16
#define ANCESTORS_MAX 64

struct process_table {
	struct process **buckets;
	size_t bucket_count;
	size_t count;
	struct container_table *containers;
	struct process *loose; /* made dead, and nobody has taken a reference yet */
};

/* What a record says of a file or cgroup, before it goes into a process. */
struct identity {
	char *exe;
	char *cgroup;
	struct container *container; /* counted */
};

struct process_table *process_table_new(void)
{
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->bucket_count = BUCKETS_MIN;
	table->buckets = calloc(table->bucket_count, sizeof(struct process *));
	table->containers = container_table_new();
	if (!table->buckets || !table->containers) {
		process_table_free(table);
		return NULL;
	}
	return table;
}

static void identity_done(struct process_table *table, struct identity *identity)
{
	free(identity->exe);
	free(identity->cgroup);
	container_unref(table->containers, identity->container);
}

static void process_free(struct process_table *table, struct process *process)
{
	free(process->exe);
	free(process->cgroup);
	container_unref(table->containers, process->container);
	free(process->script);
	free(process);
}

void process_table_free(struct process_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; table->buckets && i < table->bucket_count; i++) {
		struct process *next;

		for (struct process *p = table->buckets[i]; p; p = next) {
			next = p->hash_next;
			process_free(table, p);
		}
	}
	free(table->buckets);
	container_table_free(table->containers);
	free(table);
}

struct container_table *process_table_containers(struct process_table *table)
{
	return table->containers;
}

size_t process_table_count(const struct process_table *table)
{
	return table->count;
}

/* By pid alone, so that all lives of a pid are in one chain. */
static struct process **bucket_of(struct process **buckets, size_t count, uint32_t pid)
{
	return &buckets[(pid * 2654435769u >> 8) & (count - 1)]; /* 2^32 / golden ratio */
}

static struct process **chain(const struct process_table *table, uint32_t pid)
{
	return bucket_of(table->buckets, table->bucket_count, pid);
}

/* Lack of memory makes the chains longer, no more. */
static void grow(struct process_table *table)
{
	size_t count = table->bucket_count * 2;
	struct process **buckets = calloc(count, sizeof(struct process *));

	if (!buckets)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct process *next;

		for (struct process *p = table->buckets[i]; p; p = next) {
			struct process **head = bucket_of(buckets, count, p->pid);

			next = p->hash_next;
			p->hash_next = *head;
			*head = p;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = count;
}

struct process *process_table_find(struct process_table *table, uint32_t pid)
{
	struct process *p = *chain(table, pid);

	while (p && (p->pid != pid || p->exited))
		p = p->hash_next;
	return p;
}

/* An unknown start means the living one; a living one of unknown start learns it. */
static struct process *find_exact(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process *living;

	if (start_ns) {
		for (struct process *p = *chain(table, pid); p; p = p->hash_next) {
			if (p->pid == pid && p->start_ns == start_ns)
				return p;
		}
	}
	living = process_table_find(table, pid);
	if (!living || !start_ns)
		return living;
	if (living->start_ns)
		return NULL;
	living->start_ns = start_ns;
	return living;
}

static void unlink_process(struct process_table *table, const struct process *process)
{
	struct process **p = chain(table, process->pid);

	while (*p != process)
		p = &(*p)->hash_next;
	*p = process->hash_next;
	table->count--;
}

/* Free it if it is dead and nobody refers to it, and then its ancestors of which that is true. */
static void release(struct process_table *table, struct process *process)
{
	while (process && process->exited && !process->refs) {
		struct process *parent = process->parent;

		if (table->loose == process)
			table->loose = NULL;
		unlink_process(table, process);
		process_free(table, process);
		if (parent)
			parent->refs--;
		process = parent;
	}
}

struct process *process_ref(struct process *process)
{
	if (process)
		process->refs++;
	return process;
}

void process_unref(struct process_table *table, struct process *process)
{
	if (!process)
		return;
	process->refs--;
	release(table, process);
}

static void set_comm(struct process *process, const char comm[SW_COMM_LEN])
{
	size_t len = strnlen(comm, SW_COMM_LEN);

	memcpy(process->comm, comm, len);
	memset(process->comm + len, 0, sizeof(process->comm) - len);
}

/* A pid has one living process, the youngest: we have missed the end of the other one. */
static void settle_pid(struct process_table *table, struct process *made, struct process *living)
{
	if (living->start_ns > made->start_ns) {
		made->exited = true;
		table->loose = made;
		return;
	}
	living->exited = true;
	release(table, living);
}

static struct process *make(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process *process = calloc(1, sizeof(*process));
	struct process *living;
	struct process **head;

	if (!process)
		return NULL;
	if (table->loose)
		release(table, table->loose);
	table->loose = NULL;
	if (table->count >= table->bucket_count)
		grow(table);
	process->pid = pid;
	process->start_ns = start_ns;
	living = process_table_find(table, pid);
	head = chain(table, pid);
	process->hash_next = *head;
	*head = process;
	table->count++;
	if (living)
		settle_pid(table, process, living);
	return process;
}

static struct process *find_or_make(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process *process = pid ? find_exact(table, pid, start_ns) : NULL;

	return process || !pid ? process : make(table, pid, start_ns);
}

struct process *process_table_get(struct process_table *table, const struct sw_task *task)
{
	struct process *process = find_or_make(table, task->pid, task->start_ns);

	if (process && !process->comm[0]) {
		set_comm(process, task->comm);
		process->uid = task->uid;
	}
	return process;
}

void process_table_script(struct process_table *table, const struct sw_task *task,
			  const char *script, uint64_t when_ns)
{
	struct process *process = task->pid ? find_exact(table, task->pid, task->start_ns) : NULL;
	char *copy;

	if (!process || !script || process->exec_ns > when_ns ||
	    (process->script && strcmp(process->script, script) == 0))
		return;
	copy = strdup(script);
	if (!copy)
		return;
	free(process->script);
	process->script = copy;
}

int process_table_trace(struct process_table *table, const struct sw_task *task)
{
	struct process *process = process_table_get(table, task);

	if (!process)
		return task->pid ? -ENOMEM : -EINVAL;
	process->traced = true;
	return 0;
}

/* "/usr/bin/curl" out of "curl\0bin\0usr\0". If the far end was cut off: ".../bin/curl". */
static char *path_from_names(const char *names, size_t len, bool cut)
{
	/* Each name's NUL makes room for its slash; the last may have none. "..." and a NUL. */
	char *path = malloc(len + 5);
	char *out = path, *front = path;

	if (!path)
		return NULL;
	if (cut) {
		const char *last_nul = memrchr(names, '\0', len);

		/* A part of a name would be a wrong name, but is better than none at all. */
		if (last_nul)
			len = (size_t)(last_nul - names) + 1;
		memcpy(out, "...", 3);
		out += 3;
		front = out;
	}
	while (len) {
		size_t end = names[len - 1] ? len : len - 1;

		len = end;
		while (len && names[len - 1])
			len--;
		if (len == end)
			continue;
		*out++ = '/';
		memcpy(out, names + len, end - len);
		out += end - len;
	}
	if (out == front)
		*out++ = '/';
	*out = '\0';
	return path;
}

static int identity_read(struct process_table *table, const struct sw_process *record,
			 struct identity *identity)
{
	const char *exe = (const char *)(record + 1);
	const char *cgroup = exe + record->exe_len;

	if (record->exe_len) {
		identity->exe =
			path_from_names(exe, record->exe_len, record->flags & SW_PROCESS_EXE_CUT);
		if (!identity->exe)
			return -ENOMEM;
	}
	if (record->cgroup_len) {
		identity->cgroup = path_from_names(cgroup, record->cgroup_len,
						   record->flags & SW_PROCESS_CGROUP_CUT);
		if (!identity->cgroup)
			return -ENOMEM;
	}
	return identity->cgroup ? container_table_get(table->containers, identity->cgroup,
						      &identity->container)
				: 0;
}

static int identity_copy(const struct process *process, struct identity *identity)
{
	if (process->exe && !(identity->exe = strdup(process->exe)))
		return -ENOMEM;
	if (process->cgroup && !(identity->cgroup = strdup(process->cgroup)))
		return -ENOMEM;
	identity->container = container_ref(process->container);
	return 0;
}

static void take_exe(struct process *process, struct identity *identity, bool deleted)
{
	free(process->exe);
	process->exe = identity->exe;
	process->exe_deleted = deleted;
	identity->exe = NULL;
}

static void take_cgroup(struct process_table *table, struct process *process,
			struct identity *identity)
{
	const struct unit_name none = { 0 };

	free(process->cgroup);
	container_unref(table->containers, process->container);
	process->cgroup = TAKE_PTR(identity->cgroup);
	process->container = TAKE_PTR(identity->container);
	process->unit = process->user_unit = none;
	if (process->cgroup && unit_from_cgroup(process->cgroup, &process->unit))
		(void)unit_from_user_cgroup(process->cgroup, &process->user_unit);
}

static void cut_ancestors(struct process_table *table, struct process *process)
{
	struct process *ancestor;

	for (unsigned int depth = 0; (ancestor = process->parent); depth++) {
		if (depth >= ANCESTORS_MAX || (depth >= DEAD_ANCESTORS_MAX && ancestor->exited)) {
			process->parent = NULL;
			process->parent_cut = true;
			process_unref(table, ancestor);
			return;
		}
		process = ancestor;
	}
}

static bool descends_from(const struct process *process, const struct process *ancestor)
{
	while (process && process != ancestor)
		process = process->parent;
	return process;
}

/*
 * The first parent stays: who started it says more than who took it over. A parent of which no
 * record has come yet gets a bare entry, which its own record will fill.
 */
static void link_parent(struct process_table *table, struct process *process, uint32_t pid,
			uint64_t start_ns)
{
	struct process *parent;

	if (process->parent || process->parent_cut || !pid)
		return;
	process->ppid = pid;
	if (process->start_ns &&
	    start_ns > process->start_ns) /* nobody is younger than its child */
		return;
	parent = start_ns ? find_or_make(table, pid, start_ns) : process_table_find(table, pid);
	if (!parent || descends_from(parent, process))
		return;
	process->parent = process_ref(parent);
	process->traced = process->traced || parent->traced;
	cut_ancestors(table, process);
}

static void apply_record(struct process_table *table, struct process *process,
			 const struct sw_process *record, struct identity *identity)
{
	const struct sw_inner *inner = decode_inner(record);

	if (identity->exe || record->flags & SW_PROCESS_EXEC)
		take_exe(process, identity, record->flags & SW_PROCESS_EXE_DELETED);
	if (identity->cgroup) /* exec does not change it */
		take_cgroup(table, process, identity);
	if (inner) {
		process->inner_pid = inner->pid;
		process->pid_ns = inner->pid_ns;
	}
	if (record->flags & SW_PROCESS_EXEC) {
		free(process->script);
		process->script = NULL;
		process->script_asked = false;
		process->exec_ns = record->header.ts_ns;
	}
	set_comm(process, record->task.comm);
	process->uid = record->task.uid;
	process->kernel = record->flags & SW_PROCESS_KERNEL;
}

int process_table_exec(struct process_table *table, const struct sw_process *record)
{
	struct identity identity = { 0 };
	struct process *process = NULL;
	int err = identity_read(table, record, &identity);

	if (!err && record->task.pid) {
		process = find_or_make(table, record->task.pid, record->task.start_ns);
		err = process ? 0 : -ENOMEM;
	}
	if (process) {
		process_ref(process); /* it may be dead, and making its parent frees such */
		apply_record(table, process, record, &identity);
		link_parent(table, process, record->parent_pid, record->parent_start_ns);
		process_unref(table, process);
	}
	identity_done(table, &identity);
	return err;
}

/* Only what no later record has told already. */
static void inherit(struct process_table *table, struct process *child,
		    const struct process *parent, struct identity *identity)
{
	if (!child->exe)
		take_exe(child, identity, parent->exe_deleted);
	if (!child->cgroup)
		take_cgroup(table, child, identity);
	if (!child->comm[0])
		child->kernel = parent->kernel;
	if (child->inner_pid && !child->pid_ns)
		child->pid_ns = parent->pid_ns;
}

int process_table_fork(struct process_table *table, const struct sw_fork *record)
{
	struct identity identity = { 0 };
	struct process *parent, *child = NULL;
	int err;

	if (!record->child.pid)
		return 0;
	parent = record->parent_pid ? find_exact(table, record->parent_pid, record->parent_start_ns)
				    : NULL;
	process_ref(parent); /* making the child may free the dead */
	err = parent ? identity_copy(parent, &identity) : 0;
	if (!err) {
		child = find_or_make(table, record->child.pid, record->child.start_ns);
		err = child ? 0 : -ENOMEM;
	}
	if (child) {
		process_ref(child);
		if (!child->inner_pid)
			child->inner_pid = record->inner_pid;
		if (parent)
			inherit(table, child, parent, &identity);
		if (!child->comm[0]) {
			set_comm(child, record->child.comm);
			child->uid = record->child.uid;
		}
		link_parent(table, child, record->parent_pid, record->parent_start_ns);
		process_unref(table, child);
	}
	process_unref(table, parent);
	identity_done(table, &identity);
	return err;
}

void process_table_exit(struct process_table *table, const struct sw_exit *record)
{
	struct process *process =
		record->task.pid ? find_exact(table, record->task.pid, record->task.start_ns)
				 : NULL;

	if (!process)
		return;
	process->exited = true;
	release(table, process);
}
