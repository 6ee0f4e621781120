/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and hostile bytes to printable text. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A 64-bit number; no NUL. */
#define TEXT_DECIMAL_SIZE 20
/* Returns the number of digits. By hand, because this runs for every number of every row. */
size_t text_decimal(uint64_t value, char out[TEXT_DECIMAL_SIZE]);

/*
 * Copy `text` (`len` bytes, any bytes) to `out` so that a terminal shows it and obeys none of it:
 * valid UTF-8 passes, but C0 and C1 control characters, DEL, backslash, bidirectional overrides
 * (U+202A-202E, U+2066-2069), line and paragraph separators and bytes that are no UTF-8 become
 * \n, \t, \\, \xNN (a byte) or \u{NNNN}. Never cuts a character in two; what does not fit in
 * `size` (NUL included) is left out. Returns the length written; size must be at least 1.
 */
size_t text_escape(const char *text, size_t len, char *out, size_t size);

/*
 * The length in bytes (1 to 4) of the valid UTF-8 character at `text`, 0 if there is none within
 * `len`. Overlong forms, surrogates and code points above U+10FFFF are not valid (RFC 3629).
 */
size_t text_utf8_length(const char *text, size_t len);
