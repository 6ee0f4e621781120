/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each record begins, wherever it goes. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "sockwatch/record.h"

static __always_inline void record_header(struct sw_header *header, __u16 kind, __u32 size)
{
	header->ts_ns = bpf_ktime_get_ns();
	header->size = size;
	header->kind = kind;
	header->cpu = bpf_get_smp_processor_id();
}
