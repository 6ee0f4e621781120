// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows for machines: JSON, one object a line, and CSV (RFC 4180). */
#include <stdio.h>
#include <string.h>

#include "view/csv.h"
#include "view/origin.h"
#include "view/peer_view.h"
#include "view/table_write.h"

static void put_time(struct table *table, uint64_t ts_ns)
{
	char time[FORMAT_TIME_SIZE];
	size_t len = format_time((int64_t)ts_ns + table->realtime_offset_ns, time);

	json_key(&table->out, "ts");
	json_string(&table->out, time, len);
}

static void put_field(struct table *table, const struct field *field,
		      const struct field_context *context, bool always)
{
	struct value value;

	table_get(field, context, &value);
	if (value.kind == VALUE_NONE && !always)
		return;
	json_key(&table->out, field->name);
	field_write_json(field, context, &value, &table->out);
}

/* Which each row of repeated displays has, chosen or not. */
static bool is_of_display(const struct field *field)
{
	return field->when == FIELD_DISPLAY || strcmp(field->name, "ts") == 0;
}

static bool is_told(const struct table *table, const struct field *field,
		    const struct field_context *context)
{
	if (field->when == FIELD_COUNTER || field->when == FIELD_LIVE)
		return table->counters || field_applies(field, context->event);
	return field_applies(field, context->event);
}

void table_json_row(struct table *table, const struct field_context *context)
{
	json_object_begin(&table->out);
	if (table->display)
		put_time(table, table->ts_ns);
	if (table->column_count) {
		if (table->display)
			put_field(table, field_find("display"), context, true);
		for (size_t i = 0; i < table->column_count; i++)
			if (!table->display || !is_of_display(table->columns[i]))
				put_field(table, table->columns[i], context, true);
	} else {
		for (size_t i = 0; i < field_count(); i++) {
			const struct field *field = field_at(i);

			if (is_told(table, field, context) &&
			    (field->when != FIELD_DISPLAY || table->display))
				put_field(table, field, context, field->when != FIELD_KNOWN);
		}
		if (table->ancestors)
			origin_json_parents(&table->out, context->event->conn.owner);
		if (context->stack)
			origin_json_frames(&table->out, context->stack);
	}
	if (table->peers && !table->column_count &&
	    context->event->conn.ends.protocol == SW_PROTO_UDP)
		peer_view_json(&context->event->conn, table->realtime_offset_ns, &table->out);
	json_object_end(&table->out);
	json_newline(&table->out);
}

void table_json_lost(struct table *table, uint64_t count)
{
	struct json *out = &table->out;

	json_object_begin(out);
	put_time(table, table->ts_ns);
	json_key(out, "display");
	json_u64(out, table->display);
	json_key(out, "event");
	json_string(out, "lost", 4);
	json_key(out, "count");
	json_u64(out, count);
	json_object_end(out);
	json_newline(out);
}

static void put_csv_value(struct json *out, const struct value *value)
{
	char number[24];

	switch (value->kind) {
	case VALUE_NONE:
		break;
	case VALUE_NUMBER:
		json_raw(out, number,
			 (size_t)snprintf(number, sizeof(number), "%llu",
					  (unsigned long long)value->number));
		break;
	case VALUE_BOOL:
		json_raw(out, value->number ? "true" : "false", value->number ? 4 : 5);
		break;
	case VALUE_TEXT:
		csv_put_text(out, value->text, value->len);
		break;
	}
}

void table_csv_titles(struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (i)
			json_raw(&table->out, ",", 1);
		json_raw(&table->out, table->columns[i]->name, strlen(table->columns[i]->name));
	}
	json_raw(&table->out, "\r\n", 2);
}

void table_csv_row(struct table *table, const struct field_context *context)
{
	for (size_t i = 0; i < table->column_count; i++) {
		struct value value;

		table_get(table->columns[i], context, &value);
		if (i)
			json_raw(&table->out, ",", 1);
		put_csv_value(&table->out, &value);
	}
	json_raw(&table->out, "\r\n", 2);
}
