/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks for those who watch: from the kernel's copies through the worker into the stream. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "source/live.h"

struct stack_watch;

#define STACK_FINISH_MS 3000 /* what is left at the end may take this long */

/* Before anything is attached. NULL after an explanation: then there are no stacks. */
struct stack_watch *stack_watch_new(void);
/* Attach, while we may. False after an explanation: then there are no stacks. */
bool stack_watch_attach(struct stack_watch *stacks, const struct live_options *options);
/* Start the thread, with what privileges are left then: it reads /proc/PID. As above. */
bool stack_watch_start(struct stack_watch *stacks);
/* Accepts NULL. */
void stack_watch_free(struct stack_watch *stacks);

/* Those that are done join the stream. 0 or -ENOMEM. Accepts NULL. */
int stack_watch_drain(struct stack_watch *stacks, struct live *live);
/* Are some on the way? Accepts NULL. */
bool stack_watch_is_busy(struct stack_watch *stacks);
/* Detach, and wait for those that are on the way. Accepts NULL. */
void stack_watch_finish(struct stack_watch *stacks);
/* Calls whose stack found no room, or was not ready at the end. Accepts NULL. */
uint64_t stack_watch_drops(const struct stack_watch *stacks);
