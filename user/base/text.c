// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, and hostile bytes, to printable text. JSON has its own rules: view/json.c. */
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ESCAPE_MAX 10 /* \u{10ffff} */

/* Bytes that need no look: printable ASCII without the backslash. */
static const bool plain[256] = {
	[' ' ... '['] = true,
	[']' ... '~'] = true,
};

size_t text_decimal(uint64_t value, char out[TEXT_DECIMAL_SIZE])
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[TEXT_DECIMAL_SIZE];
	char *first = digits + sizeof(digits);

	while (value >= 100) {
		first -= 2;
		memcpy(first, pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		first -= 2;
		memcpy(first, pairs + 2 * value, 2);
	} else {
		*--first = (char)('0' + value);
	}
	memcpy(out, first, (size_t)(digits + sizeof(digits) - first));
	return (size_t)(digits + sizeof(digits) - first);
}

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t text_utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (!len)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4) /* c0 and c1 could only start overlong forms */
		return 0;
	if (len < 2 || !is_continuation(s[1]))
		return 0;
	if (s[0] < 0xe0)
		return 2;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)) /* surrogates */
		return 0;
	if (len < 3 || !is_continuation(s[2]))
		return 0;
	if (s[0] < 0xf0)
		return 3;
	if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len >= 4 && is_continuation(s[3]) ? 4 : 0;
}

/* Of a character that text_utf8_length() has measured. */
static uint32_t code_point(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t code = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

/* What a terminal would obey instead of show, or show in another order. */
static bool is_obeyed(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\' ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static size_t put_hex(uint32_t value, int digits, char *out)
{
	for (int i = 0; i < digits; i++)
		out[i] = "0123456789abcdef"[value >> 4 * (digits - 1 - i) & 0xf];
	return (size_t)digits;
}

static size_t escape_byte(unsigned char byte, char out[ESCAPE_MAX])
{
	out[0] = '\\';
	switch (byte) {
	case '\n':
		out[1] = 'n';
		return 2;
	case '\t':
		out[1] = 't';
		return 2;
	case '\\':
		out[1] = '\\';
		return 2;
	default:
		out[1] = 'x';
		return 2 + put_hex(byte, 2, out + 2);
	}
}

static size_t escape_code(uint32_t code, char out[ESCAPE_MAX])
{
	size_t len;

	memcpy(out, "\\u{", 3);
	len = 3 + put_hex(code, code > 0xffff ? 6 : 4, out + 3);
	out[len++] = '}';
	return len;
}

/* How many bytes pass as they are, up to `most`. */
static size_t plain_run(const char *text, size_t len, size_t most)
{
	size_t run = 0;

	if (len > most)
		len = most;
	while (run < len && plain[(unsigned char)text[run]])
		run++;
	return run;
}

size_t text_escape(const char *text, size_t len, char *out, size_t size)
{
	size_t written = plain_run(text, len, size - 1);

	memcpy(out, text, written);
	text += written;
	len -= written;
	while (len) {
		char escaped[ESCAPE_MAX];
		const char *from = text;
		size_t taken = text_utf8_length(text, len);
		size_t n = taken;
		uint32_t code = taken ? code_point(text, taken) : 0;

		if (!taken || is_obeyed(code)) {
			n = taken > 1 ? escape_code(code, escaped)
				      : escape_byte((unsigned char)*text, escaped);
			taken = taken ? taken : 1;
			from = escaped;
		}
		if (n >= size - written)
			break;
		memcpy(out + written, from, n);
		written += n;
		text += taken;
		len -= taken;
	}
	out[written] = '\0';
	return written;
}
