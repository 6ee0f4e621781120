// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a stack's record, and its short form. */
#include "model/stack.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define ARROW " > "
#define MODULES_MAX 128 /* as many as there are frames */

const struct sw_frame *stack_frame(const struct sw_stack *stack, size_t index)
{
	return (const struct sw_frame *)(stack + 1) + index;
}

const char *stack_text(const struct sw_stack *stack, uint32_t offset)
{
	return offset ? (const char *)stack_frame(stack, stack->frame_count) + offset : NULL;
}

const char *stack_script(const struct sw_stack *stack)
{
	return stack_text(stack, stack->script);
}

const char *stack_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *stack_module_name(const struct sw_stack *stack, const struct sw_frame *frame)
{
	const char *soname = stack_text(stack, frame->soname);
	const char *path = stack_text(stack, frame->module);

	return soname || !path ? soname : stack_base_name(path);
}

static bool is_libc(const char *name)
{
	return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "libc-", 5) == 0 ||
	       strncmp(name, "ld-musl", 7) == 0;
}

/* The modules from the outermost frame to the innermost, a run of frames in one of them as one. */
static size_t list_modules(const struct sw_stack *stack, const char **names, size_t max)
{
	size_t count = 0;

	for (size_t i = stack->frame_count; i-- > 0 && count < max;) {
		const char *name = stack_module_name(stack, stack_frame(stack, i));

		if (name && (!count || strcmp(names[count - 1], name) != 0))
			names[count++] = name;
	}
	return count;
}

/*
 * How libc starts a thread, or a program between its _start and its main(), says nothing of this
 * one. Takes it away; returns the new count.
 */
static size_t skip_start(const char **names, size_t count)
{
	size_t at, rest;

	if (count >= 2 && is_libc(names[0])) {
		at = 0;
		rest = 1;
	} else if (count >= 3 && is_libc(names[1])) {
		at = 1;
		rest = strcmp(names[0], names[2]) == 0 ? 3 : 2;
	} else {
		return count;
	}
	memmove(&names[at], &names[rest], (count - rest) * sizeof(*names));
	return count - (rest - at);
}

size_t stack_modules(const struct sw_stack *stack, char *out, size_t size)
{
	const char *names[MODULES_MAX];
	size_t count = list_modules(stack, names, MODULES_MAX), len = 0;

	count = skip_start(names, count);
	out[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ARROW : "", names[i]);
	return len < size ? len : size - 1;
}

const char *stack_call_name(unsigned int call)
{
	static const char *const names[] = {
		[SW_CALL_CONNECT] = "connect",
		[SW_CALL_LISTEN] = "listen",
		[SW_CALL_SEND] = "send",
	};

	return call < ARRAY_SIZE(names) ? names[call] : NULL;
}

const char *stack_end_name(unsigned int end)
{
	static const char *const names[] = {
		[SW_STACK_GONE] = "gone",
		[SW_STACK_BUSY] = "busy",
		[SW_STACK_NO_FILE] = "no-file",
		[SW_STACK_NO_TABLE] = "no-table",
		[SW_STACK_JIT] = "jit",
		[SW_STACK_CUT] = "cut",
		[SW_STACK_DEEP] = "deep",
		[SW_STACK_DAMAGED] = "damaged",
		[SW_STACK_TIMEOUT] = "timeout",
		[SW_STACK_CRASHED] = "crashed",
		[SW_STACK_NO_UNWINDER] = "no-unwinder",
		[SW_STACK_IO_URING] = "io-uring",
	};

	return end < ARRAY_SIZE(names) ? names[end] : NULL;
}
