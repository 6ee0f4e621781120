/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records about a socket. Who owns it is told when it gets its owner, and kept by the table: a
 * note of the kernel's own for each socket (storage) takes two thirds of what its transitions do.
 */
#pragma once

#include "emit.h"
#include "sock_fields.h"
#include "task.h"

/* Only where `current` is right: connect, listen, accept. Returns SW_SOCKET_OWNED if it is one. */
static __always_inline __u32 read_current_owner(struct sw_task *to)
{
	return read_current_task(to) ? SW_SOCKET_OWNED : 0;
}

/* Says that the current process has this socket, of which only the address is known. */
static __always_inline int tell_current_owner(struct sock *sk, __u16 kind)
{
	struct sw_socket *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return 0;
	read_ends_raw(&sk->__sk_common, &record->ends);
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	record->flags = read_current_owner(&record->owner);
	record_submit_of(&record->ends, record);
	return 0;
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
	to->flags = read_flags(sk);
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
