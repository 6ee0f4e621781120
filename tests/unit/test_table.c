// SPDX-License-Identifier: GPL-2.0-or-later
/* view/table*.c: the same rows as text, JSON and CSV; hostile names in each. test_xp.c has XP's. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/process.h"
#include "records.h"
#include "view/table.h"

#define DAY_NS 86400000000000ll

static struct process init = { .pid = 1, .comm = "init" };
static struct process sshd = {
	.pid = 812,
	.uid = 0,
	.comm = "sshd",
	.exe = (char *)"/usr/sbin/sshd",
	.parent = &init,
};
static struct process hostile = {
	.pid = 66,
	.comm = "a\033[2J,\"\n",
	.exe = (char *)"/tmp/\xff\nx",
	.exe_deleted = true,
};

static struct socket_row connection(struct process *owner)
{
	return (struct socket_row){
		.kind = SOCKET_TCP,
		.conn = { .ends = record_ends(5), .state = SW_TCP_ESTABLISHED, .owner = owner },
		.inode = 4711,
		.send_q = 36,
		.holders = 2,
		.fd = 3,
	};
}

static struct socket_row listener(void)
{
	struct socket_row row = { .kind = SOCKET_TCP,
				  .conn = { .ends = { .cookie = 9,
						      .family = SW_FAMILY_INET6,
						      .protocol = SW_PROTO_TCP,
						      .lport = 22 },
					    .state = SW_TCP_LISTEN,
					    .owner = &sshd },
				  .send_q = 128,
				  .fd = 4 };

	return row;
}

static struct socket_row wildcard_udp(void)
{
	return (struct socket_row){
		.kind = SOCKET_UDP,
		.conn = { .ends = { .cookie = 7,
				    .family = SW_FAMILY_INET,
				    .protocol = SW_PROTO_UDP,
				    .lport = 53 },
			  .state = SW_TCP_CLOSE },
		.fd = -1,
	};
}

static void put_row(struct table *table, const struct socket_row *row)
{
	struct table_row shown = { .socket = row };

	table_measure(table, &shown);
	table_put(table, &shown);
}

static void open_table(struct table *table, enum table_format format, const char *columns)
{
	const char *bad;
	size_t len;

	table_init(table, format);
	if (columns)
		expect_ok(table_columns_parse(table, columns, &bad, &len));
}

#define expect_out(table, literal)                                          \
	do {                                                                \
		expect_bytes((table)->out.data, (table)->out.len, literal); \
		json_reset(&(table)->out);                                  \
	} while (0)

#define expect_part(table, literal) \
	assert_non_null(memmem((table)->out.data, (table)->out.len, literal, sizeof(literal) - 1))

#define NETSTAT "protocol,recv_q,send_q,local,remote,state"

static void text_is_aligned_and_ends_without_spaces(void **state)
{
	struct socket_row rows[] = { connection(&sshd), listener(), wildcard_udp() };
	struct table table;

	open_table(&table, TABLE_TEXT, NETSTAT ",program");
	table_begin(&table);
	for (size_t i = 0; i < 3; i++)
		put_row(&table, &rows[i]);
	expect_out(
		&table,
		"Proto Recv-Q Send-Q Local Address         Foreign Address       State       PID/Program\n"
		"tcp   0      36     10.0.0.1:40005        10.0.0.2:443          ESTABLISHED 812/sshd\n"
		"tcp6  0      128    [::]:22               [::]:*                LISTEN      812/sshd\n"
		"udp   0      0      0.0.0.0:53            0.0.0.0:*             UNCONN      -\n");
	table_done(&table);
}

static void an_address_is_never_cut(void **state)
{
	struct socket_row row = connection(NULL);
	struct table table;

	row.conn.ends.family = SW_FAMILY_INET6;
	memset(row.conn.ends.raddr, 0xab, 16);
	open_table(&table, TABLE_TEXT, "remote,state");
	put_row(&table, &row);
	expect_out(&table, "[abab:abab:abab:abab:abab:abab:abab:abab]:443 ESTABLISHED\n");
	table_done(&table);
}

static void the_executable_has_a_line_of_its_own(void **state)
{
	struct socket_row rows[] = { connection(&sshd), connection(&hostile), connection(NULL) };
	struct table table;

	open_table(&table, TABLE_TEXT, "state,pid");
	table.executable = table.ancestors = true;
	for (size_t i = 0; i < 3; i++)
		put_row(&table, &rows[i]);
	expect_out(&table, "ESTABLISHED 812\n"
			   "  [/usr/sbin/sshd]\n"
			   "  (sshd[812] < init[1])\n"
			   "ESTABLISHED 66\n"
			   "  [/tmp/\\xff\\nx] (deleted)\n"
			   "  (a\\x1b[2J,\"\\n[66])\n"
			   "ESTABLISHED -\n"
			   "  [-]\n");
	table_done(&table);
}

static void names_take_the_place_of_numbers(void **state)
{
	const struct field_names names = { .rhost = "evil\033[2J.example", .rservice = "https" };
	struct socket_row row = connection(NULL);
	struct table_row shown = { .socket = &row, .names = &names };
	struct table table;

	open_table(&table, TABLE_TEXT, "remote,local");
	table_put(&table, &shown);
	expect_out(&table, "evil\\x1b[2J.example:https 10.0.0.1:40005\n");
	table_done(&table);
}

static void csv_quotes_and_escapes(void **state)
{
	struct socket_row rows[] = { connection(&hostile), wildcard_udp() };
	struct table table;

	open_table(&table, TABLE_CSV, "proto,pid,comm,exe,holders");
	table_begin(&table);
	for (size_t i = 0; i < 2; i++)
		put_row(&table, &rows[i]);
	expect_out(&table, "proto,pid,comm,exe,holders\r\n"
			   "tcp,66,\"a\\x1b[2J,\"\"\\n\",/tmp/\\xff\\nx,2\r\n"
			   "udp,,,,\r\n");
	table_done(&table);
}

static void json_tells_all_that_applies(void **state)
{
	struct socket_row rows[] = { connection(&sshd), wildcard_udp() };
	struct table table;

	open_table(&table, TABLE_JSON, NULL);
	for (size_t i = 0; i < 2; i++)
		put_row(&table, &rows[i]);
	expect_out(
		&table,
		"{\"proto\":\"tcp\",\"family\":4,\"laddr\":\"10.0.0.1\",\"lport\":40005,\"raddr\":\"10.0.0.2\",\"rport\":443,\"state\":\"ESTABLISHED\",\"pid\":812,\"comm\":\"sshd\",\"exe\":\"/usr/sbin/sshd\",\"uid\":0,\"netns\":4026531840,\"cgroup\":null,\"container\":null,\"cookie\":5,\"gen\":1,\"recv_q\":0,\"send_q\":36,\"inode\":4711,\"holders\":2,\"fd\":3}\n"
		"{\"proto\":\"udp\",\"family\":4,\"laddr\":\"0.0.0.0\",\"lport\":53,\"raddr\":\"0.0.0.0\",\"rport\":0,\"state\":\"UNCONN\",\"pid\":null,\"comm\":null,\"exe\":null,\"uid\":null,\"netns\":null,\"cgroup\":null,\"container\":null,\"cookie\":7,\"gen\":1,\"recv_q\":0,\"send_q\":0,\"inode\":null,\"holders\":null}\n");
	table_done(&table);
}

static struct socket_row counted(void)
{
	struct socket_row row = connection(&sshd);

	row.conn.counted = row.conn.traffic_known = true;
	row.conn.counters = (struct sw_counters){ 11, 22, 33, 4 };
	row.conn.traffic = (struct sw_traffic){ 5, 6, 7, 8, 9, 10 };
	row.conn.opened_ns = 500000000;
	row.conn.entered_ns = 1500000000;
	return row;
}

static void counters_are_told_of_rows_if_asked_for(void **state)
{
	struct socket_row rows[] = { counted(), wildcard_udp() };
	struct table table;

	open_table(&table, TABLE_JSON, NULL);
	table.counters = true;
	table.ts_ns = 2000000000;
	put_row(&table, &rows[0]);
	expect_part(
		&table,
		"\"rx_bytes\":11,\"tx_bytes\":22,\"rx_segs\":5,\"tx_segs\":6,\"rx_data_segs\":7,\"tx_data_segs\":8,\"rtt_us\":33,\"retrans\":4,\"unread_bytes\":9,\"unacked_bytes\":10,\"state_age_us\":500000,\"age_us\":1500000}");
	json_reset(&table.out);
	put_row(&table, &rows[1]);
	expect_part(&table, "\"rx_segs\":null");
	table_done(&table);
}

static void an_age_is_not_known_of_what_was_there_before(void **state)
{
	struct socket_row row = counted();
	struct table table;

	open_table(&table, TABLE_CSV, "age_us,age,state_age_us,state_age");
	table.ts_ns = 2000000000;
	put_row(&table, &row);
	expect_out(&table, "1500000,1.50s,500000,500ms\r\n");
	row.conn.existed = true;
	row.conn.entered_ns = 0;
	put_row(&table, &row);
	expect_out(&table, ",,,\r\n");
	row.conn.entered_ns = 2500000000; /* while the rows were read */
	put_row(&table, &row);
	expect_out(&table, ",,0,0us\r\n");
	table_done(&table);
}

