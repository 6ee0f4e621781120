/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tracer makes of a socket: its owner, and the records about it. */
#pragma once

#include "emit.h"
#include "sock_fields.h"
#include "task.h"

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

/*
 * Says that the current process has this socket, of which only the address is known: so its own
 * note cannot be written, and the table keeps who it is.
 */
static __always_inline int tell_current_owner(struct sock *sk, __u16 kind)
{
	struct sw_socket *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return 0;
	read_ends_raw(&sk->__sk_common, &record->ends);
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (read_current_task(&record->owner))
		record->flags = SW_SOCKET_OWNED;
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
