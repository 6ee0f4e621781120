// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Privileges: what is left of them while it runs, with how few it can start, and where a recording
 * may go. That everything still works in the sandbox is what all other tests show.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "display.h"
#include "program.h"
#include "scenario.h"

#define NOBODY 65534
#define PATH_BYTES 128
/* Nobody listens there, in whatever namespace this runs. */
#define REFUSING_PORT "1"

#define BIT(capability) (1ull << (capability))
#define NAMES_READER BIT(CAP_DAC_READ_SEARCH)
#define OPENER (BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH))

/* Of /proc/PID/status. */
struct status {
	char name[32];
	int parent, uid, no_new_privs, seccomp;
	unsigned long long effective, permitted, bounding, ambient;
};

static bool read_status_from(FILE *file, struct status *ret)
{
	char line[256];

	memset(ret, 0, sizeof(*ret));
	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "Name: %31s", ret->name);
		(void)sscanf(line, "PPid: %d", &ret->parent);
		(void)sscanf(line, "Uid: %d", &ret->uid);
		(void)sscanf(line, "NoNewPrivs: %d", &ret->no_new_privs);
		(void)sscanf(line, "Seccomp: %d", &ret->seccomp);
		(void)sscanf(line, "CapEff: %llx", &ret->effective);
		(void)sscanf(line, "CapPrm: %llx", &ret->permitted);
		(void)sscanf(line, "CapBnd: %llx", &ret->bounding);
		(void)sscanf(line, "CapAmb: %llx", &ret->ambient);
	}
	if (file)
		fclose(file);
	return ret->name[0];
}

static bool read_status(pid_t pid, struct status *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return read_status_from(fopen(path, "re"), ret);
}

static void need_list_of_calls(struct suite *suite, const struct status *status)
{
	struct program program = { .args = { suite->sockwatch, "doctor", "-j", NULL },
				   .timeout_ms = suite_deadline_ms(suite, 30) };
	struct program_result result;
	bool lacks;

	if (status->seccomp == 2)
		return;
	program_run(&program, &result);
	lacks = result.out && strstr(result.out, "built without libseccomp");
	program_result_done(&result);
	if (lacks)
		skip_because("built without libseccomp");
}

static void expect_locked_in(struct suite *suite, const struct status *status)
{
	need_list_of_calls(suite, status);
	if (status->effective || status->permitted || status->bounding || status->ambient ||
	    status->uid == 0 || status->no_new_privs != 1 || status->seccomp != 2)
		fail_msg(
			"%s: uid %d, CapEff %llx, CapPrm %llx, CapBnd %llx, NoNewPrivs %d, Seccomp %d",
			status->name, status->uid, status->effective, status->permitted,
			status->bounding, status->no_new_privs, status->seccomp);
}

/* 0: there is none. */
static pid_t find_child(pid_t parent, const char *name, struct status *ret)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_status(atoi(entry->d_name), ret) && ret->parent == parent &&
		    strcmp(ret->name, name) == 0)
			found = atoi(entry->d_name);
	if (proc)
		closedir(proc);
	return found;
}

/* The child that enters namespaces. */
static pid_t find_opener(pid_t parent, struct status *ret)
{
	return find_child(parent, "sockwatch-doors", ret);
}

static void expect_at_most(const struct status *status, unsigned long long capabilities)
{
	if (status->effective & ~capabilities || status->permitted & ~capabilities ||
	    status->bounding || status->uid == 0 || status->no_new_privs != 1 ||
	    status->seccomp != 2)
		fail_msg("%s: uid %d, CapEff %llx, NoNewPrivs %d, Seccomp %d", status->name,
			 status->uid, status->effective, status->no_new_privs, status->seccomp);
}

static bool has_list_of_calls(const struct tracer *tracer, const void *arg)
{
	struct status status;

	(void)tracer;
	return read_status(*(const pid_t *)arg, &status) && status.seccomp == 2;
}

static void a_running_tracer_has_no_privilege(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	struct status status;
	pid_t opener, reader;

	assert_true(read_status(tracer_pid(tracer), &status));
	expect_locked_in(suite, &status);
	opener = find_opener(tracer_pid(tracer), &status);
	assert_int_not_equal(opener, 0);
	expect_at_most(&status, OPENER);
	reader = find_child(tracer_pid(tracer), "sockwatch-names", &status);
	assert_int_not_equal(reader, 0);
	/* Nobody waits for it at the start. */
	(void)tracer_wait(tracer, has_list_of_calls, &reader, suite_deadline_ms(suite, 20));
	assert_true(read_status(reader, &status));
	expect_at_most(&status, NAMES_READER);
	assert_int_equal(tracer_stop(tracer), 0);
	assert_false(read_status(opener, &status));
	tracer_free(tracer);
}

