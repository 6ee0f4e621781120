// SPDX-License-Identifier: GPL-2.0-or-later
/* Brings together what must not know each other: the source of copies and who unwinds them. */
#include "cli/stack_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "source/stack_hooks.h"
#include "system/stack_worker.h"

struct stack_watch {
	struct stack_worker *worker;
	struct stack_hooks *hooks;
	uint64_t abandoned; /* were still on the way at the end */
};

struct stack_watch *stack_watch_new(void)
{
	struct stack_watch *stacks = calloc(1, sizeof(*stacks));
	int r = stacks ? stack_worker_new(&stacks->worker) : -ENOMEM;

	if (r == 0)
		return stacks;
	log_error("no stacks: cannot start the unwinder: %s", strerror(-r));
	free(stacks);
	return NULL;
}

static void consume(void *data, stack_take take, void *take_data)
{
	(void)stack_hooks_consume(data, take, take_data);
}

bool stack_watch_attach(struct stack_watch *stacks, const struct live_options *options)
{
	const struct stack_hooks_options wanted = { .ring_bytes = STACK_RING_DEFAULT,
						    .wanted = options->wanted,
						    .root_pid = options->stacks_of };
	int r = stack_hooks_open(&wanted, &stacks->hooks);

	if (r < 0)
		log_error("no stacks: %s", strerror(-r));
	return r == 0;
}

bool stack_watch_start(struct stack_watch *stacks)
{
	const struct stack_source source = { .fd = stack_hooks_fd(stacks->hooks),
					     .consume = consume,
					     .data = stacks->hooks };
	int r = stack_worker_start(stacks->worker, &source);

	if (r < 0)
		log_error("no stacks: %s", strerror(-r));
	return r == 0;
}

void stack_watch_free(struct stack_watch *stacks)
{
	if (!stacks)
		return;
	if (stack_worker_free(stacks->worker))
		stack_hooks_close(stacks->hooks);
	free(stacks);
}

int stack_watch_drain(struct stack_watch *stacks, struct live *live)
{
	struct sw_stack *stack;
	int r = 0;

	while (stacks && r == 0 && (stack = stack_worker_take(stacks->worker))) {
		r = live_give(live, &stack->header);
		free(stack);
	}
	return r;
}

bool stack_watch_is_busy(struct stack_watch *stacks)
{
	return stacks && stack_worker_count_open(stacks->worker) > 0;
}

void stack_watch_finish(struct stack_watch *stacks)
{
	if (!stacks || !stacks->hooks)
		return;
	stack_hooks_detach(stacks->hooks);
	if (!stack_worker_finish(stacks->worker, STACK_FINISH_MS))
		stacks->abandoned = stack_worker_count_open(stacks->worker);
}

uint64_t stack_watch_drops(const struct stack_watch *stacks)
{
	return stacks && stacks->hooks ? stack_hooks_drops(stacks->hooks) + stacks->abandoned : 0;
}
