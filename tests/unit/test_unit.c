// SPDX-License-Identifier: GPL-2.0-or-later
/* model/unit.c: cgroup paths as systemd makes them, and as others might. */
#include "expect.h"

#include "model/unit.h"

static void check(bool found, struct unit_name name, const char *path, const char *unit)
{
	if (!unit && !found)
		return;
	if (!unit || !found || name.len != strlen(unit) || memcmp(name.text, unit, name.len) != 0)
		fail_msg("%s: %.*s instead of %s", path, found ? (int)name.len : 4,
			 found ? name.text : "none", unit ? unit : "none");
}

static void expect_units(const char *path, const char *unit, const char *user_unit)
{
	struct unit_name name = { 0 }, user_name = { 0 };

	check(unit_from_cgroup(path, &name), name, path, unit);
	check(unit_from_user_cgroup(path, &user_name), user_name, path, user_unit);
}

static void the_first_name_that_is_no_slice_is_the_unit(void **state)
{
	(void)state;
	expect_units("/system.slice/nginx.service", "nginx.service", NULL);
	expect_units("/nginx.service", "nginx.service", NULL);
	expect_units("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service",
		     NULL);
	expect_units("/system.slice/nginx.service/worker/3", "nginx.service", NULL);
	expect_units("/system.slice/dbus.socket", "dbus.socket", NULL);
	expect_units("/init.scope", "init.scope", NULL);
	expect_units("/system.slice/dev-hugepages.mount", "dev-hugepages.mount", NULL);
	expect_units("/machine.slice/machine-a.scope/payload/system.slice/b.service",
		     "machine-a.scope", NULL);
	expect_units("/system.slice/_cgroup.service", "cgroup.service", NULL);
	expect_units("/system.slice/a\\x2db:c_D.9@\\x2f.service", "a\\x2db:c_D.9@\\x2f.service",
		     NULL);
}

static void a_user_has_a_manager_of_its_own(void **state)
{
	(void)state;
	expect_units("/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox.scope",
		     "user@1000.service", "app-firefox.scope");
	expect_units("/user.slice/user-1000.slice/user@1000.service/a.slice/a-b.slice/c.service/d",
		     "user@1000.service", "c.service");
	expect_units("/user.slice/user-1000.slice/user@1000.service/init.scope",
		     "user@1000.service", "init.scope");
	expect_units("/user.slice/user-1000.slice/user@1000.service", "user@1000.service", NULL);
	expect_units("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL);
	expect_units("/user.slice/user-1000.slice/session-c2.scope/x.service", "session-c2.scope",
		     "x.service");
	expect_units("/user.slice/user-1000.slice/user@joe.service/x.service", "user@joe.service",
		     NULL);
	expect_units("/system.slice/user@1000.service.d.service/x.service",
		     "user@1000.service.d.service", NULL);
}

static void ordinary_paths_have_no_unit(void **state)
{
	char long_name[400];

	(void)state;
	expect_units("", NULL, NULL);
	expect_units("/", NULL, NULL);
	expect_units("/system.slice", NULL, NULL);
	expect_units("/docker/abc", NULL, NULL);
	expect_units("/docker/nginx.service", NULL, NULL);
	expect_units("/system.slice/.service", NULL, NULL);
	expect_units("/system.slice/@x.service", NULL, NULL);
	expect_units("/system.slice/a b.service", NULL, NULL);
	expect_units("/system.slice/\x1b[31m.service", NULL, NULL);
	expect_units("/system.slice/_", NULL, NULL);
	expect_units("/.slice/a.service", NULL, NULL);
	expect_units(".../a.service", NULL, NULL);
	expect_units("/system.slice/a.timer", NULL, NULL);
	memset(long_name, 'a', sizeof(long_name));
	memcpy(long_name + UNIT_NAME_LEN - 8, ".service", sizeof(".service"));
	expect_units(long_name, long_name, NULL);
	memset(long_name, 'a', sizeof(long_name));
	memcpy(long_name + UNIT_NAME_LEN - 7, ".service", sizeof(".service"));
	expect_units(long_name, NULL, NULL);
}

static void a_slice_names_its_user(void **state)
{
	(void)state;
	assert_int_equal(unit_user("/user.slice/user-1000.slice/user@1000.service/x"), 1000);
	assert_int_equal(unit_user("/user.slice/user-0.slice"), 0);
	assert_int_equal(unit_user("/user-7.slice/user-8.slice"), 7);
	assert_int_equal(unit_user("/machine.slice/libpod-x.scope"), UINT32_MAX);
	assert_int_equal(unit_user("/user.slice/user-.slice"), UINT32_MAX);
	assert_int_equal(unit_user("/user.slice/user-1x.slice"), UINT32_MAX);
	assert_int_equal(unit_user("/user.slice/user--1.slice"), UINT32_MAX);
	assert_int_equal(unit_user("/user.slice/user-4294968296.slice"), UINT32_MAX);
	assert_int_equal(unit_user("/user.slice/user-99999999999999999999999.slice"), UINT32_MAX);
	assert_int_equal(unit_user(""), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_that_is_no_slice_is_the_unit),
		cmocka_unit_test(a_user_has_a_manager_of_its_own),
		cmocka_unit_test(ordinary_paths_have_no_unit),
		cmocka_unit_test(a_slice_names_its_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
