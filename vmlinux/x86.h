/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers at a kprobe, by the names that <bpf/bpf_tracing.h> uses, and at the entry of a system
 * call (bpf/registers.h).
 */
#pragma once

struct pt_regs {
	unsigned long r15, r14, r13, r12;
	unsigned long bp, bx;
	unsigned long r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di;
	unsigned long ip, sp;
} __attribute__((preserve_access_index));
