// SPDX-License-Identifier: GPL-2.0-or-later
/* Records as text, JSON and CSV. What they hold is known to their field tables only. */
#include "view/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/csv.h"
#include "view/line.h"

#define COLUMNS_MAX 32
#define CELL_SIZE 1024 /* RECORD_VALUE_SIZE bytes, each escaped to \xNN */
#define NUMBER_SIZE 24 /* a 64-bit number and its sign */
#define GAP 2	       /* spaces between columns */

void record_set_string(struct record_value *ret, const char *text)
{
	ret->kind = RECORD_STRING;
	ret->text = text;
	ret->len = strlen(text);
}

void record_set_number(struct record_value *ret, uint64_t number)
{
	ret->kind = RECORD_UNSIGNED;
	ret->number = number;
}

void record_set_format(struct record_value *ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret->buffer, sizeof(ret->buffer), format, args);
	va_end(args);
	record_set_string(ret, ret->buffer);
}

void record_put_right(struct json *out, const char *text, size_t width)
{
	size_t used = line_columns(text, strlen(text));

	line_spaces(out, used < width ? width - used : 1);
	json_raw(out, text, strlen(text));
}

static void get_value(const struct record_list *list, size_t index,
		      const struct record_field *field, struct record_value *ret)
{
	ret->kind = RECORD_UNKNOWN;
	field->get((const char *)list->records + index * list->size, field->detail, ret);
}

static void put_json_value(const struct record_value *value, struct json *out)
{
	switch (value->kind) {
	case RECORD_UNKNOWN:
		json_null(out);
		break;
	case RECORD_UNSIGNED:
		json_u64(out, value->number);
		break;
	case RECORD_SIGNED:
		json_i64(out, (int64_t)value->number);
		break;
	case RECORD_BOOL:
		json_bool(out, value->number);
		break;
	case RECORD_STRING:
		json_string(out, value->text, value->len);
		break;
	}
}

static void put_json(const struct record_style *style, const struct record_list *list, size_t index,
		     struct json *out)
{
	struct record_value value;

	json_object_begin(out);
	if (style->display) {
		json_key(out, "display");
		json_u64(out, style->display);
		json_key(out, "ts");
		json_string(out, style->ts, strlen(style->ts));
	}
	for (size_t i = 0; i < list->field_count; i++) {
		get_value(list, index, &list->fields[i], &value);
		json_key(out, list->fields[i].name);
		put_json_value(&value, out);
	}
	json_object_end(out);
	json_newline(out);
}

/* As text, unescaped; what the returned text points to lives as long as the value and `number`. */
static const char *text_of(const struct record_value *value, char number[NUMBER_SIZE],
			   size_t *ret_len)
{
	const char *text = value->text;

	switch (value->kind) {
	case RECORD_UNKNOWN:
		text = "";
		break;
	case RECORD_UNSIGNED:
		snprintf(number, NUMBER_SIZE, "%llu", (unsigned long long)value->number);
		text = number;
		break;
	case RECORD_SIGNED:
		snprintf(number, NUMBER_SIZE, "%lld", (long long)value->number);
		text = number;
		break;
	case RECORD_BOOL:
		text = value->number ? "true" : "false";
		break;
	case RECORD_STRING:
		*ret_len = value->len;
		return text;
	}
	*ret_len = strlen(text);
	return text;
}

static void put_csv_header(const struct record_style *style, const struct record_list *list,
			   struct json *out)
{
	if (style->display)
		line_printf(out, "display,ts,");
	for (size_t i = 0; i < list->field_count; i++)
		line_printf(out, "%s%s", i ? "," : "", list->fields[i].name);
	line_printf(out, CSV_NEWLINE);
}

static void put_csv(const struct record_style *style, const struct record_list *list, size_t index,
		    struct json *out)
{
	struct record_value value;
	char number[NUMBER_SIZE];

	if (style->display)
		line_printf(out, "%u,%s,", style->display, style->ts);
	for (size_t i = 0; i < list->field_count; i++) {
		const char *text;
		size_t len;

		get_value(list, index, &list->fields[i], &value);
		text = text_of(&value, number, &len);
		if (i)
			json_raw(out, ",", 1);
		csv_put_text(out, text, len);
	}
	line_printf(out, CSV_NEWLINE);
}

/* False: there is nothing to tell, or 0. */
static bool make_cell(const struct record_list *list, size_t index,
		      const struct record_field *field, char cell[CELL_SIZE])
{
	struct record_value value;
	char number[NUMBER_SIZE];
	const char *text;
	size_t len;

	get_value(list, index, field, &value);
	text = text_of(&value, number, &len);
	text_escape(len ? text : "-", len ? len : 1, cell, CELL_SIZE);
	return len && (value.kind != RECORD_UNSIGNED || value.number);
}

static void put_cell(const struct record_field *field, const char *cell, size_t width, bool last,
		     struct json *out)
{
	size_t used = line_columns(cell, strlen(cell));
	size_t padding = used < width ? width - used : 0;

	if (field->column & RECORD_RIGHT)
		line_spaces(out, padding);
	json_raw(out, cell, strlen(cell));
	if (last)
		json_raw(out, "\n", 1);
	else
		line_spaces(out, GAP + (field->column & RECORD_RIGHT ? 0 : padding));
}

struct columns {
	const struct record_field *fields[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
	size_t count;
};

static void add_column(const struct record_style *style, const struct record_list *list,
		       const struct record_field *field, struct columns *columns)
{
	size_t width = style->header ? strlen(field->title) : 0;
	bool told = !(field->column & RECORD_OPTIONAL);
	char cell[CELL_SIZE];

	for (size_t i = 0; i < list->count; i++) {
		told |= make_cell(list, i, field, cell);
		if (line_columns(cell, strlen(cell)) > width)
			width = line_columns(cell, strlen(cell));
	}
	if (!told || columns->count == COLUMNS_MAX)
		return;
	columns->fields[columns->count] = field;
	columns->widths[columns->count++] = width;
}

/* Measures, then writes, and keeps no cells: a routing table may have a million lines. */
static void put_text(const struct record_style *style, const struct record_list *list,
		     struct json *out)
{
	struct columns columns = { .count = 0 };
	char cell[CELL_SIZE];

	for (size_t i = 0; i < list->field_count; i++)
		if (list->fields[i].title)
			add_column(style, list, &list->fields[i], &columns);
	for (size_t i = 0; style->header && i < columns.count; i++)
		put_cell(columns.fields[i], columns.fields[i]->title, columns.widths[i],
			 i + 1 == columns.count, out);
	for (size_t row = 0; row < list->count; row++) {
		for (size_t i = 0; i < columns.count; i++) {
			make_cell(list, row, columns.fields[i], cell);
			put_cell(columns.fields[i], cell, columns.widths[i], i + 1 == columns.count,
				 out);
		}
	}
}

void record_put(const struct record_style *style, const struct record_list *list, struct json *out)
{
	switch (style->format) {
	case RECORD_TEXT:
		put_text(style, list, out);
		break;
	case RECORD_JSON:
		for (size_t i = 0; i < list->count; i++)
			put_json(style, list, i, out);
		break;
	case RECORD_CSV:
		if (style->header)
			put_csv_header(style, list, out);
		for (size_t i = 0; i < list->count; i++)
			put_csv(style, list, i, out);
		break;
	}
}
