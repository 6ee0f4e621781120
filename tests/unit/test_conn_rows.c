// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_rows.c: every cookie leads to its row, however they come and go. */
#include "expect.h"

#include <stdlib.h>

#include "model/conn_rows.h"

static int open_rows(void **state)
{
	*state = malloc(sizeof(struct conn_rows));
	if (!*state)
		return -1;
	conn_rows_init(*state, 100000);
	return 0;
}

static int close_rows(void **state)
{
	conn_rows_done(*state);
	free(*state);
	return 0;
}

static void an_empty_table_finds_nothing(void **state)
{
	assert_int_equal(conn_rows_find(*state, 0), ROW_NONE);
	assert_int_equal(conn_rows_find(*state, 5), ROW_NONE);
	conn_rows_redirect(*state, 5, ROW_NONE);
	conn_rows_redirect(*state, 5, 0);
	assert_int_equal(conn_rows_find(*state, 5), ROW_NONE);
}

static void a_new_row_is_zero_but_for_its_cookie(void **state)
{
	struct conn_rows *rows = *state;
	uint32_t number = conn_rows_add(rows, 5);
	struct conn_row expected = { .used = true };

	expected.ends.cookie = 5;
	assert_int_equal(conn_rows_find(rows, 5), number);
	assert_int_equal(conn_rows_find(rows, 6), ROW_NONE);
	assert_memory_equal(conn_rows_at(rows, number), &expected, sizeof(expected));
	assert_int_equal(rows->used, 1);
}

static void a_row_used_again_is_as_new(void **state)
{
	struct conn_rows *rows = *state;
	uint32_t number = conn_rows_add(rows, 5);

	conn_rows_at(rows, number)->error = 7;
	conn_rows_at(rows, number)->waiting = 9;
	conn_rows_redirect(rows, 5, ROW_NONE);
	conn_rows_release(rows, number);
	assert_int_equal(conn_rows_find(rows, 5), ROW_NONE);
	assert_int_equal(conn_rows_add(rows, 6), number);
	assert_int_equal(conn_rows_at(rows, number)->error, 0);
	assert_int_equal(conn_rows_at(rows, number)->waiting, 0);
	expect_null(conn_rows_at(rows, number)->rare);
}

static void a_redirected_cookie_keeps_both_rows(void **state)
{
	struct conn_rows *rows = *state;
	uint32_t former = conn_rows_add(rows, 5), later;

	conn_rows_redirect(rows, 5, ROW_NONE);
	assert_int_equal(rows->used, 1);
	assert_true(conn_rows_at(rows, former)->used);
	later = conn_rows_add(rows, 5);
	assert_int_not_equal(later, former);
	assert_int_equal(conn_rows_find(rows, 5), later);
	conn_rows_redirect(rows, 5, former);
	assert_int_equal(conn_rows_find(rows, 5), former);
	assert_int_equal(rows->used, 2);
}

static void redirecting_an_unknown_cookie_does_nothing(void **state)
{
	struct conn_rows *rows = *state;
	uint32_t number = conn_rows_add(rows, 5);

	conn_rows_redirect(rows, 6, number);
	conn_rows_redirect(rows, 7, ROW_NONE);
	assert_int_equal(conn_rows_find(rows, 6), ROW_NONE);
	assert_int_equal(conn_rows_find(rows, 5), number);
}

static void the_limit_holds_until_a_row_is_released(void **state)
{
	struct conn_rows rows;
	uint32_t number;

	(void)state;
	conn_rows_init(&rows, 3);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		assert_int_not_equal(conn_rows_add(&rows, cookie), ROW_NONE);
	assert_int_equal(conn_rows_add(&rows, 4), ROW_NONE);
	assert_int_equal(conn_rows_find(&rows, 4), ROW_NONE);
	number = conn_rows_find(&rows, 2);
	conn_rows_redirect(&rows, 2, ROW_NONE);
	assert_int_equal(conn_rows_add(&rows, 4), ROW_NONE);
	conn_rows_release(&rows, number);
	assert_int_equal(conn_rows_add(&rows, 4), number);
	conn_rows_done(&rows);
	conn_rows_init(&rows, 0);
	assert_int_equal(conn_rows_add(&rows, 1), ROW_NONE);
	conn_rows_done(&rows);
}

static void rows_stay_where_they_are_while_the_table_grows(void **state)
{
	struct conn_rows *rows = *state;
	const struct conn_row *first = conn_rows_at(rows, conn_rows_add(rows, 1));
	size_t used = 0;

	for (uint64_t cookie = 2; cookie <= 50000; cookie++)
		assert_int_not_equal(conn_rows_add(rows, cookie), ROW_NONE);
	assert_ptr_equal(conn_rows_at(rows, conn_rows_find(rows, 1)), first);
	for (uint64_t cookie = 1; cookie <= 50000; cookie++)
		assert_int_equal(conn_rows_at(rows, conn_rows_find(rows, cookie))->ends.cookie,
				 cookie);
	assert_int_equal(conn_rows_find(rows, 50001), ROW_NONE);
	for (size_t i = 0; i < CONN_INDEXES; i++) {
		used += rows->indexes[i].used;
		assert_true(rows->indexes[i].size * 3 >= rows->indexes[i].used * 4);
		/* They share the load: what one moves when it grows is bounded. */
		assert_in_range(rows->indexes[i].used, 0, rows->used / CONN_INDEXES * 4);
	}
	assert_int_equal(used, rows->used);
}

static void hostile_cookies_are_found_too(void **state)
{
	/* 0 cannot come from the decoder, but is no special case here. */
	static const uint64_t cookies[] = { 0, 1, ~0ull, 1ull << 63, 1ull << 20, 1ull << 32 };

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++)
		assert_int_equal(conn_rows_add(*state, cookies[i]), i);
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++)
		assert_int_equal(conn_rows_find(*state, cookies[i]), i);
}

/* Against an array that is indexed by the cookie: deletion must not tear a probe sequence. */
static void churn_loses_nothing(void **state)
{
	enum { COOKIES = 3000, STEPS = 300000 };
	struct conn_rows *rows = *state;
	uint32_t *expected = malloc(COOKIES * sizeof(*expected));
	uint64_t seed = 88172645463325252ull;
	size_t used = 0;

	assert_non_null(expected);
	memset(expected, 0xff, COOKIES * sizeof(*expected));
	for (int i = 0; i < STEPS; i++) {
		uint64_t cookie;

		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		cookie = (seed >> 20) % COOKIES;
		assert_int_equal(conn_rows_find(rows, cookie), expected[cookie]);
		if (expected[cookie] == ROW_NONE) {
			expected[cookie] = conn_rows_add(rows, cookie);
			used++;
		} else {
			conn_rows_redirect(rows, cookie, ROW_NONE);
			conn_rows_release(rows, expected[cookie]);
			expected[cookie] = ROW_NONE;
			used--;
		}
		assert_int_equal(rows->used, used);
	}
	for (uint64_t cookie = 0; cookie < COOKIES; cookie++)
		assert_int_equal(conn_rows_find(rows, cookie), expected[cookie]);
	free(expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rows, close_rows)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_table_finds_nothing),
		TEST(a_new_row_is_zero_but_for_its_cookie),
		TEST(a_row_used_again_is_as_new),
		TEST(a_redirected_cookie_keeps_both_rows),
		TEST(redirecting_an_unknown_cookie_does_nothing),
		TEST(the_limit_holds_until_a_row_is_released),
		TEST(rows_stay_where_they_are_while_the_table_grows),
		TEST(hostile_cookies_are_found_too),
		TEST(churn_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
