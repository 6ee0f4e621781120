// SPDX-License-Identifier: GPL-2.0-or-later
/* base/file.c: a private file is ours alone, and no link leads elsewhere. */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* ROOT/{ours/, open/ (others may write), file, link -> file, ours/up -> .., open/up -> ..} */
struct scratch {
	char root[32];
};

static const char *const names[] = { "file",	"new",	    "link",	"other", "ours/up",
				     "open/up", "ours/new", "open/new", "fifo" };

static char *at(const struct scratch *scratch, const char *name)
{
	static char path[2][128];
	static unsigned int turn;
	char *out = path[turn++ % 2];

	snprintf(out, sizeof(path[0]), "%s/%s", scratch->root, name);
	return out;
}

static int make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));
	FILE *file;

	*state = scratch;
	if (!scratch)
		return -1;
	strcpy(scratch->root, "/tmp/sockwatch-test.XXXXXX");
	if (!mkdtemp(scratch->root) || mkdir(at(scratch, "ours"), 0700) < 0 ||
	    mkdir(at(scratch, "open"), 0700) < 0 || chmod(at(scratch, "open"), 01777) < 0 ||
	    symlink("file", at(scratch, "link")) < 0 || symlink("..", at(scratch, "ours/up")) < 0 ||
	    symlink("..", at(scratch, "open/up")) < 0)
		return -1;
	file = fopen(at(scratch, "file"), "w");
	if (!file || fputs("before", file) < 0 || fclose(file) != 0)
		return -1;
	return chmod(at(scratch, "file"), 0644);
}

static int clean(void **state)
{
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(at(scratch, names[i]));
	rmdir(at(scratch, "ours"));
	rmdir(at(scratch, "open"));
	rmdir(scratch->root);
	free(scratch);
	return 0;
}

static int create(void **state, const char *name)
{
	int fd = file_create_private(at(*state, name));

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void expect_private(void **state, const char *name)
{
	struct stat status;

	expect_ok(create(state, name));
	expect_ok(lstat(at(*state, name), &status));
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 0);
}

static void a_new_file_is_readable_for_us_only(void **state)
{
	mode_t before = umask(0);

	expect_private(state, "new");
	expect_private(state, "open/new");
	umask(before);
}

static void an_older_file_is_emptied_and_closed_to_others(void **state)
{
	expect_private(state, "file");
}

static void the_file_is_never_a_link(void **state)
{
	struct stat status;

	assert_int_equal(create(state, "link"), -ELOOP);
	expect_ok(stat(at(*state, "file"), &status));
	assert_int_equal(status.st_size, strlen("before"));
}

static void a_file_with_other_names_is_not_written(void **state)
{
	expect_ok(link(at(*state, "file"), at(*state, "other")));
	assert_int_equal(create(state, "other"), -EEXIST);
}

static void a_link_is_followed_only_where_we_made_it(void **state)
{
	expect_ok(create(state, "ours/up/ours/up/new"));
	assert_int_equal(create(state, "open/up/new"), -ELOOP);
	assert_int_equal(create(state, "ours/up/open/up/new"), -ELOOP);
}

static void what_is_no_file_is_refused(void **state)
{
	expect_ok(mkfifo(at(*state, "fifo"), 0600));
	assert_true(create(state, "fifo") < 0);
	assert_int_equal(create(state, "ours/"), -EISDIR);
	assert_int_equal(create(state, "ours/."), -EISDIR);
	assert_int_equal(create(state, "file/new"), -ENOTDIR);
	assert_int_equal(create(state, "absent/new"), -ENOENT);
	assert_int_equal(file_create_private(""), -ENOENT);
}

static void a_device_keeps_its_mode(void **state)
{
	struct stat before, after;
	int fd;

	expect_ok(stat("/dev/null", &before));
	fd = file_create_private("/dev/null");
	assert_true(fd >= 0);
	close(fd);
	expect_ok(stat("/dev/null", &after));
	assert_int_equal(before.st_mode, after.st_mode);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_readable_for_us_only),
		TEST(an_older_file_is_emptied_and_closed_to_others),
		TEST(the_file_is_never_a_link),
		TEST(a_file_with_other_names_is_not_written),
		TEST(a_link_is_followed_only_where_we_made_it),
		TEST(what_is_no_file_is_refused),
		TEST(a_device_keeps_its_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
