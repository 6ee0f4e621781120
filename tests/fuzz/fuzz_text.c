// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes base/text.c and the strings of view/json.c: the first byte is the room for the output,
 * the others are the text. Both outputs must be valid UTF-8 without control characters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/json.h"

static void check_printable(const char *text, size_t len)
{
	while (len) {
		size_t n = text_utf8_length(text, len);

		if (!n || (unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
		if (n == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0)
			abort();
		text += n;
		len -= n;
	}
}

static void check_escape(const char *text, size_t len, size_t room)
{
	char *out = malloc(room);
	size_t written;

	if (!out)
		return;
	written = text_escape(text, len, out, room);
	if (written >= room || out[written] || strlen(out) != written)
		abort();
	check_printable(out, written);
	free(out);
}

static void check_json(const char *text, size_t len)
{
	struct json json;

	json_init(&json);
	json_string(&json, text, len);
	if (!json.failed) {
		if (json.len < 2 || json.data[0] != '"' || json.data[json.len - 1] != '"')
			abort();
		check_printable(json.data, json.len);
		for (size_t i = 1; i < json.len - 1; i++) {
			if (json.data[i] == '"')
				abort();
			i += json.data[i] == '\\';
		}
	}
	json_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	check_escape((const char *)data + 1, size - 1, (size_t)data[0] + 1);
	check_json((const char *)data + 1, size - 1);
	return 0;
}
