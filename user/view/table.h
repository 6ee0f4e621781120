/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of a display as text, JSON or CSV, their columns taken from the field table. It keeps no
 * rows: widths are what the caller let it measure, and grow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/field.h"
#include "view/json.h"

#define TABLE_COLUMNS_MAX 96

enum table_format { TABLE_TEXT, TABLE_XP, TABLE_JSON, TABLE_CSV };

struct table_row {
	const struct socket_row *socket;
	const struct field_names *names; /* NULL: numbers */
	/* Of a connection that is over: its last transition. socket->conn is then unused. */
	const struct event *gone;
	const struct sw_stack *stack; /* that led to it, or NULL */
};

struct table {
	enum table_format format;
	const struct field *columns[TABLE_COLUMNS_MAX]; /* none: JSON tells all that applies */
	size_t column_count;
	unsigned int widths[TABLE_COLUMNS_MAX];
	bool header; /* wanted */
	bool color;
	bool executable; /* text: the full path on a line of its own */
	bool ancestors;	 /* and its parents, script and stack; JSON: parents and frames */
	bool peers;	 /* those of UDP sockets too */
	bool marks;	 /* text: new rows of repeated displays say so */
	bool counters;	 /* JSON: the counters and ages of each row too */
	/* Repeated displays. */
	unsigned int display; /* counts from 1; 0: there is one only */
	uint64_t ts_ns;	      /* CLOCK_MONOTONIC of the display */
	int64_t realtime_offset_ns;
	struct json out; /* whole lines; the caller takes and resets them */
};

void table_init(struct table *table, enum table_format format);
void table_done(struct table *table);

/*
 * Columns by name, separated by commas; "-name" takes one away, "+name" adds one to those there
 * are. 0, or -EINVAL, and `ret_bad` (into `list`, ret_len bytes) is the name that is none.
 */
int table_columns_parse(struct table *table, const char *list, const char **ret_bad,
			size_t *ret_len);
/* A field that can be a column, or NULL. */
const struct field *table_column_find(const char *name, size_t len);
/* Append a column unless it is there. False: there is no such field, or no room. */
bool table_column_add(struct table *table, const char *name);

/* Widen the columns so that this row fits. */
void table_measure(struct table *table, const struct table_row *row);

/* Begin a display: its heading, with the time if displays are repeated. */
void table_begin(struct table *table);
void table_put(struct table *table, const struct table_row *row);
/* What follows is gone since the last display. */
void table_begin_gone(struct table *table);
/* Records that were lost since the last display. A CSV has no place for that. */
void table_put_lost(struct table *table, uint64_t count);

/*
 * The value of a field of this row, e.g. to sort by. What the text points to lives as long as
 * `ret` and the row.
 */
void table_value(const struct table *table, const struct field *field, const struct table_row *row,
		 struct value *ret);

/* "name  help" of every column there is, a line each. */
void table_columns_help(struct json *out);
