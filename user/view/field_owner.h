/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The getters of who else has to do with a socket; field.c lists them. Nobody else includes this.
 */
#pragma once

#include "view/field.h"

void field_get_creator_pid(const struct field_context *context, struct value *ret);
void field_get_creator_comm(const struct field_context *context, struct value *ret);
void field_get_creator_exe(const struct field_context *context, struct value *ret);

/* PID and name of each holder, separated by commas; nothing unless there are several. */
void field_get_held_by(const struct field_context *context, struct value *ret);
/* The same as a JSON array of objects. */
void field_write_held_by(const struct field_context *context, struct json *out);
