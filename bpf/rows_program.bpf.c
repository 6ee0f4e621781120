// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An iterator over processes: who they are, and which program they run. Most tables ask no more,
 * and to find where they run takes as long again (rows_process.bpf.c).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "process.h"
#include "rows_scratch.h"

SEC("iter/task")
int BPF_PROG(show_program, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct path_walk walk = { .scratch = room_for(task) };
	struct sw_process *record;
	__u32 size;

	if (!walk.scratch)
		return 0;
	record = &walk.scratch->record;
	read_program(&walk, task, 0);
	size = names_size(&walk) + sizeof(*record);
	record_header(&record->header, SW_RECORD_PROCESS, size);
	bpf_seq_write(meta->seq, record, size);
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
