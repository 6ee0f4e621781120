// SPDX-License-Identifier: GPL-2.0-or-later
/* model/proc_maps.c: lines of /proc/PID/maps. */
#include "expect.h"

#include <stdio.h>

#include "model/proc_maps.h"

static char line[512];

static bool parse(const char *text, struct proc_map *ret_map)
{
	snprintf(line, sizeof(line), "%s", text);
	return proc_maps_parse(line, ret_map);
}

static void a_line_tells_range_file_and_path(void **state)
{
	struct proc_map map;

	(void)state;
	assert_true(parse(
		"7f0000001000-7f0000003000 r-xp 00001000 fe:01 1234567      /usr/lib/a b.so\n",
		&map));
	assert_true(map.start == 0x7f0000001000 && map.end == 0x7f0000003000);
	assert_int_equal(map.offset, 0x1000);
	assert_int_equal(map.major, 0xfe);
	assert_int_equal(map.minor, 1);
	assert_int_equal(map.inode, 1234567);
	assert_true(map.executable);
	assert_false(map.deleted);
	expect_text(map.path, "/usr/lib/a b.so");
}

static void memory_without_a_file_has_no_inode(void **state)
{
	struct proc_map map;

	(void)state;
	assert_true(parse("1000-2000 rw-p 00000000 00:00 0 ", &map));
	assert_false(map.executable);
	expect_text(map.path, "");
	assert_true(parse("1000-2000 r-xp 00000000 00:00 0          [vdso]", &map));
	assert_int_equal(map.inode, 0);
	expect_text(map.path, "[vdso]");
}

static void the_mark_of_a_deleted_file_is_cut(void **state)
{
	struct proc_map map;

	(void)state;
	assert_true(parse("1000-2000 r-xp 0 08:01 7 /tmp/x (deleted)", &map));
	assert_true(map.deleted);
	expect_text(map.path, "/tmp/x");
	assert_true(parse("1000-2000 r-xp 0 08:01 7 /tmp/a\\012b", &map));
	expect_text(map.path, "/tmp/a\nb");
}

static void what_is_no_map_is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "x",
					     "1000",
					     "1000-2000",
					     "2000-1000 r-xp 0 08:01 7 /x",
					     "1000-1000 r-xp 0 08:01 7 /x",
					     "1000-2000 r-x 0 08:01 7 /x",
					     "1000-2000 r-xp 0 08:01" };
	struct proc_map map;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(parse(texts[i], &map));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_range_file_and_path),
		cmocka_unit_test(memory_without_a_file_has_no_inode),
		cmocka_unit_test(the_mark_of_a_deleted_file_is_cut),
		cmocka_unit_test(what_is_no_map_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
