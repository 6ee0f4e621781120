// SPDX-License-Identifier: GPL-2.0-or-later
/* connect(2): the late port (mode T), what the call returned after how long, and UDP's new peer. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "call.h"
#include "emit.h"
#include "file.h"
#include "sock.h"
#include "udp.h"

/* struct sockaddr_in; struct sockaddr_in6 without its scope (SIN6_LEN_RFC2133). */
enum { SOCKADDR_IN_SIZE = 16, SOCKADDR_IN6_MIN = 24 };

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
	struct connect_call call = { .entered_ns = bpf_ktime_get_ns(),
				     .fd = (__s64)ctx->args[0],
				     .address = ctx->args[1],
				     .address_len = ctx->args[2] };

	begin_call(&call);
	return 0;
}

/*
 * Where the call should have led: the socket does not say, if the call has failed early. Read from
 * the caller, who may have changed it meanwhile, and who alone is told about by this record.
 */
static __always_inline void read_destination(const struct connect_call *call,
					     struct sw_endpoints *to)
{
	struct sockaddr_in6 address = {};

	if (bpf_probe_read_user(&address, SOCKADDR_IN_SIZE, (void *)call->address) ||
	    call->address_len < SOCKADDR_IN_SIZE || address.sin6_family != to->family)
		return;
	if (to->family == SW_FAMILY_INET) {
		__builtin_memset(to->raddr, 0, sizeof(to->raddr));
		*(__be32 *)to->raddr = address.sin6_flowinfo; /* where sin_addr is */
	} else {
		if (call->address_len < SOCKADDR_IN6_MIN ||
		    bpf_probe_read_user(&address, SOCKADDR_IN6_MIN, (void *)call->address))
			return;
		__builtin_memcpy(to->raddr, &address.sin6_addr, sizeof(to->raddr));
	}
	to->rport = bpf_ntohs(address.sin6_port);
}

static __always_inline int tell_result(const struct connect_call *call, struct sock *sk,
				       long result)
{
	struct sw_connect *record = record_reserve(SW_RECORD_CONNECT, sizeof(*record));

	if (!record)
		return 0;
	read_ends_raw(&sk->__sk_common, &record->ends);
	record->ends.uid = BPF_CORE_READ(sk, sk_uid.val);
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	read_current_task(&record->owner);
	record->latency_ns = record->header.ts_ns - call->entered_ns;
	record->result = result;
	if (result < 0 && record->state == SW_TCP_CLOSE)
		read_destination(call, &record->ends);
	record_submit_of(&record->ends, record);
	return 0;
}

static __always_inline void socket_connected(const struct connect_call *call, struct file *file,
					     long result)
{
	struct sock *sk = tcp_socket_of_file(file);

	/* A success that nobody has a cookie for is not known to the table either. */
	if (sk && (result < 0 || BPF_CORE_READ(sk, __sk_common.skc_cookie.counter)))
		tell_result(call, sk, result);
	if (sk || result < 0)
		return;
	sk = socket_of_file(file, SW_PROTO_UDP);
	if (sk)
		udp_connected(sk);
}

SEC("tp/syscalls/sys_exit_connect")
int on_connect_returned(struct trace_event_raw_sys_exit *ctx)
{
	struct connect_call *call = current_call();
	long result = ctx->ret; /* now: the verifier takes no pointer into it later */
	struct file *file;

	if (!call)
		return 0;
	file = file_of_fd(call->fd);
	if (file)
		socket_connected(call, file, result);
	call->entered_ns = 0;
	return 0;
}