static void several_holders_are_told_with_the_owner_first(void **state)
{
	struct socket_holder held[] = { { &init, 9 }, { &hostile, 5 }, { &sshd, 3 } };
	struct socket_row row = connection(&sshd);
	struct table table;

	row.held_by = held;
	row.held_count = row.holders = 3;
	open_table(&table, TABLE_JSON, "held_by");
	put_row(&table, &row);
	expect_out(
		&table,
		"{\"held_by\":[{\"pid\":812,\"comm\":\"sshd\",\"exe\":\"/usr/sbin/sshd\",\"fd\":3},{\"pid\":1,\"comm\":\"init\",\"exe\":null,\"fd\":9},{\"pid\":66,\"comm\":\"a\\u001b[2J,\\\"\\n\",\"exe\":\"/tmp/\xef\xbf\xbd\\nx\",\"fd\":5}]}\n");
	row.held_count = 0;
	put_row(&table, &row);
	expect_out(&table, "{\"held_by\":null}\n");
	table_done(&table);
}

static void holders_that_are_only_counted_show_as_dots(void **state)
{
	struct socket_holder held[] = { { &sshd, 3 }, { &init, 9 } };
	struct socket_row row = connection(NULL);
	struct table table;

	row.held_by = held;
	row.held_count = row.holders = 2;
	open_table(&table, TABLE_CSV, "held_by");
	put_row(&table, &row);
	row.holders = 3;
	put_row(&table, &row);
	expect_out(&table, "\"812/sshd,1/init\"\r\n\"812/sshd,1/init,...\"\r\n");
	table_done(&table);
}

