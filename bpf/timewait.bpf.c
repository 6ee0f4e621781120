// SPDX-License-Identifier: GPL-2.0-or-later
/* Time-wait sockets, mode T: entry, the late FIN, the end. (Mode N: timer.bpf.c.) */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "again.h"
#include "emit.h"
#include "refusal.h"
#include "sock.h"

static __always_inline int timewait_record(struct inet_timewait_sock *timewait, __u16 kind)
{
	struct sw_timewait *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return 0;
	read_ends(&timewait->__tw_common, &record->ends);
	record->ends.cookie = bpf_get_socket_cookie(timewait);
	record->substate = timewait->tw_substate;
	record->final = 1;
	record->early = kind == SW_RECORD_TIMEWAIT_END && has_time_left(&timewait->tw_timer);
	record_submit_of(&record->ends, record);
	return 0;
}

/* Since 6.11 close(2) gets here with softirqs enabled. */
static __always_inline int timewait_entered(struct inet_timewait_sock *timewait, __u32 copy)
{
	if (handled_before(AGAIN_TIMEWAIT, copy, (__u64)timewait, 0))
		return 0;
	timewait_record(timewait, SW_RECORD_TIMEWAIT);
	handled_set(AGAIN_TIMEWAIT, copy, (__u64)timewait, 0);
	return 0;
}

/* fentry, not fexit: the kernel may not touch the socket any more afterwards, nor may we. */
SEC("fentry/inet_twsk_hashdance_schedule")
int BPF_PROG(on_timewait_entered, struct inet_timewait_sock *timewait)
{
	return timewait_entered(timewait, 1);
}

SEC("fentry/inet_twsk_hashdance_schedule")
int BPF_PROG(on_timewait_entered_again, struct inet_timewait_sock *timewait)
{
	return timewait_entered(timewait, 2);
}

/* Its name before 6.11. */
SEC("fentry/inet_twsk_hashdance")
int BPF_PROG(on_timewait_entered_6_1, struct inet_timewait_sock *timewait)
{
	return timewait_record(timewait, SW_RECORD_TIMEWAIT);
}

SEC("fentry/__inet_twsk_schedule")
int BPF_PROG(on_timewait_scheduled, struct inet_timewait_sock *timewait, int timeout, bool rearm)
{
	return rearm ? timewait_record(timewait, SW_RECORD_TIMEWAIT) : 0;
}

SEC("fentry/inet_twsk_kill")
int BPF_PROG(on_timewait_ended, struct inet_timewait_sock *timewait)
{
	return timewait_record(timewait, SW_RECORD_TIMEWAIT_END);
}
