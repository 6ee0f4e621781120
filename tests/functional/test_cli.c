// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line: what is refused, and how; outputs that cannot be written; no privilege. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonline.h"
#include "program.h"
#include "suite.h"

#define NOBODY 65534
#define EXIT_USAGE 2
#define EXIT_UNAVAILABLE 77

struct refusal {
	const char *args[8];
	int status;
};

static const struct refusal refusals[] = {
	{ { "--unknown-option" }, EXIT_USAGE },
	{ { "unknown-command" }, EXIT_USAGE }, /* the bare command: no filter */
	{ { "trace-me", "-j" }, EXIT_USAGE },
	{ { "trace", "--unknown-option" }, EXIT_USAGE },
	{ { "trace", "-Q" }, EXIT_USAGE },
	{ { "trace", "--ring-size=abc" }, EXIT_USAGE },
	{ { "trace", "--ring-size=0" }, EXIT_USAGE },
	{ { "trace", "--ring-size=" }, EXIT_USAGE },
	{ { "trace", "--ring-size=99999G" }, EXIT_USAGE },
	{ { "trace", "--ring-size=-1" }, EXIT_USAGE },
	{ { "trace", "--mode=foo" }, EXIT_USAGE },
	{ { "trace", "--verify=0" }, EXIT_USAGE },
	{ { "trace", "--verify=1m" }, EXIT_USAGE },
	{ { "trace", "--read=/tmp/a", "--verify=5" }, EXIT_USAGE },
	{ { "--verify=5" }, EXIT_USAGE }, /* once is no repeated display */
	{ { "trace", "--read" }, EXIT_USAGE },
	{ { "trace", "--read=/tmp/a", "--write=/tmp/b" }, EXIT_USAGE },
	{ { "trace", "--read=/tmp/a", "--", "true" }, EXIT_USAGE },
	{ { "trace", "--read=/nonexistent/file" }, EXIT_FAILURE },
	{ { "trace", "-j", "port = x" }, EXIT_USAGE },
	{ { "trace", "-j", "port = 70000" }, EXIT_USAGE },
	{ { "trace", "-j", "state nonsense" }, EXIT_USAGE },
	{ { "trace", "-j", "pid abc" }, EXIT_USAGE },
	{ { "trace", "-j", "dst 300.0.0.1" }, EXIT_USAGE },
	{ { "trace", "-j", "( pid 1" }, EXIT_USAGE },
	{ { "trace", "-j", "pid", "1", "and" }, EXIT_USAGE },
	{ { "trace", "-j", "flurb 1" }, EXIT_USAGE },
	{ { "trace", "--" }, EXIT_USAGE },
	{ { "doctor", "--unknown-option" }, EXIT_USAGE },
	{ { "states", "--unknown-option" }, EXIT_USAGE },
};

static void describe(const struct refusal *refusal, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; refusal->args[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, " %s", refusal->args[i]);
}

static bool is_refused(struct suite *suite, const struct refusal *refusal)
{
	struct program program = { .args = { suite->sockwatch },
				   .timeout_ms = suite_deadline_ms(suite, 10) };
	struct program_result result;
	char text[300];
	bool right;

	for (size_t i = 0; refusal->args[i]; i++)
		program.args[i + 1] = refusal->args[i];
	program_run(&program, &result);
	right = result.status == refusal->status && count_lines(result.err) == 1 &&
		result.out_len == 0;
	describe(refusal, text, sizeof(text));
	if (!right)
		print_error("sockwatch%s: status %d%s instead of %d, stdout %.100s, stderr %s\n",
			    text, result.status, result.timed_out ? " (killed)" : "",
			    refusal->status, result.out, result.err);
	program_result_done(&result);
	return right;
}

static void bad_arguments_get_one_clear_line(struct suite *suite)
{
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		wrong += !is_refused(suite, &refusals[i]);
	assert_int_equal(wrong, 0);
}

