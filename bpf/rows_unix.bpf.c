// SPDX-License-Identifier: GPL-2.0-or-later
/* Iterator over the AF_UNIX sockets of a network namespace: rows with what unix_diag shows. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "rows.h"
#include "sockwatch/tcp_state.h"

#define SOCK_STREAM 1 /* include/linux/net.h */
#define SOCK_SEQPACKET 5

/* Messages of a queue that are added up; ss shows the sum of all, which nobody can wait for. */
#define QUEUE_STEPS 1024

struct queue_walk {
	struct sk_buff *skb;
	struct sk_buff *end;
	__u32 bytes;
	bool first_only;
};

static long add_message(__u32 step, struct queue_walk *walk)
{
	struct sk_buff *skb = walk->skb;
	struct unix_skb_parms *parms = (void *)skb + bpf_core_field_offset(skb->cb);

	if (!skb || skb == walk->end)
		return 1;
	walk->bytes += BPF_CORE_READ(skb, len);
	if (walk->first_only)
		return 1;
	walk->bytes -= BPF_CORE_READ(parms, consumed);
	walk->skb = BPF_CORE_READ(skb, next);
	return 0;
}

/* unix_inq_len(): what is left of a stream; of datagrams the size of the next one. */
static __always_inline __u32 receive_bytes(struct sock *sk)
{
	struct queue_walk walk = {
		.end = (void *)&sk->sk_receive_queue,
		.skb = BPF_CORE_READ(sk, sk_receive_queue.next),
		.first_only = sk->sk_type != SOCK_STREAM && sk->sk_type != SOCK_SEQPACKET,
	};

	bpf_loop(QUEUE_STEPS, add_message, &walk, 0);
	return walk.bytes;
}

/* sk_diag_show_rqlen() in net/unix/diag.c */
static __always_inline void read_queues(struct sock *sk, struct sw_unix *row)
{
	if (row->state == SW_TCP_LISTEN) {
		row->recv_q = sk->sk_receive_queue.qlen;
		row->send_q = sk->sk_max_ack_backlog;
		return;
	}
	row->recv_q = receive_bytes(sk);
	row->send_q = send_memory(sk);
}

static __always_inline void read_path(struct unix_sock *unix_sk, struct sw_unix *row)
{
	struct unix_address *address = BPF_CORE_READ(unix_sk, addr);
	__s64 len; /* 64 bits, or the verifier sees another register tested than the one used */

	if (!address)
		return;
	len = BPF_CORE_READ(address, len);
	len -= (__s64)bpf_core_field_offset(struct sockaddr_un, sun_path);
	if (len < 0 || len > SW_UNIX_PATH_LEN)
		return;
	bpf_core_read(row->path, len, &address->name[0].sun_path);
	row->path_len = len;
}

SEC("iter/unix")
int BPF_PROG(show_unix, struct bpf_iter_meta *meta, struct unix_sock *unix_sk)
{
	struct sw_unix row = {};
	struct sock *sk, *peer;

	if (!unix_sk)
		return 0;
	sk = &unix_sk->sk;
	row.inode = inode_of(sk);
	/* Waits for accept(), and counts among what its listener has to read: as unix_diag. */
	if (!row.inode)
		return 0;
	row_header(&row.header, SW_RECORD_UNIX, sizeof(row));
	row.cookie = bpf_get_socket_cookie(sk);
	peer = BPF_CORE_READ(unix_sk, peer);
	if (peer)
		row.peer_inode = inode_of(peer);
	row.uid = sk->sk_uid.val;
	row.type = sk->sk_type;
	row.state = sk->__sk_common.skc_state;
	read_queues(sk, &row);
	read_path(unix_sk, &row);
	bpf_seq_write(meta->seq, &row, sizeof(row));
	return 0;
}

/* What the kernel compares with to allow its helpers. */
char LICENSE[] SEC("license") = "GPL";
