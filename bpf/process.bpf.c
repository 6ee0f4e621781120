// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of processes: fork, exec with the full path of the executable, cgroup moves, exit. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "process.h"

static __always_inline int emit_process(struct task_struct *task, __u32 flags)
{
	__u32 key = SCRATCH_HOOKS;
	struct process_scratch *scratch = bpf_map_lookup_elem(&scratches, &key);

	if (scratch)
		record_output(scratch, read_process(scratch, task, flags));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	return emit_process(task, SW_PROCESS_EXEC);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_entered, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	return emit_process(task, 0);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct task_struct *real_parent;
	struct sw_fork *record;

	if (child->pid != child->tgid)
		return 0; /* a thread */
	record = record_reserve(SW_RECORD_FORK, sizeof(*record));
	if (!record)
		return 0;
	read_task(child, &record->child);
	real_parent = BPF_CORE_READ(child, real_parent);
	record->parent_pid = BPF_CORE_READ(real_parent, tgid);
	record->parent_start_ns = BPF_CORE_READ(real_parent, group_leader, start_boottime);
	record_submit(record);
	/* clone3(CLONE_INTO_CGROUP): the parent's cgroup is not the child's. */
	if (BPF_CORE_READ(child, cgroups) != BPF_CORE_READ(parent, cgroups))
		emit_process(child, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct sw_exit *record;

	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0; /* other threads live on */
	record = record_reserve(SW_RECORD_EXIT, sizeof(*record));
	if (!record)
		return 0;
	read_task(task, &record->task);
	record_submit(record);
	return 0;
}
