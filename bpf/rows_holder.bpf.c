// SPDX-License-Identifier: GPL-2.0-or-later
/* Iterators over processes, and over the sockets among their descriptors. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "process.h"
#include "rows.h"

/* The descriptors of a process come one after the other: it is read once. */
struct last_task {
	__u64 address;
	__u32 pid; /* of the thread, in case another one took its place at this address */
	__u32 pad;
	struct sw_task task;
};

struct holder_scratch {
	struct process_scratch process;
	struct last_task last;
};

/* One reader walks at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holder_scratch);
} scratch SEC(".maps");

SEC("iter/task")
int BPF_PROG(show_process_row, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct holder_scratch *room;
	__u32 zero = 0;

	/* A zombie holds nothing. */
	if (!task || task->pid != task->tgid || !BPF_CORE_READ(task, signal, live.counter))
		return 0;
	room = bpf_map_lookup_elem(&scratch, &zero);
	if (room)
		bpf_seq_write(meta->seq, room, read_process(&room->process, task, 0));
	return 0;
}

static __always_inline bool family_has_rows(__u16 family)
{
	return family == SW_FAMILY_INET || family == SW_FAMILY_INET6 || family == SW_FAMILY_UNIX;
}

/* The inode is made in one piece with its struct socket: one probe read, not two. */
static __always_inline __u64 inode_of_socket(struct socket *socket)
{
	return BPF_CORE_READ((struct socket_alloc *)socket, vfs_inode.i_ino);
}

static __always_inline void read_last_task(struct last_task *last, struct task_struct *task)
{
	if (last->address == (__u64)task && last->pid == (__u32)task->pid)
		return;
	__builtin_memset(&last->task, 0, sizeof(last->task));
	read_task(task, &last->task);
	last->address = (__u64)task;
	last->pid = task->pid;
}

/* Threads that share their descriptors with their leader are skipped by the kernel. */
SEC("iter/task_file")
int BPF_PROG(show_holder_row, struct bpf_iter_meta *meta, struct task_struct *task, __u32 fd,
	     struct file *file)
{
	struct sw_row_holder row = {};
	struct holder_scratch *room;
	struct socket *socket;
	struct sock *sk;
	__u32 zero = 0;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !family_has_rows(sk->__sk_common.skc_family))
		return 0;
	room = bpf_map_lookup_elem(&scratch, &zero);
	if (!room)
		return 0;
	read_last_task(&room->last, task);
	row_header(&row.header, SW_RECORD_ROW_HOLDER, sizeof(row));
	row.task = room->last.task;
	row.cookie = bpf_get_socket_cookie(sk);
	row.inode = inode_of_socket(socket);
	row.fd = fd;
	bpf_seq_write(meta->seq, &row, sizeof(row));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
