// SPDX-License-Identifier: GPL-2.0-or-later
/* Displays: which columns, how wide, and in which order their parts are told. */
#include "view/table.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "view/table_write.h"

void table_init(struct table *table, enum table_format format)
{
	*table = (struct table){ .format = format, .header = true };
	json_init(&table->out);
}

void table_done(struct table *table)
{
	json_done(&table->out);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Of what events tell, a row has the time: that of its display. */
static bool is_column(const struct field *field)
{
	return (field->when != FIELD_EVENT && field->when != FIELD_STATE) ||
	       strcmp(field->name, "ts") == 0;
}

const struct field *table_column_find(const char *name, size_t len)
{
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *field = field_at(i);

		if (is_column(field) && strncmp(field->name, name, len) == 0 && !field->name[len])
			return field;
	}
	return NULL;
}

static size_t position_of(const struct table *table, const struct field *field)
{
	size_t i = 0;

	while (i < table->column_count && table->columns[i] != field)
		i++;
	return i;
}

static bool add(struct table *table, const struct field *field)
{
	size_t width;

	if (position_of(table, field) < table->column_count)
		return true;
	if (table->column_count == TABLE_COLUMNS_MAX)
		return false;
	width = strlen(field->title);
	table->columns[table->column_count] = field;
	table->widths[table->column_count++] = field->width > width ? field->width
								    : (unsigned int)width;
	return true;
}

static void take_away(struct table *table, const struct field *field)
{
	size_t at = position_of(table, field);

	if (at == table->column_count)
		return;
	table->column_count--;
	for (; at < table->column_count; at++) {
		table->columns[at] = table->columns[at + 1];
		table->widths[at] = table->widths[at + 1];
	}
}

bool table_column_add(struct table *table, const char *name)
{
	const struct field *field = table_column_find(name, strlen(name));

	return field && add(table, field);
}

int table_columns_parse(struct table *table, const char *list, const char **ret_bad,
			size_t *ret_len)
{
	bool changes = *list == '+' || *list == '-';

	if (!changes)
		table->column_count = 0;
	for (const char *name = list;; name++) {
		size_t len = strcspn(name, ",");
		char sign = *name == '-' || *name == '+' ? *name : '\0';
		const struct field *field = table_column_find(name + !!sign, len - !!sign);

		if (!field || (sign != '-' && !add(table, field))) {
			*ret_bad = name;
			*ret_len = len;
			return -EINVAL;
		}
		if (sign == '-')
			take_away(table, field);
		name += len;
		if (!*name)
			return 0;
	}
}

void table_columns_help(struct json *out)
{
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *field = field_at(i);

		if (!is_column(field))
			continue;
		json_raw(out, field->name, strlen(field->name));
		for (size_t at = strlen(field->name); at < 13; at++)
			json_raw(out, " ", 1);
		json_raw(out, field->help, strlen(field->help));
		json_raw(out, "\n", 1);
	}
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void event_of(const struct table *table, const struct table_row *row,
		     struct event *ret_event)
{
	if (row->gone) {
		*ret_event = *row->gone;
		ret_event->kind = EVENT_ROW;
		return;
	}
	*ret_event = (struct event){ .kind = EVENT_ROW,
				     .ts_ns = table->ts_ns,
				     .old_state = row->socket->conn.state,
				     .new_state = row->socket->conn.state,
				     .conn = row->socket->conn };
	if (!ret_event->conn.gen)
		ret_event->conn.gen = 1;
}

static struct field_context context_of(const struct table *table, const struct table_row *row,
				       const struct event *event)
{
	return (struct field_context){ .event = event,
				       .realtime_offset_ns = table->realtime_offset_ns,
				       .socket = row->socket,
				       .names = row->names,
				       .stack = row->stack,
				       .display = table->display };
}

void table_get(const struct field *field, const struct field_context *context, struct value *ret)
{
	ret->kind = VALUE_NONE;
	if (field->when != FIELD_GONE || context->event->last)
		field->get(context, ret);
}

void table_value(const struct table *table, const struct field *field, const struct table_row *row,
		 struct value *ret)
{
	struct event event;
	struct field_context context;

	event_of(table, row, &event);
	context = context_of(table, row, &event);
	table_get(field, &context, ret);
}

void table_measure(struct table *table, const struct table_row *row)
{
	struct field_context context;
	struct event event;

	if (table->format != TABLE_TEXT)
		return;
	event_of(table, row, &event);
	context = context_of(table, row, &event);
	/* Nothing follows the last one. */
	for (size_t i = 0; i + 1 < table->column_count; i++) {
		struct value value;
		size_t width;

		table_get(table->columns[i], &context, &value);
		width = table_text_width(&value);
		if (width > table->widths[i])
			table->widths[i] = (unsigned int)width;
	}
}

void table_begin(struct table *table)
{
	if (table->format == TABLE_TEXT || table->format == TABLE_XP)
		table_text_begin(table);
	else if (table->format == TABLE_CSV && table->header && table->display <= 1)
		table_csv_titles(table);
}

void table_put(struct table *table, const struct table_row *row)
{
	struct event event;
	struct field_context context;

	event_of(table, row, &event);
	context = context_of(table, row, &event);
	switch (table->format) {
	case TABLE_JSON:
		table_json_row(table, &context);
		break;
	case TABLE_CSV:
		table_csv_row(table, &context);
		break;
	case TABLE_XP:
		if (event.last)
			table_text_gone(table, &context);
		else
			table_xp_row(table, &context);
		break;
	case TABLE_TEXT:
		if (event.last)
			table_text_gone(table, &context);
		else
			table_text_row(table, &context);
		break;
	}
}

void table_begin_gone(struct table *table)
{
	static const char heading[] = "\nClosed since the last display\n";

	if (table->format == TABLE_TEXT || table->format == TABLE_XP)
		json_raw(&table->out, heading, strlen(heading));
}

void table_put_lost(struct table *table, uint64_t count)
{
	if (table->format == TABLE_TEXT || table->format == TABLE_XP)
		table_text_lost(table, count);
	else if (table->format == TABLE_JSON)
		table_json_lost(table, count);
}
