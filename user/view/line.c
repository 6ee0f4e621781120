// SPDX-License-Identifier: GPL-2.0-or-later
/* What every text view puts its lines together from. */
#include "view/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void line_printf(struct json *out, const char *format, ...)
{
	char text[LINE_PRINTF_SIZE];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (len > 0)
		json_raw(out, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void line_string(struct json *out, const char *text)
{
	json_raw(out, text, strlen(text));
}

void line_number(struct json *out, uint64_t number)
{
	char digits[TEXT_DECIMAL_SIZE];

	json_raw(out, digits, text_decimal(number, digits));
}

void line_padded(struct json *out, const char *text, size_t width)
{
	size_t len = strlen(text);

	json_raw(out, text, len);
	if (len < width)
		line_spaces(out, width - len);
}

void line_spaces(struct json *out, size_t count)
{
	static const char spaces[] =
		"                                                                ";

	for (; count > sizeof(spaces) - 1; count -= sizeof(spaces) - 1)
		json_raw(out, spaces, sizeof(spaces) - 1);
	json_raw(out, spaces, count);
}

size_t line_escaped(struct json *out, const char *text, size_t len)
{
	char safe[LINE_TEXT_SIZE];
	size_t n = text_escape(text, len, safe, sizeof(safe));

	json_raw(out, safe, n);
	return n;
}

size_t line_columns(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}
