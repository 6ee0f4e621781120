// SPDX-License-Identifier: GPL-2.0-or-later
/* model/proc_pid.c: what /proc/PID says, and the record that is made of it. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>

#include "model/decode.h"
#include "model/proc_pid.h"
#include "model/process.h"

#define STAT_TAIL                                                              \
	" S 41 42 42 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 31337 10000 200 " \
	"18446744073709551615 1 1 0 0 0\n"

static struct proc_pid parse_stat(const char *text)
{
	struct proc_pid pid;

	expect_ok(proc_pid_parse_stat(text, &pid));
	return pid;
}

static void stat_tells_name_parent_and_start(void **state)
{
	struct proc_pid pid = parse_stat("42 (curl)" STAT_TAIL);

	(void)state;
	assert_int_equal(pid.task.pid, 42);
	assert_int_equal(pid.parent_pid, 41);
	assert_int_equal(pid.task.start_ns, 313370000000ull);
	expect_text(pid.task.comm, "curl");
}

static void a_name_may_look_like_the_fields_behind_it(void **state)
{
	(void)state;
	expect_text(parse_stat("42 (a) R 1 (b)" STAT_TAIL).task.comm, "a) R 1 (b");
	expect_text(parse_stat("42 (a\n7 (b) S 9)" STAT_TAIL).task.comm, "a\n7 (b) S 9");
	expect_text(parse_stat("42 ()" STAT_TAIL).task.comm, "");
	expect_text(parse_stat("42 (0123456789abcdefghij)" STAT_TAIL).task.comm, "0123456789abcde");
}

static void what_is_no_stat_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	  "42",	      "42 (a",
		"42 a)",  ") 42 (",   "(a) S 1",
		"42 (a)", "42 (a) S", "42 (a) S 41 42 42 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0",
	};
	struct proc_pid pid;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(proc_pid_parse_stat(texts[i], &pid), -EBADMSG);
}

static void status_tells_the_real_user(void **state)
{
	uint32_t uid = 5;

	(void)state;
	expect_ok(proc_pid_parse_uid("Name:\tUid:\nPid:\t1\nUid:\t1000\t0\t0\t0\nGid:\t7\n", &uid));
	assert_int_equal(uid, 1000);
	assert_int_equal(proc_pid_parse_uid("Name:\tx\nUid:\t\n", &uid), -EBADMSG);
	assert_int_equal(proc_pid_parse_uid("", &uid), -EBADMSG);
	assert_int_equal(uid, 1000);
}

static void the_last_number_is_that_of_its_own_namespace(void **state)
{
	(void)state;
	assert_int_equal(proc_pid_parse_inner("Name:\tx\nNSpid:\t812\t7\t3\nNSpgid:\t9\t9\n"), 3);
	assert_int_equal(proc_pid_parse_inner("Name:\tx\nNSpid:\t812\t7"), 7);
	assert_int_equal(proc_pid_parse_inner("Name:\tx\nNSpid:\t812\nNSpgid:\t9\t9\n"), 0);
	assert_int_equal(proc_pid_parse_inner("Name:\tNSpid: 1 2\n"), 0);
	assert_int_equal(proc_pid_parse_inner("Name:\tx\nNSpid:\n7\t8\n"), 0);
	assert_int_equal(proc_pid_parse_inner("Name:\tx\nNSpid:\tx\n"), 0);
	assert_int_equal(proc_pid_parse_inner(""), 0);
}

static void expect_cgroup(const char *text, const char *expected)
{
	const char *path = "";
	size_t len = proc_pid_find_cgroup(text, &path);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(path, expected, len);
}

static void the_unified_cgroup_goes_first(void **state)
{
	(void)state;
	expect_cgroup("0::/user.slice/a.scope\n", "/user.slice/a.scope");
	expect_cgroup("4:memory:/m\n1:name=systemd:/s\n0::/u\n", "/u");
	expect_cgroup("0::/u:with:colons\n", "/u:with:colons");
}

static void where_it_has_only_its_root_memory_is_told(void **state)
{
	(void)state;
	expect_cgroup("9:cpu,cpuacct:/c\n4:memory:/docker/x\n0::/\n", "/docker/x");
	expect_cgroup("9:hugetlb,memory,pids:/h\n0::/\n", "/h");
	expect_cgroup("9:cpu:/memory\n0::/\n", "/");
	expect_cgroup("4:memory:/m\n", "/m");
	expect_cgroup("9:cpu:/c\n", "");
}

static void what_is_no_cgroup_has_no_path(void **state)
{
	(void)state;
	expect_cgroup("", "");
	expect_cgroup("0:", "");
	expect_cgroup("0::", "");
	expect_cgroup("\n\n::\n0\n", "");
	expect_cgroup("4:memory\n:/x\n", "");
}

static void only_sockets_have_a_socket_number(void **state)
{
	(void)state;
	assert_int_equal(proc_pid_parse_socket("socket:[12345]"), 12345);
	assert_int_equal(proc_pid_parse_socket("socket:[]"), 0);
	assert_int_equal(proc_pid_parse_socket("socket:[-1]"), 0);
	assert_int_equal(proc_pid_parse_socket("socket:[12"), 0);
	assert_int_equal(proc_pid_parse_socket("socket:[12]x"), 0);
	assert_int_equal(proc_pid_parse_socket("pipe:[12345]"), 0);
	assert_int_equal(proc_pid_parse_socket("/tmp/socket:[12345]"), 0);
	assert_int_equal(proc_pid_parse_socket(""), 0);
}

/* Through the decoder into a table, as the source does it. */
static void expect_process(const char *exe, bool deleted, const char *cgroup,
			   const char *expected_exe, const char *expected_cgroup)
{
	struct proc_pid pid = parse_stat("42 (curl)" STAT_TAIL);
	struct process_table *table = process_table_new();
	void *record = malloc(PROC_PID_RECORD_SIZE);
	const struct sw_header *decoded;
	const struct process *process;
	size_t size;

	assert_non_null(table);
	assert_non_null(record);
	size = proc_pid_record(&pid, exe, strlen(exe), deleted, cgroup, strlen(cgroup), record);
	assert_true(size <= PROC_PID_RECORD_SIZE);
	expect_ok(decode_row(record, size, &decoded));
	assert_int_equal(decoded->size, size);
	expect_ok(process_table_exec(table, record));
	process = process_table_find(table, 42);
	assert_non_null(process);
	assert_int_equal(process->exe_deleted, deleted);
	if (expected_exe)
		expect_text(process->exe, expected_exe);
	else
		expect_null(process->exe);
	if (expected_cgroup)
		expect_text(process->cgroup, expected_cgroup);
	else
		expect_null(process->cgroup);
	free(record);
	process_table_free(table);
}

