// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Iterators over the TCP and UDP sockets of a network namespace: rows with what inet_diag shows.
 *
 * A light skeleton relocates in the kernel, which searches all of its BTF for each type that is
 * named: a quarter of a millisecond. So the programs take their arguments by position (BPF_PROG)
 * and not out of a struct bpf_iter__*, whose layout is fixed anyway.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "flavors.h"
#include "sock_fields.h"

/* enum values of include/net/inet_connection_sock.h: which timer is running. */
#define ICSK_TIME_RETRANS 1
#define ICSK_TIME_PROBE0 3
#define ICSK_TIME_LOSS_PROBE 5
#define ICSK_TIME_REO_TIMEOUT 6

#define NSEC_PER_MSEC 1000000

/* Members of structs that have no name of their own, which vmlinux/ cannot list. */
struct inet_sock___queues {
	struct {
		struct {
			atomic_t rmem_alloc;
		} sk_backlog;
		struct {
			atomic_t refs;
		} sk_wmem_alloc;
	} sk;
} __attribute__((preserve_access_index));

/* Set by the loader. */
const volatile __u64 tick_ns = 0; /* a jiffy */
const volatile __u8 skip_ipv4 = 0;
const volatile __u8 skip_ipv6 = 0;

static __always_inline void row_header(struct sw_header *header, __u16 kind, __u32 size)
{
	header->size = size;
	header->kind = kind;
}

static __always_inline bool family_is_skipped(__u16 family)
{
	return family == SW_FAMILY_INET ? skip_ipv4 : skip_ipv6;
}

static __always_inline void set_timer(struct sw_row *row, __u8 timer, unsigned long expires)
{
	__s64 ticks = (__s64)(expires - bpf_jiffies64());

	row->timer = timer;
	row->timer_ms = ticks > 0 ? ticks * tick_ns / NSEC_PER_MSEC : 0;
}

/* inet_sk_diag_fill() in net/ipv4/inet_diag.c */
static __always_inline void read_timer(struct tcp_sock *tcp, struct sw_row *row)
{
	struct inet_connection_sock *icsk = &tcp->inet_conn;
	unsigned long keepalive;

	switch (icsk->icsk_pending) {
	case ICSK_TIME_RETRANS:
	case ICSK_TIME_LOSS_PROBE:
	case ICSK_TIME_REO_TIMEOUT:
		set_timer(row, SW_TIMER_RETRANSMIT, retransmit_expires(tcp));
		row->retransmits = icsk->icsk_retransmits;
		return;
	case ICSK_TIME_PROBE0:
		set_timer(row, SW_TIMER_PROBE, retransmit_expires(tcp));
		row->retransmits = icsk->icsk_probes_out;
		return;
	default:
		keepalive = keepalive_expires(tcp);
		if (keepalive) {
			set_timer(row, SW_TIMER_KEEPALIVE, keepalive);
			row->retransmits = icsk->icsk_probes_out;
		}
	}
}

/* tcp_diag_get_info() in net/ipv4/tcp_diag.c */
static __always_inline void read_queues(struct sock *sk, struct tcp_sock *tcp, struct sw_row *row)
{
	if (row->state == SW_TCP_LISTEN) {
		row->recv_q = SK(sk)->sk_ack_backlog;
		row->send_q = SK(sk)->sk_max_ack_backlog;
		return;
	}
	/* The peer's FIN counts in copied_seq before it does in rcv_nxt. */
	if ((__s32)(tcp->rcv_nxt - tcp->copied_seq) > 0)
		row->recv_q = tcp->rcv_nxt - tcp->copied_seq;
	row->send_q = tcp->write_seq - tcp->snd_una;
}

/*
 * A struct socket is made in one piece with its inode. Probe reads: for each typed load of a
 * pointer the verifier searches all of the kernel's BTF by name, a millisecond or so, which is more
 * than most snapshots take.
 */
