// SPDX-License-Identifier: GPL-2.0-or-later
/* A streaming JSON writer. Writing the buffer somewhere, and knowing the keys, is the caller's. */
#include "view/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CAPACITY_MIN 4096 /* a few objects; most are below 600 bytes */
#define STRING_GROWTH 6	  /* \u00NN for one byte */

/* Bytes that need no look: printable ASCII without the quote and the backslash. */
static const bool plain[256] = {
	[' '] = true,
	['!'] = true,
	['#' ... '['] = true,
	[']' ... '~'] = true,
};

void json_init(struct json *json)
{
	*json = (struct json){ 0 };
}

void json_done(struct json *json)
{
	free(json->data);
	json_init(json);
}

void json_reset(struct json *json)
{
	json->len = 0;
	json->comma = false;
	json->failed = false;
}

/* Room for `more` bytes at the returned place, or NULL once memory has run out. */
static char *grow(struct json *json, size_t more)
{
	size_t capacity = json->capacity ? json->capacity : CAPACITY_MIN;
	char *data = NULL;

	if (!json->failed && more < SIZE_MAX / 2 - json->len) {
		while (capacity - json->len < more)
			capacity *= 2;
		data = realloc(json->data, capacity);
	}
	if (!data) {
		json->failed = true;
		return NULL;
	}
	json->data = data;
	json->capacity = capacity;
	return data + json->len;
}

static inline char *reserve(struct json *json, size_t more)
{
	if (json->capacity - json->len < more || json->failed)
		return grow(json, more);
	return json->data + json->len;
}

static inline void commit(struct json *json, const char *end)
{
	json->len = (size_t)(end - json->data);
}

/* The start of a value: room for it and for the comma before it. */
static inline char *begin_value(struct json *json, size_t size)
{
	char *out = reserve(json, size + 1);

	if (out && json->comma)
		*out++ = ',';
	json->comma = true;
	return out;
}

static void put_value(struct json *json, const char *text, size_t len)
{
	char *out = begin_value(json, len);

	if (!out)
		return;
	memcpy(out, text, len);
	commit(json, out + len);
}

static void put_end(struct json *json, char bracket)
{
	json->comma = false;
	put_value(json, &bracket, 1);
}

void json_object_begin(struct json *json)
{
	put_value(json, "{", 1);
	json->comma = false;
}

void json_object_end(struct json *json)
{
	put_end(json, '}');
}

void json_array_begin(struct json *json)
{
	put_value(json, "[", 1);
	json->comma = false;
}

void json_array_end(struct json *json)
{
	put_end(json, ']');
}

void json_key(struct json *json, const char *key)
{
	size_t len = strlen(key);
	char *out = begin_value(json, len + 3);

	json->comma = false;
	if (!out)
		return;
	*out++ = '"';
	memcpy(out, key, len);
	out += len;
	*out++ = '"';
	*out++ = ':';
	commit(json, out);
}

void json_null(struct json *json)
{
	put_value(json, "null", 4);
}

void json_bool(struct json *json, bool value)
{
	if (value)
		put_value(json, "true", 4);
	else
		put_value(json, "false", 5);
}

void json_u64(struct json *json, uint64_t value)
{
	char *out = begin_value(json, TEXT_DECIMAL_SIZE);

	if (out)
		commit(json, out + text_decimal(value, out));
}

void json_i64(struct json *json, int64_t value)
{
	char *out = begin_value(json, TEXT_DECIMAL_SIZE + 1);

	if (!out)
		return;
	if (value < 0)
		*out++ = '-';
	out += text_decimal(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, out);
	commit(json, out);
}

static char *put_escape(char *out, unsigned char code)
{
	static const char short_forms[0x20] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};

	*out++ = '\\';
	if (code == '"' || code == '\\') {
		*out++ = (char)code;
	} else if (code < 0x20 && short_forms[code]) {
		*out++ = short_forms[code];
	} else {
		memcpy(out, "u00", 3);
		out[3] = "0123456789abcdef"[code >> 4];
		out[4] = "0123456789abcdef"[code & 0xf];
		out += 5;
	}
	return out;
}

/*
 * One character that is not plain. DEL and the C1 controls could stand as they are (RFC 8259, 7),
 * but somebody will look at this on a terminal. `text` and `len` move behind what was taken.
 */
static char *put_special(char *out, const char **text, size_t *len)
{
	const unsigned char *s = (const unsigned char *)*text;
	size_t taken = text_utf8_length(*text, *len);

	if (taken == 1) {
		out = put_escape(out, s[0]);
	} else if (taken == 2 && s[0] == 0xc2 && s[1] < 0xa0) {
		out = put_escape(out, s[1]);
	} else if (taken) {
		memcpy(out, s, taken);
		out += taken;
	} else {
		memcpy(out, "\xef\xbf\xbd", 3);
		out += 3;
		taken = 1;
	}
	*text += taken;
	*len -= taken;
	return out;
}

void json_string(struct json *json, const char *text, size_t len)
{
	/* Room for the worst case at once, so that the loop need not ask. */
	char *out = len < SIZE_MAX / 2 / STRING_GROWTH ? begin_value(json, len * STRING_GROWTH + 2)
						       : grow(json, SIZE_MAX);

	if (!out)
		return;
	*out++ = '"';
	while (len) {
		size_t run = 0;

		while (run < len && plain[(unsigned char)text[run]])
			run++;
		memcpy(out, text, run);
		out += run;
		text += run;
		len -= run;
		if (len)
			out = put_special(out, &text, &len);
	}
	*out++ = '"';
	commit(json, out);
}

void json_newline(struct json *json)
{
	char *out = reserve(json, 1);

	json->comma = false;
	if (!out)
		return;
	*out++ = '\n';
	commit(json, out);
}

void json_raw(struct json *json, const char *bytes, size_t len)
{
	char *out = reserve(json, len);

	if (!out)
		return;
	memcpy(out, bytes, len);
	commit(json, out + len);
}
