/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All reads of sockets. Functions that take a typed pointer (from the verifier's view) load the
 * fields directly; the _raw ones take an address and go through probe reads.
 */
#pragma once

#include "emit.h"
#include "task.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "sockwatch/tcp_state.h"

enum { SK_FLAG_DEAD = 0, SK_FLAG_DONE = 1 }; /* enum sock_flags: SOCK_DEAD, SOCK_DONE */

static __always_inline void read_ends(struct sock_common *common, struct sw_endpoints *to)
{
	to->netns = common->skc_net.net->ns.inum;
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

/* The cookie is what somebody else has generated, or 0. */
static __always_inline void read_ends_raw(struct sock_common *common, struct sw_endpoints *to)
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

/*
 * The ends of a full TCP socket; also fills the cookie. At CLOSE the port is gone from skc_num,
 * but inet_sport still has it.
 */
static __always_inline void read_full_ends(struct sock *sk, struct tcp_sock *tcp,
					   struct sw_endpoints *to)
{
	read_ends(&sk->__sk_common, to);
	to->cookie = bpf_get_socket_cookie(sk);
	to->lport = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	to->uid = sk->sk_uid.val;
}

static __always_inline __u32 read_flags(struct sock *sk)
{
	__u64 kernel = sk->__sk_common.skc_flags;
	__u32 flags = 0;

	if (kernel & (1 << SK_FLAG_DEAD))
		flags |= SW_SOCKET_ORPHAN;
	if (kernel & (1 << SK_FLAG_DONE))
		flags |= SW_SOCKET_FIN_RECEIVED;
	return flags;
}

/* bytes_received counts the peer's FIN as one byte; bytes_sent counts payload only. */
static __always_inline void read_counters(struct sock *sk, struct tcp_sock *tcp,
					  struct sw_counters *to)
{
	__u64 received = tcp->bytes_received;

	if (received && (sk->__sk_common.skc_flags & (1 << SK_FLAG_DONE)))
		received--;
	to->rx_bytes = received;
	to->tx_bytes = tcp->bytes_sent - tcp->bytes_retrans;
	to->rtt_us = tcp->srtt_us >> 3;
	to->retrans = tcp->total_retrans;
}

/* Returns SW_SOCKET_OWNED if there is an owner to fill `to` with. */
static __always_inline __u32 read_owner(struct sock *sk, struct sw_task *to)
{
	struct sw_task *owner = bpf_sk_storage_get(&owners, sk, NULL, 0);

	if (!owner || !owner->pid)
		return 0;
	*to = *owner;
	return SW_SOCKET_OWNED;
}

/*
 * Only where `current` is right: connect, listen, accept. The record tells the owner even if there
 * is no memory for the socket's own note. Returns SW_SOCKET_OWNED if there is one.
 */
static __always_inline __u32 own_socket(struct sock *sk, struct sw_task *to)
{
	struct sw_task *owner;

	if (!read_current_task(to))
		return 0;
	owner = bpf_sk_storage_get(&owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (owner)
		*owner = *to;
	return SW_SOCKET_OWNED;
}

/* A full socket's record that is no transition. Returns false if it is not a TCP socket. */
static __always_inline bool read_socket(struct sock *sk, struct sw_socket *to)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp)
		return false;
	read_full_ends(sk, tcp, &to->ends);
	to->state = sk->__sk_common.skc_state;
	to->error = sk->sk_err;
	to->flags = read_flags(sk) | read_owner(sk, &to->owner);
	return true;
}

/* The record of a full TCP socket, to be submitted. NULL: it is none, or there was no room. */
static __always_inline struct sw_socket *socket_reserve(struct sock *sk, __u16 kind)
{
	struct sw_socket *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return NULL;
	if (read_socket(sk, record))
		return record;
	bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	return NULL;
}
