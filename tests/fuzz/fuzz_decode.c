// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes model/decode.c, and with the records that it lets pass model/conn_table.c and both views:
 * the input is a stream of records. What is malformed is skipped, 8 bytes at a time. Lines must
 * have no control characters; an event is one of JSON, or one and those below it of text.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/conn_table.h"
#include "model/decode.h"
#include "view/view.h"

#define ROWS_MAX 8 /* few enough that a short input reaches the limit */

struct session {
	struct process_table *processes;
	struct conn_table *table;
	struct view json, text;
	uint64_t events;
};

static void check_lines(const struct json *line, bool several)
{
	const char *text = line->data;
	size_t len = line->len;

	if (line->failed)
		return;
	if (!len || text[len - 1] != '\n')
		abort();
	for (len--; len;) {
		size_t n = text_utf8_length(text, len);

		if (!n || *text == 0x7f)
			abort();
		if ((unsigned char)*text < 0x20 && !(several && *text == '\n'))
			abort();
		if (n == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0)
			abort();
		text += n;
		len -= n;
	}
}

static void check_line(const struct json *line)
{
	check_lines(line, false);
}

static void check_view(struct view *view, const struct event *event)
{
	json_reset(&view->line);
	view->ops->event(view, event);
	check_lines(&view->line, view->ops == &view_text);
}

static void check_event(const struct event *event)
{
	if (event->kind != EVENT_STATE)
		return;
	if (event->new_state != event->conn.state || !event->conn.gen)
		abort();
	if (event->last != (event->new_state == SW_TCP_CLOSE))
		abort();
}

static void drain(struct session *session)
{
	struct event event;

	while (conn_table_next(session->table, &event)) {
		check_event(&event);
		check_view(&session->json, &event);
		check_view(&session->text, &event);
		conn_table_done(session->table, &event);
		session->events++;
	}
}

static void apply(struct session *session, const struct sw_header *record)
{
	if (record->kind == SW_RECORD_START) {
		json_reset(&session->json.line);
		session->json.ops->start(&session->json, (const struct sw_start *)record);
		check_line(&session->json.line);
	} else if (record->kind == SW_RECORD_CLOCK) {
		session->json.realtime_offset_ns = session->text.realtime_offset_ns =
			((const struct sw_clock *)record)->realtime_offset_ns;
	}
	(void)conn_table_apply(session->table, record);
	drain(session);
}

/* A copy of what is said to be the record, so that the sanitizer sees each look behind its end. */
static size_t take(struct session *session, const uint8_t *data, size_t size)
{
	const struct sw_header *record = NULL;
	struct sw_header header;
	void *copy;
	size_t len;
	int r;

	if (size < sizeof(header))
		return size;
	memcpy(&header, data, sizeof(header));
	len = header.size < sizeof(header) || header.size > size ? sizeof(header) : header.size;
	copy = malloc(len);
	if (!copy)
		return size;
	memcpy(copy, data, len);
	r = decode_record(copy, len, &record);
	if (r == 0) {
		if (record != copy || record->size != len)
			abort();
		apply(session, record);
	} else if (record) {
		abort();
	}
	free(copy);
	return r == 0 || r == -ENOTSUP ? len : 8;
}

/* Whatever is held comes out in the end. */
static void finish(struct session *session)
{
	const struct sw_header tick = { UINT64_MAX, sizeof(tick), SW_RECORD_TICK, 0 };
	struct view_end end = { conn_table_stats(session->table), session->events, 0, 0 };
	size_t cursor = 0;
	struct conn conn;

	apply(session, &tick);
	while (conn_table_iterate(session->table, &cursor, &conn))
		;
	json_reset(&session->json.line);
	session->json.ops->end(&session->json, &end);
	check_line(&session->json.line);
}

static void session_done(struct session *session)
{
	conn_table_free(session->table);
	process_table_free(session->processes);
	json_done(&session->json.line);
	json_done(&session->text.line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session session = {
		.processes = process_table_new(),
		.json = { .ops = &view_json, .ancestors = true },
		.text = { .ops = &view_text, .ancestors = true },
	};

	session.table = session.processes ? conn_table_new(session.processes, ROWS_MAX) : NULL;
	if (session.table) {
		while (size) {
			size_t n = take(&session, data, size);

			n = n < size ? n : size;
			data += n;
			size -= n;
		}
		finish(&session);
	}
	session_done(&session);
	return 0;
}
