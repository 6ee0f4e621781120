// SPDX-License-Identifier: GPL-2.0-or-later
/* Resets, errors and retransmissions: why a connection ended. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "sock.h"

static __always_inline int socket_record(struct sock *sk, __u16 kind, __u16 reason)
{
	struct sw_socket *record;

	if (sk->sk_protocol != SW_PROTO_TCP)
		return 0;
	record = socket_reserve(sk, kind);
	if (!record)
		return 0;
	if (reason)
		record->error = reason;
	record_submit_of(&record->ends, record);
	return 0;
}

static __always_inline bool is_connection(struct sock *sk)
{
	__u8 state = sk->__sk_common.skc_state;

	return state != SW_TCP_LISTEN && state != SW_TCP_TIME_WAIT && state != SW_TCP_NEW_SYN_RECV;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_reset_received, struct sock *sk)
{
	return socket_record(sk, SW_RECORD_RESET_IN, 0);
}

/* Without a socket, or with a listener's, the reset is about a segment that belongs to nobody. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_reset_sent, struct sock *sk)
{
	if (!sk || !is_connection(sk))
		return 0;
	/* The third argument came with 6.10; where it is missing this branch is never verified. */
	if (settings.reset_has_reason)
		return socket_record(sk, SW_RECORD_RESET_OUT, (__u16)ctx[2]);
	return socket_record(sk, SW_RECORD_RESET_OUT, 0);
}

SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(on_error_reported, struct sock *sk)
{
	return sk->sk_err ? socket_record(sk, SW_RECORD_ERROR, 0) : 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmitted, struct sock *sk)
{
	return is_connection(sk) ? socket_record(sk, SW_RECORD_RETRANSMIT, 0) : 0;
}
