/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connect(2) in which a thread is. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "emit.h"
#include "maps.h"

/* False: there is no room, and its result will not be told. */
static __always_inline bool begin_call(struct connect_call *call)
{
	__u32 thread = bpf_get_current_pid_tgid();
	struct connect_call *kept;

	kept = bpf_task_storage_get(&connects, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (kept)
		*kept = *call;
	return kept || !bpf_map_update_elem(&connects_elsewhere, &thread, call, BPF_ANY);
}

/* NULL: the current thread is in none. To end it, set its `entered_ns` to 0. */
static __always_inline struct connect_call *current_call(void)
{
	__u32 thread = bpf_get_current_pid_tgid();
	struct connect_call *call;

	call = bpf_task_storage_get(&connects, bpf_get_current_task_btf(), NULL, 0);
	if (!call)
		call = bpf_map_lookup_elem(&connects_elsewhere, &thread);
	return call && call->entered_ns ? call : NULL;
}
