// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of NETLINK_SOCK_DIAG to rows. */
#include "source/diag_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <string.h>

#include "model/row_record.h"

/* States, after the peer's FIN has come: it counts as one byte received. */
#define FIN_RECEIVED_STATES (1u << SW_TCP_CLOSE_WAIT | 1u << SW_TCP_LAST_ACK | 1u << SW_TCP_CLOSING)

/* States in which our SYN or FIN is among the bytes that are not acknowledged. */
#define UNACKED_FLAG_STATES                                                       \
	(1u << SW_TCP_SYN_SENT | 1u << SW_TCP_FIN_WAIT1 | 1u << SW_TCP_LAST_ACK | \
	 1u << SW_TCP_CLOSING)

/* libmnl rounds the end of a message up, so one that is not whole words would be read beyond. */
static bool has_body(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len % NLMSG_ALIGNTO == 0 &&
	       mnl_nlmsg_get_payload_len(message) >= size;
}

static uint64_t cookie_of(const uint32_t cookie[2])
{
	return (uint64_t)cookie[1] << 32 | cookie[0];
}

/* Structs grow at their end: what an older kernel does not tell is zero. */
static void copy_attribute(const struct nlattr *attribute, void *to, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attribute);

	memset(to, 0, size);
	memcpy(to, mnl_attr_get_payload(attribute), len < size ? len : size);
}

static void set_counters(const struct nlattr *attribute, struct conn *conn)
{
	struct tcp_info info;

	if (mnl_attr_get_payload_len(attribute) <
	    offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans))
		return;
	copy_attribute(attribute, &info, sizeof(info));
	conn->counted = true;
	conn->counters = (struct sw_counters){
		.rx_bytes = info.tcpi_bytes_received,
		.tx_bytes = info.tcpi_bytes_sent - info.tcpi_bytes_retrans,
		.rtt_us = info.tcpi_rtt,
		.retrans = info.tcpi_total_retrans,
	};
	if (conn->counters.rx_bytes && FIN_RECEIVED_STATES & 1u << conn->state)
		conn->counters.rx_bytes--;
	conn->traffic_known = true;
	conn->traffic.rx_segs = info.tcpi_segs_in;
	conn->traffic.tx_segs = info.tcpi_segs_out;
	conn->traffic.rx_data_segs = info.tcpi_data_segs_in;
	conn->traffic.tx_data_segs = info.tcpi_data_segs_out;
}

/* As read_traffic() in bpf/sock_fields.h has it. */
static void set_queued(struct socket_row *row)
{
	struct conn *conn = &row->conn;
	unsigned int state = 1u << conn->state;

	if (conn->state == SW_TCP_LISTEN)
		return;
	conn->traffic.unread = row->recv_q - (row->recv_q && FIN_RECEIVED_STATES & state);
	conn->traffic.unacked = row->send_q - (row->send_q && UNACKED_FLAG_STATES & state);
}

static void set_ends(const struct inet_diag_msg *diag, struct sw_endpoints *ends)
{
	size_t len = diag->idiag_family == SW_FAMILY_INET6 ? 16 : 4;

	ends->cookie = cookie_of(diag->id.idiag_cookie);
	ends->family = diag->idiag_family;
	ends->lport = ntohs(diag->id.idiag_sport);
	ends->rport = ntohs(diag->id.idiag_dport);
	ends->uid = diag->idiag_uid;
	memcpy(ends->laddr, diag->id.idiag_src, len);
	memcpy(ends->raddr, diag->id.idiag_dst, len);
}

int diag_parse_inet(const struct nlmsghdr *message, enum socket_kind kind, uint32_t netns,
		    struct socket_row *ret_row)
{
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct conn *conn = &ret_row->conn;

	if (!has_body(message, sizeof(*diag)) || !diag->idiag_state ||
	    diag->idiag_state >= SW_TCP_STATES || diag->idiag_timer > SOCKET_TIMER_PROBE ||
	    (diag->idiag_family != SW_FAMILY_INET && diag->idiag_family != SW_FAMILY_INET6))
		return -EBADMSG;
	row_init(kind, netns, ret_row);
	set_ends(diag, &conn->ends);
	conn->ends.protocol = kind == SOCKET_UDP ? SW_PROTO_UDP : SW_PROTO_TCP;
	conn->state = diag->idiag_state;
	ret_row->inode = diag->idiag_inode;
	ret_row->recv_q = diag->idiag_rqueue;
	ret_row->send_q = diag->idiag_wqueue;
	ret_row->timer = (enum socket_timer)diag->idiag_timer;
	ret_row->timer_ms = ret_row->timer ? diag->idiag_expires : 0;
	ret_row->retransmits = diag->idiag_retrans;
	row_settle_body(ret_row);
	mnl_attr_for_each(attribute, message,
			  sizeof(*diag)) if (mnl_attr_get_type(attribute) == INET_DIAG_INFO &&
					     kind == SOCKET_TCP) set_counters(attribute, conn);
	if (conn->traffic_known)
		set_queued(ret_row);
	return 0;
}

static void set_unix_attribute(const struct nlattr *attribute, struct socket_row *row)
{
	struct unix_diag_rqlen queues;
	uint32_t number;

	switch (mnl_attr_get_type(attribute)) {
	case UNIX_DIAG_NAME:
		row_set_path(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			     row);
		break;
	case UNIX_DIAG_PEER:
		copy_attribute(attribute, &number, sizeof(number));
		row->peer_inode = number;
		break;
	case UNIX_DIAG_RQLEN:
		copy_attribute(attribute, &queues, sizeof(queues));
		row->recv_q = queues.udiag_rqueue;
		row->send_q = queues.udiag_wqueue;
		break;
	case UNIX_DIAG_UID:
		copy_attribute(attribute, &row->conn.ends.uid, sizeof(row->conn.ends.uid));
		row->conn.uid_known = true;
		break;
	default:
		break;
	}
}

int diag_parse_unix(const struct nlmsghdr *message, uint32_t netns, struct socket_row *ret_row)
{
	const struct unix_diag_msg *diag = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (!has_body(message, sizeof(*diag)) || diag->udiag_family != SW_FAMILY_UNIX ||
	    !diag->udiag_state || diag->udiag_state >= SW_TCP_STATES)
		return -EBADMSG;
	row_init(SOCKET_UNIX, netns, ret_row);
	ret_row->conn.ends.family = SW_FAMILY_UNIX;
	ret_row->conn.ends.cookie = cookie_of(diag->udiag_cookie);
	ret_row->conn.state = diag->udiag_state;
	ret_row->inode = diag->udiag_ino;
	ret_row->type = diag->udiag_type;
	mnl_attr_for_each(attribute, message, sizeof(*diag)) set_unix_attribute(attribute, ret_row);
	return 0;
}
