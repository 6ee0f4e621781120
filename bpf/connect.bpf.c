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

	if (!begin_call(&call) && !reader_leaves)
		record_dropped(); /* its result, if it is TCP's */
	return 0;
}

/* The address that a call was given. */
struct destination {
	const void *address;
	__u64 len;
	bool copied; /* into the kernel; else the caller may have changed it meanwhile */
};

static __always_inline long copy_address(const struct destination *from, void *to, __u32 size)
{
	return from->copied ? bpf_probe_read_kernel(to, size, from->address)
			    : bpf_probe_read_user(to, size, from->address);
}

/* Where the call should have led: the socket does not say, if the call has failed early. */
static __always_inline void read_destination(const struct destination *from,
					     struct sw_endpoints *to)
{
	struct sockaddr_in6 address = {};

	if (from->len < SOCKADDR_IN_SIZE || copy_address(from, &address, SOCKADDR_IN_SIZE) ||
	    address.sin6_family != to->family)
		return;
	if (to->family == SW_FAMILY_INET) {
		__builtin_memset(to->raddr, 0, sizeof(to->raddr));
		*(__be32 *)to->raddr = address.sin6_flowinfo; /* where sin_addr is */
	} else {
		if (from->len < SOCKADDR_IN6_MIN || copy_address(from, &address, SOCKADDR_IN6_MIN))
			return;
		__builtin_memcpy(to->raddr, &address.sin6_addr, sizeof(to->raddr));
	}
	to->rport = bpf_ntohs(address.sin6_port);
}

/* A success that nobody has a cookie for is not known to the table either. */
static __always_inline void tell_result(struct sock *sk, __u64 entered_ns, long result,
					const struct destination *destination)
{
	struct sw_connect *record;

	if (result >= 0 && !BPF_CORE_READ(sk, __sk_common.skc_cookie.counter))
		return;
	record = record_reserve(SW_RECORD_CONNECT, sizeof(*record));
	if (!record)
		return;
	read_ends_raw(&sk->__sk_common, &record->ends);
	record->ends.uid = BPF_CORE_READ(sk, sk_uid.val);
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	read_current_task(&record->owner);
	record->latency_ns = record->header.ts_ns - entered_ns;
	record->result = result;
	if (result < 0 && record->state == SW_TCP_CLOSE)
		read_destination(destination, &record->ends);
	record_submit_of(&record->ends, record);
}

/*
 * Mode T sees the call between the security modules, which may refuse it, and the end of the
 * protocol's part, whatever made it: io_uring, or a system call whose programs the kernel did not
 * run (Linux 7 does not while it has preempted one of its kind). What is told here is not told
 * again when the system call returns.
 */
static __always_inline bool is_of_caller(struct socket *socket, __u16 protocol)
{
	/* A subflow of MPTCP, connected within the call of its socket, has no file. */
	return socket->file && is_of_protocol(socket->sk, protocol);
}

static __always_inline int call_checked(struct socket *socket)
{
	struct connect_call call = { .entered_ns = bpf_ktime_get_ns(), .fd = -1 };
	struct connect_call *begun;

	if (!is_of_caller(socket, SW_PROTO_TCP))
		return 0;
	begun = current_call();
	if (begun)
		begun->entered_ns = call.entered_ns;
	else
		(void)begin_call(&call);
	return 0;
}

static __always_inline int call_answered(struct socket *socket, const void *address, int len,
					 int result)
{
	const struct destination destination = { .address = address, .len = len, .copied = true };
	struct connect_call *call;

	if (!is_of_caller(socket, SW_PROTO_TCP))
		return 0;
	call = current_call();
	if (!call)
		return 0;
	tell_result(socket->sk, call->entered_ns, result, &destination);
	call->entered_ns = 0;
	return 0;
}

SEC("fentry/security_socket_connect")
int BPF_PROG(on_connect_checked, struct socket *socket)
{
	return call_checked(socket);
}

SEC("fentry/security_socket_connect")
int BPF_PROG(on_connect_checked_again, struct socket *socket)
{
	return call_checked(socket);
}

SEC("fexit/security_socket_connect")
int BPF_PROG(on_connect_forbidden, struct socket *socket, void *address, int len, int result)
{
	return result < 0 ? call_answered(socket, address, len, result) : 0;
}

SEC("fexit/inet_stream_connect")
int BPF_PROG(on_connect_answered, struct socket *socket, void *address, int len, int flags,
	     int result)
{
	return call_answered(socket, address, len, result);
}

SEC("fexit/inet_stream_connect")
int BPF_PROG(on_connect_answered_again, struct socket *socket, void *address, int len, int flags,
	     int result)
{
	return call_answered(socket, address, len, result);
}

SEC("fexit/inet_dgram_connect")
int BPF_PROG(on_udp_connected, struct socket *socket, void *address, int len, int flags, int result)
{
	struct connect_call *call;

	if (result < 0 || !is_of_caller(socket, SW_PROTO_UDP))
		return 0;
	call = current_call();
	if (call)
		call->entered_ns = 0;
	udp_connected(socket->sk);
	return 0;
}

static __always_inline void socket_connected(const struct connect_call *call, struct file *file,
					     long result)
{
	const struct destination destination = { .address = (void *)call->address,
						 .len = call->address_len };
	struct sock *sk = tcp_socket_of_file(file);

	if (sk)
		tell_result(sk, call->entered_ns, result, &destination);
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
