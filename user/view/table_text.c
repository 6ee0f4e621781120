// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows for people: aligned columns, hostile bytes escaped, nothing cut. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "model/process.h"
#include "view/field_socket.h"
#include "view/table_write.h"

#define TEXT_SIZE (4 * SW_PATH_LEN) /* the longest path, every byte of it escaped */

static void put(struct json *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct json *out, const char *format, ...)
{
	char text[512];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_raw(out, text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

static void put_escaped(struct json *out, const char *text, size_t len)
{
	char safe[TEXT_SIZE];

	json_raw(out, safe, text_escape(text, len, safe, sizeof(safe)));
}

/* The value as text, which may be in `buffer`. "-" is what is not known, or is not there. */
static size_t text_of(const struct value *value, char buffer[TEXT_SIZE])
{
	switch (value->kind) {
	case VALUE_NUMBER:
		return (size_t)snprintf(buffer, TEXT_SIZE, "%llu",
					(unsigned long long)value->number);
	case VALUE_BOOL:
		return (size_t)snprintf(buffer, TEXT_SIZE, "%s", value->number ? "yes" : "no");
	case VALUE_TEXT:
		return text_escape(value->text, value->len, buffer, TEXT_SIZE);
	case VALUE_NONE:
		break;
	}
	return (size_t)snprintf(buffer, TEXT_SIZE, "-");
}

/* A character is one column: of wide and combining ones the alignment is off, not the content. */
static size_t columns_of(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

size_t table_text_width(const struct value *value)
{
	char buffer[TEXT_SIZE];

	return columns_of(buffer, text_of(value, buffer));
}

static void put_spaces(struct json *out, size_t count)
{
	static const char spaces[] =
		"                                                                ";

	for (; count > sizeof(spaces) - 1; count -= sizeof(spaces) - 1)
		json_raw(out, spaces, sizeof(spaces) - 1);
	json_raw(out, spaces, count);
}

static void put_heading(struct table *table)
{
	char time[FORMAT_TIME_SIZE];

	format_time((int64_t)table->ts_ns + table->realtime_offset_ns, time);
	put(&table->out, "%s%.10s %.8s UTC  display %u\n", table->display > 1 ? "\n" : "", time,
	    time + 11, table->display);
}

static void put_titles(struct table *table)
{
	size_t pad = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		const char *title = table->columns[i]->title;

		put_spaces(&table->out, pad);
		put(&table->out, "%s%s", i ? " " : "", title);
		pad = table->widths[i] - columns_of(title, strlen(title));
	}
	put(&table->out, "\n");
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
		put(&table->out, "\nActive Connections\n\n");
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
	char text[TEXT_SIZE];
	size_t pad = 0;

	put(&table->out, "%s", color);
	for (size_t i = 0; i < table->column_count; i++) {
		struct value value;
		size_t len, columns;

		table_get(table->columns[i], context, &value);
		len = text_of(&value, text);
		columns = columns_of(text, len);
		put_spaces(&table->out, pad + !!i);
		json_raw(&table->out, text, len);
		pad = table->widths[i] > columns ? table->widths[i] - columns : 0;
	}
	put(&table->out, "%s%s\n", table->marks && context->socket->fresh ? " *new" : "",
	    *color ? "\033[0m" : "");
	table_text_below(table, context);
}

static void put_ancestors(struct json *out, const struct process *process)
{
	put(out, "  (");
	for (; process; process = process->parent) {
		put_escaped(out, process->comm, strlen(process->comm));
		put(out, "[%u]%s", process->pid, process->parent ? " < " : "");
	}
	put(out, ")\n");
}

void table_text_below(struct table *table, const struct field_context *context)
{
	const struct process *owner = context->event->conn.owner;

	if (!table->executable)
		return;
	put(&table->out, "  [");
	if (owner && owner->exe)
		put_escaped(&table->out, owner->exe, strlen(owner->exe));
	else
		put(&table->out, owner && owner->kernel ? "kernel" : "-");
	put(&table->out, "]%s\n", owner && owner->exe_deleted ? " (deleted)" : "");
	if (table->ancestors && owner)
		put_ancestors(&table->out, owner);
}

static void put_clock(struct table *table, uint64_t ts_ns)
{
	char time[FORMAT_TIME_SIZE];

	format_time((int64_t)ts_ns + table->realtime_offset_ns, time);
	put(&table->out, "%.12s", time + 11);
}

static void put_value(struct table *table, const struct field_context *context, field_getter *get,
		      size_t width)
{
	struct value value = { .kind = VALUE_NONE };
	char text[TEXT_SIZE];
	size_t len;

	get(context, &value);
	len = text_of(&value, text);
	json_raw(&table->out, text, len);
	put_spaces(&table->out, columns_of(text, len) < width ? width - columns_of(text, len) : 0);
	put(&table->out, " ");
}

/* 14:02:11.123-14:02:11.223 tcp LOCAL REMOTE PID/COMM fin-local after 100ms rx 5 B tx 7 B */
void table_text_gone(struct table *table, const struct field_context *context)
{
	const struct event *event = context->event;
	const char *reason = conn_reason_name(event->reason);
	const char *error = event->conn.error ? format_errno(event->conn.error) : NULL;
	char duration[FORMAT_DURATION_SIZE];

	if (event->conn.existed)
		put(&table->out, "%12s", "before");
	else
		put_clock(table, event->conn.opened_ns);
	put(&table->out, "-");
	put_clock(table, event->ts_ns);
	put(&table->out, " ");
	put_value(table, context, field_get_protocol, 5);
	put_value(table, context, field_get_local, 21);
	put_value(table, context, field_get_remote, 21);
	put_value(table, context, field_get_program, 20);
	put(&table->out, "%s%s%s", reason ? reason : "-", error ? " " : "", error ? error : "");
	if (!event->conn.existed && event->ts_ns >= event->conn.opened_ns) {
		format_duration((event->ts_ns - event->conn.opened_ns) / NSEC_PER_USEC, duration);
		put(&table->out, " after %s", duration);
	}
	if (event->conn.counted)
		put(&table->out, " rx %llu B tx %llu B",
		    (unsigned long long)event->conn.counters.rx_bytes,
		    (unsigned long long)event->conn.counters.tx_bytes);
	put(&table->out, "\n");
	table_text_below(table, context);
}

void table_text_lost(struct table *table, uint64_t count)
{
	put(&table->out, "LOST %llu records: some of what closed may be missing here\n",
	    (unsigned long long)count);
}
