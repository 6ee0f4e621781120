// SPDX-License-Identifier: GPL-2.0-or-later
/* view/record.c and the views on it: interfaces and routes. XP's layout as a whole: test_xp.c. */
#include "expect.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "sockwatch/record.h"
#include "view/interface_view.h"
#include "view/route_view.h"

#define CHECK(state, literal) \
	expect_bytes(((struct json *)(state))->data, ((struct json *)(state))->len, literal)
#define HOSTILE "\x1b[2J\",\\\n\xff"

static const struct record_style text = { .format = RECORD_TEXT, .header = true };
static const struct record_style json = { .format = RECORD_JSON };
static const struct record_style csv = { .format = RECORD_CSV, .header = true };
static const struct record_style second_json = {
	.format = RECORD_JSON,
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

static struct interface loopback(void)
{
	return (struct interface){
		.index = 1,
		.name = "lo",
		.type = 772, /* ARPHRD_LOOPBACK */
		.flags = IFF_UP | IFF_LOOPBACK,
		.mtu = 65536,
		.counters_known = INTERFACE_COUNTERS,
		.counters = { [INTERFACE_RX_BYTES] = 1000000 },
	};
}

static struct interface ethernet(void)
{
	return (struct interface){
		.index = 18,
		.name = "eth0",
		.type = 1, /* ARPHRD_ETHER */
		.operstate = IF_OPER_UP,
		.address = { 2, 0xfc, 0, 0, 0, 1 },
		.address_len = 6,
		.flags = IFF_UP | IFF_BROADCAST,
		.mtu = 1500,
		.counters_known = INTERFACE_COUNTERS,
		.counters = {
			[INTERFACE_RX_BYTES] = UINT64_MAX,
			[INTERFACE_TX_BYTES] = 20,
			[INTERFACE_RX_PACKETS] = 30,
			[INTERFACE_TX_PACKETS] = 40,
			[INTERFACE_RX_MULTICAST] = 7,
			[INTERFACE_RX_DROPPED] = 5,
			[INTERFACE_TX_ERRORS] = 6,
		},
	};
}

static struct interface hostile(void)
{
	return (struct interface){ .index = 3, .name = HOSTILE, .type = 768, .operstate = 99 };
}

static void interfaces_are_a_table(void **state)
{
	struct interface items[] = { loopback(), ethernet() };
	struct interface_list list = { .items = items, .count = 2 };

	interface_view_rows(&text, &list, *state);
	CHECK(*state,
	      "DEV               RX-BYTES  TX-BYTES  RX-PACKETS  TX-PACKETS  RX-ERR  TX-ERR"
	      "  RX-DROP  TX-DROP  RX-MCAST    MTU  STATE    MAC                FLAGS\n"
	      "lo                 1000000         0           0           0       0       0"
	      "        0        0         0  65536  unknown  -                  UP,LOOPBACK\n"
	      "eth0  18446744073709551615        20          30          40       0       6"
	      "        5        0         7   1500  up       02:fc:00:00:00:01  UP,BROADCAST\n");
}

static void a_hostile_interface_is_escaped_and_what_is_unknown_is_told(void **state)
{
	struct interface item = hostile();
	struct interface_list list = { .items = &item, .count = 1 };
	struct record_style bare = { .format = RECORD_TEXT };

	interface_view_rows(&bare, &list, *state);
	CHECK(*state, "\\x1b[2J\",\\\\\\n\\xff"
		      "  -  -  -  -  -  -  -  -  -  -  -  -  -\n");
}

static void an_interface_is_an_object(void **state)
{
	struct interface items[] = { ethernet(), hostile() };
	struct interface_list list = { .items = items, .count = 2 };

	interface_view_rows(&json, &list, *state);
	CHECK(*state,
	      "{\"dev\":\"eth0\",\"rx_bytes\":18446744073709551615,\"tx_bytes\":20,"
	      "\"rx_packets\":30,\"tx_packets\":40,\"rx_errors\":0,\"tx_errors\":6,"
	      "\"rx_dropped\":5,\"tx_dropped\":0,\"rx_multicast\":7,\"collisions\":0,"
	      "\"rx_missed\":0,\"rx_nohandler\":0,\"tx_carrier_errors\":0,\"mtu\":1500,"
	      "\"operstate\":\"up\",\"mac\":\"02:fc:00:00:00:01\",\"flags\":\"UP,BROADCAST\","
	      "\"index\":18}\n"
	      "{\"dev\":\"\\u001b[2J\\\",\\\\\\n\xef\xbf\xbd\",\"rx_bytes\":null,"
	      "\"tx_bytes\":null,\"rx_packets\":null,\"tx_packets\":null,\"rx_errors\":null,"
	      "\"tx_errors\":null,\"rx_dropped\":null,\"tx_dropped\":null,"
	      "\"rx_multicast\":null,\"collisions\":null,\"rx_missed\":null,"
	      "\"rx_nohandler\":null,\"tx_carrier_errors\":null,\"mtu\":null,"
	      "\"operstate\":null,\"mac\":null,\"flags\":\"\",\"index\":3}\n");
}

static void csv_quotes_what_would_break_it(void **state)
{
	struct interface items[] = { ethernet(), hostile() };
	struct interface_list list = { .items = items, .count = 2 };

	interface_view_rows(&csv, &list, *state);
	CHECK(*state,
	      "dev,rx_bytes,tx_bytes,rx_packets,tx_packets,rx_errors,tx_errors,rx_dropped,"
	      "tx_dropped,rx_multicast,collisions,rx_missed,rx_nohandler,tx_carrier_errors,mtu,"
	      "operstate,mac,flags,index\r\n"
	      "eth0,18446744073709551615,20,30,40,0,6,5,0,7,0,0,0,0,1500,up,"
	      "02:fc:00:00:00:01,\"UP,BROADCAST\",18\r\n"
	      "\"\\x1b[2J\"\",\\\\\\n\\xff\",,,,,,,,,,,,,,,,,,3\r\n");
}

static void totals_leave_loopback_out(void **state)
{
	struct interface items[] = { loopback(), ethernet() };
	struct interface_list list = { .items = items, .count = 2 };

	interface_view_totals(&list, false, *state);
	CHECK(*state, "All interfaces but loopback\n"
		      "                           Received            Sent\n"
		      "Bytes                18446744073709551615              20\n"
		      "Packets                          30              40\n"
		      "Multicast packets                 7               -\n"
		      "Dropped                           5               0\n"
		      "Errors                            0               6\n");
}

static void a_sum_with_an_unknown_part_is_unknown(void **state)
{
	struct interface items[] = { ethernet(), hostile() };
	struct interface_list list = { .items = items, .count = 2 };

	interface_view_totals(&list, true, *state);
	CHECK(*state, "Interface Statistics\n"
		      "\n"
		      "                           Received            Sent\n"
		      "\n"
		      "Bytes                             -               -\n"
		      "Packets                           -               -\n"
		      "Unicast packets                   -               -\n"
		      "Non-unicast packets               -               -\n"
		      "Discards                          -               -\n"
		      "Errors                            -               -\n"
		      "Unknown protocols                 -\n");
}

static struct route default_route(void)
{
	return (struct route){
		.family = SW_FAMILY_INET,
		.via_family = SW_FAMILY_INET,
		.via = { 192, 0, 2, 1 },
		.protocol = RTPROT_DHCP,
		.type = RTN_UNICAST,
		.table = RT_TABLE_MAIN,
		.metric = 100,
		.index = 2,
		.dev = "eth0",
	};
}

static struct route local_net(void)
{
	return (struct route){
		.family = SW_FAMILY_INET,
		.dst = { 192, 0, 2 },
		.dst_len = 24,
		.has_src = true,
		.src = { 192, 0, 2, 7 },
		.protocol = RTPROT_KERNEL,
		.scope = RT_SCOPE_LINK,
		.type = RTN_UNICAST,
		.table = RT_TABLE_MAIN,
		.index = 2,
		.dev = "eth0",
	};
}

static struct route blackhole(void)
{
	return (struct route){
		.family = SW_FAMILY_INET,
		.dst = { 10, 255, 255, 255 },
		.dst_len = 32,
		.protocol = 77,
		.type = RTN_BLACKHOLE,
		.table = 1000,
		.metric = UINT32_MAX,
	};
}

static struct route multipath6(void)
{
	return (struct route){
		.family = SW_FAMILY_INET6,
		.dst = { 0x20, 1, 0xd, 0xb8 },
		.dst_len = 32,
		.from = { 0xfd },
		.from_len = 8,
		.via_family = SW_FAMILY_INET6,
		.via = { 0xfe, 0x80, [15] = 1 },
		.protocol = RTPROT_RA,
		.type = RTN_UNICAST,
		.table = RT_TABLE_MAIN,
		.metric = 1024,
		.flags = RTNH_F_ONLINK | RTNH_F_LINKDOWN,
		.weight = 3,
		.nexthop = 9,
		.index = 3,
		.dev = HOSTILE,
	};
}

static void routes_are_a_table_without_columns_that_tell_nothing(void **state)
{
	struct route items[] = { default_route(), local_net(), blackhole() };
	struct route_list list = { .items = items, .count = 3 };

	route_view_rows(&text, &list, *state);
	CHECK(*state,
	      "DESTINATION     GATEWAY    DEV       METRIC  TABLE  SOURCE     SCOPE   TYPE"
	      "       PROTOCOL\n"
	      "default         192.0.2.1  eth0         100  main   -          global  unicast"
	      "    dhcp\n"
	      "192.0.2.0/24    -          eth0           0  main   192.0.2.7  link    unicast"
	      "    kernel\n"
	      "10.255.255.255  -          -     4294967295  1000   -          global  blackhole"
	      "  77\n");
}

static void rare_properties_get_columns_when_there_are_some(void **state)
{
	struct route item = multipath6();
	struct route_list list = { .items = &item, .count = 1 };

	item.tos = 16;
	route_view_rows(&text, &list, *state);
	CHECK(*state,
	      "DESTINATION    GATEWAY  DEV                METRIC  TABLE  SOURCE  FROM      SCOPE"
	      "   TYPE     PROTOCOL  TOS  WEIGHT  FLAGS\n"
	      "2001:db8::/32  fe80::1  \\x1b[2J\",\\\\\\n\\xff    1024  main   -       fd00::/8"
	      "  global  unicast  ra         16       3  onlink,linkdown\n");
}

static void a_route_is_an_object(void **state)
{
	struct route items[] = { default_route(), multipath6() };
	struct route_list list = { .items = items, .count = 2 };

	route_view_rows(&second_json, &list, *state);
	CHECK(*state,
	      "{\"display\":2,\"ts\":\"2026-11-24T00:11:22.000000000Z\",\"family\":4,"
	      "\"dst\":\"default\",\"via\":\"192.0.2.1\",\"dev\":\"eth0\",\"metric\":100,"
	      "\"table\":\"main\",\"src\":null,\"from\":null,\"scope\":\"global\","
	      "\"type\":\"unicast\",\"protocol\":\"dhcp\",\"tos\":0,\"weight\":null,"
	      "\"nexthop\":null,\"onlink\":false,\"flags\":\"\"}\n"
	      "{\"display\":2,\"ts\":\"2026-11-24T00:11:22.000000000Z\",\"family\":6,"
	      "\"dst\":\"2001:db8::/32\",\"via\":\"fe80::1\","
	      "\"dev\":\"\\u001b[2J\\\",\\\\\\n\xef\xbf\xbd\",\"metric\":1024,"
	      "\"table\":\"main\",\"src\":null,\"from\":\"fd00::/8\",\"scope\":\"global\","
	      "\"type\":\"unicast\",\"protocol\":\"ra\",\"tos\":0,\"weight\":3,\"nexthop\":9,"
	      "\"onlink\":true,\"flags\":\"onlink,linkdown\"}\n");
}

static void routes_in_csv(void **state)
{
	struct route item = local_net();
	struct route_list list = { .items = &item, .count = 1 };

	route_view_rows(&csv, &list, *state);
	CHECK(*state,
	      "family,dst,via,dev,metric,table,src,from,scope,type,protocol,tos,weight,nexthop,"
	      "onlink,flags\r\n"
	      "4,192.0.2.0/24,,eth0,0,main,192.0.2.7,,link,unicast,kernel,0,,,false,\r\n");
}

static void xps_layout_cuts_no_gateway(void **state)
{
	struct route item = default_route();
	struct route_list list = { .items = &item, .count = 1 };

	item.via_family = SW_FAMILY_INET6;
	memset(item.via, 0xff, sizeof(item.via));
	route_view_xp_ipv4(&list, *state);
	CHECK(*state,
	      "===========================================================================\n"
	      "Active Routes:\n"
	      "Network Destination        Netmask          Gateway       Interface  Metric\n"
	      "          0.0.0.0          0.0.0.0 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
	      "            eth0     100\n"
	      "Default Gateway: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n"
	      "===========================================================================\n"
	      "Persistent Routes:\n"
	      "  None\n");
}

static void no_routes_are_a_heading_or_nothing(void **state)
{
	struct route_list list = { 0 };

	route_view_rows(&json, &list, *state);
	assert_int_equal(((struct json *)*state)->len, 0);
	route_view_rows(&text, &list, *state);
	CHECK(*state, "DESTINATION  GATEWAY  DEV  METRIC  TABLE  SOURCE  SCOPE  TYPE  PROTOCOL\n");
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, open_writer, close_writer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WRITER(interfaces_are_a_table),
		WITH_WRITER(a_hostile_interface_is_escaped_and_what_is_unknown_is_told),
		WITH_WRITER(an_interface_is_an_object),
		WITH_WRITER(csv_quotes_what_would_break_it),
		WITH_WRITER(totals_leave_loopback_out),
		WITH_WRITER(a_sum_with_an_unknown_part_is_unknown),
		WITH_WRITER(routes_are_a_table_without_columns_that_tell_nothing),
		WITH_WRITER(rare_properties_get_columns_when_there_are_some),
		WITH_WRITER(a_route_is_an_object),
		WITH_WRITER(routes_in_csv),
		WITH_WRITER(xps_layout_cuts_no_gateway),
		WITH_WRITER(no_routes_are_a_heading_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
