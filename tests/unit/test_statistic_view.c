// SPDX-License-Identifier: GPL-2.0-or-later
/* view/statistic_view.c: the statistics of protocols. XP's layout as a whole: test_xp.c. */
#include "expect.h"

#include <stdlib.h>

#include "base/util.h"
#include "view/statistic_view.h"

#define CHECK(state, literal) \
	expect_bytes(((struct json *)(state))->data, ((struct json *)(state))->len, literal)

static const struct record_style json = { .format = RECORD_JSON };
static const struct record_style second_json = {
	.format = RECORD_JSON,
	.display = 2,
	.ts = "2026-11-24T00:11:22.000000000Z",
};
static const struct record_style second_csv = {
	.format = RECORD_CSV,
	.header = true,
	.display = 2,
	.ts = "2026-11-24T00:11:22.000000000Z",
};

static int open_writer(void **state)
{
	*state = calloc(1, sizeof(struct json));
	return *state ? 0 : -1;
}

static int close_writer(void **state)
{
	json_done(*state);
	free(*state);
	return 0;
}

#define STATISTIC(protocol_, name_, value_)                                                \
	{                                                                                  \
		.protocol = (protocol_), .name = (name_), .value = (value_), .known = true \
	}

static void udp_statistics_in_xps_layout(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_UDP, "UdpInDatagrams", 41),
		STATISTIC(STATISTIC_UDP, "UdpOutDatagrams", UINT64_MAX),
		STATISTIC(STATISTIC_UDP, "UdpRcvbufErrors", 3),
		{ .protocol = STATISTIC_UDP, .name = "UdpInErrors" },
	};
	struct statistic_list list = { .items = items, .count = 4 };

	statistic_view_sections(&list, true, false, *state);
	CHECK(*state, "UDP Statistics for IPv4\n"
		      "\n"
		      "  Datagrams Received    = 41\n"
		      "  No Ports              = -\n"
		      "  Receive Errors        = -\n"
		      "  Datagrams Sent        = 18446744073709551615\n");
}

static void statistics_for_people_leave_no_counter_out(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_UDP, "UdpInDatagrams", 41),
		STATISTIC(STATISTIC_UDP, "UdpNoPorts", 0),
		STATISTIC(STATISTIC_UDP, "UdpRcvbufErrors", 3),
		STATISTIC(STATISTIC_UDP, "UdpSndbufErrors", 0),
		STATISTIC(STATISTIC_UDP, "UdpBrandNew", 5),
		{ .protocol = STATISTIC_UDP, .name = "UdpUnreadable" },
		STATISTIC(STATISTIC_OTHER, "QuicWonders", 1),
	};
	struct statistic_list list = { .items = items, .count = ARRAY_SIZE(items) };

	statistic_view_sections(&list, false, false, *state);
	CHECK(*state, "UDP Statistics for IPv4\n"
		      "\n"
		      "  Datagrams Received   41\n"
		      "  No Ports             0\n"
		      "  Receive Buffer Full  3\n"
		      "  UdpBrandNew          5\n"
		      "  UdpUnreadable        -\n"
		      "  (1 more are 0: -v shows them)\n"
		      "\n"
		      "Other Statistics\n"
		      "\n"
		      "  QuicWonders  1\n");
}

static void verbose_statistics_show_zeros(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_UDPV6, "Udp6SndbufErrors", 0),
		STATISTIC(STATISTIC_UDPV6, "Udp6New", 0),
	};
	struct statistic_list list = { .items = items, .count = 2 };

	statistic_view_sections(&list, false, true, *state);
	CHECK(*state, "UDP Statistics for IPv6\n"
		      "\n"
		      "  Send Buffer Full     0\n"
		      "  Udp6New              0\n");
}

static void changes_stand_in_a_second_column(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_TCP, "TcpActiveOpens", 1020),
		STATISTIC(STATISTIC_TCP, "TcpCurrEstab", 3),
		{ .protocol = STATISTIC_TCP,
		  .name = "TcpMaxConn",
		  .value = (uint64_t)-1,
		  .negative = true,
		  .known = true },
	};
	struct statistic_list list = { .items = items, .count = 3 };

	items[0].delta_known = items[1].delta_known = true;
	items[0].delta = 20;
	items[1].delta = -2;
	statistic_view_sections(&list, false, false, *state);
	CHECK(*state, "TCP Statistics for IPv4 and IPv6\n"
		      "\n"
		      "  Active Opens                         1020 (+20)\n"
		      "  Current Connections                  3    (-2)\n"
		      "  Connections Allowed (-1: no limit)   -1\n"
		      "  The kernel counts both families together.\n");
}

