// SPDX-License-Identifier: GPL-2.0-or-later
/* An iterator over processes: who they are, which program they run, and where. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "process.h"
#include "rows_scratch.h"

SEC("iter/task")
int BPF_PROG(show_process_row, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct process_scratch *room = room_for(task);

	if (room)
		bpf_seq_write(meta->seq, room, read_process(room, task, 0));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
