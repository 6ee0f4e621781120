// SPDX-License-Identifier: GPL-2.0-or-later
/* Request sockets, mode T: from the SYN to the child or the end. (Mode N: sockops and timer.) */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "again.h"
#include "emit.h"
#include "refusal.h"
#include "sock.h"

SEC("fentry/inet_csk_reqsk_queue_hash_add")
int BPF_PROG(on_request_born, struct sock *listener, struct request_sock *request)
{
	struct sw_request *record = record_reserve(SW_RECORD_REQUEST, sizeof(*record));

	if (!record)
		return 0;
	read_ends(&request->__req_common, &record->ends);
	/* Generated here, so that the child inherits it. */
	record->ends.cookie = bpf_get_socket_cookie(request);
	record->listener_cookie = bpf_get_socket_cookie(listener);
	record_submit_of(&record->ends, record);
	return 0;
}

static __always_inline int tell_request_end(struct request_sock *request, __u64 cookie)
{
	struct sw_request *record = record_reserve(SW_RECORD_REQUEST_END, sizeof(*record));

	if (!record)
		return 0;
	read_ends(&request->__req_common, &record->ends);
	record->ends.cookie = cookie;
	record->expired = !has_time_left(&request->rsk_timer);
	record->reset_sent = refused_now(request);
	record->final = 1;
	record_submit_of(&record->ends, record);
	return 0;
}

/* accept(2) ends requests too, so a softirq that does can come in its middle. */
static __always_inline int request_ended(struct request_sock *request, __u32 copy)
{
	__u64 cookie = request->__req_common.skc_cookie.counter;

	/* SYN cookies and Fast Open make requests that nobody saw being born. */
	if (!cookie || handled_before(AGAIN_REQUEST_END, copy, cookie, 0))
		return 0;
	tell_request_end(request, cookie);
	handled_set(AGAIN_REQUEST_END, copy, cookie, 0);
	return 0;
}

/* Called through a pointer, hence never inlined; inet_csk_reqsk_queue_drop() is, in part. */
SEC("fentry/tcp_v4_reqsk_destructor")
int BPF_PROG(on_request_ended_v4, struct request_sock *request)
{
	return request_ended(request, 1);
}

SEC("fentry/tcp_v4_reqsk_destructor")
int BPF_PROG(on_request_ended_v4_again, struct request_sock *request)
{
	return request_ended(request, 2);
}

SEC("fentry/tcp_v6_reqsk_destructor")
int BPF_PROG(on_request_ended_v6, struct request_sock *request)
{
	return request_ended(request, 1);
}

SEC("fentry/tcp_v6_reqsk_destructor")
int BPF_PROG(on_request_ended_v6_again, struct request_sock *request)
{
	return request_ended(request, 2);
}

static __always_inline int child_born(struct sock *listener, struct sock *child)
{
	struct sw_socket *record;

	if (child->sk_protocol != SW_PROTO_TCP)
		return 0;
	record = socket_reserve(child, SW_RECORD_CHILD);
	if (!record)
		return 0;
	record->listener_cookie = bpf_get_socket_cookie(listener);
	record_submit_of(&record->ends, record);
	return 0;
}

/* The request may end, at accept(), before its child has reached ESTABLISHED. */
SEC("fentry/inet_csk_complete_hashdance")
int BPF_PROG(on_request_completed, struct sock *listener, struct sock *child,
	     struct request_sock *request, bool own_request)
{
	return own_request ? child_born(listener, child) : 0;
}

/*
 * The only sight of a Fast Open or SYN-cookie child before it is established (up to 6.12). Their
 * requests have no cookie; for others this function may be inlined in the one above.
 */
SEC("fentry/inet_csk_reqsk_queue_add")
int BPF_PROG(on_child_queued, struct sock *listener, struct request_sock *request,
	     struct sock *child)
{
	return request->__req_common.skc_cookie.counter ? 0 : child_born(listener, child);
}
