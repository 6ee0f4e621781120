/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow. */
#pragma once

#include <stddef.h>

/*
 * Room for one more item behind `count` of `size` bytes each. Returns the array, which may have
 * moved, or NULL on lack of memory: then the old one is still there.
 */
void *array_reserve(void *items, size_t count, size_t *capacity, size_t size);
