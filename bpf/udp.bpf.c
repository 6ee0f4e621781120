// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UDP sockets appear when they have a port, get and lose a peer, and go. No tracepoint shows that:
 * programs on the root of cgroup2 do, in both modes. They always return 1, so that they decide
 * nothing. Each record tells how the socket is now, and may repeat what is known.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sock.h"
#include "udp.h"

/* What a sock_addr program's context is to the kernel. */
struct bpf_sock_addr_kern {
	struct sock *sk;
} __attribute__((preserve_access_index));

/*
 * Who has connected it last owns it, else its first user, else who held it when we came: and is
 * told even if there is no room for a note.
 */
static __always_inline void own_first(struct udp_note *note, struct sw_task *to)
{
	if (note && note->owner.pid) {
		*to = note->owner;
		return;
	}
	read_current_task(to);
	if (note)
		note->owner = *to;
}

/* `sk` is the program's context, a socket. */
static __always_inline int bound(struct bpf_sock *sk)
{
	struct sw_task owner = {};
	struct udp_note *note;
	__u64 cookie;

	if (sk->protocol != SW_PROTO_UDP)
		return 1;
	cookie = bpf_get_socket_cookie(sk);
	note = udp_note_of(cookie);
	own_first(note, &owner);
	if (note)
		note->lport = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_num);
	tell_udp((struct sock *)sk, cookie, SW_RECORD_UDP, &owner);
	return 1;
}

SEC("cgroup/post_bind4")
int on_udp_bound_v4(struct bpf_sock *sk)
{
	return bound(sk);
}

SEC("cgroup/post_bind6")
int on_udp_bound_v6(struct bpf_sock *sk)
{
	return bound(sk);
}

/*
 * The first datagram of a socket without a port gives it one. Called for each sendto() with an
 * address; what was told already leaves at once.
 */
static __always_inline int sends(struct bpf_sock_addr *call)
{
	struct bpf_sock *sk = call->sk;
	struct sw_task owner = {};
	struct udp_note *note;
	__u64 cookie;

	if (!sk || call->protocol != SW_PROTO_UDP)
		return 1;
	cookie = bpf_get_socket_cookie(call);
	note = udp_note_of(cookie);
	if (note && note->lport == sk->src_port)
		return 1;
	if (note)
		note->lport = sk->src_port;
	own_first(note, &owner);
	tell_udp(BPF_CORE_READ((struct bpf_sock_addr_kern *)call, sk), cookie, SW_RECORD_UDP,
		 &owner);
	return 1;
}

SEC("cgroup/sendmsg4")
int on_udp_sends_v4(struct bpf_sock_addr *call)
{
	return sends(call);
}

SEC("cgroup/sendmsg6")
int on_udp_sends_v6(struct bpf_sock_addr *call)
{
	return sends(call);
}

/*
 * connect() is about to begin: what it did is told when it returns (connect.bpf.c), by a program
 * that cannot make a cookie.
 */
static __always_inline int connects_udp(struct bpf_sock_addr *call)
{
	struct udp_note *note;

	if (!call->sk || call->protocol != SW_PROTO_UDP)
		return 1;
	note = udp_note_of(bpf_get_socket_cookie(call));
	if (note)
		read_current_task(&note->owner);
	return 1;
}

SEC("cgroup/connect4")
int on_udp_connects_v4(struct bpf_sock_addr *call)
{
	return connects_udp(call);
}

SEC("cgroup/connect6")
int on_udp_connects_v6(struct bpf_sock_addr *call)
{
	return connects_udp(call);
}

/* The last descriptor was closed. Sockets of the kernel itself do not come here. */
SEC("cgroup/sock_release")
int on_udp_closed(struct bpf_sock *sk)
{
	struct udp_note *note;
	__u64 cookie;

	if (sk->protocol != SW_PROTO_UDP)
		return 1;
	/* Nobody has asked for its cookie, so no record was about it. */
	cookie = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_cookie.counter);
	if (!cookie)
		return 1;
	note = bpf_map_lookup_elem(&udp_notes, &cookie);
	if (note)
		udp_give_up_peers(cookie, note);
	bpf_map_delete_elem(&udp_notes, &cookie);
	tell_udp((struct sock *)sk, cookie, SW_RECORD_UDP_END, NULL);
	return 1;
}

/* Those that are there. */
SEC("iter/udp")
int show_udp_socket(struct bpf_iter__udp *ctx)
{
	struct udp_sock *udp = ctx->udp_sk;
	struct sw_state record = {};
	struct udp_note *note;
	struct sock *sk;

	/* UDP-Lite has tables of its own. */
	if (!udp)
		return 0;
	sk = &udp->inet.sk;
	record_header(&record.header, SW_RECORD_SOCKET, sizeof(record));
	read_ends(&sk->__sk_common, &record.ends);
	record.ends.cookie = bpf_get_socket_cookie(sk);
	record.ends.protocol = SW_PROTO_UDP;
	record.ends.uid = sk->sk_uid.val;
	record.new_state = sk->__sk_common.skc_state;
	note = bpf_map_lookup_elem(&udp_notes, &record.ends.cookie);
	if (note && note->owner.pid) {
		record.owner = note->owner;
		record.flags = SW_SOCKET_OWNED;
	}
	if (is_wanted_udp(&record.ends))
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