static bool is_gone(const struct tracer *tracer, const void *arg)
{
	struct status status;

	(void)tracer;
	return !read_status(*(const pid_t *)arg, &status);
}

/* It reads what any process has put on its stack and into its files. */
static void the_unwinder_has_no_privilege(struct suite *suite)
{
	static const char *const args[] = { "-v", NULL };
	struct tracer *tracer = tracer_start(suite, args);
	struct status status;
	pid_t supervisor = find_child(tracer_pid(tracer), "sockwatch-stack", &status), unwinder;

	if (!supervisor)
		skip_because("built without libdw");
	/* Nobody waits for them at the start. */
	(void)tracer_wait(tracer, has_list_of_calls, &supervisor, suite_deadline_ms(suite, 20));
	assert_true(read_status(supervisor, &status));
	expect_locked_in(suite, &status);
	unwinder = find_child(supervisor, "sockwatch-stack", &status);
	assert_int_not_equal(unwinder, 0);
	expect_locked_in(suite, &status);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_free(tracer);
}

static void the_opener_ends_with_a_killed_tracer(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	struct status status;
	pid_t opener = find_opener(tracer_pid(tracer), &status);

	assert_int_not_equal(opener, 0);
	tracer_signal(tracer, SIGKILL);
	(void)tracer_wait_exit(tracer, suite_deadline_ms(suite, 20));
	if (!tracer_wait(tracer, is_gone, &opener, suite_deadline_ms(suite, 20)))
		fail_msg("process %d is left", (int)opener);
	tracer_free(tracer);
}

static void without_a_sandbox_it_keeps_them(struct suite *suite)
{
	static const char *const args[] = { "--no-sandbox", NULL };
	struct tracer *tracer = tracer_start(suite, args);
	struct status status, ours;

	assert_true(read_status(tracer_pid(tracer), &status) && read_status(getpid(), &ours));
	assert_true(status.effective == ours.effective && status.uid == ours.uid);
	assert_int_equal(status.seccomp, ours.seccomp);
	assert_int_equal(find_opener(tracer_pid(tracer), &status), 0);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_free(tracer);
}

static void repeated_displays_have_no_privilege(struct suite *suite)
{
	struct program_result result;
	struct command command;
	struct running running;
	struct status status;

	command_make(suite, "-ano 1", &command);
	program_start(&command.program, &running);
	if (!display_wait(&running, "display 2", suite_deadline_ms(suite, 30)))
		fail_msg("no second display");
	assert_true(read_status(running.pid, &status));
	kill(running.pid, SIGINT);
	program_finish(&running, suite_deadline_ms(suite, 20), &result);
	assert_int_equal(result.status, 0);
	program_result_done(&result);
	expect_locked_in(suite, &status);
}

/* It is forked before the privileges go. */
static void the_command_keeps_what_we_have(struct suite *suite)
{
	char path[PATH_BYTES], script[PATH_BYTES + 128];
	const char *const args[] = { "--", "/bin/sh", "-c", script, NULL };
	struct status status, ours;
	struct tracer *tracer;

	if (access("/bin/sh", X_OK) < 0)
		skip_because("/bin/sh: %s", strerror(errno));
	snprintf(path, sizeof(path), "%.60s/status", suite->scratch);
	snprintf(script, sizeof(script),
		 "while read -r line; do echo \"$line\"; done </proc/self/status >%s", path);
	tracer = tracer_spawn(suite, args);
	assert_int_equal(tracer_wait_exit(tracer, suite_deadline_ms(suite, 60)), 0);
	assert_true(read_status_from(fopen(path, "re"), &status) && read_status(getpid(), &ours));
	unlink(path);
	if (status.effective != ours.effective || status.bounding != ours.bounding ||
	    status.uid != ours.uid || status.no_new_privs != ours.no_new_privs ||
	    status.seccomp != ours.seccomp)
		fail_msg("uid %d, CapEff %llx, CapBnd %llx, NoNewPrivs %d, Seccomp %d", status.uid,
			 status.effective, status.bounding, status.no_new_privs, status.seccomp);
	tracer_free(tracer);
}

static void copy_to_scratch(const struct suite *suite, const char *from, const char *name,
			    char ret_path[PATH_BYTES])
{
	snprintf(ret_path, PATH_BYTES, "%.60s/%s", suite->scratch, name);
	if (copy_file(from, ret_path) < 0)
		skip_because("%s: %s", from, strerror(errno));
}

