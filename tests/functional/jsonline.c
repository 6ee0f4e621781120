// SPDX-License-Identifier: GPL-2.0-or-later
/* A JSON reader for flat objects of one line. A walk per look-up: lines are short. */
#include "jsonline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Nested values are not expected deeper than this; the limit bounds the recursion. */
#define DEPTH_MAX 16

static const char *skip_value(const char *p, int depth);

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

static const char *skip_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*++p))
					return NULL;
		} else if (*p == '\0' || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *skip_number(const char *p)
{
	if (*p == '-')
		p++;
	if (!isdigit((unsigned char)*p))
		return NULL;
	if (*p == '0' && isdigit((unsigned char)p[1]))
		return NULL;
	while (isdigit((unsigned char)*p))
		p++;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return NULL;
		while (isdigit((unsigned char)*p))
			p++;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		if (!isdigit((unsigned char)*p))
			return NULL;
		while (isdigit((unsigned char)*p))
			p++;
	}
	return p;
}

static const char *skip_word(const char *p, const char *word)
{
	size_t len = strlen(word);

	return strncmp(p, word, len) == 0 ? p + len : NULL;
}

/* An array or an object, from its opening bracket. */
static const char *skip_nested(const char *p, int depth)
{
	char close = *p == '{' ? '}' : ']';
	bool pairs = *p == '{';

	if (depth >= DEPTH_MAX)
		return NULL;
	p = skip_space(p + 1);
	if (*p == close)
		return p + 1;
	for (;;) {
		if (pairs) {
			p = skip_string(p);
			if (!p)
				return NULL;
			p = skip_space(p);
			if (*p++ != ':')
				return NULL;
			p = skip_space(p);
		}
		p = skip_value(p, depth + 1);
		if (!p)
			return NULL;
		p = skip_space(p);
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
		p = skip_space(p);
	}
}

static const char *skip_value(const char *p, int depth)
{
	switch (*p) {
	case '"':
		return skip_string(p);
	case '{':
	case '[':
		return skip_nested(p, depth);
	case 't':
		return skip_word(p, "true");
	case 'f':
		return skip_word(p, "false");
	case 'n':
		return skip_word(p, "null");
	default:
		return skip_number(p);
	}
}

static bool is_end(const char *p)
{
	p = skip_space(p);
	return *p == '\0' || (*p == '\n' && p[1] == '\0');
}

bool jsonline_is_object(const char *line)
{
	const char *p = skip_space(line);

	if (*p != '{')
		return false;
	p = skip_value(p, 0);
	return p && is_end(p);
}

bool jsonline_walk(const char *line,
		   void (*visit)(const char *key, size_t key_len, const char *value, void *arg),
		   void *arg)
{
	const char *p = skip_space(line);

	if (*p != '{')
		return false;
	p = skip_space(p + 1);
	if (*p == '}')
		return is_end(p + 1);
	for (;;) {
		const char *key = p + 1;
		size_t key_len;

		p = skip_string(p);
		if (!p)
			return false;
		key_len = (size_t)(p - 1 - key);
		p = skip_space(p);
		if (*p++ != ':')
			return false;
		p = skip_space(p);
		visit(key, key_len, p, arg);
		p = skip_value(p, 0);
		if (!p)
			return false;
		p = skip_space(p);
		if (*p == '}')
			return is_end(p + 1);
		if (*p++ != ',')
			return false;
		p = skip_space(p);
	}
}

/* The value of `key` in the outermost object, or NULL. Our keys hold no escapes. */
static const char *find_value(const char *line, const char *key)
{
	size_t len = strlen(key);
	const char *p = skip_space(line);

	if (*p != '{')
		return NULL;
	p = skip_space(p + 1);
	while (*p == '"') {
		const char *name = p + 1;
		bool found;

		p = skip_string(p);
		if (!p)
			return NULL;
		found = (size_t)(p - 1 - name) == len && memcmp(name, key, len) == 0;
		p = skip_space(p);
		if (*p++ != ':')
			return NULL;
		p = skip_space(p);
		if (found)
			return p;
		p = skip_value(p, 0);
		if (!p)
			return NULL;
		p = skip_space(p);
		if (*p++ != ',')
			return NULL;
		p = skip_space(p);
	}
	return NULL;
}

bool jsonline_has(const char *line, const char *key)
{
	return find_value(line, key) != NULL;
}

bool jsonline_is_null(const char *line, const char *key)
{
	const char *p = find_value(line, key);

	return p && skip_word(p, "null");
}

bool jsonline_is_true(const char *line, const char *key)
{
	const char *p = find_value(line, key);

	return p && skip_word(p, "true");
}

bool jsonline_number(const char *line, const char *key, long long *ret_value)
{
	const char *p = find_value(line, key);

	if (!p || (*p != '-' && !isdigit((unsigned char)*p)))
		return false;
	/* Inodes, pids and counts are at most 64 bits; a cookie may use the highest one. */
	if (*p == '-')
		*ret_value = strtoll(p, NULL, 10);
	else
		*ret_value = (long long)strtoull(p, NULL, 10);
	return true;
}

static unsigned int hex4(const char *p)
{
	char digits[5] = { p[0], p[1], p[2], p[3], '\0' };

	return (unsigned int)strtoul(digits, NULL, 16);
}

/* UTF-8 of a code point of the basic plane, which is all that \u can name alone. */
static size_t encode_utf8(unsigned int code, char out[3])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

bool jsonline_string(const char *line, const char *key, char *out, size_t size)
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *p = find_value(line, key);
	size_t used = 0;

	if (!p || *p != '"' || !skip_string(p))
		return false;
	for (p++; *p != '"'; p++) {
		char piece[3] = { *p };
		size_t len = 1;

		if (*p == '\\') {
			const char *name = strchr(names, *++p);

			piece[0] = name ? bytes[name - names] : *p;
			if (*p == 'u') {
				len = encode_utf8(hex4(p + 1), piece);
				p += 4;
			}
		}
		if (used + len >= size)
			break;
		memcpy(out + used, piece, len);
		used += len;
	}
	if (size > 0)
		out[used] = '\0';
	return true;
}
