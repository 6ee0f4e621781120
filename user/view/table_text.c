// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows for people: aligned columns, hostile bytes escaped, nothing cut. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "model/process.h"
#include "view/field_socket.h"
#include "view/line.h"
#include "view/origin.h"
#include "view/peer_view.h"
#include "view/table_write.h"

/* The value as text, which may be in `buffer`. "-" is what is not known, or is not there. */
static size_t text_of(const struct value *value, char buffer[LINE_TEXT_SIZE])
{
	switch (value->kind) {
	case VALUE_NUMBER:
		return text_decimal(value->number, buffer);
	case VALUE_BOOL:
		return (size_t)snprintf(buffer, LINE_TEXT_SIZE, "%s", value->number ? "yes" : "no");
	case VALUE_TEXT:
		return text_escape(value->text, value->len, buffer, LINE_TEXT_SIZE);
	case VALUE_NONE:
		break;
	}
	buffer[0] = '-';
	return 1;
}

static size_t columns_of(const struct value *value, const char *text, size_t len)
{
	return value->kind == VALUE_TEXT ? line_columns(text, len) : len;
}

size_t table_text_width(const struct value *value)
{
	char buffer[LINE_TEXT_SIZE];

	return columns_of(value, buffer, text_of(value, buffer));
}

static void put_heading(struct table *table)
{
	char time[FORMAT_TIME_SIZE];

	format_time((int64_t)table->ts_ns + table->realtime_offset_ns, time);
	line_printf(&table->out, "%s%.10s %.8s UTC  display %u\n", table->display > 1 ? "\n" : "",
		    time, time + 11, table->display);
}

static void put_titles(struct table *table)
{
	size_t pad = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		const char *title = table->columns[i]->title;

		line_spaces(&table->out, pad);
		line_printf(&table->out, "%s%s", i ? " " : "", title);
		pad = table->widths[i] - line_columns(title, strlen(title));
	}
	line_printf(&table->out, "\n");
}

void table_text_begin(struct table *table)
{
	if (table->display)
		put_heading(table);
	if (!table->header)
		return;
	if (table->format == TABLE_TEXT) {
		put_titles(table);
	} else {
		line_printf(&table->out, "\nActive Connections\n\n");
		table_xp_titles(table);
	}
}

static const char *color_of(const struct table *table, const struct field_context *context)
{
	if (!table->color)
		return "";
	if (context->socket->fresh)
		return "\033[1m";
	switch (context->event->new_state) {
	case SW_TCP_ESTABLISHED:
		return "\033[32m";
	case SW_TCP_LISTEN:
		return "\033[34m";
	case SW_TCP_SYN_SENT:
	case SW_TCP_SYN_RECV:
		return "\033[33m";
	case SW_TCP_CLOSE_WAIT:
		return "\033[31m";
	default:
		return "";
	}
}

void table_text_row(struct table *table, const struct field_context *context)
{
	const char *color = color_of(table, context);
	char text[LINE_TEXT_SIZE];
	size_t pad = 0;

	line_string(&table->out, color);
	for (size_t i = 0; i < table->column_count; i++) {
		struct value value;
		size_t len, columns;

		table_get(table->columns[i], context, &value);
		len = text_of(&value, text);
		columns = columns_of(&value, text, len);
		line_spaces(&table->out, pad + !!i);
		json_raw(&table->out, text, len);
		pad = table->widths[i] > columns ? table->widths[i] - columns : 0;
	}
	line_string(&table->out, table->marks && context->socket->fresh ? " *new" : "");
	line_string(&table->out, *color ? "\033[0m\n" : "\n");
	table_text_below(table, context);
}

static void put_ancestors(struct json *out, const struct process *process)
{
	line_printf(out, "  (");
	for (; process; process = process->parent) {
		(void)line_escaped(out, process->comm, strlen(process->comm));
		line_printf(out, "[%u]%s", process->pid, process->parent ? " < " : "");
	}
	line_printf(out, ")\n");
}

