/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where kernels differ: variants of a type, named after the version that has them. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "sockwatch/record.h"

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
struct inet_sock___6_19 {
	struct {
		struct timer_list tcp_retransmit_timer;
	} sk;
} __attribute__((preserve_access_index));

struct inet_connection_sock___6_19 {
	struct timer_list icsk_keepalive_timer;
} __attribute__((preserve_access_index));

/* In jiffies. `tcp` is a typed pointer. */
static __always_inline unsigned long retransmit_expires(struct tcp_sock *tcp)
{
	struct inet_connection_sock___6_1 *old = (void *)tcp;
	struct inet_sock___6_19 *new = (void *)tcp;

	if (bpf_core_field_exists(old->icsk_timeout))
		return old->icsk_timeout;
	if (bpf_core_field_exists(new->sk.tcp_retransmit_timer))
		return new->sk.tcp_retransmit_timer.expires;
	return tcp->inet_conn.icsk_retransmit_timer.expires;
}

/* In jiffies; 0: it is not running. `tcp` is a typed pointer. */
static __always_inline unsigned long keepalive_expires(struct tcp_sock *tcp)
{
	struct inet_connection_sock___6_19 *new = (void *)tcp;
	struct inet_sock *inet = (void *)tcp;

	if (bpf_core_field_exists(new->icsk_keepalive_timer))
		return BPF_CORE_READ(new, icsk_keepalive_timer.entry.pprev)
			       ? new->icsk_keepalive_timer.expires
			       : 0;
	return BPF_CORE_READ(inet, sk.sk_timer.entry.pprev) ? inet->sk.sk_timer.expires : 0;
}

/* 6.10 has the reasons of resets; their numbers have changed with each that was added. */
#define RETURN_IF_RESET_REASON(number, name)                                                   \
	if (bpf_core_enum_value_exists(enum sk_rst_reason, SK_RST_REASON_##name))              \
		if ((number) == bpf_core_enum_value(enum sk_rst_reason, SK_RST_REASON_##name)) \
	return SW_RESET_##name

static __always_inline __u8 reset_reason_of(__u64 number)
{
	RETURN_IF_RESET_REASON(number, NO_SOCKET);
	RETURN_IF_RESET_REASON(number, TCP_INVALID_ACK_SEQUENCE);
	RETURN_IF_RESET_REASON(number, TCP_RFC7323_PAWS);
	RETURN_IF_RESET_REASON(number, TCP_TOO_OLD_ACK);
	RETURN_IF_RESET_REASON(number, TCP_ACK_UNSENT_DATA);
	RETURN_IF_RESET_REASON(number, TCP_FLAGS);
	RETURN_IF_RESET_REASON(number, TCP_OLD_ACK);
	RETURN_IF_RESET_REASON(number, TCP_ABORT_ON_DATA);
	RETURN_IF_RESET_REASON(number, TCP_TIMEWAIT_SOCKET);
	RETURN_IF_RESET_REASON(number, INVALID_SYN);
	RETURN_IF_RESET_REASON(number, TCP_ABORT_ON_CLOSE);
	RETURN_IF_RESET_REASON(number, TCP_ABORT_ON_LINGER);
	RETURN_IF_RESET_REASON(number, TCP_ABORT_ON_MEMORY);
	RETURN_IF_RESET_REASON(number, TCP_STATE);
	RETURN_IF_RESET_REASON(number, TCP_KEEPALIVE_TIMEOUT);
	RETURN_IF_RESET_REASON(number, TCP_DISCONNECT_WITH_DATA);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EUNSPEC);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EMPTCP);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_ERESOURCE);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EPROHIBIT);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EWQ2BIG);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EBADPERF);
	RETURN_IF_RESET_REASON(number, MPTCP_RST_EMIDDLEBOX);
	RETURN_IF_RESET_REASON(number, ERROR);
	return SW_RESET_UNKNOWN;
}

/* 6.13 gave files a counter of their own kind, in which one reference is 0. */
struct file___6_1 {
	struct {
		long counter;
	} f_count;
} __attribute__((preserve_access_index));

struct file___6_13 {
	struct {
		struct {
			long counter;
		} refcnt;
	} f_ref;
} __attribute__((preserve_access_index));

/* Has more than one descriptor, process or call a hold of the file? */
static __always_inline bool file_is_shared(struct file *file)
{
	struct file___6_1 *old = (void *)file;
	struct file___6_13 *new = (void *)file;

	if (bpf_core_field_exists(old->f_count))
		return BPF_CORE_READ(old, f_count.counter) > 1;
	return BPF_CORE_READ(new, f_ref.refcnt.counter) > 0;
}
