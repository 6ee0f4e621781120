// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads and attaches what copies stacks. Each datagram hook is optional. */
#include "source/stack_hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "source/hooks.h"
#include "stack.skel.h"

struct stack_hooks {
	struct stack *stack;
	struct ring_buffer *ring;
	struct bpf_link *links[6];
	void (*take)(void *data, const struct sw_stack_copy *copy); /* while consuming */
	void *data;
	bool datagrams;
};

static int on_copy(void *data, void *record, size_t size)
{
	struct stack_hooks *hooks = data;
	const struct sw_stack_copy *copy = record;

	if (size >= sizeof(*copy) && copy->bytes <= sizeof(copy->stack))
		hooks->take(hooks->data, copy);
	return 0;
}

static void choose_programs(struct stack *stack, bool only_tree)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool tracepoint = hooks_tracepoint_arguments(btf, "sock_send_length") > 0;
	bool trampolines = !tracepoint && hooks_function_traceable(btf, "udp_sendmsg");

	bpf_program__set_autoload(stack->progs.on_datagram_v4, trampolines);
	bpf_program__set_autoload(stack->progs.on_datagram_v6,
				  trampolines && hooks_function_traceable(btf, "udpv6_sendmsg"));
	bpf_program__set_autoload(stack->progs.on_sent, tracepoint);
	bpf_program__set_autoload(stack->progs.on_tree_fork, only_tree);
	bpf_program__set_autoload(stack->progs.on_tree_exit, only_tree);
	btf__free(btf);
}

static int attach(struct stack_hooks *hooks)
{
	/* The first three are needed where they are loaded. */
	struct bpf_program *programs[] = {
		hooks->stack->progs.on_stack_of_state, hooks->stack->progs.on_tree_fork,
		hooks->stack->progs.on_tree_exit,      hooks->stack->progs.on_datagram_v4,
		hooks->stack->progs.on_datagram_v6,    hooks->stack->progs.on_sent,
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!bpf_program__autoload(programs[i]))
			continue;
		hooks->links[i] = bpf_program__attach(programs[i]);
		if (i > 2)
			hooks->datagrams |= hooks->links[i] != NULL;
		else if (!hooks->links[i])
			return -errno;
	}
	return 0;
}

static int plant_tree(struct stack_hooks *hooks, uint32_t root_pid)
{
	const uint8_t member = 1;

	if (!root_pid)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(hooks->stack->maps.tree), &root_pid, &member,
				   BPF_ANY);
}

static int load(struct stack_hooks *hooks, const struct stack_hooks_options *options)
{
	int r;

	hooks->stack = stack__open();
	if (!hooks->stack)
		return -errno;
	choose_programs(hooks->stack, options->root_pid);
	hooks->stack->rodata->only_tree = options->root_pid != 0;
	bpf_map__set_max_entries(hooks->stack->maps.stacks, options->ring_bytes);
	*(struct sw_wanted *)&hooks->stack->rodata->wanted = options->wanted;
	r = stack__load(hooks->stack);
	if (r == 0)
		r = plant_tree(hooks, options->root_pid);
	if (r < 0)
		return r;
	hooks->ring =
		ring_buffer__new(bpf_map__fd(hooks->stack->maps.stacks), on_copy, hooks, NULL);
	return hooks->ring ? attach(hooks) : -errno;
}

int stack_hooks_open(const struct stack_hooks_options *options, struct stack_hooks **ret_hooks)
{
	struct stack_hooks *hooks = calloc(1, sizeof(*hooks));
	int r = hooks ? load(hooks, options) : -ENOMEM;

	if (r < 0) {
		stack_hooks_close(hooks);
		return r;
	}
	*ret_hooks = hooks;
	return 0;
}

void stack_hooks_detach(struct stack_hooks *hooks)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks->links); i++) {
		bpf_link__destroy(hooks->links[i]);
		hooks->links[i] = NULL;
	}
}

void stack_hooks_close(struct stack_hooks *hooks)
{
	if (!hooks)
		return;
	stack_hooks_detach(hooks);
	ring_buffer__free(hooks->ring);
	stack__destroy(hooks->stack);
	free(hooks);
}

bool stack_hooks_see_datagrams(const struct stack_hooks *hooks)
{
	return hooks->datagrams;
}

int stack_hooks_fd(const struct stack_hooks *hooks)
{
	return ring_buffer__epoll_fd(hooks->ring);
}

int stack_hooks_consume(struct stack_hooks *hooks,
			void (*take)(void *data, const struct sw_stack_copy *copy), void *data)
{
	hooks->take = take;
	hooks->data = data;
	return ring_buffer__consume(hooks->ring);
}

uint64_t stack_hooks_drops(const struct stack_hooks *hooks)
{
	return __atomic_load_n(&hooks->stack->bss->dropped, __ATOMIC_RELAXED);
}
