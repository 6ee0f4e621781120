// SPDX-License-Identifier: GPL-2.0-or-later
/* model/proc_net.c: lines of /proc/net, as kernels print them and as nobody should. */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/proc_net.h"
#include "model/row_record.h"

#define HEADING                                                               \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when " \
	"retrnsmt   uid  timeout inode\n"
#define LISTENER                                                              \
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 " \
	"00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0\n"
#define RETRANSMITTING                                                        \
	"  12: 0808080A:C350 0A09090A:0050 02 00000001:00000000 01:00000064 " \
	"00000002     0        0 777 2 0000000000000000 200 0 0 1 7\n"
#define TIME_WAIT                                                             \
	"   3: 0100007F:1F90 0100007F:A001 06 00000000:00000000 03:00000F21 " \
	"00000000     0        0 0 3 0000000000000000\n"
#define REQUEST                                                               \
	"   4: 0808080A:1F90 0909090A:03E8 03 00000000:00000000 01:00000060 " \
	"00000001     0        0 0 1 0000000000000000\n"
#define MAPPED                                                        \
	"   5: 0000000000000000FFFF00000100007F:1F90 "                \
	"00000000000000000000000001000000:0016 08 00000010:00000020 " \
	"02:00000001 00000000     0        0 99 1 0 20 4 30 10 -1\n"
#define RAW                                                                    \
	"    1: 00000000:0001 00000000:0000 07 00000000:00000100 00:00000000 " \
	"00000000     0        0 3323799 2 0000000000000000 0\n"

static int parse_as(const char *line, enum socket_kind kind, uint16_t family,
		    struct socket_row *row)
{
	/* On the heap, so that the sanitizer sees each look behind its end. */
	char *copy = strdup(line);
	int r;

	assert_non_null(copy);
	row_init(kind, 17, row);
	r = proc_net_parse(copy, family, row);
	free(copy);
	return r;
}

static struct socket_row parse(const char *line, enum socket_kind kind, uint16_t family)
{
	struct socket_row row;

	expect_ok(parse_as(line, kind, family, &row));
	return row;
}

static void a_listener_tells_who_waits(void **state)
{
	struct socket_row row = parse(LISTENER, SOCKET_TCP, SW_FAMILY_INET);
	static const uint8_t loopback[16] = { 127, 0, 0, 1 };

	(void)state;
	assert_int_equal(row.conn.state, SW_TCP_LISTEN);
	assert_int_equal(row.conn.ends.family, SW_FAMILY_INET);
	assert_int_equal(row.conn.ends.protocol, SW_PROTO_TCP);
	assert_int_equal(row.conn.ends.netns, 17);
	assert_memory_equal(row.conn.ends.laddr, loopback, sizeof(loopback));
	assert_int_equal(row.conn.ends.lport, 8080);
	assert_int_equal(row.conn.ends.rport, 0);
	assert_int_equal(row.conn.ends.uid, 1000);
	assert_true(row.conn.uid_known);
	assert_int_equal(row.recv_q, 3);
	assert_int_equal(row.inode, 12345);
	assert_int_equal(row.timer, SOCKET_TIMER_OFF);
	assert_int_equal(row.fd, -1);
}

static void timers_are_in_milliseconds(void **state)
{
	struct socket_row row = parse(RETRANSMITTING, SOCKET_TCP, SW_FAMILY_INET);

	(void)state;
	assert_int_equal(row.conn.state, SW_TCP_SYN_SENT);
	assert_int_equal(row.send_q, 1);
	assert_int_equal(row.timer, SOCKET_TIMER_RETRANSMIT);
	assert_int_equal(row.timer_ms, 1000);
	assert_int_equal(row.retransmits, 2);
}

static void mini_sockets_have_no_user(void **state)
{
	struct socket_row timewait = parse(TIME_WAIT, SOCKET_TCP, SW_FAMILY_INET);
	struct socket_row request = parse(REQUEST, SOCKET_TCP, SW_FAMILY_INET);

	(void)state;
	assert_int_equal(timewait.conn.body, CONN_BODY_TIMEWAIT);
	assert_false(timewait.conn.uid_known);
	assert_int_equal(request.conn.body, CONN_BODY_REQUEST);
	assert_int_equal(request.conn.state, SW_TCP_SYN_RECV);
	assert_false(request.conn.uid_known);
}

static void ipv6_words_are_in_the_machines_order(void **state)
{
	struct socket_row row = parse(MAPPED, SOCKET_TCP, SW_FAMILY_INET6);
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	static const uint8_t one[16] = { [15] = 1 };

	(void)state;
	assert_memory_equal(row.conn.ends.laddr, mapped, sizeof(mapped));
	assert_memory_equal(row.conn.ends.raddr, one, sizeof(one));
	assert_int_equal(row.conn.ends.rport, 22);
	assert_int_equal(row.send_q, 16);
	assert_int_equal(row.recv_q, 32);
	assert_int_equal(row.timer, SOCKET_TIMER_KEEPALIVE);
}

static void a_raw_socket_has_a_protocol_and_no_ports(void **state)
{
	struct socket_row row = parse(RAW, SOCKET_RAW, SW_FAMILY_INET);

	(void)state;
	assert_int_equal(row.conn.ends.protocol, 1);
	assert_int_equal(row.conn.ends.lport, 0);
	assert_int_equal(row.conn.state, SW_TCP_CLOSE);
	assert_int_equal(row.recv_q, 256);
	assert_int_equal(row.inode, 3323799);
}

