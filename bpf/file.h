/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From files and file descriptors to sockets. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "sockwatch/record.h"

#define S_IFMT 0170000 /* include/uapi/linux/stat.h */
#define S_IFSOCK 0140000

/* NULL if the current task has no such descriptor open. */
static __always_inline struct file *file_of_fd(__s64 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (fd < 0 || fd >= table->max_fds)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file;
}

/*
 * The socket with its inode, with which it is made in one piece, by the file alone; NULL if it is
 * none. SMC gives its file the TCP socket that it falls back to, and leaves it its own inode. Each
 * type that is named costs a search (rows_inet.bpf.c), so any inode is read like that of a socket.
 */
static __always_inline struct socket_alloc *socket_alloc_of_file(struct file *file)
{
	__u32 offset = bpf_core_field_offset(struct socket_alloc, vfs_inode);
	void *socket = BPF_CORE_READ(file, private_data);
	struct socket_alloc *around = (void *)BPF_CORE_READ(file, f_inode) - offset;

	if (!socket || ((void *)around != socket &&
			(BPF_CORE_READ(around, vfs_inode.i_mode) & S_IFMT) != S_IFSOCK))
		return NULL;
	return socket;
}

/* Of AF_INET or AF_INET6: AF_UNIX has protocol 0, but others count their own from 1. An address. */
static __always_inline bool is_of_protocol(struct sock *sk, __u16 protocol)
{
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != protocol)
		return false;
	switch (BPF_CORE_READ(sk, __sk_common.skc_family)) {
	case SW_FAMILY_INET:
	case SW_FAMILY_INET6:
		return true;
	default:
		return false;
	}
}

/* NULL if it is no socket of this protocol. An address, not a typed pointer. */
static __always_inline struct sock *socket_of_file(struct file *file, __u16 protocol)
{
	struct socket *socket;
	struct sock *sk;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	return is_of_protocol(sk, protocol) ? sk : NULL;
}

static __always_inline struct sock *tcp_socket_of_file(struct file *file)
{
	return socket_of_file(file, SW_PROTO_TCP);
}

/* The same, and NULL if the descriptor is not open. */
static __always_inline struct sock *socket_of_fd(__s64 fd, __u16 protocol)
{
	struct file *file = file_of_fd(fd);

	return file ? socket_of_file(file, protocol) : NULL;
}

static __always_inline struct sock *tcp_socket_of_fd(__s64 fd)
{
	return socket_of_fd(fd, SW_PROTO_TCP);
}
