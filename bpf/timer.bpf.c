// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Request and time-wait sockets, mode N: both live exactly as long as a timer of theirs, and the
 * timer tracepoints need no trampoline. Which timers are meant, the loader tells by the address of
 * their function.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "refusal.h"
#include "sock.h"

static __always_inline struct inet_timewait_sock *timewait_of(struct timer_list *timer)
{
	return (void *)timer - bpf_core_field_offset(struct inet_timewait_sock, tw_timer);
}

static __always_inline struct request_sock *request_of(struct timer_list *timer)
{
	return (void *)timer - bpf_core_field_offset(struct request_sock, rsk_timer);
}

static __always_inline int timer_timewait(struct inet_timewait_sock *timewait, __u16 kind,
					  bool final)
{
	struct sw_timewait *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return 0;
	read_ends_raw(&timewait->__tw_common, &record->ends);
	record->substate = BPF_CORE_READ(timewait, tw_substate);
	record->final = final;
	record->early = kind == SW_RECORD_TIMEWAIT_END && has_time_left(&timewait->tw_timer);
	record_submit_of(&record->ends, record);
	return 0;
}

static __always_inline void read_request(struct request_sock *request, struct sw_request *to)
{
	struct sock *listener = BPF_CORE_READ(request, __req_common.skc_listener);

	read_ends_raw(&request->__req_common, &to->ends);
	if (listener)
		to->listener_cookie = BPF_CORE_READ(listener, __sk_common.skc_cookie.counter);
}

static __always_inline int timer_request(struct request_sock *request, __u16 kind)
{
	struct sw_request *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return 0;
	read_request(request, record);
	record->reset_sent = kind == SW_RECORD_REQUEST_END && refused_now(request);
	record_submit_of(&record->ends, record);
	return 0;
}

/* A re-armed timer is not the end of its request after all. */
static __always_inline void forget_expiry(struct request_sock *request)
{
	__u32 zero = 0;
	struct sw_request *expiry = bpf_map_lookup_elem(&expiries, &zero);

	if (expiry &&
	    expiry->ends.cookie == (__u64)BPF_CORE_READ(request, __req_common.skc_cookie.counter))
		expiry->ends.cookie = 0;
}

SEC("tp_btf/timer_start")
int BPF_PROG(on_timer_start, struct timer_list *timer)
{
	__u64 function = (__u64)timer->function;

	if (function == settings.timewait_timer)
		return timer_timewait(timewait_of(timer), SW_RECORD_TIMEWAIT, true);
	if (function != settings.request_timer)
		return 0;
	forget_expiry(request_of(timer));
	return timer_request(request_of(timer), SW_RECORD_REQUEST);
}

/*
 * Also when a pending timer is only moved, and when it runs out: then timer_start or
 * timer_expire_entry follows at once, on this processor.
 */
SEC("tp_btf/timer_cancel")
int BPF_PROG(on_timer_cancel, struct timer_list *timer)
{
	__u64 function = (__u64)timer->function;

	if (function == settings.timewait_timer)
		return timer_timewait(timewait_of(timer), SW_RECORD_TIMEWAIT_END, false);
	if (function == settings.request_timer)
		return timer_request(request_of(timer), SW_RECORD_REQUEST_END);
	return 0;
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(on_timer_expire, struct timer_list *timer)
{
	__u64 function = (__u64)timer->function;
	struct sw_request *expiry;
	__u32 zero = 0;

	if (function == settings.timewait_timer)
		return timer_timewait(timewait_of(timer), SW_RECORD_TIMEWAIT_END, true);
	if (function != settings.request_timer)
		return 0;
	/* Its handler sends SYN-ACK again and re-arms the timer, or frees the request. */
	expiry = bpf_map_lookup_elem(&expiries, &zero);
	if (expiry)
		read_request(request_of(timer), expiry);
	return 0;
}

SEC("tp_btf/timer_expire_exit")
int BPF_PROG(on_timer_expired)
{
	struct sw_request *expiry, *record;
	__u32 zero = 0;

	expiry = bpf_map_lookup_elem(&expiries, &zero);
	if (!expiry || !expiry->ends.cookie)
		return 0;
	record = record_reserve(SW_RECORD_REQUEST_END, sizeof(*record));
	if (record) {
		record->ends = expiry->ends;
		record->listener_cookie = expiry->listener_cookie;
		record->expired = 1;
		record->final = 1;
		record_submit_of(&record->ends, record);
	}
	expiry->ends.cookie = 0;
	return 0;
}

/*
 * A time-wait socket drops each segment that it has dealt with, the FIN that moves it from
 * FIN_WAIT2 to TIME_WAIT among them. (Its timer shows that only if it moves to another bucket of
 * the timer wheel.) The RST that ends the socket is another: so this tells of no timer. The
 * receiving socket is an argument since 6.11.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(on_segment_dropped, struct sk_buff *skb, void *location, int reason,
	     struct sock *receiver)
{
	if (!receiver || receiver->__sk_common.skc_state != SW_TCP_TIME_WAIT)
		return 0;
	return timer_timewait((struct inet_timewait_sock *)receiver, SW_RECORD_TIMEWAIT, false);
}
