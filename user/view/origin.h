/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a connection comes from: the parents of its process, and the stack that made it. */
#pragma once

#include "model/process.h"
#include "sockwatch/record.h"
#include "view/json.h"

/* "parents": [{ "pid", "comm", "exe" } ...], the parent first. `process` may be NULL. */
void origin_json_parents(struct json *out, const struct process *process);
/* "frames": [{ "module", "function", "offset", "build_id" } ...], the innermost first. */
void origin_json_frames(struct json *out, const struct sw_stack *stack);

/* " < bash[812] < sshd[800]" */
void origin_text_parents(struct json *out, const struct process *process);
/* "curl > libcurl.so.4 > libc.so.6 (incomplete: jit)", without a newline. */
void origin_text_modules(struct json *out, const struct sw_stack *stack);
/* A line for each frame. */
void origin_text_frames(struct json *out, const struct sw_stack *stack);
