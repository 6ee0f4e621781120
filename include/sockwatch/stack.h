/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of a thread's registers and user stack, on its way from the hook to the unwinder. It holds
 * whatever the program had there, secrets too: it never leaves our memory, nor goes to a recording.
 */
#pragma once

#include "sockwatch/record.h"

#define SW_STACK_BYTES (32 << 10)
#define SW_STACK_REGISTERS 33 /* the most that a machine has: arm64 */

enum sw_machine {
	SW_MACHINE_X86_64 = 1, /* 0-15 as in the psABI (DWARF), 16: the return address, rip */
	SW_MACHINE_ARM64 = 2,  /* x0-x30, 31: sp, 32: pc */
};

struct sw_stack_copy {
	struct sw_header header; /* of kind SW_RECORD_STACK */
	struct sw_endpoints ends;
	struct sw_task owner;
	__u64 registers[SW_STACK_REGISTERS]; /* by their DWARF numbers */
	__u64 stack_at;			     /* the address of the first byte: the stack pointer */
	__u32 bytes;			     /* of the stack that could be read */
	__u8 machine;			     /* enum sw_machine */
	__u8 call;			     /* enum sw_stack_call */
	__u8 io_worker;			     /* io_uring's thread has no user stack */
	__u8 pad;
	__u8 stack[SW_STACK_BYTES];
};

SW_ASSERT_SIZE(sw_stack_copy, 384 + SW_STACK_BYTES);
