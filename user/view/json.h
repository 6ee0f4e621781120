/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A streaming JSON writer (RFC 8259) into a caller's growing buffer; the hot path of every machine
 * format. Commas are its business. Strings may hold any bytes: what is not UTF-8 becomes U+FFFD.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *data; /* not NUL-terminated; owned by the writer, reused after json_reset() */
	size_t len;
	size_t capacity;
	bool comma;
	bool failed; /* out of memory since the last reset: data is incomplete */
};

void json_init(struct json *json);
void json_done(struct json *json);
void json_reset(struct json *json);

void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
/* Keys are ours: printable ASCII without quotes. */
void json_key(struct json *json, const char *key);
void json_null(struct json *json);
void json_bool(struct json *json, bool value);
void json_u64(struct json *json, uint64_t value);
void json_i64(struct json *json, int64_t value);
void json_string(struct json *json, const char *text, size_t len);
/* A raw newline after an object: one object a line. */
void json_newline(struct json *json);
/* Bytes as they are: for text views that share the buffer. */
void json_raw(struct json *json, const char *bytes, size_t len);