static void the_creator_is_told_if_it_is_not_the_owner(void **state)
{
	struct socket_row row = connection(&sshd);
	struct table table;

	open_table(&table, TABLE_CSV, "creator_pid,creator_comm,creator_exe");
	row.conn.creator = &sshd;
	put_row(&table, &row);
	row.conn.creator = NULL;
	put_row(&table, &row);
	row.conn.creator = &init;
	put_row(&table, &row);
	expect_out(&table, ",,\r\n,,\r\n1,init,\r\n");
	table_done(&table);
}

static void a_unix_socket_has_a_path_and_no_addresses(void **state)
{
	const struct socket_row row = { .kind = SOCKET_UNIX,
					.conn = { .ends = { .family = SW_FAMILY_UNIX },
						  .state = SW_TCP_LISTEN },
					.type = 1,
					.path = "\0name",
					.path_len = 5,
					.fd = -1 };
	struct table table;

	open_table(&table, TABLE_JSON, "proto,family,laddr,lport,state,type,path");
	put_row(&table, &row);
	expect_out(
		&table,
		"{\"proto\":\"unix\",\"family\":null,\"laddr\":null,\"lport\":null,\"state\":\"LISTEN\",\"type\":\"stream\",\"path\":\"@name\"}\n");
	table_done(&table);
}

static struct event ended(void)
{
	return (struct event){ .kind = EVENT_STATE,
			       .ts_ns = 1600000000,
			       .old_state = SW_TCP_LAST_ACK,
			       .new_state = SW_TCP_CLOSE,
			       .last = true,
			       .reason = CONN_REASON_FIN_REMOTE,
			       .conn = { .ends = record_ends(5),
					 .gen = 1,
					 .state = SW_TCP_CLOSE,
					 .owner = &sshd,
					 .counted = true,
					 .counters = { .rx_bytes = 5, .tx_bytes = 7 },
					 .opened_ns = 1500000000 } };
}

static void what_is_gone_says_when_and_why(void **state)
{
	const struct socket_row none = { .kind = SOCKET_TCP, .fd = -1 };
	const struct event event = ended();
	struct table_row shown = { .socket = &none, .gone = &event };
	struct table table;

	open_table(&table, TABLE_TEXT, NETSTAT);
	table.display = 2;
	table.ts_ns = 2000000000;
	table.realtime_offset_ns = DAY_NS;
	table_begin(&table);
	table_put_lost(&table, 3);
	table_begin_gone(&table);
	table_put(&table, &shown);
	expect_out(
		&table,
		"\n1970-01-02 00:00:02 UTC  display 2\n"
		"Proto Recv-Q Send-Q Local Address         Foreign Address       State\n"
		"LOST 3 records: some of what closed may be missing here\n"
		"\nClosed since the last display\n"
		"00:00:01.500-00:00:01.600 tcp   10.0.0.1:40005        10.0.0.2:443          812/sshd             fin-remote after 100ms rx 5 B tx 7 B\n");
	table_done(&table);
}

