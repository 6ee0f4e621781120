// SPDX-License-Identifier: GPL-2.0-or-later
/* Transitions of full sockets: inet_sock_set_state is their one source. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "again.h"
#include "call.h"
#include "emit.h"
#include "sock.h"

static __always_inline int keep_preimage(struct sock *sk)
{
	__u32 zero = 0;
	struct preimage *preimage = bpf_map_lookup_elem(&preimages, &zero);

	if (preimage) {
		preimage->lport = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
		preimage->sk = (__u64)sk;
	}
	return 0;
}

/* The state is still the old one, and a port that was chosen for us is still there. */
SEC("fentry/tcp_set_state")
int BPF_PROG(on_set_state, struct sock *sk)
{
	return keep_preimage(sk);
}

SEC("kprobe/tcp_set_state")
int BPF_KPROBE(on_set_state_kprobe, struct sock *sk)
{
	return keep_preimage(sk);
}

/*
 * The stash is this processor's last call of tcp_set_state(). A softirq may have put its own there
 * in between: then the addresses differ, and we do without.
 */
static __always_inline void take_preimage(struct sock *sk, struct sw_state *state)
{
	__u32 zero = 0;
	struct preimage *preimage = bpf_map_lookup_elem(&preimages, &zero);

	if (!preimage || preimage->sk != (__u64)sk)
		return;
	preimage->sk = 0;
	state->flags |= SW_SOCKET_PREIMAGE;
	if (!state->ends.lport)
		state->ends.lport = preimage->lport;
}

/* connect(2) sets no error for what it finds out itself, such as the lack of a port: it returns it.
 */
static __always_inline __u32 called_flag(struct sock *sk, int old_state)
{
	if (old_state != SW_TCP_SYN_SENT || sk->sk_err || !sk->sk_lock.owned)
		return 0;
	return current_call() ? SW_SOCKET_CALLED : 0;
}

static __always_inline int state_changed(struct sock *sk, int old_state, int new_state, __u32 flags)
{
	struct tcp_sock *tcp;
	struct sw_state *state;

	/*
	 * Up to 6.12 a new child shows its listener's identity here, and no peer. It will be known
	 * by its next transition, or when it is queued for accept().
	 */
	if (old_state == SW_TCP_LISTEN && new_state == SW_TCP_SYN_RECV &&
	    !sk->__sk_common.skc_dport)
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return 0;
	state = record_reserve(SW_RECORD_STATE, sizeof(*state));
	if (!state)
		return 0;
	read_full_ends(sk, tcp, &state->ends);
	read_counters(sk, tcp, &state->counters);
	read_traffic(sk, tcp, old_state, &state->traffic);
	state->old_state = old_state;
	state->new_state = new_state;
	state->error = sk->sk_err;
	state->flags = flags | SW_SOCKET_COUNTED | read_flags(sk);
	if (old_state == SW_TCP_CLOSE &&
	    (new_state == SW_TCP_SYN_SENT || new_state == SW_TCP_LISTEN))
		state->flags |= read_current_owner(&state->owner);
	/* Softirqs leave a locked socket alone, so its holder is the one who is running. */
	if (sk->sk_lock.owned) {
		state->flags |= SW_SOCKET_ACTED;
		read_current_actor(&state->actor);
	}
	if (new_state == SW_TCP_CLOSE)
		state->flags |= read_end_flags(sk, tcp) | called_flag(sk, old_state);
	take_preimage(sk, state);
	record_submit_of(&state->ends, state);
	return 0;
}

/* MPTCP's own sockets change state here too: their subflows are what ss shows. */
static __always_inline bool is_wanted(struct sock *sk, int old_state, int new_state)
{
	return sk->sk_protocol == SW_PROTO_TCP && old_state != new_state;
}

static __always_inline int transition(struct sock *sk, int old_state, int new_state, __u32 copy)
{
	__u64 states = (__u64)old_state << 32 | new_state;

	if (!is_wanted(sk, old_state, new_state) ||
	    handled_before(AGAIN_TRANSITION, copy, (__u64)sk, states))
		return 0;
	state_changed(sk, old_state, new_state, copy > 1 ? SW_SOCKET_AGAIN : 0);
	handled_set(AGAIN_TRANSITION, copy, (__u64)sk, states);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_changed, struct sock *sk, int old_state, int new_state)
{
	return transition(sk, old_state, new_state, 1);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_changed_again, struct sock *sk, int old_state, int new_state)
{
	return transition(sk, old_state, new_state, 2);
}

/* Where a system call can also be preempted in here by another one, two are not enough. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_changed_preempted, struct sock *sk, int old_state, int new_state)
{
	return transition(sk, old_state, new_state, 3);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_socket_destroyed, struct sock *sk)
{
	struct sw_socket *record;

	/* Nobody has asked for its cookie, so no record of ours was about it. */
	if (sk->sk_protocol != SW_PROTO_TCP || !sk->__sk_common.skc_cookie.counter)
		return 0;
	record = socket_reserve(sk, SW_RECORD_DESTROY);
	if (record)
		record_submit_of(&record->ends, record);
	return 0;
}
