// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a connection ended, from the flags that its row has collected. */
#include <errno.h>

#include "model/conn_table_internal.h"

enum conn_reason reason_of_fin(const struct conn_row *row)
{
	if (row->fin_both)
		return CONN_REASON_FIN_BOTH;
	if (row->fin_local_first)
		return CONN_REASON_FIN_LOCAL;
	return row->fin_remote_first ? CONN_REASON_FIN_REMOTE : CONN_REASON_NONE;
}

static enum conn_reason reason_of_error(uint16_t error)
{
	switch (error) {
	case ETIMEDOUT:
		return CONN_REASON_TIMEOUT;
	case ECONNREFUSED:
		return CONN_REASON_REFUSED;
	case ECONNABORTED: /* tcp_abort(): ss -K, bpf_sock_destroy() */
		return CONN_REASON_KILLED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EADDRNOTAVAIL:
	case EACCES:
		return CONN_REASON_UNREACHABLE;
	default:
		return CONN_REASON_NONE;
	}
}

/* A child that nobody had accepted goes with its listener. */
static bool listener_is_gone(const struct conn_table *table, const struct conn_row *row)
{
	uint32_t listener;

	if (!row->conn.listener_cookie || row->conn.accepted)
		return false;
	listener = conn_rows_find(&table->rows, row->conn.listener_cookie);
	return listener == ROW_NONE ||
	       conn_rows_at(&table->rows, listener)->conn.state == SW_TCP_CLOSE;
}

enum conn_reason reason_of_close(const struct conn_table *table, const struct conn_row *row,
				 uint8_t old_state, uint16_t error)
{
	enum conn_reason reason;

	if (old_state == SW_TCP_LISTEN)
		return CONN_REASON_NONE;
	if (row->reset_received)
		return old_state == SW_TCP_SYN_SENT ? CONN_REASON_REFUSED
						    : CONN_REASON_RST_RECEIVED;
	reason = reason_of_error(error);
	if (reason != CONN_REASON_NONE)
		return reason;
	if (listener_is_gone(table, row))
		return CONN_REASON_LISTENER_CLOSED;
	if (row->reset_sent)
		return CONN_REASON_RST_SENT;
	if (old_state == SW_TCP_LAST_ACK || old_state == SW_TCP_TIME_WAIT ||
	    old_state == SW_TCP_FIN_WAIT2 || old_state == SW_TCP_CLOSING)
		return reason_of_fin(row);
	return CONN_REASON_ABORTED;
}
