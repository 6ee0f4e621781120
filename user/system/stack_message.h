/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tracer and the unwinder's process say to each other: one message a packet. The answers
 * are as little to be trusted as what made them.
 */
#pragma once

#include <stdint.h>

#include "sockwatch/stack.h"
#include "system/unwind.h"

#define STACK_MAPS_MAX 512   /* executable parts of a process; a browser has about 300 */
#define STACK_FILES_MAX 1024 /* numbers of files are below this */
#define STACK_TEXT_MAX 24576 /* names of functions and build-ids of one answer */

enum stack_message_kind {
	STACK_MESSAGE_FORGET = 1, /* all files */
	STACK_MESSAGE_FILE,	  /* `number`, and its descriptor */
	STACK_MESSAGE_WORK,	  /* struct stack_work */
	STACK_MESSAGE_ANSWER,	  /* struct stack_answer */
	STACK_MESSAGE_DIED, /* `number`: the signal that ended the unwinder; a new one is there */
};

struct stack_message {
	uint32_t kind; /* enum stack_message_kind */
	uint32_t number;
};

/* Followed by `map_count` maps and `bytes` of the stack. */
struct stack_work {
	struct stack_message message;
	uint64_t registers[SW_STACK_REGISTERS];
	uint64_t stack_at;
	uint32_t machine;
	uint32_t map_count;
	uint32_t bytes;
	uint32_t pad;
};

struct stack_answer_frame {
	uint64_t address;
	uint64_t offset;
	uint32_t map;	   /* which of the maps, from 0; beyond them: none */
	uint32_t function; /* in the text; 0: unknown */
	uint32_t build_id;
	uint32_t soname;
};

/* Followed by `frame_count` frames and `text_len` bytes of text, as in struct sw_stack. */
struct stack_answer {
	struct stack_message message;
	uint32_t frame_count;
	uint32_t text_len;
	uint32_t end; /* enum sw_stack_end */
	uint32_t pad;
};

#define STACK_WORK_SIZE \
	(sizeof(struct stack_work) + STACK_MAPS_MAX * sizeof(struct unwind_map) + SW_STACK_BYTES)
#define STACK_ANSWER_SIZE                                                                      \
	(sizeof(struct stack_answer) + UNWIND_FRAMES_MAX * sizeof(struct stack_answer_frame) + \
	 STACK_TEXT_MAX)
