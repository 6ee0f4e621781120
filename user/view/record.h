/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of one kind (interfaces, routes, counters) as a text table, JSON or CSV. Each kind has
 * one table of fields, from which all three are made. (Sockets have their own: view/table.h.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/json.h"

#define RECORD_VALUE_SIZE 192 /* the longest: all flags of an interface, 150 */

enum record_kind { RECORD_UNKNOWN, RECORD_UNSIGNED, RECORD_SIGNED, RECORD_BOOL, RECORD_STRING };

struct record_value {
	enum record_kind kind;
	uint64_t number;  /* an int64_t's bits if it is RECORD_SIGNED */
	const char *text; /* into `buffer`, or owned by the record; any bytes */
	size_t len;
	char buffer[RECORD_VALUE_SIZE];
};

enum record_column {
	RECORD_RIGHT = 1 << 0,	  /* aligned to the right, as numbers are */
	RECORD_OPTIONAL = 1 << 1, /* left out if it has nothing to tell, or 0, of all records */
};

struct record_field {
	const char *name;    /* JSON key and CSV header: never renamed */
	const char *title;   /* of the text column; NULL: not in the text table */
	unsigned int column; /* text: enum record_column, bits */
	int detail;	     /* for `get` */
	/* Leaves *ret as it is (RECORD_UNKNOWN) if there is nothing to tell. */
	void (*get)(const void *record, int detail, struct record_value *ret);
};

enum record_format { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

struct record_style {
	enum record_format format;
	bool header;	      /* text and CSV: the line of titles */
	unsigned int display; /* JSON and CSV tell it and `ts` first; 0: neither */
	const char *ts;	      /* RFC 3339 */
};

struct record_list {
	const void *records;
	size_t count, size; /* of one, in bytes */
	const struct record_field *fields;
	size_t field_count;
};

/*
 * Append whole lines. Text: columns as wide as the widest value, control bytes escaped, nothing or
 * unknown is "-". JSON: one object a line, unknown is null. CSV: RFC 4180, unknown is empty.
 */
void record_put(const struct record_style *style, const struct record_list *list, struct json *out);

/* For the getters: a literal or a string of the record; and text made in ret->buffer. */
void record_set_string(struct record_value *ret, const char *text);
void record_set_number(struct record_value *ret, uint64_t number);
void record_set_format(struct record_value *ret, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Text layouts that are no such tables: a value padded to a width. */
/* At least one space before it. */
void record_put_right(struct json *out, const char *text, size_t width);
