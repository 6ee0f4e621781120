// SPDX-License-Identifier: GPL-2.0-or-later
/* view/format.c: values as people and programs read them. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "view/format.h"

static void check_address(int family, const char *text)
{
	uint8_t address[16] = { 0 };
	char out[FORMAT_ADDRESS_SIZE];

	assert_int_equal(inet_pton(family, text, address), 1);
	assert_int_equal(format_address((unsigned int)family, address, out), strlen(text));
	expect_text(out, text);
}

static void ipv4_addresses_are_dotted(void **state)
{
	(void)state;
	check_address(AF_INET, "0.0.0.0");
	check_address(AF_INET, "127.0.0.1");
	check_address(AF_INET, "255.255.255.255");
	check_address(AF_INET, "10.20.30.9");
}

static void ipv6_addresses_follow_rfc5952(void **state)
{
	static const char *const canonical[] = {
		"::",
		"::1",
		"1::",
		"2001:db8::1",
		"2001:db8:0:1:1:1:1:1", /* 4.2.2: no "::" for one group */
		"2001:0:0:1::1",	/* 4.2.3: the longest run */
		"2001:db8::1:0:0:1",	/* 4.2.3: the first of equals */
		"2001:db8::aaaa:0:0:1",
		"fe80::abcd:ef01:2345:6789",
		"1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6::",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++)
		check_address(AF_INET6, canonical[i]);
}

static void two_leading_zero_groups_are_compressed(void **state)
{
	uint8_t address[16] = { [5] = 1, [7] = 2, [9] = 3, [11] = 4, [13] = 5, [15] = 6 };
	char out[FORMAT_ADDRESS_SIZE];

	(void)state;
	format_address(AF_INET6, address, out);
	expect_text(out, "::1:2:3:4:5:6");
}

static void mapped_addresses_show_their_ipv4(void **state)
{
	(void)state;
	check_address(AF_INET6, "::ffff:1.2.3.4");
	check_address(AF_INET6, "::ffff:0.0.0.0");
	check_address(AF_INET6, "::ffff:255.255.255.255");
	check_address(AF_INET6, "::fffe:102:304");
}

static void random_addresses_read_back(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		uint8_t address[16], back[16];
		char out[FORMAT_ADDRESS_SIZE];

		for (int j = 0; j < 16; j++)
			address[j] = rand() % 3 ? 0 : (uint8_t)rand();
		assert_true(format_address(AF_INET6, address, out) < sizeof(out));
		assert_int_equal(inet_pton(AF_INET6, out, back), 1);
		assert_memory_equal(address, back, 16);
	}
}

static void an_unknown_family_is_empty(void **state)
{
	uint8_t address[16] = { 0 };
	char out[FORMAT_ADDRESS_SIZE] = "x";

	(void)state;
	assert_int_equal(format_address(1, address, out), 0);
	expect_text(out, "");
}

static void endpoints_have_brackets_around_ipv6(void **state)
{
	uint8_t v4[16] = { 1, 2, 3, 4 }, v6[16] = { [15] = 1 };
	char out[FORMAT_ENDPOINT_SIZE];

	(void)state;
	assert_int_equal(format_endpoint(AF_INET, v4, 80, out), 10);
	expect_text(out, "1.2.3.4:80");
	format_endpoint(AF_INET6, v6, 65535, out);
	expect_text(out, "[::1]:65535");
	format_endpoint(AF_INET, v4, 0, out);
	expect_text(out, "1.2.3.4:*");
}

static void the_longest_endpoint_fits(void **state)
{
	uint8_t v6[16];
	char out[FORMAT_ENDPOINT_SIZE];

	(void)state;
	memset(v6, 0xff, sizeof(v6));
	assert_int_equal(format_endpoint(AF_INET6, v6, 65535, out), 47);
	expect_text(out, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void check_time(int64_t ns, const char *expected)
{
	char out[FORMAT_TIME_SIZE];

	assert_int_equal(format_time(ns, out), 30);
	expect_text(out, expected);
}

static void times_are_rfc3339_with_nanoseconds(void **state)
{
	(void)state;
	check_time(0, "1970-01-01T00:00:00.000000000Z");
	check_time(1, "1970-01-01T00:00:00.000000001Z");
	check_time(951782400000000000, "2000-02-29T00:00:00.000000000Z");
	check_time(1709251199999999999, "2024-02-29T23:59:59.999999999Z");
	check_time(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
}

static void times_before_1970_count_as_1970(void **state)
{
	(void)state;
	check_time(-1, "1970-01-01T00:00:00.000000000Z");
	check_time(INT64_MIN, "1970-01-01T00:00:00.000000000Z");
}

static void every_day_agrees_with_the_c_library(void **state)
{
	(void)state;
	for (time_t day = 0; day < 106752; day++) {
		time_t seconds = day * 86400 + 3723;
		char out[FORMAT_TIME_SIZE], expected[FORMAT_TIME_SIZE];
		struct tm tm;

		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000000Z",
			 gmtime_r(&seconds, &tm));
		if (seconds > INT64_MAX / 1000000000)
			break;
		format_time((int64_t)seconds * 1000000000, out);
		expect_text(out, expected);
	}
}

static void check_duration(uint64_t us, const char *expected)
{
	char out[FORMAT_DURATION_SIZE];

	assert_int_equal(format_duration(us, out), strlen(expected));
	expect_text(out, expected);
}

static void durations_have_three_digits(void **state)
{
	(void)state;
	check_duration(0, "0us");
	check_duration(830, "830us");
	check_duration(999, "999us");
	check_duration(1000, "1.00ms");
	check_duration(1205, "1.20ms");
	check_duration(12345, "12.3ms");
	check_duration(999999, "999ms");
	check_duration(1000000, "1.00s");
	check_duration(12345678, "12.3s");
	check_duration(59999999, "59.9s");
}

static void long_durations_have_two_units(void **state)
{
	(void)state;
	check_duration(60000000, "1m00s");
	check_duration(250000000, "4m10s");
	check_duration(3599999999, "59m59s");
	check_duration(12000000000, "3h20m");
	check_duration(86399999999, "23h59m");
	check_duration(187200000000, "2d04h");
	check_duration(UINT64_MAX, "213503982d08h");
}

static void errors_have_their_symbolic_names(void **state)
{
	(void)state;
	expect_text(format_errno(ECONNREFUSED), "ECONNREFUSED");
	expect_text(format_errno(ETIMEDOUT), "ETIMEDOUT");
	expect_null(format_errno(0));
	expect_null(format_errno(-ETIMEDOUT));
	expect_null(format_errno(65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_addresses_are_dotted),
		cmocka_unit_test(ipv6_addresses_follow_rfc5952),
		cmocka_unit_test(two_leading_zero_groups_are_compressed),
		cmocka_unit_test(mapped_addresses_show_their_ipv4),
		cmocka_unit_test(random_addresses_read_back),
		cmocka_unit_test(an_unknown_family_is_empty),
		cmocka_unit_test(endpoints_have_brackets_around_ipv6),
		cmocka_unit_test(the_longest_endpoint_fits),
		cmocka_unit_test(times_are_rfc3339_with_nanoseconds),
		cmocka_unit_test(times_before_1970_count_as_1970),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(durations_have_three_digits),
		cmocka_unit_test(long_durations_have_two_units),
		cmocka_unit_test(errors_have_their_symbolic_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
