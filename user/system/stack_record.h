/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an answer of the unwinder to the record that the table takes. */
#pragma once

#include <stddef.h>

#include "system/stack_files.h"
#include "system/stack_message.h"
#include "system/stack_process.h"

/*
 * The answer (`size` bytes) is checked first: what is wrong makes SW_STACK_CRASHED of it. The
 * record is to be freed; NULL on lack of memory. `process` and `files` are those that the work was
 * for.
 */
struct sw_stack *stack_record_of_answer(const struct sw_stack_copy *copy, const void *bytes,
					size_t size, const struct stack_process *process,
					const struct stack_files *files);
/* One without frames. `script` may be "". */
struct sw_stack *stack_record_without(const struct sw_stack_copy *copy, enum sw_stack_end end,
				      const char *script);
