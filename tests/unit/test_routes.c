// SPDX-License-Identifier: GPL-2.0-or-later
/* system/routes.c: RTM_NEWROUTE messages, whole and broken. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "system/routes.h"

struct message {
	_Alignas(struct nlmsghdr) char bytes[1024];
	struct nlmsghdr *header;
	struct rtmsg *route;
};

static struct interface devices[] = {
	{ .index = 2, .name = "eth0" },
	{ .index = 3, .name = "eth1" },
};

static const struct interface_list interfaces = { .items = devices, .count = 2 };

static int open_list(void **state)
{
	*state = calloc(1, sizeof(struct route_list));
	return *state ? 0 : -1;
}

static int close_list(void **state)
{
	route_list_done(*state);
	free(*state);
	return 0;
}

static void begin(struct message *message, uint8_t family, uint8_t dst_len)
{
	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWROUTE;
	message->route = mnl_nlmsg_put_extra_header(message->header, sizeof(*message->route));
	message->route->rtm_family = family;
	message->route->rtm_dst_len = dst_len;
	message->route->rtm_table = RT_TABLE_MAIN;
	message->route->rtm_protocol = RTPROT_STATIC;
	message->route->rtm_type = RTN_UNICAST;
}

static void put_address(struct message *message, uint16_t type, const char *text)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint8_t address[16];

	assert_int_equal(inet_pton(family, text, address), 1);
	mnl_attr_put(message->header, type, family == AF_INET6 ? 16 : 4, address);
}

static void put_via(struct message *message, const char *text)
{
	struct {
		struct rtvia via;
		uint8_t address[16];
	} value = { .via.rtvia_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, text, value.address), 1);
	mnl_attr_put(message->header, RTA_VIA, sizeof(value.via) + 16, &value);
}

/* A next hop within RTA_MULTIPATH. */
static void put_hop(struct message *message, int index, uint8_t weight, uint8_t flags,
		    const char *gateway)
{
	struct rtnexthop *hop =
		(void *)((char *)message->header + MNL_ALIGN(message->header->nlmsg_len));

	mnl_nlmsg_put_extra_header(message->header, sizeof(*hop));
	put_address(message, RTA_GATEWAY, gateway);
	hop->rtnh_ifindex = index;
	hop->rtnh_hops = weight - 1;
	hop->rtnh_flags = flags;
	hop->rtnh_len =
		(unsigned short)((char *)mnl_nlmsg_get_payload_tail(message->header) - (char *)hop);
}

static void expect_address(unsigned int family, const uint8_t address[16], const char *expected)
{
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop((int)family, address, text, sizeof(text)));
	expect_text(text, expected);
}

static void a_default_route_has_gateway_and_device(void **state)
{
	struct route_list *list = *state;
	struct message message;

	begin(&message, AF_INET, 0);
	put_address(&message, RTA_GATEWAY, "192.0.2.1");
	mnl_attr_put_u32(message.header, RTA_OIF, 2);
	mnl_attr_put_u32(message.header, RTA_PRIORITY, UINT32_MAX);
	expect_ok(routes_parse(message.header, false, &interfaces, list));
	assert_int_equal(list->count, 1);
	assert_int_equal(list->items[0].dst_len, 0);
	assert_int_equal(list->items[0].via_family, AF_INET);
	expect_address(AF_INET, list->items[0].via, "192.0.2.1");
	expect_text(list->items[0].dev, "eth0");
	assert_int_equal(list->items[0].metric, UINT32_MAX);
	assert_int_equal(list->items[0].table, ROUTE_TABLE_MAIN);
	assert_false(list->items[0].has_src);
}

