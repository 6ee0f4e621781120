// SPDX-License-Identifier: GPL-2.0-or-later
/* connect(2): the late port (mode T), and what the call returned after how long. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "file.h"
#include "sock.h"

SEC("fentry/tcp_connect")
int BPF_PROG(on_port_chosen, struct sock *sk)
{
	struct sw_socket *record;

	if (sk->sk_protocol != SW_PROTO_TCP)
		return 0;
	record = socket_reserve(sk, SW_RECORD_PORT);
	if (record)
		record_submit_of(&record->ends, record);
	return 0;
}

SEC("tp/syscalls/sys_enter_connect")
int on_connect_entered(struct trace_event_raw_sys_enter *ctx)
{
	struct connect_call *call;

	call = bpf_task_storage_get(&connects, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (call) {
		call->entered_ns = bpf_ktime_get_ns();
		call->fd = (__s64)ctx->args[0];
	}
	return 0;
}

SEC("tp/syscalls/sys_exit_connect")
int on_connect_returned(struct trace_event_raw_sys_exit *ctx)
{
	struct connect_call *call;
	struct sw_connect *record;
	struct sock *sk;

	call = bpf_task_storage_get(&connects, bpf_get_current_task_btf(), NULL, 0);
	if (!call || !call->entered_ns)
		return 0;
	sk = tcp_socket_of_fd(call->fd);
	if (!sk)
		return 0;
	record = record_reserve(SW_RECORD_CONNECT, sizeof(*record));
	if (!record)
		return 0;
	read_ends_raw(&sk->__sk_common, &record->ends);
	read_current_task(&record->owner);
	record->latency_ns = record->header.ts_ns - call->entered_ns;
	record->result = ctx->ret;
	call->entered_ns = 0;
	record_submit_of(&record->ends, record);
	return 0;
}
