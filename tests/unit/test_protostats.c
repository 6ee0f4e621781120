// SPDX-License-Identifier: GPL-2.0-or-later
/* system/protostats.c and model/statistic.c: the kernel's counters from its text, and their change.
 */
#include "expect.h"

#include <stdlib.h>

#include "system/protostats.h"

static int open_list(void **state)
{
	*state = calloc(1, sizeof(struct statistic_list));
	return *state ? 0 : -1;
}

static int close_list(void **state)
{
	statistic_list_done(*state);
	free(*state);
	return 0;
}

/* From a heap block of just that size, so that the sanitizer sees each byte too far. */
static void parse(int (*parser)(const char *text, size_t len, struct statistic_list *list),
		  const char *text, size_t len, struct statistic_list *list)
{
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	expect_ok(parser(copy, len, list));
	free(copy);
}

#define PAIRS(list, text) parse(protostats_parse_pairs, (text), strlen(text), (list))
#define SNMP6(list, text) parse(protostats_parse_snmp6, (text), strlen(text), (list))
#define SOCKSTAT6(list, text) parse(protostats_parse_sockstat6, (text), strlen(text), (list))

static const struct statistic *get(const struct statistic_list *list, const char *name)
{
	const struct statistic *statistic = statistic_list_find(list, name);

	assert_non_null(statistic);
	return statistic;
}

static void check_value(const struct statistic_list *list, const char *name, uint64_t value)
{
	assert_true(get(list, name)->known);
	assert_int_equal(get(list, name)->value, value);
}

static void pairs_of_lines_give_names_and_values(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Ip: Forwarding InReceives\nIp: 2 2796\n"
		    "Tcp: ActiveOpens MaxConn\nTcp: 20 -1\n"
		    "TcpExt: ListenDrops\nTcpExt: 3\n"
		    "UdpLite: InDatagrams\nUdpLite: 4\n");
	assert_int_equal(list->count, 6);
	assert_int_equal(list->malformed, 0);
	check_value(list, "IpInReceives", 2796);
	check_value(list, "TcpActiveOpens", 20);
	check_value(list, "TcpExtListenDrops", 3);
	assert_int_equal(get(list, "IpForwarding")->protocol, STATISTIC_IP);
	assert_int_equal(get(list, "TcpExtListenDrops")->protocol, STATISTIC_TCP);
	assert_int_equal(get(list, "UdpLiteInDatagrams")->protocol, STATISTIC_UDP);
}

static void a_negative_number_keeps_its_sign(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Tcp: MaxConn\nTcp: -1\n");
	assert_true(get(list, "TcpMaxConn")->negative);
	assert_int_equal((int64_t)get(list, "TcpMaxConn")->value, -1);
}

static void an_unknown_group_is_kept(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "QuicExt: Wonders\nQuicExt: 5\n");
	SNMP6(list, "Sctp6Wonders 6\n");
	check_value(list, "QuicExtWonders", 5);
	check_value(list, "Sctp6Wonders", 6);
	assert_int_equal(get(list, "QuicExtWonders")->protocol, STATISTIC_OTHER);
	assert_int_equal(get(list, "Sctp6Wonders")->protocol, STATISTIC_OTHER);
}

static void a_missing_value_is_unknown(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Udp: InDatagrams NoPorts\nUdp: 7\n");
	check_value(list, "UdpInDatagrams", 7);
	assert_false(get(list, "UdpNoPorts")->known);
}

static void a_missing_line_makes_its_values_unknown(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Icmp: InMsgs\nUdp: NoPorts\nUdp: 8\nTcp: InSegs");
	assert_false(get(list, "IcmpInMsgs")->known);
	check_value(list, "UdpNoPorts", 8);
	assert_false(get(list, "TcpInSegs")->known);
	assert_int_equal(list->malformed, 2);
}

static void numbers_that_do_not_fit_are_unknown(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Ip: A B C D E F G\n"
		    "Ip: 18446744073709551615 18446744073709551616 -9223372036854775807 "
		    "-9223372036854775809 12x - +5\n");
	check_value(list, "IpA", UINT64_MAX);
	assert_false(get(list, "IpB")->known);
	assert_int_equal((int64_t)get(list, "IpC")->value, -INT64_MAX);
	assert_false(get(list, "IpD")->known);
	assert_false(get(list, "IpE")->known);
	assert_false(get(list, "IpF")->known);
	assert_false(get(list, "IpG")->known);
}

static void a_value_without_a_name_is_counted(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Ip: A\nIp: 1 2\n");
	assert_int_equal(list->count, 1);
	assert_int_equal(list->malformed, 1);
}

static void names_that_are_no_names_are_counted(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Ip: A\x1b[2J B\nIp: 1 2\n"
		    "no colon\n:\n"
		    "Ip: "
		    "1234567890123456789012345678901234567890123456789012345678901234\nIp: 1\n");
	assert_int_equal(list->count, 1);
	check_value(list, "IpB", 2);
	assert_int_equal(list->malformed, 4);
}

