/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers at a kprobe: <bpf/bpf_tracing.h> casts struct pt_regs to this type. */
#pragma once

struct user_pt_regs {
	unsigned long long regs[31];
	unsigned long long sp;
	unsigned long long pc;
} __attribute__((preserve_access_index));

struct pt_regs;