static void what_is_gone_has_its_keys(void **state)
{
	const struct socket_row none = { .kind = SOCKET_TCP, .fd = -1 };
	const struct event event = ended();
	struct table_row shown = { .socket = &none, .gone = &event };
	struct table table;

	open_table(&table, TABLE_JSON, NULL);
	table.display = 2;
	table.ts_ns = 2000000000;
	table_put(&table, &shown);
	expect_out(
		&table,
		"{\"ts\":\"1970-01-01T00:00:02.000000000Z\",\"display\":2,\"proto\":\"tcp\",\"family\":4,\"laddr\":\"10.0.0.1\",\"lport\":40005,\"raddr\":\"10.0.0.2\",\"rport\":443,\"state\":\"CLOSE\",\"pid\":812,\"comm\":\"sshd\",\"exe\":\"/usr/sbin/sshd\",\"uid\":0,\"netns\":4026531840,\"cgroup\":null,\"container\":null,\"cookie\":5,\"gen\":1,\"recv_q\":null,\"send_q\":null,\"inode\":null,\"holders\":null,\"reason\":\"fin-remote\",\"duration_us\":100000,\"gone\":true,\"opened\":\"1970-01-01T00:00:01.500000000Z\",\"closed\":\"1970-01-01T00:00:01.600000000Z\",\"rx_bytes\":5,\"tx_bytes\":7,\"rx_segs\":null,\"tx_segs\":null,\"rx_data_segs\":null,\"tx_data_segs\":null,\"rtt_us\":null,\"retrans\":0,\"unread_bytes\":null,\"unacked_bytes\":null,\"error\":null}\n");
	table_done(&table);
}

static void columns_are_added_and_taken_away(void **state)
{
	const char *bad;
	struct table table;
	size_t len;

	open_table(&table, TABLE_CSV, "pid,comm,state");
	expect_ok(table_columns_parse(&table, "-comm,+exe", &bad, &len));
	table_begin(&table);
	expect_out(&table, "pid,state,exe\r\n");
	assert_int_equal(table_columns_parse(&table, "pid,nonsense,exe", &bad, &len), -EINVAL);
	assert_int_equal(len, 8);
	assert_memory_equal(bad, "nonsense", len);
	assert_int_equal(table_columns_parse(&table, "", &bad, &len), -EINVAL);
	assert_int_equal(table_columns_parse(&table, "pid,", &bad, &len), -EINVAL);
	table_done(&table);
}

static void each_row_of_repeated_displays_has_time_and_number(void **state)
{
	struct socket_row row = wildcard_udp();
	struct table table;

	open_table(&table, TABLE_JSON, "ts,lport");
	put_row(&table, &row);
	expect_out(&table, "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"lport\":53}\n");
	table.display = 2;
	put_row(&table, &row);
	expect_out(&table,
		   "{\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"display\":2,\"lport\":53}\n");
	table_done(&table);
}

static void a_display_that_is_not_repeated_has_no_number(void **state)
{
	struct socket_row row = wildcard_udp();
	struct table table;

	open_table(&table, TABLE_CSV, "display,lport");
	put_row(&table, &row);
	expect_out(&table, ",53\r\n");
	table_done(&table);
}

static void a_long_name_of_a_host_is_not_cut(void **state)
{
	struct socket_row row = connection(NULL);
	char host[256] = "";
	struct field_names names = { .rhost = host };
	struct table_row shown = { .socket = &row, .names = &names };
	struct table table;

	memset(host, 'a', sizeof(host) - 1);
	open_table(&table, TABLE_CSV, "remote");
	table_put(&table, &shown);
	assert_int_equal(table.out.len, sizeof(host) - 1 + strlen(":443\r\n"));
	table_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_aligned_and_ends_without_spaces),
		cmocka_unit_test(an_address_is_never_cut),
		cmocka_unit_test(the_executable_has_a_line_of_its_own),
		cmocka_unit_test(names_take_the_place_of_numbers),
		cmocka_unit_test(csv_quotes_and_escapes),
		cmocka_unit_test(json_tells_all_that_applies),
		cmocka_unit_test(counters_are_told_of_rows_if_asked_for),
		cmocka_unit_test(an_age_is_not_known_of_what_was_there_before),
		cmocka_unit_test(several_holders_are_told_with_the_owner_first),
		cmocka_unit_test(holders_that_are_only_counted_show_as_dots),
		cmocka_unit_test(the_creator_is_told_if_it_is_not_the_owner),
		cmocka_unit_test(a_unix_socket_has_a_path_and_no_addresses),
		cmocka_unit_test(what_is_gone_says_when_and_why),
		cmocka_unit_test(what_is_gone_has_its_keys),
		cmocka_unit_test(columns_are_added_and_taken_away),
		cmocka_unit_test(each_row_of_repeated_displays_has_time_and_number),
		cmocka_unit_test(a_display_that_is_not_repeated_has_no_number),
		cmocka_unit_test(a_long_name_of_a_host_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