static void paths_survive_the_way_through_a_record(void **state)
{
	(void)state;
	expect_process("/usr/bin/curl", false, "/a/b", "/usr/bin/curl", "/a/b");
	expect_process("/memfd:x y", true, "/", "/memfd:x y", "/");
	expect_process("", false, "", NULL, NULL);
	expect_process("/a//b/", false, "/c", "/a/b", "/c");
}

static void paths_that_are_too_long_are_cut_and_marked(void **state)
{
	struct proc_pid pid = parse_stat("42 (curl)" STAT_TAIL);
	char *record = malloc(PROC_PID_RECORD_SIZE);
	const struct sw_header *decoded;
	char path[2 * SW_PATH_LEN];
	size_t size;

	(void)state;
	assert_non_null(record);
	memset(path, 'a', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 100)
		path[i] = '/';
	size = proc_pid_record(&pid, path, sizeof(path), false, path, sizeof(path), record);
	assert_true(size <= PROC_PID_RECORD_SIZE);
	expect_ok(decode_row(record, size, &decoded));
	assert_int_equal(((const struct sw_process *)decoded)->flags,
			 SW_PROCESS_EXE_CUT | SW_PROCESS_CGROUP_CUT);
	/* Not even one name fits. */
	memset(path, 'a', sizeof(path));
	size = proc_pid_record(&pid, path, sizeof(path), false, "", 0, record);
	expect_ok(decode_row(record, size, &decoded));
	free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_tells_name_parent_and_start),
		cmocka_unit_test(a_name_may_look_like_the_fields_behind_it),
		cmocka_unit_test(what_is_no_stat_is_refused),
		cmocka_unit_test(status_tells_the_real_user),
		cmocka_unit_test(the_last_number_is_that_of_its_own_namespace),
		cmocka_unit_test(the_unified_cgroup_goes_first),
		cmocka_unit_test(where_it_has_only_its_root_memory_is_told),
		cmocka_unit_test(what_is_no_cgroup_has_no_path),
		cmocka_unit_test(only_sockets_have_a_socket_number),
		cmocka_unit_test(paths_survive_the_way_through_a_record),
		cmocka_unit_test(paths_that_are_too_long_are_cut_and_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
