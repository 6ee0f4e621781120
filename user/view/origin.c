// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of files and functions are whatever their owners made them: all of it is escaped. */
#include "view/origin.h"

#include <string.h>

#include "model/stack.h"
#include "view/line.h"

static void put_known(struct json *out, const char *key, const char *text)
{
	json_key(out, key);
	if (text)
		json_string(out, text, strlen(text));
	else
		json_null(out);
}

void origin_json_parents(struct json *out, const struct process *process)
{
	json_key(out, "parents");
	json_array_begin(out);
	for (process = process ? process->parent : NULL; process; process = process->parent) {
		json_object_begin(out);
		json_key(out, "pid");
		json_u64(out, process->pid);
		put_known(out, "comm", process->comm[0] ? process->comm : NULL);
		put_known(out, "exe", process->exe);
		json_object_end(out);
	}
	json_array_end(out);
}

void origin_json_frames(struct json *out, const struct sw_stack *stack)
{
	json_key(out, "frames");
	json_array_begin(out);
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct sw_frame *frame = stack_frame(stack, i);

		json_object_begin(out);
		put_known(out, "module", stack_text(stack, frame->module));
		put_known(out, "function", stack_text(stack, frame->function));
		json_key(out, "offset");
		json_u64(out, frame->module ? frame->offset : frame->address);
		put_known(out, "build_id", stack_text(stack, frame->build_id));
		json_object_end(out);
	}
	json_array_end(out);
}

void origin_text_parents(struct json *out, const struct process *process)
{
	for (process = process ? process->parent : NULL; process; process = process->parent) {
		line_printf(out, " < ");
		(void)line_escaped(out, process->comm, strlen(process->comm));
		line_printf(out, "[%u]", process->pid);
	}
}

void origin_text_modules(struct json *out, const struct sw_stack *stack)
{
	char modules[LINE_TEXT_SIZE / 4];
	size_t len = stack_modules(stack, modules, sizeof(modules));
	const char *end = stack_end_name(stack->end);

	(void)line_escaped(out, modules, len);
	if (end)
		line_printf(out, "%s(%s: %s)", len ? " " : "", len ? "incomplete" : "no stack",
			    end);
}

static void put_frame(struct json *out, const struct sw_stack *stack, size_t index)
{
	const struct sw_frame *frame = stack_frame(stack, index);
	const char *function = stack_text(stack, frame->function);
	const char *module = stack_text(stack, frame->module);

	line_printf(out, "    #%-2zu ", index);
	if (function) {
		(void)line_escaped(out, function, strlen(function));
		line_printf(out, "+0x%llx", (unsigned long long)frame->offset);
	} else {
		line_printf(out, "0x%llx",
			    (unsigned long long)(module ? frame->offset : frame->address));
	}
	line_printf(out, " (");
	if (module) {
		module = stack_module_name(stack, frame);
		(void)line_escaped(out, module, strlen(module));
	} else {
		line_printf(out, "in no file");
	}
	line_printf(out, ")\n");
}

void origin_text_frames(struct json *out, const struct sw_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++)
		put_frame(out, stack, i);
}
