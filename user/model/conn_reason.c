// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why a connection ended, from the flags that its row has collected: the kernel's errors first,
 * then what was seen on the wire, then who acted.
 */
#include <errno.h>

#include "base/util.h"
#include "model/conn_table_internal.h"

enum conn_reason reason_of_fin(const struct conn_row *row)
{
	if (row->fin_both)
		return CONN_REASON_FIN_BOTH;
	if (row->fin_local_first)
		return CONN_REASON_FIN_LOCAL;
	return row->fin_remote_first ? CONN_REASON_FIN_REMOTE : CONN_REASON_UNKNOWN;
}

/* No way to the peer: no route, port or address to send from, forbidden, or ICMP says so. */
static bool is_unreachable(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENONET:
	case ENOPROTOOPT: /* ICMP: protocol unreachable */
	case EPROTO:	  /* ICMP: parameter problem */
	case EADDRNOTAVAIL:
	case EACCES:
	case EPERM:
		return true;
	default:
		return false;
	}
}

/* sk_err at the end. The same numbers mean something else once a connection was established. */
static enum conn_reason reason_of_error(uint8_t old_state, int error)
{
	switch (error) {
	case ETIMEDOUT:
		return CONN_REASON_TIMEOUT;
	case ECONNREFUSED: /* later only as what ICMP had said before time ran out */
		return old_state == SW_TCP_SYN_SENT ? CONN_REASON_REFUSED : CONN_REASON_UNREACHABLE;
	case ECONNABORTED: /* tcp_abort() alone sets it: ss -K, bpf_sock_destroy() */
		return CONN_REASON_KILLED;
	case ECONNRESET: /* tcp_reset(); what disconnect() sets comes after the end */
	case EPIPE:
		return CONN_REASON_RST_RECEIVED;
	default:
		return is_unreachable(error) ? CONN_REASON_UNREACHABLE : CONN_REASON_NONE;
	}
}

enum conn_reason reason_of_result(int error)
{
	enum conn_reason reason = CONN_REASON_ABORTED;

	if (error == ETIMEDOUT || error == ECONNREFUSED)
		reason = reason_of_error(SW_TCP_SYN_SENT, error);
	return is_unreachable(error) ? CONN_REASON_UNREACHABLE : reason;
}

/* A child that nobody had accepted goes with its listener. */
static bool goes_with_listener(const struct conn_table *table, const struct conn_row *row)
{
	uint32_t listener;

	if (!row->listener_cookie || row->accepted || row->closed_held)
		return false;
	listener = conn_rows_find(&table->rows, row->listener_cookie);
	return listener == ROW_NONE || conn_rows_at(&table->rows, listener)->state == SW_TCP_CLOSE;
}

static bool is_after_fin(uint8_t state)
{
	return state == SW_TCP_FIN_WAIT1 || state == SW_TCP_FIN_WAIT2 || state == SW_TCP_CLOSING ||
	       state == SW_TCP_LAST_ACK || state == SW_TCP_TIME_WAIT;
}

enum conn_reason reason_of_close(const struct conn_table *table, const struct conn_row *row,
				 uint8_t old_state)
{
	bool reset_sent = row->reset_sent || row->reset_sent_after;
	enum conn_reason reason;

	if (old_state == SW_TCP_LISTEN)
		return CONN_REASON_NONE;
	/*
	 * tcp_reset() says "received" too when data comes for a socket that nobody reads any more;
	 * then the kernel answers with a reset. It never answers one.
	 */
	if (row->reset_received && row->reset_sent_after)
		return CONN_REASON_RST_SENT;
	if (row->reset_received)
		return old_state == SW_TCP_SYN_SENT ? CONN_REASON_REFUSED
						    : CONN_REASON_RST_RECEIVED;
	reason = reason_of_error(old_state, row->error_returned ? 0 : row->error);
	if (reason != CONN_REASON_NONE)
		return reason;
	if (goes_with_listener(table, row))
		return CONN_REASON_LISTENER_CLOSED;
	if (row->closed_by_act && old_state == SW_TCP_SYN_SENT)
		return reason_of_result(row->error);
	if (is_after_fin(old_state) && !reset_sent)
		return reason_of_fin(row);
	/* Its own program let go of it: no softirq ends a socket that a task holds without error.
	 */
	if (row->closed_by_act)
		return CONN_REASON_ABORTED;
	return reset_sent ? CONN_REASON_RST_SENT : CONN_REASON_UNKNOWN;
}

enum conn_reason reason_of_timewait(const struct conn_table *table, const struct conn_row *row,
				    bool early)
{
	/* In FIN_WAIT2 only a segment ends it early: a reset, or one that gets a reset. */
	if (row->state != SW_TCP_FIN_WAIT2 || !early)
		return reason_of_fin(row);
	if (row->reset_sent)
		return CONN_REASON_RST_SENT;
	return table->features & SW_SEES_TIMEWAIT_RESET ? CONN_REASON_RST_RECEIVED
							: CONN_REASON_UNKNOWN;
}

enum conn_reason reason_of_request(const struct conn_table *table, const struct conn_row *row,
				   const struct sw_request *end)
{
	uint32_t listener = conn_rows_find(&table->rows, row->listener_cookie);

	if (row->listener_cookie &&
	    (listener == ROW_NONE || conn_rows_at(&table->rows, listener)->state != SW_TCP_LISTEN))
		return CONN_REASON_LISTENER_CLOSED;
	if (end->expired)
		return CONN_REASON_SYN_EXPIRED;
	return end->reset_sent ? CONN_REASON_RST_SENT : CONN_REASON_RST_RECEIVED;
}
