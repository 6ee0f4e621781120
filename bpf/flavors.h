/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where kernels differ: variants of a type, named after the version that has them. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* 6.15 renamed kernfs_node.parent to __parent and put it under RCU. */
struct kernfs_node___6_1 {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___6_1 *old = (void *)node;

	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(node, __parent);
}

/* 6.15 took icsk_timeout away: the timer itself knows when it fires. */
struct inet_connection_sock___6_1 {
	unsigned long icsk_timeout;
} __attribute__((preserve_access_index));

/* 6.19 moved the timer for retransmissions to struct sock, and gave keepalive one of its own. */
struct sock___6_19 {
	struct timer_list tcp_retransmit_timer;
} __attribute__((preserve_access_index));

struct inet_connection_sock___6_19 {
	struct timer_list icsk_keepalive_timer;
} __attribute__((preserve_access_index));

/* In jiffies. `tcp` is a typed pointer. */
static __always_inline unsigned long retransmit_expires(struct tcp_sock *tcp)
{
	struct inet_connection_sock___6_1 *old = (void *)tcp;
	struct sock___6_19 *new = (void *)tcp;

	if (bpf_core_field_exists(old->icsk_timeout))
		return old->icsk_timeout;
	if (bpf_core_field_exists(new->tcp_retransmit_timer))
		return new->tcp_retransmit_timer.expires;
	return tcp->inet_conn.icsk_retransmit_timer.expires;
}

/* In jiffies; 0: it is not running. `tcp` is a typed pointer. */
static __always_inline unsigned long keepalive_expires(struct tcp_sock *tcp)
{
	struct inet_connection_sock___6_19 *new = (void *)tcp;
	struct sock *sk = (void *)tcp;

	if (bpf_core_field_exists(new->icsk_keepalive_timer))
		return BPF_CORE_READ(new, icsk_keepalive_timer.entry.pprev)
			       ? new->icsk_keepalive_timer.expires
			       : 0;
	return BPF_CORE_READ(sk, sk_timer.entry.pprev) ? sk->sk_timer.expires : 0;
}
