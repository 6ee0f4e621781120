/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The getters of where the owner runs; field.c lists them. Nobody else includes this. */
#pragma once

#include "view/field.h"

void field_get_cgroup(const struct field_context *context, struct value *ret);
void field_get_container(const struct field_context *context, struct value *ret);
void field_get_runtime(const struct field_context *context, struct value *ret);
void field_get_container_name(const struct field_context *context, struct value *ret);
void field_get_pod(const struct field_context *context, struct value *ret);
void field_get_unit(const struct field_context *context, struct value *ret);
void field_get_user_unit(const struct field_context *context, struct value *ret);
void field_get_inner_pid(const struct field_context *context, struct value *ret);
void field_get_pid_ns(const struct field_context *context, struct value *ret);
/* A column of text tables. */
void field_get_contained(const struct field_context *context, struct value *ret);
