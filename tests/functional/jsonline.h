/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one flat JSON object on one line, as `sockwatch -j` prints it. Strict about RFC 8259's
 * grammar, tolerant about content: keys may come in any order, nested values are skipped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The line is one whole JSON object and nothing else. */
bool jsonline_is_object(const char *line);

/*
 * The same, and tell each key of the outermost object with where its value begins. Some may have
 * been told before the line proves to be none.
 */
bool jsonline_walk(const char *line,
		   void (*visit)(const char *key, size_t key_len, const char *value, void *arg),
		   void *arg);

/* The key is there, whatever its value, null included. */
bool jsonline_has(const char *line, const char *key);
bool jsonline_is_null(const char *line, const char *key);
/* The key is there and its value is `true`. */
bool jsonline_is_true(const char *line, const char *key);

/* False and untouched output if the key is absent or has a value of another type. */
bool jsonline_number(const char *line, const char *key, long long *ret_value);
/* Escapes are resolved; what does not fit in `size` (NUL included) is cut. */
bool jsonline_string(const char *line, const char *key, char *out, size_t size);
