// SPDX-License-Identifier: GPL-2.0-or-later
/* One piece of work, from message to message. */
#include <stdio.h>
#include <string.h>

#include "system/stack_child.h"
#include "system/stack_message.h"

/* Text that grows behind the frames. */
struct text {
	char *bytes;
	size_t len;
};

/* Where the string is; 0 if there is no room for it. */
static uint32_t put_text(struct text *text, const char *string)
{
	size_t size = strlen(string) + 1, at = text->len;

	if (STACK_TEXT_MAX - text->len < size)
		return 0;
	memcpy(text->bytes + at, string, size);
	text->len += size;
	return (uint32_t)at;
}

static uint32_t put_build_id(struct text *text, const struct unwind_elf *elf)
{
	uint8_t id[UNWIND_BUILD_ID_MAX];
	char hex[2 * UNWIND_BUILD_ID_MAX + 1] = "";
	size_t len = unwind_elf_build_id(elf, id);

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	return len ? put_text(text, hex) : 0;
}

static uint32_t put_soname(struct text *text, const struct unwind_elf *elf)
{
	const char *soname = unwind_elf_soname(elf);

	return soname ? put_text(text, soname) : 0;
}

/* A file that an inner frame is in has told its names already. */
static void name_file(struct text *text, const struct unwind_frame *frames,
		      struct stack_answer_frame *told, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (frames[i].elf != frames[at].elf)
			continue;
		told[at].build_id = told[i].build_id;
		told[at].soname = told[i].soname;
		return;
	}
	told[at].build_id = put_build_id(text, frames[at].elf);
	told[at].soname = put_soname(text, frames[at].elf);
}

static void tell_frame(struct text *text, const struct unwind_input *input,
		       const struct unwind_frame *frames, struct stack_answer_frame *told,
		       size_t at)
{
	const struct unwind_frame *frame = &frames[at];
	struct stack_answer_frame *out = &told[at];
	char name[UNWIND_NAME_SIZE];
	uint64_t offset;

	*out = (struct stack_answer_frame){ .address = frame->address, .map = UINT32_MAX };
	if (frame->map)
		out->map = (uint32_t)(frame->map - input->maps);
	if (!frame->elf)
		return;
	out->offset = frame->in_file;
	name_file(text, frames, told, at);
	if (!unwind_elf_function(frame->elf, frame->lookup, name, &offset))
		return;
	out->function = put_text(text, name);
	if (out->function)
		out->offset = offset + (frame->in_file - frame->lookup);
}

static bool parse(const struct stack_work *work, size_t size, struct unwind_input *ret_input)
{
	size_t maps = work->map_count * sizeof(struct unwind_map);

	if (work->map_count > STACK_MAPS_MAX || work->bytes > SW_STACK_BYTES ||
	    size != sizeof(*work) + maps + work->bytes)
		return false;
	*ret_input = (struct unwind_input){
		.machine = work->machine,
		.stack_at = work->stack_at,
		.stack = (const uint8_t *)(work + 1) + maps,
		.bytes = work->bytes,
		.maps = (const struct unwind_map *)(work + 1),
		.map_count = work->map_count,
	};
	memcpy(ret_input->registers, work->registers, sizeof(work->registers));
	return true;
}

size_t stack_child_answer(const void *message, size_t size,
			  struct unwind_elf *(*find)(void *data, uint32_t file), void *data,
			  void *ret_answer)
{
	struct stack_answer *answer = ret_answer;
	struct stack_answer_frame *told = (struct stack_answer_frame *)(answer + 1);
	struct unwind_frame frames[UNWIND_FRAMES_MAX];
	struct unwind_input input;
	struct text text;
	size_t count = 0;

	if (size < sizeof(struct stack_work) || !parse(message, size, &input))
		return 0;
	input.find = find;
	input.data = data;
	*answer = (struct stack_answer){
		.message = { .kind = STACK_MESSAGE_ANSWER,
			     .number = ((const struct stack_work *)message)->message.number },
	};
	answer->end = unwind(&input, frames, &count);
	text = (struct text){ .bytes = (char *)(told + count), .len = 1 };
	text.bytes[0] = '\0';
	for (size_t i = 0; i < count; i++)
		tell_frame(&text, &input, frames, told, i);
	answer->frame_count = (uint32_t)count;
	answer->text_len = (uint32_t)text.len;
	return (size_t)(text.bytes + text.len - (char *)answer);
}
