/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process executes, read while it is there: its memory map, and its script. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/script.h"
#include "system/stack_files.h"
#include "system/stack_message.h"

struct stack_process {
	struct unwind_map *maps; /* owned; executable ones, in order; `file` counts from 1 */
	size_t count;
	char script[SCRIPT_SIZE]; /* "": none */
};

/* 0; -ESRCH if it is gone or another has its number; other negative errno. */
int stack_process_read(const struct sw_task *task, struct stack_files *files,
		       struct stack_process *ret_process);
void stack_process_done(struct stack_process *process);

/* The script alone, of a process that is there. Returns its length; 0: none. */
size_t stack_process_script(const struct sw_task *task, char ret_script[SCRIPT_SIZE]);
