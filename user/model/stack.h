/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a stack that the decoder has accepted. Strings live as long as the record. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

/* `index` is below frame_count; 0 is the innermost. */
const struct sw_frame *stack_frame(const struct sw_stack *stack, size_t index);
/* A string of the text; NULL for an offset of 0. Any bytes but NUL. */
const char *stack_text(const struct sw_stack *stack, uint32_t offset);
/* What the interpreter runs, or NULL. */
const char *stack_script(const struct sw_stack *stack);

/* The short name of a frame's module: "libc.so.6". NULL: it is in no file. */
const char *stack_module_name(const struct sw_stack *stack, const struct sw_frame *frame);

/* The file's name without its directories. */
const char *stack_base_name(const char *path);

/*
 * "curl > libcurl.so.4 > libc.so.6": the modules in the order of the calls, without the way in
 * which libc starts a program or a thread. Cut to `size`, NUL included. Returns the length; 0: no
 * frame has a module.
 */
size_t stack_modules(const struct sw_stack *stack, char *out, size_t size);

/* "connect", "listen", "send". */
const char *stack_call_name(unsigned int call);
/* Why frames are missing, in one word: "gone", "no-table" ...; NULL for a complete stack. */
const char *stack_end_name(unsigned int end);