static void an_ipv6_route_may_depend_on_the_source(void **state)
{
	struct route_list *list = *state;
	struct message message;

	begin(&message, AF_INET6, 64);
	message.route->rtm_src_len = 48;
	put_address(&message, RTA_DST, "2001:db8:1::");
	put_address(&message, RTA_SRC, "2001:db8::");
	put_address(&message, RTA_PREFSRC, "2001:db8::7");
	expect_ok(routes_parse(message.header, false, &interfaces, list));
	expect_address(AF_INET6, list->items[0].dst, "2001:db8:1::");
	expect_address(AF_INET6, list->items[0].from, "2001:db8::");
	assert_int_equal(list->items[0].from_len, 48);
	assert_true(list->items[0].has_src);
	expect_address(AF_INET6, list->items[0].src, "2001:db8::7");
	expect_text(list->items[0].dev, "");
}

static void a_gateway_may_be_of_another_family(void **state)
{
	struct route_list *list = *state;
	struct message message;

	begin(&message, AF_INET, 8);
	put_address(&message, RTA_DST, "10.0.0.0");
	put_via(&message, "fe80::1");
	expect_ok(routes_parse(message.header, false, &interfaces, list));
	assert_int_equal(list->items[0].via_family, AF_INET6);
	expect_address(AF_INET6, list->items[0].via, "fe80::1");
}

static void make_multipath(struct message *message)
{
	struct nlattr *nest;

	begin(message, AF_INET, 16);
	put_address(message, RTA_DST, "10.9.0.0");
	mnl_attr_put_u32(message->header, RTA_PRIORITY, 5);
	nest = mnl_attr_nest_start(message->header, RTA_MULTIPATH);
	put_hop(message, 2, 3, 0, "192.0.2.1");
	put_hop(message, 3, 1, RTNH_F_LINKDOWN, "192.0.2.2");
	mnl_attr_nest_end(message->header, nest);
}

static void each_next_hop_is_a_route(void **state)
{
	struct route_list *list = *state;
	struct message message;

	make_multipath(&message);
	expect_ok(routes_parse(message.header, false, &interfaces, list));
	assert_int_equal(list->count, 2);
	expect_text(list->items[0].dev, "eth0");
	expect_text(list->items[1].dev, "eth1");
	assert_int_equal(list->items[0].weight, 3);
	assert_int_equal(list->items[1].weight, 1);
	assert_int_equal(list->items[0].flags, 0);
	assert_int_equal(list->items[1].flags, RTNH_F_LINKDOWN);
	expect_address(AF_INET, list->items[1].via, "192.0.2.2");
	assert_int_equal(list->items[1].metric, 5);
}

static void a_broken_next_hop_takes_all_back(void **state)
{
	struct route_list *list = *state;
	struct message message;
	struct rtnexthop *second;

	make_multipath(&message);
	second = (void *)((char *)mnl_nlmsg_get_payload_tail(message.header) -
			  sizeof(struct rtnexthop) - 8);
	assert_int_equal(second->rtnh_ifindex, 3);
	second->rtnh_len = 4;
	assert_int_equal(routes_parse(message.header, false, &interfaces, list), -EBADMSG);
	second->rtnh_len = 0xffff;
	assert_int_equal(routes_parse(message.header, false, &interfaces, list), -EBADMSG);
	assert_int_equal(list->count, 0);
}

static void other_tables_are_shown_when_asked_for(void **state)
{
	struct route_list *list = *state;
	struct message message;

	begin(&message, AF_INET, 0);
	message.route->rtm_table = RT_TABLE_COMPAT;
	mnl_attr_put_u32(message.header, RTA_TABLE, 1000);
	expect_ok(routes_parse(message.header, false, &interfaces, list));
	assert_int_equal(list->count, 0);
	expect_ok(routes_parse(message.header, true, &interfaces, list));
	assert_int_equal(list->count, 1);
	assert_int_equal(list->items[0].table, 1000);
}

static void cached_routes_are_left_out(void **state)
{
	struct route_list *list = *state;
	struct message message;

	begin(&message, AF_INET6, 0);
	message.route->rtm_flags = RTM_F_CLONED;
	expect_ok(routes_parse(message.header, true, &interfaces, list));
	assert_int_equal(list->count, 0);
}

