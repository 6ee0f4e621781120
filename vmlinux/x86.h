/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers at a kprobe: the argument registers by the names that <bpf/bpf_tracing.h> uses. */
#pragma once

struct pt_regs {
	unsigned long di;
	unsigned long si;
} __attribute__((preserve_access_index));
