/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All reads of sockets, without any map. Functions that take a typed pointer (from the verifier's
 * view) load the fields directly; the _raw ones take an address and go through probe reads.
 */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "sockwatch/record.h"
#include "sockwatch/tcp_state.h"

enum { SK_FLAG_DEAD = 0, SK_FLAG_DONE = 1 }; /* enum sock_flags: SOCK_DEAD, SOCK_DONE */

/*
 * The fields of a struct sock, by way of the struct that it begins. To the kernel, which keeps what
 * it has found by a hash of 31 values, that is the name of another type: the own one has the hash
 * of kernfs_node, and each start of a snapshot would search for both again (rows_inet.bpf.c).
 */
#define SK(sk) (&((struct inet_sock *)(sk))->sk)

/* Both addresses and ports. Namespace, cookie and user are left to the caller. */
static __always_inline void read_tuple(struct sock_common *common, struct sw_endpoints *to)
{
	to->family = common->skc_family;
	to->protocol = SW_PROTO_TCP;
	to->lport = common->skc_num;
	to->rport = bpf_ntohs(common->skc_dport);
	if (to->family == SW_FAMILY_INET) {
		*(__be32 *)to->laddr = common->skc_rcv_saddr;
		*(__be32 *)to->raddr = common->skc_daddr;
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) { /* CONFIG_IPV6 */
		bpf_core_read(to->laddr, sizeof(to->laddr), &common->skc_v6_rcv_saddr);
		bpf_core_read(to->raddr, sizeof(to->raddr), &common->skc_v6_daddr);
	}
}

static __always_inline void read_ends(struct sock_common *common, struct sw_endpoints *to)
{
	to->netns = common->skc_net.net->ns.inum;
	read_tuple(common, to);
}

/*
 * A copy of the kernel's struct sock_common, of which an address is all we have: one probe read
 * instead of a dozen. Its size is the kernel's of 6.1 to 7.2; the fields are found by CO-RE.
 */
struct sock_block {
	__u8 bytes[136];
} __attribute__((aligned(8)));

#define SOCK_BLOCK_FIELD(block, field)                                                           \
	(*(typeof(((struct sock_common *)0)->field) *)((block)->bytes +                          \
						       bpf_core_field_offset(struct sock_common, \
									     field)))

/* A kernel with a larger one is read field by field: what is not taken, is not verified. */
static __always_inline bool sock_block_fits(void)
{
	return bpf_core_type_size(struct sock_common) <= sizeof(struct sock_block);
}

static __always_inline void read_block_ends(const struct sock_block *block, struct sw_endpoints *to)
{
	struct net *net = SOCK_BLOCK_FIELD(block, skc_net.net);

	to->cookie = SOCK_BLOCK_FIELD(block, skc_cookie.counter);
	to->netns = BPF_CORE_READ(net, ns.inum);
	to->family = SOCK_BLOCK_FIELD(block, skc_family);
	to->protocol = SW_PROTO_TCP;
	to->lport = SOCK_BLOCK_FIELD(block, skc_num);
	to->rport = bpf_ntohs(SOCK_BLOCK_FIELD(block, skc_dport));
	if (to->family == SW_FAMILY_INET) {
		*(__be32 *)to->laddr = SOCK_BLOCK_FIELD(block, skc_rcv_saddr);
		*(__be32 *)to->raddr = SOCK_BLOCK_FIELD(block, skc_daddr);
	} else if (bpf_core_field_exists(struct sock_common, skc_v6_daddr)) { /* CONFIG_IPV6 */
		*(struct in6_addr *)to->laddr = SOCK_BLOCK_FIELD(block, skc_v6_rcv_saddr);
		*(struct in6_addr *)to->raddr = SOCK_BLOCK_FIELD(block, skc_v6_daddr);
	}
}