static void snmp6_gives_a_counter_a_line(void **state)
{
	struct statistic_list *list = *state;

	SNMP6(list, "Ip6InReceives                   \t1\n"
		    "Icmp6InMsgs                     \t2\n"
		    "Udp6InDatagrams                 \t3\n"
		    "UdpLite6InDatagrams             \t4\n"
		    "Ip6Cut");
	assert_int_equal(list->count, 5);
	assert_int_equal(get(list, "Ip6InReceives")->protocol, STATISTIC_IPV6);
	assert_int_equal(get(list, "Icmp6InMsgs")->protocol, STATISTIC_ICMPV6);
	assert_int_equal(get(list, "Udp6InDatagrams")->protocol, STATISTIC_UDPV6);
	assert_int_equal(get(list, "UdpLite6InDatagrams")->protocol, STATISTIC_UDPV6);
	check_value(list, "UdpLite6InDatagrams", 4);
	assert_false(get(list, "Ip6Cut")->known);
}

static void sockstat6_gives_the_tcp_sockets_in_use(void **state)
{
	struct statistic_list *list = *state;

	SOCKSTAT6(list, "UDP6: inuse 9\nTCP6: inuse 3\nRAW6: inuse 7\n");
	assert_int_equal(list->count, 1);
	check_value(list, "TCP6inuse", 3);
	assert_int_equal(get(list, "TCP6inuse")->protocol, STATISTIC_TCPV6);
}

static void a_changed_sockstat6_is_counted(void **state)
{
	struct statistic_list *list = *state;

	SOCKSTAT6(list, "TCP6: used 3\n");
	assert_int_equal(list->count, 0);
	assert_int_equal(list->malformed, 1);
}

static void empty_files_have_nothing(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "");
	SNMP6(list, "");
	SOCKSTAT6(list, "");
	assert_int_equal(list->count, 0);
	assert_int_equal(list->malformed, 0);
}

static void random_bytes_do_no_harm(void **state)
{
	static const char bytes[] = "Ip: \n\t-9\0\xff:TCP6inuse";
	struct statistic_list *list = *state;

	srand(1);
	for (int i = 0; i < 2000; i++) {
		char text[200];

		for (size_t j = 0; j < sizeof(text); j++)
			text[j] = bytes[(size_t)rand() % sizeof(bytes)];
		parse(protostats_parse_pairs, text, sizeof(text), list);
		parse(protostats_parse_snmp6, text, sizeof(text), list);
		parse(protostats_parse_sockstat6, text, sizeof(text), list);
		for (size_t j = 0; j < list->count; j++)
			assert_true(strlen(list->items[j].name) < STATISTIC_NAME_SIZE);
		statistic_list_done(list);
	}
}

static void changes_are_by_name_and_go_both_ways(void **state)
{
	struct statistic_list *list = *state, last = { 0 };

	PAIRS(&last, "Tcp: CurrEstab ActiveOpens MaxConn\nTcp: 5 10 -1\n");
	PAIRS(list, "Tcp: New ActiveOpens CurrEstab MaxConn\nTcp: 1 13 3 -1\n");
	statistic_list_compare(list, &last);
	assert_false(get(list, "TcpNew")->delta_known);
	assert_int_equal(get(list, "TcpActiveOpens")->delta, 3);
	assert_int_equal(get(list, "TcpCurrEstab")->delta, -2);
	assert_true(get(list, "TcpMaxConn")->delta_known);
	assert_int_equal(get(list, "TcpMaxConn")->delta, 0);
	statistic_list_done(&last);
}

static void what_was_or_is_unknown_has_no_change(void **state)
{
	struct statistic_list *list = *state, last = { 0 };

	PAIRS(&last, "Tcp: A B\nTcp: x 1\n");
	PAIRS(list, "Tcp: A B\nTcp: 1 x\n");
	statistic_list_compare(list, &last);
	assert_false(get(list, "TcpA")->delta_known);
	assert_false(get(list, "TcpB")->delta_known);
	statistic_list_done(&last);
}

static void protocols_are_kept_by_their_bits(void **state)
{
	struct statistic_list *list = *state;

	PAIRS(list, "Ip: A\nIp: 1\nTcp: B\nTcp: 2\nUdp: C\nUdp: 3\n");
	statistic_list_keep(list, 1u << STATISTIC_TCP | 1u << STATISTIC_UDP);
	assert_int_equal(list->count, 2);
	assert_false(statistic_list_has(list, STATISTIC_IP));
	assert_true(statistic_list_has(list, STATISTIC_TCP));
	check_value(list, "UdpC", 3);
}

#define WITH_LIST(test) cmocka_unit_test_setup_teardown(test, open_list, close_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LIST(pairs_of_lines_give_names_and_values),
		WITH_LIST(a_negative_number_keeps_its_sign),
		WITH_LIST(an_unknown_group_is_kept),
		WITH_LIST(a_missing_value_is_unknown),
		WITH_LIST(a_missing_line_makes_its_values_unknown),
		WITH_LIST(numbers_that_do_not_fit_are_unknown),
		WITH_LIST(a_value_without_a_name_is_counted),
		WITH_LIST(names_that_are_no_names_are_counted),
		WITH_LIST(snmp6_gives_a_counter_a_line),
		WITH_LIST(sockstat6_gives_the_tcp_sockets_in_use),
		WITH_LIST(a_changed_sockstat6_is_counted),
		WITH_LIST(empty_files_have_nothing),
		WITH_LIST(random_bytes_do_no_harm),
		WITH_LIST(changes_are_by_name_and_go_both_ways),
		WITH_LIST(what_was_or_is_unknown_has_no_change),
		WITH_LIST(protocols_are_kept_by_their_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
