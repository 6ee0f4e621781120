// SPDX-License-Identifier: GPL-2.0-or-later
/* Who accepted a connection. Until then it belongs to its listener's owner. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "file.h"
#include "sock.h"

/* After the wait, so that threads which already sat in accept() when we came are seen. */
SEC("fentry/security_sock_graft")
int BPF_PROG(on_accepted, struct sock *sk)
{
	struct sw_socket *record;

	if (sk->sk_protocol != SW_PROTO_TCP || sk->__sk_common.skc_state == SW_TCP_LISTEN)
		return 0;
	record = socket_reserve(sk, SW_RECORD_ACCEPT);
	if (!record)
		return 0;
	record->flags |= read_current_owner(&record->owner);
	record_submit_of(&record->ends, record);
	return 0;
}

/* Mode N. */
static __always_inline int accept_returned(long fd)
{
	struct sock *sk = tcp_socket_of_fd(fd);

	return sk ? tell_current_owner(sk, SW_RECORD_ACCEPT) : 0;
}

SEC("tp/syscalls/sys_exit_accept")
int on_accept_returned(struct trace_event_raw_sys_exit *ctx)
{
	return accept_returned(ctx->ret);
}

SEC("tp/syscalls/sys_exit_accept4")
int on_accept4_returned(struct trace_event_raw_sys_exit *ctx)
{
	return accept_returned(ctx->ret);
}
