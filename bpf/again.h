/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs in several copies. The kernel does not run a program again that it has interrupted on
 * the same processor, so an event in a softirq, in the middle of a system call's event, would be
 * missed. Copies of the program run one behind the other, and a later one does what the earlier
 * ones could not. It may repeat an event, if an interrupt comes just before it looks: who reads the
 * records must bear that.
 */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

enum again { AGAIN_TRANSITION, AGAIN_REQUEST_END, AGAIN_TIMEWAIT, AGAIN_FORK, AGAIN_EXEC, AGAINS };

/* The last event of a kind that was dealt with on this processor. */
struct handled {
	__u64 object; /* 0: none */
	__u64 detail;
	__u32 copy; /* the last one that has seen it: so it was seen by all that come before */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AGAINS);
	__type(key, __u32);
	__type(value, struct handled);
} handled_events SEC(".maps");

/* Has an earlier copy dealt with it? True once for each copy; copy 1 has none before it. */
static __always_inline bool handled_before(enum again what, __u32 copy, __u64 object, __u64 detail)
{
	__u32 key = what;
	struct handled *handled;

	if (copy == 1)
		return false;
	handled = bpf_map_lookup_elem(&handled_events, &key);
	if (!handled || handled->object != object || handled->detail != detail ||
	    handled->copy >= copy)
		return false;
	handled->copy = copy;
	return true;
}

/* It is dealt with, which those behind need not do again. */
static __always_inline void handled_set(enum again what, __u32 copy, __u64 object, __u64 detail)
{
	__u32 key = what;
	struct handled *handled = bpf_map_lookup_elem(&handled_events, &key);

	if (!handled)
		return;
	handled->object = object;
	handled->detail = detail;
	handled->copy = copy;
}
