/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of C++ and Rust functions as their authors wrote them. */
#pragma once

#include <stdbool.h>

/* To be freed; NULL if it is no mangled name, or if we were built without libiberty. */
char *demangle(const char *name);
bool demangle_is_built_in(void);