static void refuse(struct message *message, struct route_list *list)
{
	assert_int_equal(routes_parse(message->header, true, &interfaces, list), -EBADMSG);
	assert_int_equal(list->count, 0);
}

static void lengths_beyond_the_address_are_refused(void **state)
{
	struct message message;

	begin(&message, AF_INET, 33);
	refuse(&message, *state);
	begin(&message, AF_INET6, 129);
	refuse(&message, *state);
	begin(&message, AF_INET6, 0);
	message.route->rtm_src_len = 129;
	refuse(&message, *state);
}

static void other_families_and_kinds_are_refused(void **state)
{
	struct message message;

	begin(&message, AF_UNIX, 0);
	refuse(&message, *state);
	begin(&message, AF_INET, 0);
	message.header->nlmsg_type = RTM_NEWLINK;
	refuse(&message, *state);
}

static void attributes_of_another_size_are_refused(void **state)
{
	static const uint16_t types[] = { RTA_DST, RTA_SRC,   RTA_PREFSRC,  RTA_GATEWAY,
					  RTA_OIF, RTA_TABLE, RTA_PRIORITY, RTA_MULTIPATH,
					  RTA_VIA, RTA_NH_ID };
	static const uint8_t zeros[16];
	struct message message;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin(&message, AF_INET, 0);
		mnl_attr_put(message.header, types[i], 5, zeros);
		refuse(&message, *state);
		begin(&message, AF_INET, 0);
		mnl_attr_put(message.header, types[i], 16, zeros);
		refuse(&message, *state);
	}
}

/* In a heap block of just that size, so that the sanitizer sees each byte too far. */
static int parse_copy(const struct nlmsghdr *message, size_t len, struct route_list *list)
{
	struct nlmsghdr *copy = malloc(len);
	int r;

	assert_non_null(copy);
	memcpy(copy, message, len);
	copy->nlmsg_len = (uint32_t)len;
	r = routes_parse(copy, true, &interfaces, list);
	free(copy);
	return r;
}

static void a_cut_message_is_refused(void **state)
{
	struct route_list *list = *state;
	struct message message;

	make_multipath(&message);
	expect_ok(parse_copy(message.header, message.header->nlmsg_len, list));
	for (size_t len = sizeof(struct nlmsghdr); len < message.header->nlmsg_len; len++) {
		int r = parse_copy(message.header, len, list);

		/* Between two attributes it is whole, with less in it. */
		assert_true(r == -EBADMSG || (len % 4 == 0 && r == 0));
	}
}

static void lengths_that_lie_do_no_harm(void **state)
{
	struct route_list *list = *state;
	struct message message;

	make_multipath(&message);
	for (size_t at = sizeof(struct nlmsghdr); at < message.header->nlmsg_len; at++) {
		char byte = message.bytes[at];

		for (int value = 0; value < 256; value++) {
			message.bytes[at] = (char)value;
			parse_copy(message.header, message.header->nlmsg_len, list);
			list->count = 0;
		}
		message.bytes[at] = byte;
	}
}

#define WITH_LIST(test) cmocka_unit_test_setup_teardown(test, open_list, close_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LIST(a_default_route_has_gateway_and_device),
		WITH_LIST(an_ipv6_route_may_depend_on_the_source),
		WITH_LIST(a_gateway_may_be_of_another_family),
		WITH_LIST(each_next_hop_is_a_route),
		WITH_LIST(a_broken_next_hop_takes_all_back),
		WITH_LIST(other_tables_are_shown_when_asked_for),
		WITH_LIST(cached_routes_are_left_out),
		WITH_LIST(lengths_beyond_the_address_are_refused),
		WITH_LIST(other_families_and_kinds_are_refused),
		WITH_LIST(attributes_of_another_size_are_refused),
		WITH_LIST(a_cut_message_is_refused),
		WITH_LIST(lengths_that_lie_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