static void help_goes_to_stdout(struct suite *suite)
{
	const char *const commands[] = { NULL, "trace", "doctor", "states" };

	for (size_t i = 0; i < 4; i++) {
		struct program program = { .args = { suite->sockwatch, "--help" },
					   .timeout_ms = suite_deadline_ms(suite, 10) };
		struct program_result result;

		if (commands[i]) {
			program.args[1] = commands[i];
			program.args[2] = "--help";
		}
		program_run(&program, &result);
		if (result.status != 0 || result.out_len == 0 || result.err[0])
			fail_msg("%s --help: status %d, stderr %s", commands[i] ? commands[i] : "",
				 result.status, result.err);
		program_result_done(&result);
	}
}

/* The message must say what is missing and how to get it. */
static void without_privilege_it_says_what_is_missing(struct suite *suite)
{
	char copy[128];
	struct program program = { .args = { copy, "trace", "-j" },
				   .uid = NOBODY,
				   .timeout_ms = suite_deadline_ms(suite, 10) };
	struct program_result result;

	snprintf(copy, sizeof(copy), "%.60s/sockwatch", suite->scratch);
	if (copy_file(suite->sockwatch, copy) < 0)
		fail_msg("%s: %s", copy, strerror(errno));
	program_run(&program, &result);
	unlink(copy);
	if (result.status != EXIT_UNAVAILABLE || result.out_len != 0 ||
	    !(strstr(result.err, "CAP_") || strstr(result.err, "root")))
		fail_msg("status %d, stdout %s, stderr %s", result.status, result.out, result.err);
	program_result_done(&result);
}

static void a_full_disk_ends_it_with_1(struct suite *suite)
{
	const struct program program = { .args = { suite->sockwatch, "trace", "-j" },
					 .stdout_path = "/dev/full",
					 .timeout_ms = suite_deadline_ms(suite, 30) };
	struct program_result result;

	if (access("/dev/full", W_OK) < 0)
		skip_because("no /dev/full");
	program_run(&program, &result);
	if (result.status != 1 || result.err[0] == '\0')
		fail_msg("status %d%s, stderr %s", result.status,
			 result.timed_out ? " (killed)" : "", result.err);
	program_result_done(&result);
}

static void a_closed_pipe_ends_it_quietly(struct suite *suite)
{
	const struct program program = { .args = { suite->sockwatch, "trace", "-j" },
					 .closed_pipe = true,
					 .timeout_ms = suite_deadline_ms(suite, 10) };
	struct program_result result;

	program_run(&program, &result);
	if (result.status != 0 || result.err[0])
		fail_msg("status %d%s, stderr %s", result.status,
			 result.timed_out ? " (killed)" : "", result.err);
	program_result_done(&result);
}

static void doctor_is_content_with_root(struct suite *suite)
{
	const struct program text = { .args = { suite->sockwatch, "doctor" },
				      .timeout_ms = suite_deadline_ms(suite, 30) };
	const struct program json = { .args = { suite->sockwatch, "doctor", "-j" },
				      .timeout_ms = suite_deadline_ms(suite, 30) };
	struct program_result result;
	unsigned int lines = 0;
	char *save = NULL;

	program_run(&text, &result);
	if (result.status != 0 || count_lines(result.out) < 3)
		fail_msg("doctor: status %d, %s%s", result.status, result.out, result.err);
	program_result_done(&result);
	program_run(&json, &result);
	if (result.status != 0)
		fail_msg("doctor -j: status %d, %s", result.status, result.err);
	for (char *line = strtok_r(result.out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), lines++)
		if (!jsonline_is_object(line))
			fail_msg("doctor -j: no JSON object: %s", line);
	assert_true(lines > 0);
	program_result_done(&result);
}

const struct test tests_cli[] = {
	{ .name = "bad_arguments_get_one_clear_line", .run = bad_arguments_get_one_clear_line },
	{ .name = "help_goes_to_stdout", .run = help_goes_to_stdout },
	{ .name = "without_privilege_it_says_what_is_missing",
	  .run = without_privilege_it_says_what_is_missing },
	{ .name = "a_full_disk_ends_it_with_1", .run = a_full_disk_ends_it_with_1 },
	{ .name = "a_closed_pipe_ends_it_quietly", .run = a_closed_pipe_ends_it_quietly },
	{ .name = "doctor_is_content_with_root", .run = doctor_is_content_with_root },
	{ .name = NULL },
};
