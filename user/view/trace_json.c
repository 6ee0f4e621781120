// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace as one JSON object a line. */
#include <string.h>

#include "model/process.h"
#include "view/field.h"
#include "view/origin.h"
#include "view/peer_view.h"
#include "view/view.h"

const char *view_mode_name(uint32_t mode)
{
	return mode == SW_MODE_TRAMPOLINE ? "trampoline" : "tracepoint";
}

static void write_string(struct json *json, const char *key, const char *text, size_t max)
{
	json_key(json, key);
	json_string(json, text, strnlen(text, max));
}

static void write_time(struct view *view, uint64_t ts_ns)
{
	char time[FORMAT_TIME_SIZE];

	json_key(&view->line, "ts");
	json_string(&view->line, time,
		    format_time((int64_t)ts_ns + view->realtime_offset_ns, time));
}

static void start(struct view *view, const struct sw_start *record)
{
	const char *hook = (const char *)(record + 1);
	const char *end = (const char *)record + record->header.size;
	struct json *json = &view->line;

	json_object_begin(json);
	write_time(view, record->header.ts_ns);
	write_string(json, "event", "start", SIZE_MAX);
	write_string(json, "version", record->version, sizeof(record->version));
	write_string(json, "mode", view_mode_name(record->mode), SIZE_MAX);
	write_string(json, "kernel", record->kernel, sizeof(record->kernel));
	json_key(json, "hooks");
	json_array_begin(json);
	for (; hook < end; hook += strlen(hook) + 1)
		if (*hook) /* the end is padded with NUL */
			json_string(json, hook, strlen(hook));
	json_array_end(json);
	json_object_end(json);
	json_newline(json);
}

static void event(struct view *view, const struct event *told)
{
	const struct field_context context = { .event = told,
					       .stack = told->stack,
					       .realtime_offset_ns = view->realtime_offset_ns };
	struct json *json = &view->line;

	json_object_begin(json);
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *field = field_at(i);
		struct value value;

		if (!field_applies(field, told))
			continue;
		value.kind = VALUE_NONE;
		field->get(&context, &value);
		if (value.kind == VALUE_NONE && field->when == FIELD_KNOWN)
			continue;
		json_key(json, field->name);
		field_write_json(field, &context, &value, json);
	}
	if (told->last && told->conn.peers)
		peer_view_json(&told->conn, view->realtime_offset_ns, json);
	if (view->ancestors && told->conn.ends.cookie)
		origin_json_parents(json, told->conn.owner);
	if (told->stack)
		origin_json_frames(json, told->stack);
	json_object_end(json);
	json_newline(json);
}

static void write_count(struct json *json, const char *key, uint64_t count)
{
	json_key(json, key);
	json_u64(json, count);
}

static void end(struct view *view, const struct view_end *told)
{
	struct json *json = &view->line;

	json_object_begin(json);
	write_time(view, told->ts_ns);
	write_string(json, "event", "end", SIZE_MAX);
	write_count(json, "events", told->events);
	write_count(json, "connections", told->stats->connections);
	write_count(json, "transitions", told->stats->transitions);
	write_count(json, "inferred", told->stats->inferred);
	write_count(json, "lost", told->stats->lost);
	write_count(json, "untracked", told->stats->untracked);
	write_count(json, "verified", told->stats->verified);
	/* Nobody knows what was not looked for. */
	json_key(json, "drift");
	if (told->stats->verified)
		json_u64(json, told->stats->drift);
	else
		json_null(json);
	if (told->stacks_told) {
		write_count(json, "stacks", told->stats->stacks);
		write_count(json, "stacks_incomplete", told->stats->stacks_incomplete);
		write_count(json, "stacks_dropped", told->stacks_dropped);
	}
	write_count(json, "duration_us", told->duration_ns / 1000);
	json_object_end(json);
	json_newline(json);
}

const struct view_ops view_json = { start, event, end };
