/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of user stacks from the kernel (bpf/stack.bpf.c), apart from the tracer: an object and a
 * ring of its own. One thread consumes; the others may ask, detach and close when it has ended.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/settings.h"
#include "sockwatch/stack.h"

struct stack_hooks;

#define STACK_RING_DEFAULT (8u << 20) /* 250 copies, for bursts: the reader comes at once */

struct stack_hooks_options {
	uint32_t ring_bytes; /* power of two and multiple of the page size */
	struct sw_wanted wanted;
	uint32_t root_pid; /* only of this process and its later descendants; 0: of all */
};

/* Load and attach. 0 or negative errno. */
int stack_hooks_open(const struct stack_hooks_options *options, struct stack_hooks **ret_hooks);
/* Accepts NULL. */
void stack_hooks_close(struct stack_hooks *hooks);
/* No new copies from here on; those that are there stay. */
void stack_hooks_detach(struct stack_hooks *hooks);

/* Does this kernel show us the sending of datagrams? */
bool stack_hooks_see_datagrams(const struct stack_hooks *hooks);

/* Readable when there are copies. */
int stack_hooks_fd(const struct stack_hooks *hooks);

/* Call `take` for each copy that is there. */
int stack_hooks_consume(struct stack_hooks *hooks,
			void (*take)(void *data, const struct sw_stack_copy *copy), void *data);

/* Copies that found no room. */
uint64_t stack_hooks_drops(const struct stack_hooks *hooks);
