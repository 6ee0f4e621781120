// SPDX-License-Identifier: GPL-2.0-or-later
/* system/interfaces.c and model/interface.c: RTM_NEWLINK messages, whole and broken. */
#include "expect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "system/interfaces.h"

struct message {
	_Alignas(struct nlmsghdr) char bytes[1024];
	struct nlmsghdr *header;
};

static void begin(struct message *message, int index)
{
	struct ifinfomsg *info;

	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWLINK;
	info = mnl_nlmsg_put_extra_header(message->header, sizeof(*info));
	info->ifi_index = index;
	info->ifi_type = 1;
	info->ifi_flags = IFF_UP;
}

/* What the kernel of 2026 says of an Ethernet interface; each counter is its own number plus 1. */
static void make_eth0(struct message *message)
{
	static const uint8_t address[6] = { 2, 0xfc, 0, 0, 0, 1 };
	uint64_t counters[INTERFACE_COUNTERS];

	for (uint64_t i = 0; i < INTERFACE_COUNTERS; i++)
		counters[i] = i + 1;
	begin(message, 4);
	mnl_attr_put_strz(message->header, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(message->header, IFLA_MTU, 1400);
	mnl_attr_put_u8(message->header, IFLA_OPERSTATE, IF_OPER_UP);
	mnl_attr_put(message->header, IFLA_ADDRESS, sizeof(address), address);
	mnl_attr_put(message->header, IFLA_STATS64, sizeof(counters), counters);
}

static void a_message_gives_all_of_an_interface(void **state)
{
	struct interface interface;
	struct message message;

	(void)state;
	make_eth0(&message);
	expect_ok(interfaces_parse(message.header, &interface));
	expect_text(interface.name, "eth0");
	assert_int_equal(interface.index, 4);
	assert_int_equal(interface.mtu, 1400);
	assert_int_equal(interface.flags, IFF_UP);
	assert_int_equal(interface.operstate, IF_OPER_UP);
	assert_int_equal(interface.address_len, 6);
	assert_int_equal(interface.address[5], 1);
	assert_int_equal(interface.counters_known, INTERFACE_COUNTERS);
	assert_int_equal(interface.counters[INTERFACE_RX_OTHERHOST_DROPPED], INTERFACE_COUNTERS);
}

/* The order of our counters is the kernel's. */
static void counters_are_where_the_kernel_has_them(void **state)
{
	struct rtnl_link_stats64 stats = {
		.rx_bytes = 1,
		.tx_packets = 2,
		.multicast = 3,
		.collisions = 4,
		.rx_nohandler = 5,
	};
	struct interface interface;
	struct message message;

	(void)state;
	begin(&message, 1);
	mnl_attr_put_strz(message.header, IFLA_IFNAME, "a");
	mnl_attr_put(message.header, IFLA_STATS64, sizeof(stats), &stats);
	expect_ok(interfaces_parse(message.header, &interface));
	assert_int_equal(interface.counters[INTERFACE_RX_BYTES], 1);
	assert_int_equal(interface.counters[INTERFACE_TX_PACKETS], 2);
	assert_int_equal(interface.counters[INTERFACE_RX_MULTICAST], 3);
	assert_int_equal(interface.counters[INTERFACE_COLLISIONS], 4);
	assert_int_equal(interface.counters[INTERFACE_RX_NOHANDLER], 5);
}

static void check_counters(size_t size, unsigned int known)
{
	uint8_t counters[8 * INTERFACE_COUNTERS + 80] = { 0 };
	struct interface interface;
	struct message message;

	begin(&message, 1);
	mnl_attr_put_strz(message.header, IFLA_IFNAME, "a");
	mnl_attr_put(message.header, IFLA_STATS64, size, counters);
	expect_ok(interfaces_parse(message.header, &interface));
	assert_int_equal(interface.counters_known, known);
}

static void an_older_kernel_has_fewer_counters(void **state)
{
	(void)state;
	check_counters(0, 0);
	check_counters(7, 0);
	check_counters(8 * 23, 23);
	check_counters(8 * 23 + 7, 23);
}

static void a_newer_kernel_may_have_more_counters(void **state)
{
	(void)state;
	check_counters(8 * INTERFACE_COUNTERS + 80, INTERFACE_COUNTERS);
}

static void names_may_hold_any_bytes(void **state)
{
	struct interface interface;
	struct message message;

	(void)state;
	begin(&message, 1);
	mnl_attr_put_strz(message.header, IFLA_IFNAME, "\x1b[2J\"\\\n,\xff");
	expect_ok(interfaces_parse(message.header, &interface));
	expect_text(interface.name, "\x1b[2J\"\\\n,\xff");
}

static void check_name(const char *name, size_t len)
{
	struct interface interface;
	struct message message;

	begin(&message, 1);
	mnl_attr_put(message.header, IFLA_IFNAME, len, name);
	assert_int_equal(interfaces_parse(message.header, &interface), -EBADMSG);
}

static void a_name_that_is_none_is_refused(void **state)
{
	(void)state;
	check_name("", 0);
	check_name("", 1);
	check_name("1234567890123456", 16);
	check_name("1234567890123456", 17);
}

static void a_name_without_its_nul_is_taken(void **state)
{
	struct interface interface;
	struct message message;

	(void)state;
	begin(&message, 1);
	mnl_attr_put(message.header, IFLA_IFNAME, 4, "eth0");
	expect_ok(interfaces_parse(message.header, &interface));
	expect_text(interface.name, "eth0");
}

static void check_attribute(uint16_t type, size_t size)
{
	static const uint8_t zeros[64];
	struct interface interface;
	struct message message;

	begin(&message, 1);
	mnl_attr_put_strz(message.header, IFLA_IFNAME, "a");
	mnl_attr_put(message.header, type, size, zeros);
	assert_int_equal(interfaces_parse(message.header, &interface), -EBADMSG);
}

static void attributes_of_another_size_are_refused(void **state)
{
	(void)state;
	check_attribute(IFLA_MTU, 0);
	check_attribute(IFLA_MTU, 3);
	check_attribute(IFLA_MTU, 8);
	check_attribute(IFLA_OPERSTATE, 0);
	check_attribute(IFLA_OPERSTATE, 4);
	check_attribute(IFLA_ADDRESS, INTERFACE_ADDRESS_MAX + 1);
}

static void another_kind_of_message_is_refused(void **state)
{
	struct interface interface;
	struct message message;

	(void)state;
	make_eth0(&message);
	message.header->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(interfaces_parse(message.header, &interface), -EBADMSG);
}

/* In a heap block of just that size, so that the sanitizer sees each byte too far. */
static int parse_copy(const struct nlmsghdr *message, size_t len)
{
	struct nlmsghdr *copy = malloc(len);
	struct interface interface;
	int r;

	assert_non_null(copy);
	memcpy(copy, message, len);
	copy->nlmsg_len = (uint32_t)len;
	r = interfaces_parse(copy, &interface);
	free(copy);
	return r;
}

static void a_cut_message_is_refused(void **state)
{
	struct message message;

	(void)state;
	make_eth0(&message);
	expect_ok(parse_copy(message.header, message.header->nlmsg_len));
	for (size_t len = sizeof(struct nlmsghdr); len < message.header->nlmsg_len; len++) {
		int r = parse_copy(message.header, len);

		/* Between two attributes it is whole, with less in it. */
		assert_true(r == -EBADMSG || (len % 4 == 0 && r == 0));
	}
}

static void lengths_that_lie_do_no_harm(void **state)
{
	struct message message;

	(void)state;
	make_eth0(&message);
	for (size_t at = sizeof(struct nlmsghdr); at < message.header->nlmsg_len; at++) {
		char byte = message.bytes[at];

		for (int value = 0; value < 256; value++) {
			message.bytes[at] = (char)value;
			parse_copy(message.header, message.header->nlmsg_len);
		}
		message.bytes[at] = byte;
	}
}

static void interfaces_are_found_by_index(void **state)
{
	static const uint32_t indices[] = { 7, 1, 4000000000, 2 };
	struct interface_list list = { 0 };

	(void)state;
	expect_null(interface_list_find(&list, 1));
	interface_list_sort(&list);
	for (size_t i = 0; i < 4; i++) {
		struct interface interface = { .index = indices[i] };

		expect_ok(interface_list_add(&list, &interface));
	}
	interface_list_sort(&list);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(interface_list_find(&list, indices[i])->index, indices[i]);
	expect_null(interface_list_find(&list, 3));
	interface_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_gives_all_of_an_interface),
		cmocka_unit_test(counters_are_where_the_kernel_has_them),
		cmocka_unit_test(an_older_kernel_has_fewer_counters),
		cmocka_unit_test(a_newer_kernel_may_have_more_counters),
		cmocka_unit_test(names_may_hold_any_bytes),
		cmocka_unit_test(a_name_that_is_none_is_refused),
		cmocka_unit_test(a_name_without_its_nul_is_taken),
		cmocka_unit_test(attributes_of_another_size_are_refused),
		cmocka_unit_test(another_kind_of_message_is_refused),
		cmocka_unit_test(a_cut_message_is_refused),
		cmocka_unit_test(lengths_that_lie_do_no_harm),
		cmocka_unit_test(interfaces_are_found_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
