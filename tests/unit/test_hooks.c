// SPDX-License-Identifier: GPL-2.0-or-later
/* source/hooks.c: what it means that the kernel did not run a program. */
#include "expect.h"

#include "base/util.h"
#include "source/hooks.h"

#define HOOKS_MAX 128

static size_t index_of(const char *program)
{
	for (size_t i = 0; i < hooks_count(); i++)
		if (strcmp(hooks_at(i)->program, program) == 0)
			return i;
	fail_msg("no program %s", program);
	return 0;
}

static void what_another_hook_tells_too_is_no_lost_result(void **state)
{
	/* If the second is there, a miss of the first is found out in another way. */
	static const char *const pairs[][2] = {
		{ "on_connect_entered", "on_connect_checked" },
		{ "on_connect_returned", "on_connect_answered" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct hook_status status[HOOKS_MAX] = { 0 };
		size_t hook = index_of(pairs[i][0]), other = index_of(pairs[i][1]);

		assert_int_equal(hooks_miss(hook, status), MISS_IS_RESULT);
		status[other].state = HOOK_FAILED;
		assert_int_equal(hooks_miss(hook, status), MISS_IS_RESULT);
		status[other].state = HOOK_ATTACHED;
		assert_int_equal(hooks_miss(hook, status), MISS_IS_DOUBT);
	}
}

/* A name that is misspelt would switch its hook off, or on, without a word. */
static void programs_that_hooks_name_exist(void **state)
{
	(void)state;
	assert_in_range(hooks_count(), 1, HOOKS_MAX);
	for (size_t i = 0; i < hooks_count(); i++) {
		const struct hook *hook = hooks_at(i);
		const char *const names[] = { hook->instead_of, hook->copy_of, hook->told_by };

		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			if (names[j])
				(void)index_of(names[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_another_hook_tells_too_is_no_lost_result),
		cmocka_unit_test(programs_that_hooks_name_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
