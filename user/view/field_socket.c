// SPDX-License-Identifier: GPL-2.0-or-later
/* What only rows of a display have: queues, timers, holders; and the columns of text tables. */
#include "view/field_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "base/util.h"
#include "model/process.h"

const char *socket_kind_name(enum socket_kind kind)
{
	static const char *const names[SOCKET_KINDS] = {
		[SOCKET_TCP] = "tcp",
		[SOCKET_UDP] = "udp",
		[SOCKET_RAW] = "raw",
		[SOCKET_UNIX] = "unix",
	};

	return (unsigned int)kind < SOCKET_KINDS ? names[kind] : NULL;
}

const char *socket_state_name(const struct socket_row *row)
{
	if (row->kind != SOCKET_TCP && row->conn.state == SW_TCP_CLOSE)
		return "UNCONN";
	return conn_state_name(row->conn.state);
}

static bool is_gone(const struct field_context *context)
{
	return context->event->last;
}

void field_get_display(const struct field_context *context, struct value *ret)
{
	if (context->display)
		field_set_number(ret, context->display);
}

/* The queues of what is gone are gone too. */
void field_get_recv_q(const struct field_context *context, struct value *ret)
{
	if (!is_gone(context))
		field_set_number(ret, context->socket->recv_q);
}

void field_get_send_q(const struct field_context *context, struct value *ret)
{
	if (!is_gone(context))
		field_set_number(ret, context->socket->send_q);
}

void field_get_inode(const struct field_context *context, struct value *ret)
{
	if (context->socket->inode)
		field_set_number(ret, context->socket->inode);
}

void field_get_holders(const struct field_context *context, struct value *ret)
{
	if (context->socket->holders)
		field_set_number(ret, context->socket->holders);
}

void field_get_fd(const struct field_context *context, struct value *ret)
{
	if (context->socket && context->socket->fd >= 0)
		field_set_number(ret, (uint64_t)context->socket->fd);
}

static const char *timer_name(const struct socket_row *row)
{
	static const char *const names[] = {
		[SOCKET_TIMER_RETRANSMIT] = "retransmit",
		[SOCKET_TIMER_KEEPALIVE] = "keepalive",
		[SOCKET_TIMER_TIMEWAIT] = "timewait",
		[SOCKET_TIMER_PROBE] = "probe",
	};

	return (unsigned int)row->timer < ARRAY_SIZE(names) ? names[row->timer] : NULL;
}

void field_get_timer(const struct field_context *context, struct value *ret)
{
	if (context->socket)
		field_set_string(ret, timer_name(context->socket));
}

void field_get_timer_ms(const struct field_context *context, struct value *ret)
{
	if (context->socket && timer_name(context->socket))
		field_set_number(ret, context->socket->timer_ms);
}

void field_get_retransmits(const struct field_context *context, struct value *ret)
{
	if (context->socket && context->socket->retransmits)
		field_set_number(ret, context->socket->retransmits);
}

void field_get_type(const struct field_context *context, struct value *ret)
{
	if (!context->socket || context->socket->kind != SOCKET_UNIX)
		return;
	switch (context->socket->type) {
	case SOCK_STREAM:
		field_set_string(ret, "stream");
		break;
	case SOCK_DGRAM:
		field_set_string(ret, "dgram");
		break;
	case SOCK_SEQPACKET:
		field_set_string(ret, "seqpacket");
		break;
	default:
		break;
	}
}

/* The name of an abstract socket begins with NUL and may hold more of them: shown as @. */
void field_get_path(const struct field_context *context, struct value *ret)
{
	const struct socket_row *row = context->socket;
	size_t len;

	if (!row || !row->path || !row->path_len)
		return;
	if (row->path[0]) {
		field_set_text(ret, row->path, row->path_len);
		return;
	}
	len = row->path_len < sizeof(ret->buffer) ? row->path_len : sizeof(ret->buffer);
	for (size_t i = 0; i < len; i++)
		ret->buffer[i] = row->path[i] ? row->path[i] : '@';
	field_set_text(ret, ret->buffer, len);
}

void field_get_peer_inode(const struct field_context *context, struct value *ret)
{
	if (context->socket && context->socket->peer_inode)
		field_set_number(ret, context->socket->peer_inode);
}

void field_get_fresh(const struct field_context *context, struct value *ret)
{
	if (context->socket && context->socket->fresh)
		field_set_true(ret);
}

void field_get_gone(const struct field_context *context, struct value *ret)
{
	field_set_true(ret);
}

