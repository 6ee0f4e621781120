/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with what it needs before it, and the expectations that several tests share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define expect_ok(result) assert_int_equal((result), 0)
#define expect_text(actual, expected) assert_string_equal((actual), (expected))
#define expect_null(pointer) assert_null(pointer)

/* `len` bytes that need not end with NUL; the whole of a string literal. */
#define expect_bytes(actual, len, literal)                                   \
	do {                                                                 \
		assert_int_equal((len), sizeof(literal) - 1);                \
		assert_memory_equal((actual), literal, sizeof(literal) - 1); \
	} while (0)