static void the_heading_is_no_row(void **state)
{
	struct socket_row row, before;

	(void)state;
	row_init(SOCKET_TCP, 17, &before);
	assert_int_equal(parse_as(HEADING, SOCKET_TCP, SW_FAMILY_INET, &row), -EBADMSG);
	assert_memory_equal(&row, &before, sizeof(row));
}

static void a_line_of_the_other_family_is_no_row(void **state)
{
	struct socket_row row;

	(void)state;
	assert_int_equal(parse_as(LISTENER, SOCKET_TCP, SW_FAMILY_INET6, &row), -EBADMSG);
	assert_int_equal(parse_as(MAPPED, SOCKET_TCP, SW_FAMILY_INET, &row), -EBADMSG);
}

/* Up to the end of the inode a row is not whole, unless the number itself was cut. */
static void a_cut_line_is_no_row(void **state)
{
	const char *inode = strstr(LISTENER, " 12345");
	char line[sizeof(LISTENER)];
	struct socket_row row;

	(void)state;
	for (size_t len = 0; len <= (size_t)(inode - LISTENER); len++) {
		memcpy(line, LISTENER, len);
		line[len] = '\0';
		assert_int_equal(parse_as(line, SOCKET_TCP, SW_FAMILY_INET, &row), -EBADMSG);
	}
}

static void numbers_that_are_too_long_are_no_row(void **state)
{
	static const char *const lines[] = {
		"0: 00100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:11F90 00000000:0000 0A 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 10A 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 0A 100000000:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 99999999999 0 1\n",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 99999999999999999999\n",
		"99999999999: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1\n",
	};
	struct socket_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse_as(lines[i], SOCKET_TCP, SW_FAMILY_INET, &row), -EBADMSG);
}

static void states_and_timers_that_do_not_exist_are_no_row(void **state)
{
	static const char *const lines[] = {
		"0: 0100007F:1F90 00000000:0000 00 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 0E 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 FF 0:0 00:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 01 0:0 05:0 0 0 0 1\n",
		"0: 0100007F:1F90 00000000:0000 01 0:0 -1:0 0 0 0 1\n",
	};
	struct socket_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse_as(lines[i], SOCKET_TCP, SW_FAMILY_INET, &row), -EBADMSG);
}

static void parse_unix(const char *text, struct socket_row *row, char line[200])
{
	snprintf(line, 200, "%s", text);
	row_init(SOCKET_UNIX, 7, row);
	expect_ok(proc_net_parse_unix(line, row));
}

static void a_unix_socket_has_its_state_type_and_path(void **state)
{
	struct socket_row row;
	char line[200];

	(void)state;
	parse_unix("0000000000000000: 00000002 00000000 00010000 0001 01  4711 /run/a b", &row,
		   line);
	assert_int_equal(row.conn.state, SW_TCP_LISTEN);
	assert_int_equal(row.type, 1);
	assert_int_equal(row.inode, 4711);
	assert_int_equal(row.path_len, 8);
	assert_memory_equal(row.path, "/run/a b", 8);
	parse_unix("ffff888003a4c000: 00000003 00000000 00000000 0002 03 12", &row, line);
	assert_int_equal(row.conn.state, SW_TCP_ESTABLISHED);
	assert_null(row.path);
	parse_unix("0: 2 0 0 5 01 13 @a@b", &row, line);
	assert_int_equal(row.conn.state, SW_TCP_CLOSE);
	assert_int_equal(row.path_len, 4);
	assert_memory_equal(row.path, "\0a\0b", 4);
}

static void what_is_no_unix_socket_is_refused(void **state)
{
	static const char *const texts[] = {
		"Num       RefCount Protocol Flags    Type St Inode Path",
		"",
		"0: 2 0 0 1 03 0",
		"0: 2 0 0 1 03",
		"0: 2 0 0 1",
		"0: 2 0 0 1 03 99999999999999999999",
		"0: x 0 0 1 03 12",
		"00000000000000000: 2 0 0 1 03 12",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct socket_row row;
		char line[200];

		snprintf(line, sizeof(line), "%s", texts[i]);
		row_init(SOCKET_UNIX, 7, &row);
		assert_int_equal(proc_net_parse_unix(line, &row), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_tells_who_waits),
		cmocka_unit_test(timers_are_in_milliseconds),
		cmocka_unit_test(mini_sockets_have_no_user),
		cmocka_unit_test(ipv6_words_are_in_the_machines_order),
		cmocka_unit_test(a_raw_socket_has_a_protocol_and_no_ports),
		cmocka_unit_test(the_heading_is_no_row),
		cmocka_unit_test(a_line_of_the_other_family_is_no_row),
		cmocka_unit_test(a_cut_line_is_no_row),
		cmocka_unit_test(numbers_that_are_too_long_are_no_row),
		cmocka_unit_test(states_and_timers_that_do_not_exist_are_no_row),
		cmocka_unit_test(a_unix_socket_has_its_state_type_and_path),
		cmocka_unit_test(what_is_no_unix_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