void field_get_opened(const struct field_context *context, struct value *ret)
{
	const struct conn *conn = &context->event->conn;
	int64_t ns = (int64_t)conn->opened_ns + context->realtime_offset_ns;

	if (!conn->existed)
		field_set_text(ret, ret->buffer, format_time(ns, ret->buffer));
}

void field_get_closed(const struct field_context *context, struct value *ret)
{
	int64_t ns = (int64_t)context->event->ts_ns + context->realtime_offset_ns;

	field_set_text(ret, ret->buffer, format_time(ns, ret->buffer));
}

void field_get_protocol(const struct field_context *context, struct value *ret)
{
	const struct socket_row *row = context->socket;
	static const char *const v6_names[SOCKET_KINDS] = {
		[SOCKET_TCP] = "tcp6",
		[SOCKET_UDP] = "udp6",
		[SOCKET_RAW] = "raw6",
		[SOCKET_UNIX] = "unix",
	};

	field_set_string(ret, conn_is_v6(&context->event->conn) ? v6_names[row->kind]
								: socket_kind_name(row->kind));
}

static size_t append(char *out, size_t size, size_t len, const char *text)
{
	size_t more = strlen(text);

	if (more > size - len)
		more = size - len;
	memcpy(out + len, text, more);
	return len + more;
}

/* "host:service"; an IPv6 address stands in brackets. `wild`: port 0 is any. */
static void set_endpoint(struct value *ret, const struct sw_endpoints *ends, bool local,
			 const char *host, const char *service)
{
	const uint8_t *address = local ? ends->laddr : ends->raddr;
	unsigned int port = local ? ends->lport : ends->rport;
	char number[8];
	size_t len = 0;

	if (!host && !service) {
		field_set_text(ret, ret->buffer,
			       format_endpoint(ends->family, address, port, ret->buffer));
		return;
	}
	snprintf(number, sizeof(number), "%u", port);
	if (host) {
		len = append(ret->buffer, sizeof(ret->buffer) - 40, 0, host);
	} else {
		bool brackets = ends->family == SW_FAMILY_INET6;
		char text[FORMAT_ADDRESS_SIZE];

		format_address(ends->family, address, text);
		len = append(ret->buffer, sizeof(ret->buffer), len, brackets ? "[" : "");
		len = append(ret->buffer, sizeof(ret->buffer), len, text);
		len = append(ret->buffer, sizeof(ret->buffer), len, brackets ? "]" : "");
	}
	len = append(ret->buffer, sizeof(ret->buffer), len, ":");
	len = append(ret->buffer, sizeof(ret->buffer), len,
		     service ? service
		     : port  ? number
			     : "*");
	field_set_text(ret, ret->buffer, len);
}

void field_get_local(const struct field_context *context, struct value *ret)
{
	const struct field_names *names = context->names;
	struct sw_endpoints ends = context->event->conn.ends;

	/* As net-tools has it: what a raw socket has is a protocol. */
	if (context->socket->kind == SOCKET_RAW)
		ends.lport = ends.protocol;
	if (context->socket->kind == SOCKET_UNIX)
		field_get_path(context, ret);
	else
		set_endpoint(ret, &ends, true, names ? names->lhost : NULL,
			     names ? names->lservice : NULL);
}

void field_get_remote(const struct field_context *context, struct value *ret)
{
	const struct field_names *names = context->names;
	int len;

	if (context->socket->kind != SOCKET_UNIX) {
		set_endpoint(ret, &context->event->conn.ends, false, names ? names->rhost : NULL,
			     names ? names->rservice : NULL);
	} else if (context->socket->peer_inode) {
		len = snprintf(ret->buffer, sizeof(ret->buffer), "inode:%llu",
			       (unsigned long long)context->socket->peer_inode);
		field_set_text(ret, ret->buffer, (size_t)len);
	}
}

void field_get_program(const struct field_context *context, struct value *ret)
{
	const struct process *owner = context->event->conn.owner;
	size_t len;

	if (!owner)
		return;
	len = text_decimal(owner->pid, ret->buffer);
	ret->buffer[len++] = '/';
	len = append(ret->buffer, sizeof(ret->buffer), len, owner->comm);
	field_set_text(ret, ret->buffer, len);
}

void field_get_timers(const struct field_context *context, struct value *ret)
{
	const struct socket_row *row = context->socket;
	const char *name = timer_name(row);
	int len;

	if (!name)
		return;
	len = snprintf(ret->buffer, sizeof(ret->buffer), "%s (%u.%02u/%u)", name,
		       row->timer_ms / 1000, row->timer_ms / 10 % 100, row->retransmits);
	field_set_text(ret, ret->buffer, (size_t)len);
}
