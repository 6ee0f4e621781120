// SPDX-License-Identifier: GPL-2.0-or-later
/* model/script.c: what an interpreter runs, by its arguments. */
#include "expect.h"

#include "model/script.h"

/* A literal's arguments end with NUL, as in /proc/PID/cmdline. */
#define expect_script(program, arguments, expected)                                        \
	do {                                                                               \
		char script[SCRIPT_SIZE];                                                  \
                                                                                           \
		assert_int_equal(script_of(program, arguments, sizeof(arguments), script), \
				 strlen(expected));                                        \
		expect_text(script, expected);                                             \
	} while (0)

static void the_first_word_that_is_no_option_is_the_script(void **state)
{
	(void)state;
	expect_script("/usr/bin/python3.11", "python3\0phone.py\0-v", "phone.py");
	expect_script("/usr/bin/dash", "sh\0-e\0/etc/init.d/x\0start", "/etc/init.d/x");
	expect_script("/usr/bin/perl", "perl\0-w\0./a.pl", "./a.pl");
	expect_script("/usr/bin/ruby3.1", "ruby\0a.rb", "a.rb");
	expect_script("/usr/bin/node", "node\0--inspect\0app.js", "app.js");
	expect_script("python3", "python3\0-", "");
}

static void options_with_values_are_stepped_over(void **state)
{
	(void)state;
	expect_script("python3", "python3\0-W\0ignore\0-X\0dev\0a.py", "a.py");
	expect_script("bash", "bash\0--rcfile\0x\0-o\0pipefail\0+O\0extglob\0a.sh", "a.sh");
	expect_script("node", "node\0-r\0ts-node\0--import\0x\0a.js", "a.js");
	expect_script("java", "java\0-cp\0lib\0-Xmx1g\0org.example.Main", "org.example.Main");
	expect_script("python3", "python3\0--\0-odd.py", "-odd.py");
}

static void modules_jars_and_inline_programs_are_told_as_such(void **state)
{
	(void)state;
	expect_script("python3", "python3\0-m\0http.server\08000", "-m http.server");
	expect_script("java", "java\0-jar\0/opt/app.jar", "/opt/app.jar");
	expect_script("python3", "python3\0-c\0import os", "-c");
	expect_script("bash", "bash\0-ec\0exec 3<>/dev/tcp/x/1", "-ec");
	expect_script("perl", "perl\0-e\0print 1", "-e");
}

static void other_programs_run_no_script(void **state)
{
	(void)state;
	expect_script("/usr/bin/curl", "curl\0http://x/", "");
	expect_script("/usr/bin/bash", "bash", "");
	expect_script("/usr/bin/bash", "-bash", "");
	expect_script("/", "x\0y", "");
	expect_script("", "x\0y", "");
	expect_script("/usr/bin/1.2", "x\0y", "");
}

static void hostile_arguments_are_cut(void **state)
{
	char arguments[3000], script[SCRIPT_SIZE];

	(void)state;
	memset(arguments, 'a', sizeof(arguments));
	memcpy(arguments, "sh", 3);
	assert_int_equal(script_of("sh", arguments, sizeof(arguments), script), SCRIPT_SIZE - 1);
	assert_int_equal(script_of("sh", arguments, 0, script), 0);
	assert_int_equal(script_of("python3", "python3\0-m", sizeof("python3\0-m") - 1, script), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_word_that_is_no_option_is_the_script),
		cmocka_unit_test(options_with_values_are_stepped_over),
		cmocka_unit_test(modules_jars_and_inline_programs_are_told_as_such),
		cmocka_unit_test(other_programs_run_no_script),
		cmocka_unit_test(hostile_arguments_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
