// SPDX-License-Identifier: GPL-2.0-or-later
/* source/diag_message.c: answers of sock_diag, whole, older, cut and hostile. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stdlib.h>

#include "source/diag_message.h"

#define MESSAGE_SIZE 1024

static struct inet_diag_msg inet_diag(uint8_t state)
{
	struct inet_diag_msg diag = {
		.idiag_family = SW_FAMILY_INET,
		.idiag_state = state,
		.idiag_uid = 1000,
		.idiag_inode = 777,
		.idiag_rqueue = 5,
		.idiag_wqueue = 6,
	};

	diag.id.idiag_sport = htons(8080);
	diag.id.idiag_dport = htons(40000);
	diag.id.idiag_src[0] = htonl(0x0a000001);
	diag.id.idiag_dst[0] = htonl(0x0a000002);
	diag.id.idiag_cookie[0] = 0x1234;
	diag.id.idiag_cookie[1] = 0x1;
	return diag;
}

/* A message with a body of `size` bytes, in room for attributes. */
static struct nlmsghdr *message_of(const void *body, size_t size)
{
	char *buffer = calloc(1, MESSAGE_SIZE);
	struct nlmsghdr *message;

	assert_non_null(buffer);
	message = mnl_nlmsg_put_header(buffer);
	memcpy(mnl_nlmsg_put_extra_header(message, size), body, size);
	return message;
}

/* From memory that ends where the message does, so that the sanitizer sees each look behind it. */
static int parse(const struct nlmsghdr *message, enum socket_kind kind, struct socket_row *row)
{
	struct nlmsghdr *copy = malloc(message->nlmsg_len);
	int r;

	assert_non_null(copy);
	memcpy(copy, message, message->nlmsg_len);
	r = kind == SOCKET_UNIX ? diag_parse_unix(copy, 17, row)
				: diag_parse_inet(copy, kind, 17, row);
	free(copy);
	return r;
}

static struct socket_row parse_inet(const struct inet_diag_msg *diag, enum socket_kind kind)
{
	struct nlmsghdr *message = message_of(diag, sizeof(*diag));
	struct socket_row row;

	expect_ok(parse(message, kind, &row));
	free(message);
	return row;
}

static void a_connection_has_its_ends(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_ESTABLISHED);
	struct socket_row row = parse_inet(&diag, SOCKET_TCP);
	static const uint8_t local[16] = { 10, 0, 0, 1 }, remote[16] = { 10, 0, 0, 2 };

	(void)state;
	assert_int_equal(row.kind, SOCKET_TCP);
	assert_int_equal(row.conn.ends.cookie, 0x100001234ull);
	assert_int_equal(row.conn.ends.netns, 17);
	assert_int_equal(row.conn.ends.protocol, SW_PROTO_TCP);
	assert_int_equal(row.conn.ends.lport, 8080);
	assert_int_equal(row.conn.ends.rport, 40000);
	assert_memory_equal(row.conn.ends.laddr, local, sizeof(local));
	assert_memory_equal(row.conn.ends.raddr, remote, sizeof(remote));
	assert_true(row.conn.uid_known);
	assert_false(row.conn.counted);
	assert_int_equal(row.inode, 777);
	assert_int_equal(row.recv_q, 5);
	assert_int_equal(row.send_q, 6);
}

static void mini_sockets_have_no_user(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_SYN_RECV);
	struct socket_row row;

	(void)state;
	diag.idiag_inode = 0;
	diag.idiag_timer = SOCKET_TIMER_RETRANSMIT;
	row = parse_inet(&diag, SOCKET_TCP);
	assert_int_equal(row.conn.body, CONN_BODY_REQUEST);
	assert_false(row.conn.uid_known);
	diag.idiag_state = SW_TCP_TIME_WAIT;
	diag.idiag_timer = SOCKET_TIMER_TIMEWAIT;
	diag.idiag_expires = 59000;
	row = parse_inet(&diag, SOCKET_TCP);
	assert_int_equal(row.conn.body, CONN_BODY_TIMEWAIT);
	assert_int_equal(row.timer_ms, 59000);
	assert_false(row.conn.uid_known);
}

static void udp_is_not_tcp(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_CLOSE);
	struct socket_row row = parse_inet(&diag, SOCKET_UDP);

	(void)state;
	assert_int_equal(row.kind, SOCKET_UDP);
	assert_int_equal(row.conn.ends.protocol, SW_PROTO_UDP);
}

