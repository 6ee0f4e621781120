// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mode N: sock_ops on the root of cgroup2. The port that connect() has chosen, and a cookie for
 * each request socket while it is one, so that its child inherits it.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "emit.h"
#include "sock.h"

static __always_inline void port_chosen(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct tcp_sock *tcp;
	struct sw_socket *record;
	struct sock_common *common;

	if (!sk)
		return;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return;
	record = record_reserve(SW_RECORD_PORT, sizeof(*record));
	if (!record)
		return;
	common = &tcp->inet_conn.icsk_inet.sk.__sk_common;
	read_ends(common, &record->ends);
	record->ends.cookie = bpf_get_socket_cookie(ops);
	record->ends.lport = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	record->state = common->skc_state;
	record_submit_of(&record->ends, record);
}

/* Without the timer hooks this is the only sight of a request; its namespace cannot be read. */
static __always_inline void request_born(struct bpf_sock_ops *ops)
{
	__u64 cookie = bpf_get_socket_cookie(ops);
	struct sw_request *record;

	if (settings.request_timer)
		return;
	record = record_reserve(SW_RECORD_REQUEST, sizeof(*record));
	if (!record)
		return;
	record->ends.cookie = cookie;
	record->ends.protocol = SW_PROTO_TCP;
	record->ends.family = ops->family;
	record->ends.lport = ops->local_port;
	record->ends.rport = bpf_ntohl(ops->remote_port);
	if (ops->family == SW_FAMILY_INET) {
		*(__u32 *)record->ends.laddr = ops->local_ip4;
		*(__u32 *)record->ends.raddr = ops->remote_ip4;
	} else {
		((__u32 *)record->ends.laddr)[0] = ops->local_ip6[0];
		((__u32 *)record->ends.laddr)[1] = ops->local_ip6[1];
		((__u32 *)record->ends.laddr)[2] = ops->local_ip6[2];
		((__u32 *)record->ends.laddr)[3] = ops->local_ip6[3];
		((__u32 *)record->ends.raddr)[0] = ops->remote_ip6[0];
		((__u32 *)record->ends.raddr)[1] = ops->remote_ip6[1];
		((__u32 *)record->ends.raddr)[2] = ops->remote_ip6[2];
		((__u32 *)record->ends.raddr)[3] = ops->remote_ip6[3];
	}
	record_submit_of(&record->ends, record);
}

/* `reply` is left alone and 1 returned, so that other programs keep their say. */
SEC("sockops")
int on_socket_operation(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		port_chosen(ops);
	else if (ops->op == BPF_SOCK_OPS_TIMEOUT_INIT && !ops->is_fullsock &&
		 ops->state == SW_TCP_NEW_SYN_RECV)
		request_born(ops);
	return 1;
}
