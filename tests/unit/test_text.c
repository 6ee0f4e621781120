// SPDX-License-Identifier: GPL-2.0-or-later
/* base/text.c: what may reach a terminal, and what may not. */
#include "expect.h"

#include "base/text.h"

static void check(const char *text, size_t len, const char *expected)
{
	char out[128];

	assert_int_equal(text_escape(text, len, out, sizeof(out)), strlen(expected));
	expect_text(out, expected);
}

#define CHECK(literal, expected) check(literal, sizeof(literal) - 1, expected)

static void check_decimal(uint64_t value, const char *expected)
{
	char out[TEXT_DECIMAL_SIZE + 1] = "";

	assert_int_equal(text_decimal(value, out), strlen(expected));
	expect_text(out, expected);
}

static void numbers_are_decimal(void **state)
{
	(void)state;
	check_decimal(0, "0");
	check_decimal(9, "9");
	check_decimal(10, "10");
	check_decimal(99, "99");
	check_decimal(100, "100");
	check_decimal(65535, "65535");
	check_decimal(UINT64_MAX, "18446744073709551615");
}

static void plain_text_is_cut_at_the_end_of_the_room(void **state)
{
	char out[5];

	(void)state;
	assert_int_equal(text_escape("abcdefgh", 8, out, sizeof(out)), 4);
	expect_text(out, "abcd");
	assert_int_equal(text_escape("abc\n", 4, out, sizeof(out)), 3);
	expect_text(out, "abc");
}

static void plain_text_passes(void **state)
{
	(void)state;
	CHECK("", "");
	CHECK("/usr/bin/curl --data 'x'", "/usr/bin/curl --data 'x'");
	CHECK("~", "~");
}

static void valid_utf8_passes(void **state)
{
	(void)state;
	CHECK("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	CHECK("\xe2\x82\xac", "\xe2\x82\xac");
	CHECK("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	CHECK("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	CHECK("a\nb\tc\\d", "a\\nb\\tc\\\\d");
	CHECK("\0\x01\x1b[31m\x7f", "\\x00\\x01\\x1b[31m\\x7f");
	CHECK("\r", "\\x0d");
}

static void c1_controls_are_escaped(void **state)
{
	(void)state;
	CHECK("\xc2\x9b", "\\u{009b}");
	CHECK("\xc2\x80", "\\u{0080}");
	CHECK("\xc2\xa0", "\xc2\xa0");
	CHECK("\x9b", "\\x9b");
}

static void bidirectional_overrides_are_escaped(void **state)
{
	(void)state;
	CHECK("\xe2\x80\xaegpj", "\\u{202e}gpj");
	CHECK("\xe2\x80\xaa", "\\u{202a}");
	CHECK("\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}");
	CHECK("\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf");
	CHECK("\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa");
}

static void line_and_paragraph_separators_are_escaped(void **state)
{
	(void)state;
	CHECK("\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}");
}

static void overlong_utf8_is_escaped(void **state)
{
	(void)state;
	CHECK("\xc0\xaf", "\\xc0\\xaf");
	CHECK("\xc1\xbf", "\\xc1\\xbf");
	CHECK("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	CHECK("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");
	CHECK("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf");
}

static void surrogates_and_beyond_unicode_are_escaped(void **state)
{
	(void)state;
	CHECK("\xed\xa0\x80", "\\xed\\xa0\\x80");
	CHECK("\xed\x9f\xbf", "\xed\x9f\xbf");
	CHECK("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	CHECK("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
	CHECK("\xff\xfe", "\\xff\\xfe");
}

static void truncated_utf8_is_escaped(void **state)
{
	(void)state;
	CHECK("\xc3", "\\xc3");
	CHECK("\xe2\x82", "\\xe2\\x82");
	CHECK("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
	CHECK("\xe2\x82"
	      "A",
	      "\\xe2\\x82"
	      "A");
	CHECK("\x80", "\\x80");
}

static void nothing_is_cut_in_two(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(text_escape("abcdefghij", 10, out, sizeof(out)), 7);
	expect_text(out, "abcdefg");
	assert_int_equal(text_escape("abcdef\xe2\x82\xac", 9, out, sizeof(out)), 6);
	expect_text(out, "abcdef");
	assert_int_equal(text_escape("abcd\x01z", 6, out, sizeof(out)), 4);
	expect_text(out, "abcd");
	assert_int_equal(text_escape("abc\x01", 4, out, sizeof(out)), 7);
	expect_text(out, "abc\\x01");
}

static void one_byte_of_room_is_enough(void **state)
{
	char out[1] = { 'x' };

	(void)state;
	assert_int_equal(text_escape("abc", 3, out, sizeof(out)), 0);
	expect_text(out, "");
}

static void length_never_looks_beyond_the_end(void **state)
{
	(void)state;
	assert_int_equal(text_utf8_length("", 0), 0);
	assert_int_equal(text_utf8_length("\xe2\x82\xac", 2), 0);
	assert_int_equal(text_utf8_length("\xe2\x82\xac", 3), 3);
	assert_int_equal(text_utf8_length("\0", 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(plain_text_is_cut_at_the_end_of_the_room),
		cmocka_unit_test(plain_text_passes),
		cmocka_unit_test(valid_utf8_passes),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(c1_controls_are_escaped),
		cmocka_unit_test(bidirectional_overrides_are_escaped),
		cmocka_unit_test(line_and_paragraph_separators_are_escaped),
		cmocka_unit_test(overlong_utf8_is_escaped),
		cmocka_unit_test(surrogates_and_beyond_unicode_are_escaped),
		cmocka_unit_test(truncated_utf8_is_escaped),
		cmocka_unit_test(nothing_is_cut_in_two),
		cmocka_unit_test(one_byte_of_room_is_enough),
		cmocka_unit_test(length_never_looks_beyond_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
