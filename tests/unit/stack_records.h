/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks for tests: a record with its frames and text. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "records.h"

#define STACK_RECORD_FRAMES 8
#define STACK_RECORD_TEXT 512

struct stack_record {
	struct sw_stack stack;
	struct sw_frame frames[STACK_RECORD_FRAMES];
	char text[STACK_RECORD_TEXT];
};

static inline uint32_t stack_record_text(struct stack_record *record, const char *text)
{
	uint32_t at = record->stack.text_len;

	if (!text)
		return 0;
	memcpy(record->text + at, text, strlen(text) + 1);
	record->stack.text_len += (uint32_t)strlen(text) + 1;
	return at;
}

/* An empty one of `count` frames, all of which the caller is to fill in: see below. */
static inline struct stack_record stack_record(uint64_t ts_ns, uint64_t cookie)
{
	struct stack_record record = {
		.stack = { .header = record_header(ts_ns, SW_RECORD_STACK, sizeof(record)),
			   .ends = record_ends(cookie),
			   .owner = record_task(7, "curl"),
			   .taken_ns = ts_ns,
			   .frame_count = STACK_RECORD_FRAMES,
			   .text_len = 1,
			   .call = SW_CALL_CONNECT },
	};

	return record;
}

/* The next outer frame; frames that are not filled in have no module. */
static inline void stack_record_frame(struct stack_record *record, size_t index, const char *module,
				      const char *function)
{
	record->frames[index] = (struct sw_frame){
		.address = 0x1000 * index,
		.offset = index,
		.module = stack_record_text(record, module),
		.function = stack_record_text(record, function),
	};
}