static __always_inline void set_file(struct sock *sk, struct sw_row *row)
{
	struct socket_alloc *alloc = (void *)BPF_CORE_READ((struct inet_sock *)sk, sk.sk_socket);

	row->socket = (__u64)alloc;
	if (alloc)
		row->inode = BPF_CORE_READ(alloc, vfs_inode.i_ino);
}

static __always_inline void read_full(struct tcp_sock *tcp, struct sw_row *row)
{
	struct sock *sk = &tcp->inet_conn.icsk_inet.sk;

	read_tuple(&SK(sk)->__sk_common, &row->ends);
	row->ends.cookie = bpf_get_socket_cookie(sk);
	row->ends.uid = SK(sk)->sk_uid.val;
	row->state = SK(sk)->__sk_common.skc_state;
	row->flags = SW_SOCKET_COUNTED | read_flags(sk);
	read_counters(sk, tcp, &row->counters);
	read_traffic(sk, tcp, row->state, &row->traffic);
	set_file(sk, row);
	read_queues(sk, tcp, row);
	read_timer(tcp, row);
}

static __always_inline void read_mini(struct sock_common *common, struct sw_row *row)
{
	struct tcp_timewait_sock *timewait = bpf_skc_to_tcp_timewait_sock(common);
	struct tcp_request_sock *request;

	row->flags = SW_SOCKET_MINI;
	read_tuple(common, &row->ends);
	row->ends.cookie = bpf_get_socket_cookie(common);
	if (timewait) {
		row->state = timewait->tw_sk.tw_substate;
		set_timer(row, SW_TIMER_TIMEWAIT, timewait->tw_sk.tw_timer.expires);
		return;
	}
	row->state = SW_TCP_NEW_SYN_RECV;
	request = bpf_skc_to_tcp_request_sock(common);
	if (request) {
		set_timer(row, SW_TIMER_RETRANSMIT, request->req.req.rsk_timer.expires);
		row->retransmits = request->req.req.num_retrans;
	}
}

SEC("iter/tcp")
int BPF_PROG(show_tcp, struct bpf_iter_meta *meta, struct sock_common *common)
{
	struct sw_row row = {};
	struct tcp_sock *tcp;

	if (!common || family_is_skipped(common->skc_family))
		return 0;
	row_header(&row.header, SW_RECORD_ROW, sizeof(row));
	tcp = bpf_skc_to_tcp_sock(common);
	if (tcp)
		read_full(tcp, &row);
	else
		read_mini(common, &row);
	bpf_seq_write(meta->seq, &row, sizeof(row));
	return 0;
}

/* Bytes that wait to be read, with the kernel's overhead, as /proc and ss show them. */
static __always_inline __u32 receive_memory(struct sock *sk)
{
	return ((struct inet_sock___queues *)sk)->sk.sk_backlog.rmem_alloc.counter;
}

/* One is the socket's own reference. */
static __always_inline __u32 send_memory(struct sock *sk)
{
	return ((struct inet_sock___queues *)sk)->sk.sk_wmem_alloc.refs.counter - 1;
}

SEC("iter/udp")
int BPF_PROG(show_udp, struct bpf_iter_meta *meta, struct udp_sock *udp)
{
	struct sw_row row = {};
	struct sock *sk;

	if (!udp)
		return 0;
	sk = &udp->inet.sk;
	if (family_is_skipped(SK(sk)->__sk_common.skc_family))
		return 0;
	row_header(&row.header, SW_RECORD_ROW, sizeof(row));
	read_tuple(&SK(sk)->__sk_common, &row.ends);
	row.ends.protocol = SW_PROTO_UDP;
	row.ends.cookie = bpf_get_socket_cookie(sk);
	row.ends.uid = SK(sk)->sk_uid.val;
	row.state = SK(sk)->__sk_common.skc_state;
	set_file(sk, &row);
	/* udp_rqueue_get(): what was read already, but not given back yet, does not count. */
	row.recv_q = receive_memory(sk) - udp->forward_deficit;
	row.send_q = send_memory(sk);
	bpf_seq_write(meta->seq, &row, sizeof(row));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
