// SPDX-License-Identifier: GPL-2.0-or-later
/* From the records of a snapshot's iterators to rows. Sizes were checked by the decoder. */
#include "model/row_record.h"

#include <string.h>

void row_init(enum socket_kind kind, uint32_t netns, struct socket_row *ret_row)
{
	*ret_row = (struct socket_row){
		.kind = kind,
		.conn = { .ends = { .netns = netns }, .gen = 1, .existed = true },
		.fd = -1,
	};
}

static void set_body(const struct sw_row *record, struct conn *conn)
{
	conn->state = record->state;
	if (!(record->flags & SW_SOCKET_MINI)) {
		conn->body = CONN_BODY_FULL;
		conn->uid_known = true;
	} else if (record->state == SW_TCP_NEW_SYN_RECV) {
		conn->body = CONN_BODY_REQUEST;
		conn->state = SW_TCP_SYN_RECV;
	} else {
		conn->body = CONN_BODY_TIMEWAIT;
	}
}

void row_from_socket(const struct sw_row *record, uint32_t netns, struct socket_row *ret_row)
{
	bool is_udp = record->ends.protocol == SW_PROTO_UDP;

	row_init(is_udp ? SOCKET_UDP : SOCKET_TCP, netns, ret_row);
	ret_row->conn.ends = record->ends;
	ret_row->conn.ends.netns = netns;
	set_body(record, &ret_row->conn);
	ret_row->conn.counted = record->flags & SW_SOCKET_COUNTED;
	ret_row->conn.counters = record->counters;
	ret_row->conn.traffic_known = ret_row->conn.counted;
	ret_row->conn.traffic = record->traffic;
	ret_row->inode = record->inode;
	ret_row->socket = record->socket;
	ret_row->recv_q = record->recv_q;
	ret_row->send_q = record->send_q;
	ret_row->timer = (enum socket_timer)record->timer;
	ret_row->timer_ms = record->timer_ms;
	ret_row->retransmits = record->retransmits;
}

void row_settle_body(struct socket_row *row)
{
	struct conn *conn = &row->conn;

	if (conn->state == SW_TCP_NEW_SYN_RECV)
		conn->state = SW_TCP_SYN_RECV;
	if (row->timer == SOCKET_TIMER_TIMEWAIT)
		conn->body = CONN_BODY_TIMEWAIT;
	else if (row->kind == SOCKET_TCP && conn->state == SW_TCP_SYN_RECV && !row->inode)
		conn->body = CONN_BODY_REQUEST;
	else
		conn->body = CONN_BODY_FULL;
	conn->uid_known = conn->body == CONN_BODY_FULL;
}

void row_set_path(const char *path, size_t len, struct socket_row *row)
{
	/* Abstract names begin with NUL, and may hold others. */
	if (len && path[0])
		len = strnlen(path, len);
	row->path = len ? path : NULL;
	row->path_len = len;
}
