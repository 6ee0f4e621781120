/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread's user registers, in the order of their DWARF numbers. All that differs by machine. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "sockwatch/stack.h"

#if defined(__TARGET_ARCH_x86)

static __always_inline void read_registers(void *from, struct sw_stack_copy *to)
{
	struct pt_regs *regs = from;
	__u64 *out = to->registers;

	/* System V psABI, figure 3.36; the system call has overwritten rcx and r11. */
	out[0] = BPF_CORE_READ(regs, ax);
	out[1] = BPF_CORE_READ(regs, dx);
	out[2] = BPF_CORE_READ(regs, cx);
	out[3] = BPF_CORE_READ(regs, bx);
	out[4] = BPF_CORE_READ(regs, si);
	out[5] = BPF_CORE_READ(regs, di);
	out[6] = BPF_CORE_READ(regs, bp);
	out[7] = BPF_CORE_READ(regs, sp);
	out[8] = BPF_CORE_READ(regs, r8);
	out[9] = BPF_CORE_READ(regs, r9);
	out[10] = BPF_CORE_READ(regs, r10);
	out[11] = BPF_CORE_READ(regs, r11);
	out[12] = BPF_CORE_READ(regs, r12);
	out[13] = BPF_CORE_READ(regs, r13);
	out[14] = BPF_CORE_READ(regs, r14);
	out[15] = BPF_CORE_READ(regs, r15);
	out[16] = BPF_CORE_READ(regs, ip);
	to->machine = SW_MACHINE_X86_64;
	to->stack_at = out[7];
}

#else

static __always_inline void read_registers(void *from, struct sw_stack_copy *to)
{
	struct user_pt_regs *regs = from;

	/* The fields follow one another as the numbers do (AArch64 DWARF ABI, 4.1). */
	bpf_core_read(to->registers, sizeof(regs->regs), &regs->regs);
	to->registers[31] = BPF_CORE_READ(regs, sp);
	to->registers[32] = BPF_CORE_READ(regs, pc);
	to->machine = SW_MACHINE_ARM64;
	to->stack_at = to->registers[31];
}

#endif
