// SPDX-License-Identifier: GPL-2.0-or-later
/* model/decode.c and model/row_record.c: what the iterators of a snapshot write, and its rows. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>

#include "model/decode.h"
#include "model/row_record.h"
#include "records.h"

static struct sw_row record_row(uint8_t tcp_state, uint32_t flags)
{
	return (struct sw_row){
		.header = record_header(0, SW_RECORD_ROW, sizeof(struct sw_row)),
		.ends = record_ends(5),
		.counters = { .rx_bytes = 10, .tx_bytes = 20, .rtt_us = 30, .retrans = 1 },
		.inode = 777,
		.recv_q = 3,
		.send_q = 4,
		.flags = flags,
		.state = tcp_state,
		.traffic = { .rx_segs = 5, .unread = 3 },
	};
}

/* From memory that ends with the record; a failure must leave the result alone. */
static int decode(const void *record, size_t size)
{
	static const struct sw_header untouched;
	const struct sw_header *decoded = &untouched;
	void *copy = malloc(size ? size : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, record, size);
	r = decode_row(copy, size, &decoded);
	assert_ptr_equal(decoded, r == 0 ? copy : (const void *)&untouched);
	free(copy);
	return r;
}

/* Whole: accepted. Each shorter piece: waited for. A header that says less: malformed. */
static void expect_sizes(void *record, size_t size)
{
	struct sw_header *header = record;

	expect_ok(decode(record, size));
	for (size_t there = 0; there < size; there++)
		assert_int_equal(decode(record, there), -EAGAIN);
	for (size_t less = sizeof(*header); less < size; less += 8) {
		header->size = (uint32_t)less;
		assert_int_equal(decode(record, less), -EBADMSG);
	}
}

static void records_of_a_walk_have_their_size(void **state)
{
	struct sw_row row = record_row(SW_TCP_LISTEN, 0);
	struct sw_process process = {
		.header = record_header(0, SW_RECORD_PROCESS, sizeof(process)),
	};

	(void)state;
	expect_sizes(&row, sizeof(row));
	expect_sizes(&process, sizeof(process));
}

static void other_kinds_are_no_rows(void **state)
{
	struct sw_state record = record_found(1, 5, SW_TCP_LISTEN, 0);

	(void)state;
	assert_int_equal(decode(&record, sizeof(record)), -ENOTSUP);
	record.header.kind = 65;
	assert_int_equal(decode(&record, sizeof(record)), -ENOTSUP);
	record.header.size = 12;
	assert_int_equal(decode(&record, sizeof(record)), -EBADMSG);
}

static void rows_in_a_recording_are_skipped(void **state)
{
	struct sw_row row = record_row(SW_TCP_LISTEN, 0);
	const struct sw_header *decoded;

	(void)state;
	assert_int_equal(decode_record(&row, sizeof(row), &decoded), -ENOTSUP);
}

static void a_row_has_cookie_family_state_and_timer(void **state)
{
	struct sw_row row = record_row(SW_TCP_NONE, 0);

	(void)state;
	assert_int_equal(decode(&row, sizeof(row)), -EBADMSG);
	row.state = SW_TCP_STATES;
	assert_int_equal(decode(&row, sizeof(row)), -EBADMSG);
	row.state = SW_TCP_LISTEN;
	row.timer = SW_TIMERS;
	assert_int_equal(decode(&row, sizeof(row)), -EBADMSG);
	row.timer = SW_TIMER_PROBE;
	expect_ok(decode(&row, sizeof(row)));
	row.ends.cookie = 0;
	assert_int_equal(decode(&row, sizeof(row)), -EBADMSG);
	row.ends.cookie = 5;
	row.ends.family = SW_FAMILY_UNIX;
	assert_int_equal(decode(&row, sizeof(row)), -EBADMSG);
}

static void a_full_socket_becomes_a_row(void **state)
{
	struct sw_row record = record_row(SW_TCP_ESTABLISHED, SW_SOCKET_COUNTED);
	struct socket_row row;

	(void)state;
	record.timer = SW_TIMER_KEEPALIVE;
	record.timer_ms = 60000;
	row_from_socket(&record, 17, &row);
	assert_int_equal(row.kind, SOCKET_TCP);
	assert_int_equal(row.conn.ends.netns, 17);
	assert_int_equal(row.conn.ends.lport, record.ends.lport);
	assert_int_equal(row.conn.body, CONN_BODY_FULL);
	assert_int_equal(row.conn.gen, 1);
	assert_true(row.conn.uid_known);
	assert_true(row.conn.counted);
	assert_int_equal(row.conn.counters.tx_bytes, 20);
	assert_true(row.conn.traffic_known);
	assert_int_equal(row.conn.traffic.rx_segs, 5);
	assert_int_equal(row.conn.traffic.unread, 3);
	assert_int_equal(row.timer, SOCKET_TIMER_KEEPALIVE);
	assert_int_equal(row.timer_ms, 60000);
	assert_int_equal(row.inode, 777);
	assert_int_equal(row.fd, -1);
	expect_null(row.conn.owner);
}

static void mini_sockets_become_what_ss_shows(void **state)
{
	struct sw_row record = record_row(SW_TCP_NEW_SYN_RECV, SW_SOCKET_MINI);
	struct socket_row row;

	(void)state;
	row_from_socket(&record, 17, &row);
	assert_int_equal(row.conn.state, SW_TCP_SYN_RECV);
	assert_int_equal(row.conn.body, CONN_BODY_REQUEST);
	assert_false(row.conn.uid_known);
	record = record_row(SW_TCP_FIN_WAIT2, SW_SOCKET_MINI);
	row_from_socket(&record, 17, &row);
	assert_int_equal(row.conn.state, SW_TCP_FIN_WAIT2);
	assert_int_equal(row.conn.body, CONN_BODY_TIMEWAIT);
}

static void udp_is_told_by_its_protocol(void **state)
{
	struct sw_row record = record_row(SW_TCP_CLOSE, 0);
	struct socket_row row;

	(void)state;
	record.ends.protocol = SW_PROTO_UDP;
	row_from_socket(&record, 17, &row);
	assert_int_equal(row.kind, SOCKET_UDP);
	assert_false(row.conn.counted);
}

static void expect_path(const char *path, size_t len, const char *expected, size_t expected_len)
{
	struct socket_row row;

	row_init(SOCKET_UNIX, 17, &row);
	row_set_path(path, len, &row);
	assert_int_equal(row.path_len, expected_len);
	if (expected)
		assert_memory_equal(row.path, expected, expected_len);
	else
		expect_null(row.path);
}

static void a_unix_path_ends_at_its_nul_and_an_abstract_name_does_not(void **state)
{
	(void)state;
	expect_path("/run/x\0", 7, "/run/x", 6);
	expect_path("/run/x", 6, "/run/x", 6);
	expect_path("\0abs\0tract", 10, "\0abs\0tract", 10);
	expect_path("\0", 1, "\0", 1);
	expect_path("", 0, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_a_walk_have_their_size),
		cmocka_unit_test(other_kinds_are_no_rows),
		cmocka_unit_test(rows_in_a_recording_are_skipped),
		cmocka_unit_test(a_row_has_cookie_family_state_and_timer),
		cmocka_unit_test(a_full_socket_becomes_a_row),
		cmocka_unit_test(mini_sockets_become_what_ss_shows),
		cmocka_unit_test(udp_is_told_by_its_protocol),
		cmocka_unit_test(a_unix_path_ends_at_its_nul_and_an_abstract_name_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