static __always_inline void read_fields_ends(struct sock_common *common, struct sw_endpoints *to)
{
	to->cookie = BPF_CORE_READ(common, skc_cookie.counter);
	to->netns = BPF_CORE_READ(common, skc_net.net, ns.inum);
	to->family = BPF_CORE_READ(common, skc_family);
	to->protocol = SW_PROTO_TCP;
	to->lport = BPF_CORE_READ(common, skc_num);
	to->rport = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
	if (to->family == SW_FAMILY_INET) {
		*(__be32 *)to->laddr = BPF_CORE_READ(common, skc_rcv_saddr);
		*(__be32 *)to->raddr = BPF_CORE_READ(common, skc_daddr);
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) { /* CONFIG_IPV6 */
		bpf_core_read(to->laddr, sizeof(to->laddr), &common->skc_v6_rcv_saddr);
		bpf_core_read(to->raddr, sizeof(to->raddr), &common->skc_v6_daddr);
	}
}

/* The cookie is what somebody else has generated, or 0. */
static __always_inline void read_ends_raw(struct sock_common *common, struct sw_endpoints *to)
{
	struct sock_block block = {};

	if (!sock_block_fits()) {
		read_fields_ends(common, to);
		return;
	}
	bpf_probe_read_kernel(&block, sizeof(block), common);
	read_block_ends(&block, to);
}

/*
 * The ends of a full TCP socket; also fills the cookie. At CLOSE the port is gone from skc_num,
 * but inet_sport still has it.
 */
static __always_inline void read_full_ends(struct sock *sk, struct tcp_sock *tcp,
					   struct sw_endpoints *to)
{
	read_ends(&SK(sk)->__sk_common, to);
	to->cookie = bpf_get_socket_cookie(sk);
	to->lport = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	to->uid = SK(sk)->sk_uid.val;
}

static __always_inline __u32 read_flags(struct sock *sk)
{
	__u64 kernel = SK(sk)->__sk_common.skc_flags;
	__u32 flags = 0;

	if (kernel & (1 << SK_FLAG_DEAD))
		flags |= SW_SOCKET_ORPHAN;
	if (kernel & (1 << SK_FLAG_DONE))
		flags |= SW_SOCKET_FIN_RECEIVED;
	return flags;
}

/* What a last transition tells beside its error. */
static __always_inline __u32 read_end_flags(struct sock *sk, struct tcp_sock *tcp)
{
	__u32 flags = 0;

	if (SK(sk)->sk_socket)
		flags |= SW_SOCKET_HELD;
	if (!tcp->segs_out)
		flags |= SW_SOCKET_SILENT;
	return flags;
}

/* bytes_received counts the peer's FIN as one byte; bytes_sent counts payload only. */
static __always_inline void read_counters(struct sock *sk, struct tcp_sock *tcp,
					  struct sw_counters *to)
{
	__u64 received = tcp->bytes_received;

	if (received && (SK(sk)->__sk_common.skc_flags & (1 << SK_FLAG_DONE)))
		received--;
	to->rx_bytes = received;
	to->tx_bytes = tcp->bytes_sent - tcp->bytes_retrans;
	to->rtt_us = tcp->srtt_us >> 3;
	to->retrans = tcp->total_retrans;
}

/* Does the byte that SYN or FIN takes among the unacknowledged ones wait for its answer? */
static __always_inline bool has_unacked_flag(__u8 state)
{
	return state == SW_TCP_SYN_SENT || state == SW_TCP_FIN_WAIT1 || state == SW_TCP_LAST_ACK ||
	       state == SW_TCP_CLOSING;
}

/* `state` is the one that the sequence numbers are of: at a transition, the old one. */
static __always_inline void read_traffic(struct sock *sk, struct tcp_sock *tcp, __u8 state,
					 struct sw_traffic *to)
{
	__s32 unread = tcp->rcv_nxt - tcp->copied_seq, unacked = tcp->write_seq - tcp->snd_una;

	to->rx_segs = tcp->segs_in;
	to->tx_segs = tcp->segs_out;
	to->rx_data_segs = tcp->data_segs_in;
	to->tx_data_segs = tcp->data_segs_out;
	if (state == SW_TCP_LISTEN)
		return;
	/* The peer's FIN counts until the program has read that far. */
	if (unread > 0 && (SK(sk)->__sk_common.skc_flags & (1 << SK_FLAG_DONE)))
		unread--;
	if (unacked > 0 && has_unacked_flag(state))
		unacked--;
	to->unread = unread > 0 ? unread : 0;
	to->unacked = unacked > 0 ? unacked : 0;
}
