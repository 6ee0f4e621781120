// SPDX-License-Identifier: GPL-2.0-or-later
/* Iterators over processes, and over the sockets among their descriptors. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "process.h"
#include "rows.h"

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

	/* A zombie holds nothing. */
	if (!task || task->pid != task->tgid || !BPF_CORE_READ(task, signal, live.counter))
		return 0;
	room = bpf_map_lookup_elem(&scratch, &zero);
	if (room)
		bpf_seq_write(meta->seq, room, read_process(room, task, 0));
	return 0;
}

static __always_inline bool family_has_rows(__u16 family)
{
	return family == SW_FAMILY_INET || family == SW_FAMILY_INET6 || family == SW_FAMILY_UNIX;
}

/* Threads that share their descriptors with their leader are skipped by the kernel. */
SEC("iter/task_file")
int BPF_PROG(show_holder_row, struct bpf_iter_meta *meta, struct task_struct *task, __u32 fd,
	     struct file *file)
{
	struct sw_row_holder row = {};
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !family_has_rows(sk->__sk_common.skc_family))
		return 0;
	row_header(&row.header, SW_RECORD_ROW_HOLDER, sizeof(row));
	read_task(task, &row.task);
	row.cookie = bpf_get_socket_cookie(sk);
	row.inode = BPF_CORE_READ(file, f_inode, i_ino);
	row.fd = fd;
	bpf_seq_write(meta->seq, &row, sizeof(row));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