/* What it cannot see then is said, in one line. */
static void three_capabilities_are_enough(struct suite *suite)
{
	char sockwatch[PATH_BYTES], shortlived[PATH_BYTES], mode[48];
	const struct program program = {
		.args = { sockwatch, "trace", "-j", mode, "--", shortlived, REFUSING_PORT },
		.uid = NOBODY,
		.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_NET_ADMIN),
		.timeout_ms = suite_deadline_ms(suite, 60),
	};
	struct program_result result;

	copy_to_scratch(suite, suite->sockwatch, "sockwatch", sockwatch);
	copy_to_scratch(suite, suite->shortlived, "shortlived", shortlived);
	snprintf(mode, sizeof(mode), "--mode=%s", suite->mode);
	program_run(&program, &result);
	unlink(sockwatch);
	unlink(shortlived);
	if (result.status != 1 || count_lines(result.err) != 1 ||
	    !strstr(result.err, "CAP_SYS_ADMIN") ||
	    !strstr(result.out, "\"old\":\"CLOSE\",\"new\":\"SYN_SENT\"") ||
	    !strstr(result.out, "\"old\":\"SYN_SENT\",\"new\":\"CLOSE\"") ||
	    !strstr(result.out, "\"uid\":65534") || !strstr(result.out, "\"event\":\"end\""))
		fail_msg("status %d, %s%s", result.status, result.err, result.out);
	program_result_done(&result);
}

/* Those who may write the directory could lead a recording anywhere. */
static void a_recording_goes_through_no_link(struct suite *suite)
{
	static const char *const names[] = { "link", "open/up/new" };
	char directory[PATH_BYTES], target[PATH_BYTES], path[PATH_BYTES * 2];
	struct stat status;

	snprintf(directory, sizeof(directory), "%.60s/open", suite->scratch);
	snprintf(target, sizeof(target), "%.60s/target", suite->scratch);
	snprintf(path, sizeof(path), "%.60s/link", suite->scratch);
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(mkdir(directory, 0755) | chmod(directory, 01777), 0);
	snprintf(path, sizeof(path), "%s/up", directory);
	assert_int_equal(symlink("..", path), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct program program = { .args = { suite->sockwatch, "trace", "--write",
							   path, "--", suite->shortlived, "exit",
							   "0" },
						 .timeout_ms = suite_deadline_ms(suite, 60) };
		struct program_result result;

		snprintf(path, sizeof(path), "%.60s/%s", suite->scratch, names[i]);
		program_run(&program, &result);
		if (result.status != 1 || !strstr(result.err, "symbolic link"))
			fail_msg("%s: status %d, %s", path, result.status, result.err);
		program_result_done(&result);
	}
	assert_int_equal(stat(target, &status), -1);
	snprintf(path, sizeof(path), "%s/up", directory);
	unlink(path);
	rmdir(directory);
	snprintf(path, sizeof(path), "%.60s/link", suite->scratch);
	unlink(path);
}

static void a_recording_is_readable_for_its_owner_only(struct suite *suite)
{
	char option[PATH_BYTES + 16], path[PATH_BYTES];
	const char *const args[] = { option, NULL };
	struct tracer *tracer;
	struct stat status;

	snprintf(path, sizeof(path), "%.60s/private", suite->scratch);
	snprintf(option, sizeof(option), "--write=%s", path);
	tracer = tracer_start(suite, args);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_free(tracer);
	unlink(path);
}

const struct test tests_sandbox[] = {
	{ .name = "a_running_tracer_has_no_privilege", .run = a_running_tracer_has_no_privilege },
	{ .name = "the_unwinder_has_no_privilege", .run = the_unwinder_has_no_privilege },
	{ .name = "the_opener_ends_with_a_killed_tracer",
	  .run = the_opener_ends_with_a_killed_tracer },
	{ .name = "without_a_sandbox_it_keeps_them", .run = without_a_sandbox_it_keeps_them },
	{ .name = "repeated_displays_have_no_privilege",
	  .run = repeated_displays_have_no_privilege },
	{ .name = "the_command_keeps_what_we_have", .run = the_command_keeps_what_we_have },
	{ .name = "three_capabilities_are_enough", .run = three_capabilities_are_enough },
	{ .name = "a_recording_goes_through_no_link", .run = a_recording_goes_through_no_link },
	{ .name = "a_recording_is_readable_for_its_owner_only",
	  .run = a_recording_is_readable_for_its_owner_only },
	{ .name = NULL },
};