static void expect_refused(const struct inet_diag_msg *diag)
{
	struct nlmsghdr *message = message_of(diag, sizeof(*diag));
	struct socket_row row, before;

	memset(&row, 0x5a, sizeof(row));
	before = row;
	assert_int_equal(parse(message, SOCKET_TCP, &row), -EBADMSG);
	assert_memory_equal(&row, &before, sizeof(row));
	free(message);
}

static void what_no_kernel_says_is_refused(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_NONE);

	(void)state;
	expect_refused(&diag);
	diag = inet_diag(SW_TCP_STATES);
	expect_refused(&diag);
	diag = inet_diag(SW_TCP_ESTABLISHED);
	diag.idiag_family = SW_FAMILY_UNIX;
	expect_refused(&diag);
	diag = inet_diag(SW_TCP_ESTABLISHED);
	diag.idiag_timer = SOCKET_TIMER_PROBE + 1;
	expect_refused(&diag);
}

static void a_cut_message_is_refused(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_ESTABLISHED);
	struct socket_row row;

	(void)state;
	for (size_t size = 0; size < sizeof(diag); size += 4) {
		struct nlmsghdr *message = message_of(&diag, size);

		assert_int_equal(parse(message, SOCKET_TCP, &row), -EBADMSG);
		assert_int_equal(parse(message, SOCKET_UNIX, &row), -EBADMSG);
		free(message);
	}
}

static struct socket_row parse_info(const struct tcp_info *info, size_t size, uint8_t tcp_state)
{
	struct inet_diag_msg diag = inet_diag(tcp_state);
	struct nlmsghdr *message = message_of(&diag, sizeof(diag));
	struct socket_row row;

	mnl_attr_put(message, INET_DIAG_INFO, size, info);
	expect_ok(parse(message, SOCKET_TCP, &row));
	free(message);
	return row;
}

static const struct tcp_info counters = {
	.tcpi_rtt = 250,
	.tcpi_total_retrans = 3,
	.tcpi_bytes_received = 101,
	.tcpi_bytes_sent = 5000,
	.tcpi_bytes_retrans = 1000,
	.tcpi_segs_in = 7,
	.tcpi_segs_out = 8,
	.tcpi_data_segs_in = 2,
	.tcpi_data_segs_out = 4,
};

static void counters_are_of_payload(void **state)
{
	struct socket_row row = parse_info(&counters, sizeof(counters), SW_TCP_ESTABLISHED);

	(void)state;
	assert_true(row.conn.counted);
	assert_int_equal(row.conn.counters.rx_bytes, 101);
	assert_int_equal(row.conn.counters.tx_bytes, 4000);
	assert_int_equal(row.conn.counters.rtt_us, 250);
	assert_int_equal(row.conn.counters.retrans, 3);
	row = parse_info(&counters, sizeof(counters), SW_TCP_CLOSE_WAIT);
	assert_int_equal(row.conn.counters.rx_bytes, 100);
}

static void segments_and_queues_are_told(void **state)
{
	struct socket_row row = parse_info(&counters, sizeof(counters), SW_TCP_ESTABLISHED);

	(void)state;
	assert_true(row.conn.traffic_known);
	assert_int_equal(row.conn.traffic.rx_segs, 7);
	assert_int_equal(row.conn.traffic.tx_segs, 8);
	assert_int_equal(row.conn.traffic.rx_data_segs, 2);
	assert_int_equal(row.conn.traffic.tx_data_segs, 4);
	assert_int_equal(row.conn.traffic.unread, 5);
	assert_int_equal(row.conn.traffic.unacked, 6);
	/* Both FINs are among what waits. */
	row = parse_info(&counters, sizeof(counters), SW_TCP_LAST_ACK);
	assert_int_equal(row.conn.traffic.unread, 4);
	assert_int_equal(row.conn.traffic.unacked, 5);
	/* These queues have connections. */
	row = parse_info(&counters, sizeof(counters), SW_TCP_LISTEN);
	assert_int_equal(row.conn.traffic.unread, 0);
	assert_int_equal(row.conn.traffic.unacked, 0);
}

static void an_older_kernel_tells_fewer_counters(void **state)
{
	(void)state;
	for (size_t size = 0; size < offsetof(struct tcp_info, tcpi_bytes_retrans); size += 8)
		assert_false(parse_info(&counters, size, SW_TCP_ESTABLISHED).conn.counted);
	assert_true(parse_info(&counters, offsetof(struct tcp_info, tcpi_bytes_retrans) + 8,
			       SW_TCP_ESTABLISHED)
			    .conn.counted);
}

