// SPDX-License-Identifier: GPL-2.0-or-later
/* An iterator over processes: who they are, which program they run, and where. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "process.h"

/* One reader walks at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_scratch);
} scratch SEC(".maps");

SEC("iter/task")
int BPF_PROG(show_process_row, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct process_scratch *room;
	__u32 zero = 0;

	if (!task || task->pid != task->tgid)
		return 0;
	room = bpf_map_lookup_elem(&scratch, &zero);
	if (room)
		bpf_seq_write(meta->seq, room, read_process(room, task, 0));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
