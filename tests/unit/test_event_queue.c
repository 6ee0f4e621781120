// SPDX-License-Identifier: GPL-2.0-or-later
/* model/event_queue.c: a ring whose positions lead to one item for as long as it is there. */
#include "expect.h"

#include <stdlib.h>

#include "model/event_queue.h"

static int open_queue(void **state)
{
	*state = malloc(sizeof(struct event_queue));
	if (!*state)
		return -1;
	event_queue_init(*state);
	return 0;
}

static int close_queue(void **state)
{
	event_queue_done(*state);
	free(*state);
	return 0;
}

static void push(struct event_queue *queue, enum queued_kind kind, uint64_t mark)
{
	struct queued *item = event_queue_push(queue, kind);

	assert_non_null(item);
	item->event.ts_ns = mark;
}

static void an_empty_queue_has_no_head(void **state)
{
	expect_null(event_queue_head(*state));
	expect_null(event_queue_at(*state, 0));
	expect_null(event_queue_at(*state, 1));
}

static void a_new_item_is_zero_but_for_its_kind(void **state)
{
	struct queued expected;
	struct queued *item;

	memset(&expected, 0, sizeof(expected));
	expected.kind = QUEUED_WHY;
	push(*state, QUEUED_READY, 77);
	event_queue_pop(*state);
	for (int i = 0; i < 64; i++) { /* the same place again */
		item = event_queue_push(*state, QUEUED_WHY);
		assert_memory_equal(item, &expected, sizeof(expected));
		item->event.ts_ns = 77;
		event_queue_pop(*state);
	}
}

static void positions_count_from_one_and_lead_nowhere_else(void **state)
{
	struct event_queue *queue = *state;

	for (uint64_t i = 1; i <= 1000; i++) {
		push(queue, QUEUED_READY, i);
		assert_int_equal(event_queue_at(queue, i)->event.ts_ns, i);
		event_queue_pop(queue);
		expect_null(event_queue_at(queue, i));
		expect_null(event_queue_head(queue));
	}
	expect_null(event_queue_at(queue, 0));
	expect_null(event_queue_at(queue, 1001));
}

static void positions_go_on_from_zero_after_the_last(void **state)
{
	struct event_queue *queue = *state;
	uint32_t first = UINT32_MAX - 99;

	queue->first = queue->next = first;
	for (uint32_t i = 0; i < 200; i++) /* grows on its way */
		push(queue, QUEUED_READY, i);
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(event_queue_at(queue, first + i)->event.ts_ns, i);
		assert_int_equal(event_queue_head(queue)->event.ts_ns, i);
		event_queue_pop(queue);
		expect_null(event_queue_at(queue, first + i));
	}
	expect_null(event_queue_head(queue));
}

static void items_come_out_as_they_came_in(void **state)
{
	struct event_queue *queue = *state;
	uint64_t in = 0, out = 0;

	/* Grows while its first item is somewhere in the middle of the ring. */
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 37; i++)
			push(queue, QUEUED_READY, in++);
		for (int i = 0; i < 17; i++) {
			assert_int_equal(event_queue_head(queue)->event.ts_ns, out++);
			event_queue_pop(queue);
		}
	}
	for (uint32_t position = queue->first; position != queue->next; position++)
		assert_int_equal(event_queue_at(queue, position)->event.ts_ns, position - 1);
	while (event_queue_head(queue)) {
		assert_int_equal(event_queue_head(queue)->event.ts_ns, out++);
		event_queue_pop(queue);
	}
	assert_int_equal(in, out);
}

static void a_quiet_queue_does_not_grow(void **state)
{
	struct event_queue *queue = *state;
	size_t capacity;

	push(queue, QUEUED_READY, 0);
	capacity = queue->capacity;
	for (int i = 0; i < 10000; i++) {
		push(queue, QUEUED_READY, 0);
		event_queue_pop(queue);
	}
	assert_int_equal(queue->capacity, capacity);
}

static void what_is_not_ready_is_counted_until_it_is_decided(void **state)
{
	struct event_queue *queue = *state;

	push(queue, QUEUED_PORT, 1);
	push(queue, QUEUED_READY, 2);
	push(queue, QUEUED_END, 3);
	assert_int_equal(queue->waiting, 2);
	event_queue_resolve(queue, event_queue_at(queue, 1), QUEUED_READY);
	assert_int_equal(queue->waiting, 1);
	assert_int_equal(event_queue_at(queue, 1)->kind, QUEUED_READY);
	event_queue_resolve(queue, event_queue_at(queue, 3), QUEUED_DROPPED);
	event_queue_resolve(queue, event_queue_at(queue, 3), QUEUED_DROPPED);
	event_queue_resolve(queue, event_queue_at(queue, 2), QUEUED_READY);
	assert_int_equal(queue->waiting, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_queue, close_queue)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_queue_has_no_head),
		TEST(a_new_item_is_zero_but_for_its_kind),
		TEST(positions_count_from_one_and_lead_nowhere_else),
		TEST(positions_go_on_from_zero_after_the_last),
		TEST(items_come_out_as_they_came_in),
		TEST(a_quiet_queue_does_not_grow),
		TEST(what_is_not_ready_is_counted_until_it_is_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
