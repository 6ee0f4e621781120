/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full description of a process, shared by exec, cgroup moves and the iterator. */
#pragma once

#include "header.h"
#include "path.h"
#include "task.h"

/* -1: the kernel has none. */
static __always_inline int memory_controller(void)
{
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return -1;
	return bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
}

/*
 * On cgroup v1 the default hierarchy only has its root: then the memory controller's is told. The
 * barrier keeps what names one type together: the kernel forgets what it has found for css_set when
 * it looks for cgroup_subsys_id, and the other way round (vmlinux_cand_cache).
 */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	int memory = memory_controller();
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *state = NULL;
	struct cgroup *cgroup;

	barrier_var(memory);
	cgroup = BPF_CORE_READ(set, dfl_cgrp);
	if (memory >= 0 && BPF_CORE_READ(cgroup, level) == 0) {
		bpf_core_read(&state, sizeof(state), &set->subsys[memory]);
		if (state)
			cgroup = BPF_CORE_READ(state, cgroup);
	}
	return cgroup;
}

static __always_inline __u32 exe_flags(struct file *exe)
{
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);

	/* d_unlinked(); the roots that it excepts are directories, and a memfd has no name at all.
	 */
	if (!BPF_CORE_READ(dentry, d_hash.pprev))
		return SW_PROCESS_EXE_DELETED;
	return 0;
}

/* Records are multiples of 8; the mask also shows the verifier a bound. */
static __always_inline __u32 names_size(const struct path_walk *walk)
{
	return (walk->len + 7) & (PROCESS_ROOM - 8);
}

/* Who a process is and which program it runs: the record, and the names of the program's path. */
static __always_inline void read_program(struct path_walk *walk, struct task_struct *leader,
					 __u32 flags)
{
	struct task_struct *parent = BPF_CORE_READ(leader, real_parent);
	struct sw_process *record = &walk->scratch->record;
	struct file *exe;

	__builtin_memset(record, 0, sizeof(*record));
	read_task(leader, &record->task);
	record->parent_pid = BPF_CORE_READ(parent, tgid);
	record->parent_start_ns = BPF_CORE_READ(parent, group_leader, start_boottime);
	record->netns = BPF_CORE_READ(leader, nsproxy, net_ns, ns.inum);
	if (BPF_CORE_READ(leader, flags) & PF_KTHREAD)
		flags |= SW_PROCESS_KERNEL;
	exe = BPF_CORE_READ(leader, mm, exe_file);
	if (exe) {
		path_of_file(walk, exe);
		flags |= exe_flags(exe);
		if (walk->cut)
			flags |= SW_PROCESS_EXE_CUT;
	}
	record->exe_len = walk->len;
	record->flags = flags;
}

/* The same, and where it runs: its cgroup and pid namespace. Returns the record's size. */
static __always_inline __u32 read_process(struct process_scratch *scratch, struct task_struct *task,
					  __u32 flags)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct path_walk walk = { .scratch = scratch };
	struct sw_process *record = &scratch->record;
	struct sw_inner *inner;
	__u32 size;

	read_program(&walk, leader, flags);
	walk.cut = false;
	path_of_cgroup(&walk, cgroup_of(leader));
	if (walk.cut)
		record->flags |= SW_PROCESS_CGROUP_CUT;
	record->cgroup_len = walk.len - record->exe_len;
	size = names_size(&walk);
	inner = (void *)(scratch->data + size);
	read_inner(leader, inner);
	size += sizeof(*inner) + sizeof(*record);
	record_header(&record->header, SW_RECORD_PROCESS, size);
	return size;
}
