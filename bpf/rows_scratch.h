/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room for a process record, of the iterators of a snapshot: one reader walks at a time. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "scratch.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_scratch);
} scratch SEC(".maps");

/* Where the process of a task is written. NULL: a thread, which is no process; or none. */
static __always_inline struct process_scratch *room_for(struct task_struct *task)
{
	__u32 zero = 0;

	if (!task || task->pid != task->tgid)
		return NULL;
	return bpf_map_lookup_elem(&scratch, &zero);
}
