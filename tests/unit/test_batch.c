// SPDX-License-Identifier: GPL-2.0-or-later
/* source/batch.c: records in the order of the kernel's time. */
#include "expect.h"

#include <stdlib.h>

#include "records.h"
#include "source/batch.h"

static int open_batch(void **state)
{
	*state = calloc(1, sizeof(struct batch));
	return *state ? 0 : -1;
}

static int close_batch(void **state)
{
	batch_done(*state);
	free(*state);
	return 0;
}

static void add(struct batch *batch, uint64_t ts_ns, uint64_t mark)
{
	struct sw_lost record = record_lost(ts_ns, mark);

	expect_ok(batch_copy(batch, &record, sizeof(record), NULL, 0));
}

static uint64_t mark_at(const struct batch *batch, size_t index)
{
	return ((const struct sw_lost *)batch_at(batch, index))->count;
}

static void records_are_sorted_by_their_time(void **state)
{
	struct batch *batch = *state;

	add(batch, 30, 3);
	add(batch, 10, 1);
	add(batch, 20, 2);
	batch_sort(batch);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(mark_at(batch, i), i + 1);
}

static void records_of_the_same_time_stay_as_they_came(void **state)
{
	struct batch *batch = *state;

	for (uint64_t i = 0; i < 3000; i++)
		add(batch, 100 - i / 100 * 2, i);
	batch_sort(batch);
	for (size_t i = 1; i < batch->count; i++) {
		assert_true(batch_at(batch, i)->ts_ns >= batch_at(batch, i - 1)->ts_ns);
		if (batch_at(batch, i)->ts_ns == batch_at(batch, i - 1)->ts_ns)
			assert_int_equal(mark_at(batch, i), mark_at(batch, i - 1) + 1);
	}
}

static void times_of_half_a_millennium_are_compared_unsigned(void **state)
{
	struct batch *batch = *state;

	add(batch, UINT64_MAX, 2);
	add(batch, 1ull << 63, 1);
	add(batch, 0, 0);
	batch_sort(batch);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(mark_at(batch, i), i);
}

static void an_empty_batch_can_be_sorted(void **state)
{
	batch_sort(*state);
	assert_int_equal(((struct batch *)*state)->count, 0);
}

static void records_of_several_sizes_are_aligned(void **state)
{
	static const char bytes[64] = "0123456789abcdef0123456789abcdef0123456789abcdef";
	struct batch *batch = *state;

	for (size_t size = sizeof(struct sw_header); size < 40; size++)
		expect_ok(batch_copy(batch, bytes, size, NULL, 0));
	for (size_t i = 0; i < batch->count; i++) {
		assert_int_equal((uintptr_t)batch_at(batch, i) % 8, 0);
		assert_memory_equal(batch_at(batch, i), bytes, sizeof(struct sw_header) + i);
	}
}

static void an_added_record_is_zero(void **state)
{
	static const char zeroes[100];
	struct batch *batch = *state;

	add(batch, ~0ull, ~0ull);
	batch_clear(batch);
	assert_int_equal(batch->count, 0);
	assert_memory_equal(batch_add(batch, sizeof(zeroes)), zeroes, sizeof(zeroes));
}

static void many_records_survive_the_growth(void **state)
{
	struct batch *batch = *state;

	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 20000; i++)
			add(batch, 20000 - i, i);
		batch_sort(batch);
		assert_int_equal(batch->count, 20000);
		for (size_t i = 0; i < 20000; i++)
			assert_int_equal(mark_at(batch, i), 19999 - i);
		batch_clear(batch);
	}
}

static void the_largest_record_fits(void **state)
{
	char *large = calloc(1, 64 << 10);

	assert_non_null(large);
	large[(64 << 10) - 1] = 'x';
	expect_ok(batch_copy(*state, large, 64 << 10, NULL, 0));
	assert_memory_equal(batch_at(*state, 0), large, 64 << 10);
	free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_batch, close_batch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_are_sorted_by_their_time),
		TEST(records_of_the_same_time_stay_as_they_came),
		TEST(times_of_half_a_millennium_are_compared_unsigned),
		TEST(an_empty_batch_can_be_sorted),
		TEST(records_of_several_sizes_are_aligned),
		TEST(an_added_record_is_zero),
		TEST(many_records_survive_the_growth),
		TEST(the_largest_record_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
