// SPDX-License-Identifier: GPL-2.0-or-later
/* An iterator over processes: the sockets among their descriptors. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "file.h"
#include "task.h"
#include "sockwatch/holding.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_holdings);
} holdings SEC(".maps");

/* Descriptors that one run looks at: less than a millisecond, in which RCU waits. */
#define RUN_DESCRIPTORS 8192

struct descriptor_walk {
	struct sw_holdings *found;
	struct task_struct *task;
	struct files_struct *files;
	struct fdtable *table;
	struct file **slots;
	__u32 fd;
	__u32 end;
};

/*
 * Nothing is locked. A slot has its file as long as both are the table's, the table its files', and
 * they the task's; a socket stays until the run ends (RCU). So what was read is true if all that is
 * so afterwards.
 */
static __always_inline bool still_holds(const struct descriptor_walk *walk, struct file **slot,
					const struct file *file)
{
	struct task_struct *task = walk->task;
	struct files_struct *files = walk->files;
	struct file *now = NULL;

	bpf_probe_read_kernel(&now, sizeof(now), slot);
	return now == file && BPF_CORE_READ(files, fdt) == walk->table &&
	       BPF_CORE_READ(task, files) == files;
}

/* Ends the loop at the end of the table, and where there is no room. */
static long look_at_descriptor(__u32 step, struct descriptor_walk *walk)
{
	struct file **slot = walk->slots + walk->fd, *file = NULL;
	struct sw_holdings *found = walk->found;
	struct socket_alloc *socket;
	struct sw_holding *holding;
	__u32 at = found->count;

	if (walk->fd >= walk->end || at >= SW_HOLDINGS)
		return 1;
	bpf_probe_read_kernel(&file, sizeof(file), slot);
	socket = file ? socket_alloc_of_file(file) : NULL;
	if (socket) {
		holding = &found->holdings[at];
		holding->socket = (__u64)socket;
		holding->inode = BPF_CORE_READ(socket, vfs_inode.i_ino);
		holding->fd = walk->fd;
		holding->task = found->task_count;
		found->count += still_holds(walk, slot, file);
	}
	walk->fd++;
	return 0;
}

/* A thread has its process's descriptors as a rule. */
static __always_inline bool has_descriptors_of_its_own(struct task_struct *task,
						       struct files_struct *files)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	return files && (task->pid == task->tgid || BPF_CORE_READ(leader, files) != files);
}

/* As many as one run may, from where the last one ended. Was that all? */
static __always_inline bool look_at_task(struct sw_holdings *found, struct task_struct *task,
					 struct files_struct *files, __u32 number)
{
	struct fdtable *table = BPF_CORE_READ(files, fdt);
	struct descriptor_walk walk = { .found = found,
					.task = task,
					.files = files,
					.table = table,
					.slots = BPF_CORE_READ(table, fd),
					.end = BPF_CORE_READ(table, max_fds) };
	__u32 before = found->count;

	if (found->next_pid == (__u32)task->pid)
		walk.fd = found->next_fd;
	read_task(task, &found->tasks[number]);
	bpf_loop(RUN_DESCRIPTORS, look_at_descriptor, &walk, 0);
	found->task_count += found->count > before;
	found->next_fd = walk.fd;
	found->next_pid = walk.fd < walk.end ? task->pid : 0;
	return walk.fd >= walk.end;
}

/* Returns 1, which read() tells as EAGAIN, if that was not all: the task comes once more then. */
SEC("iter/task")
int BPF_PROG(find_holdings, struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct files_struct *files;
	struct sw_holdings *found;
	__u32 zero = 0, number;

	found = bpf_map_lookup_elem(&holdings, &zero);
	if (!task || !found)
		return 0;
	files = BPF_CORE_READ(task, files);
	if (!has_descriptors_of_its_own(task, files))
		return 0;
	number = found->task_count;
	return number >= SW_HOLDING_TASKS || !look_at_task(found, task, files, number);
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