static void icmp_has_received_and_sent_side_by_side(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_ICMPV6, "Icmp6InMsgs", 123456789012),
		STATISTIC(STATISTIC_ICMPV6, "Icmp6OutMsgs", 9),
		STATISTIC(STATISTIC_ICMPV6, "Icmp6OutMLDv2Reports", 4),
		STATISTIC(STATISTIC_ICMPV6, "Icmp6OutType143", 4),
	};
	struct statistic_list list = { .items = items, .count = 4 };

	statistic_view_sections(&list, false, false, *state);
	CHECK(*state, "ICMPv6 Statistics\n"
		      "\n"
		      "                            Received     Sent\n"
		      "  Messages                  123456789012 9\n"
		      "  MLDv2 Reports             -            4\n"
		      "  Icmp6OutType143           4\n");
}

static void a_counter_is_an_object(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_IPV6, "Ip6InReceives", 7),
		STATISTIC(STATISTIC_TCP, "TcpActiveOpens", 20),
		{ .protocol = STATISTIC_OTHER, .name = "QuicWonders" },
	};
	struct statistic_list list = { .items = items, .count = 3 };

	statistic_view_rows(&json, &list, false, *state);
	CHECK(*state,
	      "{\"proto\":\"ip\",\"family\":6,\"name\":\"Ip6InReceives\",\"value\":7}\n"
	      "{\"proto\":\"tcp\",\"family\":null,\"name\":\"TcpActiveOpens\",\"value\":20}\n"
	      "{\"proto\":null,\"family\":null,\"name\":\"QuicWonders\",\"value\":null}\n");
}

static void from_the_second_display_on_there_is_a_delta(void **state)
{
	struct statistic items[] = {
		STATISTIC(STATISTIC_UDP, "UdpInDatagrams", 41),
		STATISTIC(STATISTIC_UDP, "UdpNew", 1),
	};
	struct statistic_list list = { .items = items, .count = 2 };

	items[0].delta_known = true;
	items[0].delta = -3;
	statistic_view_rows(&second_json, &list, true, *state);
	CHECK(*state, "{\"display\":2,\"ts\":\"2026-11-24T00:11:22.000000000Z\",\"proto\":\"udp\","
		      "\"family\":4,\"name\":\"UdpInDatagrams\",\"value\":41,\"delta\":-3}\n"
		      "{\"display\":2,\"ts\":\"2026-11-24T00:11:22.000000000Z\",\"proto\":\"udp\","
		      "\"family\":4,\"name\":\"UdpNew\",\"value\":1,\"delta\":null}\n");
}

static void statistics_in_csv(void **state)
{
	struct statistic items[] = { STATISTIC(STATISTIC_TCP, "TcpActiveOpens", 20) };
	struct statistic_list list = { .items = items, .count = 1 };

	statistic_view_rows(&second_csv, &list, true, *state);
	CHECK(*state, "display,ts,proto,family,name,value,delta\r\n"
		      "2,2026-11-24T00:11:22.000000000Z,tcp,,TcpActiveOpens,20,\r\n");
}

static void no_statistics_are_no_sections(void **state)
{
	struct statistic_list list = { 0 };

	statistic_view_sections(&list, true, true, *state);
	assert_int_equal(((struct json *)*state)->len, 0);
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, open_writer, close_writer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WRITER(udp_statistics_in_xps_layout),
		WITH_WRITER(statistics_for_people_leave_no_counter_out),
		WITH_WRITER(verbose_statistics_show_zeros),
		WITH_WRITER(changes_stand_in_a_second_column),
		WITH_WRITER(icmp_has_received_and_sent_side_by_side),
		WITH_WRITER(a_counter_is_an_object),
		WITH_WRITER(from_the_second_display_on_there_is_a_delta),
		WITH_WRITER(statistics_in_csv),
		WITH_WRITER(no_statistics_are_no_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
