// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of processes: fork, exec with the full path of the executable, cgroup moves, exit. To
 * tell a process twice does no harm.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "again.h"
#include "emit.h"
#include "process.h"

static __always_inline int emit_process(struct task_struct *task, __u32 flags, __u32 scratch_key)
{
	struct process_scratch *scratch = bpf_map_lookup_elem(&scratches, &scratch_key);

	if (scratch)
		record_output(scratch, read_process(scratch, task, flags));
	return 0;
}

static __always_inline __u64 start_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime);
}

static __always_inline int executed(struct task_struct *task, __u32 copy, __u32 scratch_key)
{
	__u64 start = start_of(task);

	if (handled_before(AGAIN_EXEC, copy, task->tgid, start))
		return 0;
	emit_process(task, SW_PROCESS_EXEC, scratch_key);
	handled_set(AGAIN_EXEC, copy, task->tgid, start);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	return executed(task, 1, SCRATCH_EXEC);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec_again, struct task_struct *task)
{
	return executed(task, 2, SCRATCH_EXEC_AGAIN);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_entered, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	return emit_process(task, 0, SCRATCH_CGROUP);
}

/*
 * What the parent has does not hold for the child: another cgroup, by clone3(CLONE_INTO_CGROUP),
 * or another pid namespace.
 */
static __always_inline bool is_elsewhere(struct task_struct *child, struct task_struct *parent,
					 __u32 inner_pid)
{
	struct sw_inner own, parents;

	if (BPF_CORE_READ(child, cgroups) != BPF_CORE_READ(parent, cgroups))
		return true;
	if (!inner_pid)
		return false;
	read_inner(child, &own);
	read_inner(BPF_CORE_READ(parent, group_leader), &parents);
	return own.pid_ns != parents.pid_ns;
}

static __always_inline void tell_fork(struct task_struct *parent, struct task_struct *child,
				      __u32 scratch_key)
{
	struct task_struct *real_parent;
	struct sw_inner inner;
	struct sw_fork *record = record_reserve(SW_RECORD_FORK, sizeof(*record));

	if (!record)
		return;
	read_task(child, &record->child);
	read_inner(child, &inner);
	record->inner_pid = inner.pid;
	real_parent = BPF_CORE_READ(child, real_parent);
	record->parent_pid = BPF_CORE_READ(real_parent, tgid);
	record->parent_start_ns = BPF_CORE_READ(real_parent, group_leader, start_boottime);
	record_submit(record);
	if (is_elsewhere(child, parent, inner.pid))
		emit_process(child, 0, scratch_key);
}

static __always_inline int forked(struct task_struct *parent, struct task_struct *child, __u32 copy,
				  __u32 scratch_key)
{
	__u64 start;

	if (child->pid != child->tgid)
		return 0; /* a thread */
	start = start_of(child);
	if (handled_before(AGAIN_FORK, copy, child->tgid, start))
		return 0;
	tell_fork(parent, child, scratch_key);
	handled_set(AGAIN_FORK, copy, child->tgid, start);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return forked(parent, child, 1, SCRATCH_FORK);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork_again, struct task_struct *parent, struct task_struct *child)
{
	return forked(parent, child, 2, SCRATCH_FORK_AGAIN);
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
