/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the iterators of a snapshot share: reads of sockets that only rows show.
 *
 * A light skeleton relocates in the kernel, which searches all of its BTF for each type that is
 * named: a quarter of a millisecond. So the programs take their arguments by position (BPF_PROG)
 * and not out of a struct bpf_iter__*, whose layout is fixed anyway.
 */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "sockwatch/record.h"

/* Members of structs that have no name of their own, which vmlinux/ cannot list. */
struct sock___queues {
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	struct {
		atomic_t refs;
	} sk_wmem_alloc;
} __attribute__((preserve_access_index));

static __always_inline void row_header(struct sw_header *header, __u16 kind, __u32 size)
{
	header->size = size;
	header->kind = kind;
}

/*
 * 0: the socket has no file yet, or any more. A struct socket is made in one piece with its inode.
 * Probe reads: for each typed load of a pointer the verifier searches all of the kernel's BTF by
 * name, a millisecond or so, which is more than most snapshots take.
 */
static __always_inline __u64 inode_of(struct sock *sk)
{
	struct socket_alloc *alloc = (void *)BPF_CORE_READ(sk, sk_socket);

	return alloc ? BPF_CORE_READ(alloc, vfs_inode.i_ino) : 0;
}

/* Bytes that wait to be read, with the kernel's overhead, as /proc and ss show them. */
static __always_inline __u32 receive_memory(struct sock *sk)
{
	return ((struct sock___queues *)sk)->sk_backlog.rmem_alloc.counter;
}

/* One is the socket's own reference. */
static __always_inline __u32 send_memory(struct sock *sk)
{
	return ((struct sock___queues *)sk)->sk_wmem_alloc.refs.counter - 1;
}
