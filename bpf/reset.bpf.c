// SPDX-License-Identifier: GPL-2.0-or-later
/* Resets, errors and retransmissions: why a connection ended. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "flavors.h"
#include "sock.h"

static __always_inline int socket_record(struct sock *sk, __u16 kind, __u64 reason)
{
	struct sw_socket *record;

	if (sk->sk_protocol != SW_PROTO_TCP)
		return 0;
	record = socket_reserve(sk, kind);
	if (!record)
		return 0;
	if (reason) {
		record->error = reason;
		record->reset_reason = reset_reason_of(reason);
	}
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

/* If the segment was for a request, that one ends next: see refused_now() in refusal.h. */
static __always_inline int listener_refused(struct sock *listener, struct sk_buff *segment)
{
	__u32 zero = 0;
	struct refusal *refusal = bpf_map_lookup_elem(&refusals, &zero);
	unsigned char *head;

	if (!refusal || !segment)
		return 0;
	refusal->listener = (__u64)listener;
	head = BPF_CORE_READ(segment, head);
	/* The source port is the first field of the TCP header. */
	if (bpf_probe_read_kernel(&refusal->port_be, sizeof(refusal->port_be),
				  head + BPF_CORE_READ(segment, transport_header)))
		refusal->listener = 0;
	return 0;
}

/* Without a socket the reset is about a segment that belongs to nobody. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_reset_sent, struct sock *sk, struct sk_buff *segment)
{
	if (!sk)
		return 0;
	if (sk->__sk_common.skc_state == SW_TCP_LISTEN)
		return listener_refused(sk, segment);
	if (!is_connection(sk))
		return 0;
	/* The third argument came with 6.10; where it is missing this branch is never verified. */
	if (settings.reset_has_reason)
		return socket_record(sk, SW_RECORD_RESET_OUT, ctx[2]);
	return socket_record(sk, SW_RECORD_RESET_OUT, 0);
}

/* `sk` is no full socket, so it is read as what it has in common with one. */
static __always_inline int remainder_reset(struct sock *sk, __u64 reason)
{
	struct sw_socket *record;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) != SW_TCP_TIME_WAIT)
		return 0;
	record = record_reserve(SW_RECORD_RESET_OUT, sizeof(*record));
	if (!record)
		return 0;
	read_ends_raw(&sk->__sk_common, &record->ends);
	record->state = SW_TCP_TIME_WAIT;
	record->flags = SW_SOCKET_MINI;
	record->error = reason;
	record->reset_reason = reset_reason_of(reason);
	if (record->ends.cookie)
		record_submit_of(&record->ends, record);
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* A time-wait socket answers with a reset: the tracepoint shows it since it has a reason. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_remainder_reset, struct sock *sk, struct sk_buff *segment, int reason)
{
	return remainder_reset(sk, (__u32)reason);
}

/* The same before 6.10. */
SEC("fentry/tcp_v4_send_reset")
int BPF_PROG(on_remainder_reset_v4, struct sock *sk)
{
	return remainder_reset(sk, 0);
}

SEC("fentry/tcp_v6_send_reset")
int BPF_PROG(on_remainder_reset_v6, struct sock *sk)
{
	return remainder_reset(sk, 0);
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
