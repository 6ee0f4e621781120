/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of text lines, appended to the buffer that the text views share with JSON. */
#pragma once

#include <stddef.h>

#include "view/json.h"

#define LINE_TEXT_SIZE 16384 /* the longest path (PATH_MAX), every byte of it escaped */

/* At most LINE_PRINTF_SIZE - 1 bytes: for what is ours, not for names and paths. */
#define LINE_PRINTF_SIZE 1024
void line_printf(struct json *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what is told with every line: a string of ours, a number. */
void line_string(struct json *out, const char *text);
void line_number(struct json *out, uint64_t number);

void line_spaces(struct json *out, size_t count);
/* Ours, and no longer than `width`, with spaces behind up to it. */
void line_padded(struct json *out, const char *text, size_t width);

/* Hostile bytes, escaped (base/text.h). Returns how many bytes they became. */
size_t line_escaped(struct json *out, const char *text, size_t len);

/*
 * How many columns escaped text takes. A character is one: of wide and combining ones the
 * alignment is off, not the content.
 */
size_t line_columns(const char *text, size_t len);
