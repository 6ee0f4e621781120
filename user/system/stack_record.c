// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts together what we know of the process and what the unwinder, whom nobody trusts, says. */
#include "system/stack_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "model/stack.h"

#define TEXT_SIZE (48 << 10) /* the record stays below the decoder's 64 KiB */

struct text {
	char bytes[TEXT_SIZE];
	size_t len;
};

/* Where the string is in the text; 0 if there is no room, or nothing in it. */
static uint32_t put(struct text *text, const char *string)
{
	size_t size = strlen(string) + 1, at = text->len;

	if (size == 1 || size > sizeof(text->bytes) - text->len)
		return 0;
	memcpy(text->bytes + at, string, size);
	text->len += size;
	return (uint32_t)at;
}

static struct sw_stack *make(const struct sw_stack_copy *copy, enum sw_stack_end end,
			     const struct sw_frame *frames, size_t count, const struct text *text,
			     uint32_t script)
{
	size_t size = sizeof(struct sw_stack) + count * sizeof(*frames) + text->len;
	struct sw_stack *stack;

	size = (size + 7) & ~(size_t)7;
	stack = calloc(1, size);
	if (!stack)
		return NULL;
	stack->header = (struct sw_header){ .ts_ns = clock_monotonic_ns(),
					    .size = (uint32_t)size,
					    .kind = SW_RECORD_STACK,
					    .cpu = copy->header.cpu };
	stack->ends = copy->ends;
	stack->owner = copy->owner;
	stack->taken_ns = copy->header.ts_ns;
	stack->call = copy->call;
	stack->end = end;
	stack->script = script;
	stack->frame_count = (uint32_t)count;
	stack->text_len = (uint32_t)text->len;
	memcpy(stack + 1, frames, count * sizeof(*frames));
	memcpy((char *)(stack + 1) + count * sizeof(*frames), text->bytes, text->len);
	return stack;
}

struct sw_stack *stack_record_without(const struct sw_stack_copy *copy, enum sw_stack_end end,
				      const char *script)
{
	CLEANUP_FREE struct text *text = calloc(1, sizeof(*text));
	const struct sw_frame none = { 0 };

	if (!text)
		return NULL;
	text->len = 1;
	return make(copy, end, &none, 0, text, put(text, script));
}

static const char *text_of(const struct stack_answer *answer)
{
	return (const char *)((const struct stack_answer_frame *)(answer + 1) +
			      answer->frame_count);
}

static bool is_valid(const struct stack_answer *answer, size_t size)
{
	return size >= sizeof(*answer) && answer->frame_count <= UNWIND_FRAMES_MAX &&
	       answer->text_len >= 1 && answer->text_len <= STACK_TEXT_MAX &&
	       answer->end < SW_STACK_ENDS &&
	       size == sizeof(*answer) + answer->frame_count * sizeof(struct stack_answer_frame) +
			       answer->text_len &&
	       text_of(answer)[answer->text_len - 1] == '\0';
}

/* The path of a frame's module as an offset into the text; frames before it may have it already. */
static uint32_t put_module(struct text *text, const struct stack_answer_frame *answered,
			   const struct sw_frame *frames, size_t at,
			   const struct stack_process *process, const struct stack_files *files)
{
	uint32_t map = answered[at].map, file;

	if (map >= process->count || !process->maps[map].file)
		return 0;
	file = process->maps[map].file;
	for (size_t i = 0; i < at; i++)
		if (answered[i].map < process->count && process->maps[answered[i].map].file == file)
			return frames[i].module;
	return put(text, files->items[file - 1].path);
}

/* libcurl.so.4.8.0 may call itself libcurl.so.4, but evil.so not libc.so.6. */
static bool is_called_after(const struct text *text, const struct sw_frame *frame)
{
	const char *soname = text->bytes + frame->soname;
	const char *base = stack_base_name(text->bytes + frame->module);

	return frame->module && soname[0] && strncmp(base, soname, strlen(soname)) == 0;
}

struct sw_stack *stack_record_of_answer(const struct sw_stack_copy *copy, const void *bytes,
					size_t size, const struct stack_process *process,
					const struct stack_files *files)
{
	const struct stack_answer *answer = bytes;
	const struct stack_answer_frame *answered = (const void *)(answer + 1);
	CLEANUP_FREE struct text *text = calloc(1, sizeof(*text));
	struct sw_frame frames[UNWIND_FRAMES_MAX];

	if (!text)
		return NULL;
	if (!is_valid(answer, size))
		return stack_record_without(copy, SW_STACK_CRASHED, process->script);
	memcpy(text->bytes, text_of(answer), answer->text_len);
	text->bytes[0] = '\0';
	text->len = answer->text_len;
	for (size_t i = 0; i < answer->frame_count; i++) {
		const struct stack_answer_frame *from = &answered[i];

		frames[i] = (struct sw_frame){
			.address = from->address,
			.offset = from->offset,
			.function = from->function < answer->text_len ? from->function : 0,
			.build_id = from->build_id < answer->text_len ? from->build_id : 0,
			.soname = from->soname < answer->text_len ? from->soname : 0,
		};
		frames[i].module = put_module(text, answered, frames, i, process, files);
		if (!is_called_after(text, &frames[i]))
			frames[i].soname = 0;
	}
	return make(copy, answer->end, frames, answer->frame_count, text,
		    put(text, process->script));
}
