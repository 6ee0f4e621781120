/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All reads of struct task_struct. A process is its group leader; kernel threads are nobody. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "sockwatch/record.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

static __always_inline void read_task(struct task_struct *task, struct sw_task *to)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	to->start_ns = BPF_CORE_READ(leader, start_boottime);
	to->pid = BPF_CORE_READ(leader, tgid);
	to->uid = BPF_CORE_READ(leader, cred, uid.val);
	bpf_core_read_str(to->comm, sizeof(to->comm), &leader->comm);
}

/* A process has a number in each pid namespace down to its own, the last one. */
static __always_inline void read_inner(struct task_struct *leader, struct sw_inner *to)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *inner = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
			     level * bpf_core_type_size(struct upid);

	to->pid = 0;
	to->pid_ns = 0;
	if (!level) /* the machine's first; or the task has been reaped */
		return;
	to->pid = BPF_CORE_READ(inner, nr);
	to->pid_ns = BPF_CORE_READ(inner, ns, ns.inum);
}

/*
 * Leaves `to` zero for a kernel thread, which owns nothing in the sense of netstat. The leader is
 * read as an address: for each typed load of a pointer the verifier searches all of the kernel's
 * BTF by name, half a millisecond of the start.
 */
static __always_inline bool read_current_task(struct sw_task *to)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct task_struct *leader;

	if (task->flags & PF_KTHREAD)
		return false;
	leader = BPF_CORE_READ(task, group_leader);
	to->start_ns = BPF_CORE_READ(leader, start_boottime);
	to->pid = task->tgid;
	to->uid = (__u32)bpf_get_current_uid_gid();
	bpf_core_read_str(to->comm, sizeof(to->comm), &leader->comm);
	return true;
}

static __always_inline void read_current_actor(struct sw_actor *to)
{
	__u64 id = bpf_get_current_pid_tgid();

	to->pid = id >> 32;
	to->tid = (__u32)id;
	bpf_get_current_comm(to->comm, sizeof(to->comm));
}
