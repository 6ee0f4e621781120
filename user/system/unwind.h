/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From registers and a copy of the stack to the calls that led there. Every number of the input is
 * hostile; the work is bounded by UNWIND_FRAMES_MAX, that of one frame by the limits of the files.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/stack.h"
#include "system/unwind_elf.h"

#define UNWIND_FRAMES_MAX 128

/* A part of the process's memory that can be executed. */
struct unwind_map {
	uint64_t start, end; /* `end` is the first address behind it */
	uint64_t offset;     /* in the file */
	uint32_t file;	     /* the caller's number of it; 0: none */
	uint32_t pad;
};

struct unwind_input {
	unsigned int machine; /* enum sw_machine */
	uint64_t registers[SW_STACK_REGISTERS];
	uint64_t stack_at;
	const uint8_t *stack;
	size_t bytes;
	const struct unwind_map *maps;
	size_t map_count;
	/* The file of a map, or NULL; it stays the caller's. */
	struct unwind_elf *(*find)(void *data, uint32_t file);
	void *data;
};

struct unwind_frame {
	uint64_t address;	      /* in the process */
	uint64_t in_file;	      /* and in the file */
	uint64_t lookup;	      /* of the call itself, in the file: for names */
	const struct unwind_map *map; /* NULL: none */
	struct unwind_elf *elf;	      /* NULL: none */
};

/* The frames, the innermost first, and why there are no more (enum sw_stack_end). */
unsigned int unwind(const struct unwind_input *input,
		    struct unwind_frame ret_frames[UNWIND_FRAMES_MAX], size_t *ret_count);
