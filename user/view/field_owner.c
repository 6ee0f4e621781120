// SPDX-License-Identifier: GPL-2.0-or-later
/* Who made a connection, and all who hold its socket. */
#include "view/field_owner.h"

#include <stdio.h>
#include <string.h>

#include "model/process.h"

/* NULL if it is the owner, or not known. */
static const struct process *creator_of(const struct field_context *context)
{
	const struct conn *conn = &context->event->conn;

	return conn->creator != conn->owner ? conn->creator : NULL;
}

void field_get_creator_pid(const struct field_context *context, struct value *ret)
{
	if (creator_of(context))
		field_set_number(ret, creator_of(context)->pid);
}

void field_get_creator_comm(const struct field_context *context, struct value *ret)
{
	if (creator_of(context) && creator_of(context)->comm[0])
		field_set_string(ret, creator_of(context)->comm);
}

void field_get_creator_exe(const struct field_context *context, struct value *ret)
{
	if (creator_of(context))
		field_set_string(ret, creator_of(context)->exe);
}

/*
 * The next holder to be told, the owner before all others, or NULL. *at counts from 0. The tracer
 * may know another owner than the oldest holder.
 */
static const struct socket_holder *next_holder(const struct field_context *context, uint32_t *at)
{
	const struct socket_row *row = context->socket;
	const struct process *owner = context->event->conn.owner;
	uint32_t first = 0;

	while (first < row->held_count && row->held_by[first].process != owner)
		first++;
	if (first == row->held_count)
		first = 0;
	if (*at >= row->held_count)
		return NULL;
	if ((*at)++ == 0)
		return &row->held_by[first];
	return &row->held_by[*at - 1 - (*at - 1 <= first)];
}

static bool has_several(const struct field_context *context)
{
	return context->socket && context->socket->held_count > 1;
}

void field_get_held_by(const struct field_context *context, struct value *ret)
{
	static const char more[] = ",...";
	const struct socket_holder *holder;
	size_t len = 0, room = sizeof(ret->buffer) - sizeof(more);
	uint32_t at = 0;

	if (!has_several(context))
		return;
	while ((holder = next_holder(context, &at))) {
		char text[FIELD_BUFFER_SIZE];
		int n = snprintf(text, sizeof(text), "%s%u/%s", len ? "," : "",
				 holder->process->pid, holder->process->comm);

		if ((size_t)n > room - len)
			break;
		memcpy(ret->buffer + len, text, (size_t)n);
		len += (size_t)n;
	}
	if (at < context->socket->holders || holder) {
		memcpy(ret->buffer + len, more, sizeof(more) - 1);
		len += sizeof(more) - 1;
	}
	field_set_text(ret, ret->buffer, len);
}

static void write_known(struct json *out, const char *key, const char *text)
{
	json_key(out, key);
	if (text && *text)
		json_string(out, text, strlen(text));
	else
		json_null(out);
}

void field_write_held_by(const struct field_context *context, struct json *out)
{
	const struct socket_holder *holder;
	uint32_t at = 0;

	json_array_begin(out);
	while ((holder = next_holder(context, &at))) {
		json_object_begin(out);
		json_key(out, "pid");
		json_u64(out, holder->process->pid);
		write_known(out, "comm", holder->process->comm);
		write_known(out, "exe", holder->process->exe);
		json_key(out, "fd");
		json_u64(out, (uint64_t)holder->fd);
		json_object_end(out);
	}
	json_array_end(out);
}
