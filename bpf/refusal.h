/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mini sockets that end before their time, and why. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "maps.h"

/* Its timer, pending or just stopped, would have had more time. */
static __always_inline bool has_time_left(struct timer_list *timer)
{
	return (__s64)(BPF_CORE_READ(timer, expires) - bpf_jiffies64()) > 0;
}

/*
 * The kernel sends the reset, then drops the request, in one go (tcp_check_req): so the last
 * refusal on this processor is about this request, if the listener and the peer's port are the
 * same.
 */
static __always_inline bool refused_now(struct request_sock *request)
{
	__u32 zero = 0;
	struct refusal *refusal = bpf_map_lookup_elem(&refusals, &zero);

	if (!refusal || !refusal->listener ||
	    refusal->listener != (__u64)BPF_CORE_READ(request, __req_common.skc_listener) ||
	    refusal->port_be != BPF_CORE_READ(request, __req_common.skc_dport))
		return false;
	refusal->listener = 0;
	return true;
}