static void put_origin(struct table *table, const struct field_context *context)
{
	const struct process *owner = context->event->conn.owner;
	struct value script = { .kind = VALUE_NONE };

	field_get_script(context, &script);
	if (script.kind == VALUE_TEXT) {
		line_printf(&table->out, "  script ");
		(void)line_escaped(&table->out, script.text, script.len);
		line_printf(&table->out, "\n");
	}
	if (owner)
		put_ancestors(&table->out, owner);
	if (context->stack) {
		line_printf(&table->out, "  ");
		origin_text_modules(&table->out, context->stack);
		line_printf(&table->out, "\n");
	}
}

static void put_executable(struct table *table, const struct field_context *context)
{
	const struct process *owner = context->event->conn.owner;

	line_printf(&table->out, "  [");
	if (owner && owner->exe)
		(void)line_escaped(&table->out, owner->exe, strlen(owner->exe));
	else
		line_printf(&table->out, owner && owner->kernel ? "kernel" : "-");
	line_printf(&table->out, "]%s\n", owner && owner->exe_deleted ? " (deleted)" : "");
	if (table->ancestors)
		put_origin(table, context);
}

void table_text_below(struct table *table, const struct field_context *context)
{
	if (table->executable)
		put_executable(table, context);
	if (table->peers)
		peer_view_text(&context->event->conn, table->realtime_offset_ns, &table->out);
}

static void put_clock(struct table *table, uint64_t ts_ns)
{
	char time[FORMAT_TIME_SIZE];

	format_time((int64_t)ts_ns + table->realtime_offset_ns, time);
	line_printf(&table->out, "%.12s", time + 11);
}

static void put_value(struct table *table, const struct field_context *context, field_getter *get,
		      size_t width)
{
	struct value value = { .kind = VALUE_NONE };
	char text[LINE_TEXT_SIZE];
	size_t len;

	get(context, &value);
	len = text_of(&value, text);
	json_raw(&table->out, text, len);
	line_spaces(&table->out,
		    line_columns(text, len) < width ? width - line_columns(text, len) : 0);
	line_printf(&table->out, " ");
}

/* 14:02:11.123-14:02:11.223 tcp LOCAL REMOTE PID/COMM fin-local after 100ms rx 5 B tx 7 B */
void table_text_gone(struct table *table, const struct field_context *context)
{
	const struct event *event = context->event;
	const char *reason = conn_reason_name(event->reason);
	const char *error = event->conn.error ? format_errno(event->conn.error) : NULL;
	const char *reset = conn_reset_reason_name(event->conn.reset_reason);
	char duration[FORMAT_DURATION_SIZE];

	if (event->conn.existed)
		line_printf(&table->out, "%12s", "before");
	else
		put_clock(table, event->conn.opened_ns);
	line_printf(&table->out, "-");
	put_clock(table, event->ts_ns);
	line_printf(&table->out, " ");
	put_value(table, context, field_get_protocol, 5);
	put_value(table, context, field_get_local, 21);
	put_value(table, context, field_get_remote, 21);
	put_value(table, context, field_get_program, 20);
	line_printf(&table->out, "%s%s%s%s%s", reason ? reason : "-", error ? " " : "",
		    error ? error : "", reset ? " " : "", reset ? reset : "");
	if (!event->conn.existed && event->ts_ns >= event->conn.opened_ns) {
		format_duration((event->ts_ns - event->conn.opened_ns) / NSEC_PER_USEC, duration);
		line_printf(&table->out, " after %s", duration);
	}
	if (event->failed)
		line_printf(&table->out, " attempts %u", conn_attempts(&event->conn));
	else if (event->conn.counted)
		line_printf(&table->out, " rx %llu B tx %llu B",
			    (unsigned long long)event->conn.counters.rx_bytes,
			    (unsigned long long)event->conn.counters.tx_bytes);
	line_printf(&table->out, "\n");
	table_text_below(table, context);
}

void table_text_lost(struct table *table, uint64_t count)
{
	line_printf(&table->out, "LOST %llu records: some of what closed may be missing here\n",
		    (unsigned long long)count);
}
