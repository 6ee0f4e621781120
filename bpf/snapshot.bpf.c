// SPDX-License-Identifier: GPL-2.0-or-later
/* Iterators: the sockets, processes and holders that are there now, as records of the same kinds.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "process.h"
#include "sock.h"
#include "udp.h"

static __always_inline void read_mini(struct sock_common *common, struct sw_state *to)
{
	struct tcp_timewait_sock *timewait = bpf_skc_to_tcp_timewait_sock(common);

	to->flags = SW_SOCKET_MINI;
	to->new_state = timewait ? timewait->tw_sk.tw_substate : SW_TCP_NEW_SYN_RECV;
	read_ends(common, &to->ends);
	to->ends.cookie = bpf_get_socket_cookie(common);
}

SEC("iter/tcp")
int show_socket(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct sw_state record = {};
	struct tcp_sock *tcp;
	struct sock *sk;

	if (!common)
		return 0;
	record_header(&record.header, SW_RECORD_SOCKET, sizeof(record));
	tcp = bpf_skc_to_tcp_sock(common);
	if (tcp) {
		sk = &tcp->inet_conn.icsk_inet.sk;
		read_full_ends(sk, tcp, &record.ends);
		record.new_state = sk->__sk_common.skc_state;
		read_counters(sk, tcp, &record.counters);
		read_traffic(sk, tcp, record.new_state, &record.traffic);
		record.flags = SW_SOCKET_COUNTED | read_flags(sk);
	} else {
		read_mini(common, &record);
	}
	if (is_wanted_connection(&record.ends))
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

SEC("iter/task")
int show_process(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u32 key = SCRATCH_ITERATOR;
	struct process_scratch *scratch;

	/* A zombie has told its exit, or was dead before we came. */
	if (!task || task->pid != task->tgid || !BPF_CORE_READ(task, signal, live.counter))
		return 0;
	scratch = bpf_map_lookup_elem(&scratches, &key);
	if (scratch)
		bpf_seq_write(ctx->meta->seq, scratch, read_process(scratch, task, 0));
	return 0;
}

/* A UDP socket that was there before us is its first holder's, whoever uses it first from now on.
 */
static __always_inline void note_udp_holder(const struct sw_holder *holder)
{
	struct udp_note *note = udp_note_of(holder->cookie);

	if (note && !note->owner.pid)
		note->owner = holder->task;
}

/* Who has a socket open. */
SEC("iter/task_file")
int show_holder(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sw_holder record = {};
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || (sk->sk_protocol != SW_PROTO_TCP && sk->sk_protocol != SW_PROTO_UDP) ||
	    (sk->__sk_common.skc_family != SW_FAMILY_INET &&
	     sk->__sk_common.skc_family != SW_FAMILY_INET6))
		return 0;
	record_header(&record.header, SW_RECORD_HOLDER, sizeof(record));
	read_task(task, &record.task);
	record.cookie = bpf_get_socket_cookie(sk);
	record.fd = ctx->fd;
	record.state = sk->__sk_common.skc_state;
	if (sk->sk_protocol == SW_PROTO_UDP)
		note_udp_holder(&record);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
