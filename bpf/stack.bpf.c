// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies of the user stack where a connection, a listener or a UDP socket's traffic begins. An
 * object of its own with a ring of its own, loaded only if somebody asks: it can cost the tracer
 * no record. Tied to the socket by its cookie, since the hooks are where the socket is at hand,
 * in the context of the caller: TCP Fast Open and io_uring come by as well.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "header.h"
#include "registers.h"
#include "sock_fields.h"
#include "sockwatch/settings.h"
#include "task.h"

#define PF_IO_WORKER 0x00000010 /* include/linux/sched.h */
#define PAGE 4096

/* The loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} stacks SEC(".maps");

/* Calls that are not copied for want of room or budget; read in our memory, without bpf(2). */
__u64 dropped = 0;

/*
 * UDP sockets whose first datagram we have seen, by cookie. One that was pushed out is told again,
 * which harms nobody; the socket's own storage takes cmpxchg16b since Linux 7.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} senders SEC(".maps");

const volatile struct sw_wanted wanted = {};

/* The process tree that is wanted, if not all are: the loader puts its root there. */
const volatile bool only_tree = false;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} tree SEC(".maps");

/*
 * The budget: beyond so many in a second none is copied, so that a busy server pays for its count
 * and no more. Two processors may overdraw it by one.
 */
const volatile __u32 copies_per_second = 2000;
__u64 second_ns = 0;
__u64 copies = 0;

static __always_inline bool is_wanted_socket(const struct sw_endpoints *ends)
{
	return (!wanted.netns || ends->netns == wanted.netns) &&
	       (!wanted.family || ends->family == wanted.family) &&
	       (!wanted.rport || !ends->rport || ends->rport == wanted.rport);
}

/*
 * A page is there as a whole or not at all, so the parts end with one. What was never touched or
 * is swapped out ends the copy; faults cannot be served here.
 */
static __always_inline void copy_stack(struct sw_stack_copy *copy)
{
	__u32 first = PAGE - (copy->stack_at & (PAGE - 1));

	if (bpf_probe_read_user(copy->stack, first, (void *)copy->stack_at) < 0)
		return;
	copy->bytes = first;
	for (int i = 0; i < SW_STACK_BYTES / PAGE - 1; i++) {
		if (bpf_probe_read_user(copy->stack + first + i * PAGE, PAGE,
					(void *)(copy->stack_at + first + i * PAGE)) < 0)
			return;
		copy->bytes += PAGE;
	}
}

static __always_inline void count_drop(void)
{
	__sync_fetch_and_add(&dropped, 1);
}

static __always_inline bool is_in_tree(const struct task_struct *task)
{
	__u32 pid = task->tgid;

	return !only_tree || bpf_map_lookup_elem(&tree, &pid);
}

static __always_inline bool is_affordable(void)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (now_ns - second_ns > 1000000000) {
		second_ns = now_ns;
		copies = 0;
	}
	return __sync_fetch_and_add(&copies, 1) < copies_per_second;
}

static __always_inline void read_socket_ends(struct sock *sk, struct sw_endpoints *ends)
{
	read_ends(&sk->__sk_common, ends);
	ends->cookie = bpf_get_socket_cookie(sk);
	ends->protocol = sk->sk_protocol;
	ends->uid = sk->sk_uid.val;
}

static __always_inline int take_stack(struct sock *sk, __u8 call)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct sw_endpoints ends = {};
	struct sw_stack_copy *copy;

	if (task->flags & PF_KTHREAD || !is_in_tree(task))
		return 0;
	read_socket_ends(sk, &ends);
	if (!is_wanted_socket(&ends))
		return 0;
	copy = is_affordable() ? bpf_ringbuf_reserve(&stacks, sizeof(*copy), 0) : NULL;
	if (!copy) {
		count_drop();
		return 0;
	}
	__builtin_memset(copy, 0, __builtin_offsetof(struct sw_stack_copy, stack));
	record_header(&copy->header, SW_RECORD_STACK, sizeof(*copy));
	copy->ends = ends;
	read_current_task(&copy->owner);
	copy->call = call;
	copy->io_worker = !!(task->flags & PF_IO_WORKER);
	read_registers((void *)bpf_task_pt_regs(task), copy);
	if (!copy->io_worker)
		copy_stack(copy);
	/* At once: the process may be gone in a moment, and with it the map of its memory. */
	bpf_ringbuf_submit(copy, BPF_RB_FORCE_WAKEUP);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_stack_of_state, struct sock *sk, int old_state, int new_state)
{
	if (sk->sk_protocol != SW_PROTO_TCP || old_state != SW_TCP_CLOSE)
		return 0;
	if (new_state == SW_TCP_SYN_SENT)
		return take_stack(sk, SW_CALL_CONNECT);
	if (new_state == SW_TCP_LISTEN)
		return take_stack(sk, SW_CALL_LISTEN);
	return 0;
}

static __always_inline int datagram_sent(struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie(sk);
	__u8 seen = 1;

	if (bpf_map_lookup_elem(&senders, &cookie))
		return 0;
	bpf_map_update_elem(&senders, &cookie, &seen, BPF_ANY);
	return take_stack(sk, SW_CALL_SEND);
}

/* After the call, when the socket has a port. Before Linux 6.3, which has a tracepoint there. */
SEC("fexit/udp_sendmsg")
int BPF_PROG(on_datagram_v4, struct sock *sk)
{
	return datagram_sent(sk);
}

SEC("fexit/udpv6_sendmsg")
int BPF_PROG(on_datagram_v6, struct sock *sk)
{
	/* Of a v4-mapped one udp_sendmsg() has told, and the note keeps it from being told twice.
	 */
	return datagram_sent(sk);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_sent, struct sock *sk)
{
	if (sk->sk_protocol != SW_PROTO_UDP)
		return 0;
	switch (sk->__sk_common.skc_family) {
	case SW_FAMILY_INET:
	case SW_FAMILY_INET6:
		return datagram_sent(sk);
	default:
		return 0; /* another family's protocol 17 */
	}
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_tree_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = child->tgid;
	__u8 member = 1;

	if (is_in_tree(parent))
		bpf_map_update_elem(&tree, &pid, &member, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_tree_exit, struct task_struct *task)
{
	__u32 pid = task->tgid;

	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&tree, &pid);
	return 0;
}

/* "GPL" is what the kernel compares with to allow its helpers; the SPDX line says the rest. */
char LICENSE[] SEC("license") = "GPL";
