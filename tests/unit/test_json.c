// SPDX-License-Identifier: GPL-2.0-or-later
/* view/json.c: well-formed output, whatever the input. */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "view/json.h"

#define CHECK(json, literal) expect_bytes((json)->data, (json)->len, literal)

static int open_writer(void **state)
{
	*state = calloc(1, sizeof(struct json));
	if (!*state)
		return -1;
	json_init(*state);
	return 0;
}

static int close_writer(void **state)
{
	json_done(*state);
	free(*state);
	return 0;
}

static void commas_stand_between_members_only(void **state)
{
	struct json *json = *state;

	json_object_begin(json);
	json_key(json, "a");
	json_u64(json, 1);
	json_key(json, "b");
	json_null(json);
	json_key(json, "c");
	json_array_begin(json);
	json_bool(json, true);
	json_bool(json, false);
	json_array_end(json);
	json_key(json, "d");
	json_object_begin(json);
	json_object_end(json);
	json_key(json, "e");
	json_string(json, "x", 1);
	json_object_end(json);
	CHECK(json, "{\"a\":1,\"b\":null,\"c\":[true,false],\"d\":{},\"e\":\"x\"}");
}

static void a_newline_separates_objects_without_comma(void **state)
{
	struct json *json = *state;

	for (int i = 0; i < 2; i++) {
		json_object_begin(json);
		json_object_end(json);
		json_newline(json);
	}
	CHECK(json, "{}\n{}\n");
}

static void arrays_nest(void **state)
{
	struct json *json = *state;

	json_array_begin(json);
	json_array_begin(json);
	json_array_end(json);
	json_array_begin(json);
	json_u64(json, 0);
	json_u64(json, 7);
	json_array_end(json);
	json_array_end(json);
	CHECK(json, "[[],[0,7]]");
}

static void numbers_are_exact(void **state)
{
	static const uint64_t numbers[] = { 0,	 9,    10,    99,	  100,	      101,
					    999, 1000, 12345, 4294967295, 4294967296, UINT64_MAX };
	struct json *json = *state;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char expected[32];
		int len = snprintf(expected, sizeof(expected), "%llu",
				   (unsigned long long)numbers[i]);

		json_reset(json);
		json_u64(json, numbers[i]);
		assert_int_equal(json->len, len);
		assert_memory_equal(json->data, expected, (size_t)len);
	}
}

static void negative_numbers_reach_the_smallest(void **state)
{
	struct json *json = *state;

	json_array_begin(json);
	json_i64(json, -1);
	json_i64(json, 0);
	json_i64(json, INT64_MAX);
	json_i64(json, INT64_MIN);
	json_array_end(json);
	CHECK(json, "[-1,0,9223372036854775807,-9223372036854775808]");
}

static void quotes_and_controls_are_escaped(void **state)
{
	struct json *json = *state;

	json_string(json, "a\"b\\c/\b\f\n\r\t\x01\x1f\0z", 15);
	CHECK(json, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000z\"");
}

static void del_and_c1_controls_are_escaped(void **state)
{
	struct json *json = *state;

	json_string(json, "\x7f\xc2\x9b\xc2\xa0", 5);
	CHECK(json, "\"\\u007f\\u009b\xc2\xa0\"");
}

static void utf8_passes(void **state)
{
	struct json *json = *state;

	json_string(json, "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 9);
	CHECK(json, "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
	struct json *json = *state;

	json_string(json, "a\xff\xe2\x82", 4);
	CHECK(json, "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void an_empty_string_has_two_quotes(void **state)
{
	struct json *json = *state;

	json_string(json, "", 0);
	CHECK(json, "\"\"");
}

static void the_worst_string_fits(void **state)
{
	enum { LEN = 100000 };
	struct json *json = *state;
	char *text = calloc(1, LEN);

	assert_non_null(text);
	json_array_begin(json);
	json_string(json, text, LEN);
	json_string(json, text, LEN);
	json_array_end(json);
	assert_false(json->failed);
	assert_int_equal(json->len, 2 * (6 * LEN + 2) + 3);
	free(text);
}

static void reset_starts_afresh_and_keeps_the_buffer(void **state)
{
	struct json *json = *state;
	size_t capacity;

	json_u64(json, 1);
	capacity = json->capacity;
	json_reset(json);
	assert_int_equal(json->len, 0);
	assert_int_equal(json->capacity, capacity);
	json_u64(json, 2);
	CHECK(json, "2");
}

static void a_size_that_cannot_be_had_marks_failure_until_reset(void **state)
{
	struct json *json = *state;

	json_u64(json, 1);
	json_string(json, "", SIZE_MAX / 8);
	assert_true(json->failed);
	json_u64(json, 2);
	json_key(json, "k");
	json_newline(json);
	CHECK(json, "1");
	json_reset(json);
	assert_false(json->failed);
	json_u64(json, 3);
	CHECK(json, "3");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_writer, close_writer)
	const struct CMUnitTest tests[] = {
		TEST(commas_stand_between_members_only),
		TEST(a_newline_separates_objects_without_comma),
		TEST(arrays_nest),
		TEST(numbers_are_exact),
		TEST(negative_numbers_reach_the_smallest),
		TEST(quotes_and_controls_are_escaped),
		TEST(del_and_c1_controls_are_escaped),
		TEST(utf8_passes),
		TEST(bytes_that_are_no_utf8_become_the_replacement_character),
		TEST(an_empty_string_has_two_quotes),
		TEST(the_worst_string_fits),
		TEST(reset_starts_afresh_and_keeps_the_buffer),
		TEST(a_size_that_cannot_be_had_marks_failure_until_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
