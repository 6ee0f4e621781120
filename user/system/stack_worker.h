/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwinds stacks beside the tracer. A thread takes the copies as they come, and reads at once what
 * the process executes; a process without privilege (stack_child.h) does the rest. Nobody waits
 * for either: what is too much, too late or too strange becomes a stack without frames that says
 * why.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sockwatch/stack.h"

struct stack_worker;

typedef void (*stack_take)(void *data, const struct sw_stack_copy *copy);

/* Where copies come from. Called by the thread only. */
struct stack_source {
	int fd; /* readable when there are some */
	void (*consume)(void *data, stack_take take, void *take_data);
	void *data;
};

/* Starts the process: do it early, before there is much to inherit. 0 or negative errno. */
int stack_worker_new(struct stack_worker **ret_worker);
/* Starts the thread. `source` is copied; its data must outlive the worker. 0 or negative errno. */
int stack_worker_start(struct stack_worker *worker, const struct stack_source *source);
/*
 * Accepts NULL. False: the thread hangs in a system call, on a file system that does not answer,
 * and keeps the source.
 */
bool stack_worker_free(struct stack_worker *worker);

/* The next stack that is done, to be freed; NULL: none is. */
struct sw_stack *stack_worker_take(struct stack_worker *worker);
/* How many stacks are on the way, or wait to be taken. */
unsigned int stack_worker_count_open(struct stack_worker *worker);

/* The source gives no more: let the thread do what is left. True: all is done in that time. */
bool stack_worker_finish(struct stack_worker *worker, unsigned int timeout_ms);

/* What this build can do. Without unwinding a stack is the module and address of the call only. */
bool stack_worker_unwinds(void);
bool stack_worker_demangles(void);