static void attributes_that_lie_about_their_length_are_not_followed(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_ESTABLISHED);
	static const uint16_t lengths[] = { 0, 1, 3, 200, 1000, 65535 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct nlmsghdr *message = message_of(&diag, sizeof(diag));
		struct nlattr *attribute = mnl_nlmsg_get_payload_tail(message);
		struct socket_row row;

		mnl_attr_put_u8(message, INET_DIAG_INFO, 1);
		attribute->nla_len = lengths[i];
		expect_ok(parse(message, SOCKET_TCP, &row));
		assert_false(row.conn.counted);
		free(message);
	}
}

static void a_message_of_broken_words_is_refused(void **state)
{
	struct inet_diag_msg diag = inet_diag(SW_TCP_ESTABLISHED);
	struct nlmsghdr *message = message_of(&diag, sizeof(diag));
	struct socket_row row;

	(void)state;
	mnl_attr_put_u32(message, INET_DIAG_INFO, 1);
	message->nlmsg_len--;
	assert_int_equal(parse(message, SOCKET_TCP, &row), -EBADMSG);
	assert_int_equal(parse(message, SOCKET_UNIX, &row), -EBADMSG);
	free(message);
}

static struct nlmsghdr *unix_message(uint8_t tcp_state)
{
	struct unix_diag_msg diag = {
		.udiag_family = SW_FAMILY_UNIX,
		.udiag_type = 1,
		.udiag_state = tcp_state,
		.udiag_ino = 4711,
		.udiag_cookie = { 9, 0 },
	};

	return message_of(&diag, sizeof(diag));
}

static void a_unix_socket_has_name_peer_and_queues(void **state)
{
	struct nlmsghdr *message = unix_message(SW_TCP_ESTABLISHED);
	struct unix_diag_rqlen queues = { .udiag_rqueue = 11, .udiag_wqueue = 12 };
	struct socket_row row;

	(void)state;
	mnl_attr_put_strz(message, UNIX_DIAG_NAME, "/run/x\033");
	mnl_attr_put_u32(message, UNIX_DIAG_PEER, 4712);
	mnl_attr_put(message, UNIX_DIAG_RQLEN, sizeof(queues), &queues);
	mnl_attr_put_u32(message, UNIX_DIAG_UID, 1000);
	expect_ok(diag_parse_unix(message, 17, &row));
	assert_int_equal(row.kind, SOCKET_UNIX);
	expect_bytes(row.path, row.path_len, "/run/x\033");
	assert_int_equal(row.inode, 4711);
	assert_int_equal(row.peer_inode, 4712);
	assert_int_equal(row.type, 1);
	assert_int_equal(row.recv_q, 11);
	assert_int_equal(row.send_q, 12);
	assert_int_equal(row.conn.ends.cookie, 9);
	assert_int_equal(row.conn.ends.uid, 1000);
	assert_true(row.conn.uid_known);
	free(message);
}

static void an_abstract_name_keeps_its_nul(void **state)
{
	struct nlmsghdr *message = unix_message(SW_TCP_LISTEN);
	struct socket_row row;

	(void)state;
	mnl_attr_put(message, UNIX_DIAG_NAME, 5, "\0a\0b\0");
	expect_ok(diag_parse_unix(message, 17, &row));
	expect_bytes(row.path, row.path_len, "\0a\0b\0");
	assert_false(row.conn.uid_known);
	free(message);
}

static void short_unix_attributes_are_not_overread(void **state)
{
	struct nlmsghdr *message = unix_message(SW_TCP_CLOSE);
	struct socket_row row;

	(void)state;
	mnl_attr_put(message, UNIX_DIAG_NAME, 0, "");
	mnl_attr_put(message, UNIX_DIAG_RQLEN, 0, "");
	mnl_attr_put_u8(message, UNIX_DIAG_PEER, 7);
	expect_ok(parse(message, SOCKET_UNIX, &row));
	expect_null(row.path);
	assert_int_equal(row.recv_q, 0);
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_has_its_ends),
		cmocka_unit_test(mini_sockets_have_no_user),
		cmocka_unit_test(udp_is_not_tcp),
		cmocka_unit_test(what_no_kernel_says_is_refused),
		cmocka_unit_test(a_cut_message_is_refused),
		cmocka_unit_test(counters_are_of_payload),
		cmocka_unit_test(segments_and_queues_are_told),
		cmocka_unit_test(an_older_kernel_tells_fewer_counters),
		cmocka_unit_test(attributes_that_lie_about_their_length_are_not_followed),
		cmocka_unit_test(a_message_of_broken_words_is_refused),
		cmocka_unit_test(a_unix_socket_has_name_peer_and_queues),
		cmocka_unit_test(an_abstract_name_keeps_its_nul),
		cmocka_unit_test(short_unix_attributes_are_not_overread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
