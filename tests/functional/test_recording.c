// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording gives the same lines again, without root, and as much as there is of a broken one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"
#include "scenario.h"
#include "traffic.h"

#define NOBODY 65534
#define PATH_BYTES 128

struct recording {
	char path[PATH_BYTES];
	char program[PATH_BYTES]; /* a copy of sockwatch that anybody may run */
	char *lines;		  /* what the live run printed */
};

static void copy_program(const struct suite *suite, const char *to)
{
	char command[sizeof(suite->sockwatch) + PATH_BYTES + 16];

	snprintf(command, sizeof(command), "cp '%s' '%s'", suite->sockwatch, to);
	if (system(command) != 0 || chmod(to, 0755) < 0)
		fail_msg("%s failed", command);
}

/* Record one connection in each family, and keep what was printed. */
static void make_recording(struct suite *suite, struct recording *recording)
{
	char option[PATH_BYTES + 16];
	const char *const args[] = { option, NULL };
	struct stage_process process;
	struct tracer *tracer;
	size_t size = 1, used = 0;

	snprintf(recording->path, PATH_BYTES, "%.60s/recording", suite->scratch);
	snprintf(recording->program, PATH_BYTES, "%.60s/sockwatch", suite->scratch);
	snprintf(option, sizeof(option), "--write=%s", recording->path);
	copy_program(suite, recording->program);
	tracer = run_alone(suite, args, NET_V4MAPPED, play_one_connection, &process);
	stage_free(&process);
	for (size_t i = 0; i < tracer_count(tracer); i++)
		size += strlen(tracer_event(tracer, i)->text) + 1;
	recording->lines = malloc(size);
	if (!recording->lines)
		fail_msg("out of memory");
	for (size_t i = 0; i < tracer_count(tracer); i++)
		used += (size_t)sprintf(recording->lines + used, "%s\n",
					tracer_event(tracer, i)->text);
	tracer_free(tracer);
	if (chmod(recording->path, 0644) < 0)
		fail_msg("%s: %s", recording->path, strerror(errno));
}

static void drop_recording(struct recording *recording)
{
	unlink(recording->path);
	unlink(recording->program);
	free(recording->lines);
}

static void read_recording(struct suite *suite, const struct recording *recording, uid_t uid,
			   struct program_result *ret_result)
{
	char option[PATH_BYTES + 16];
	const struct program program = { .args = { recording->program, "trace", "-j", option },
					 .uid = uid,
					 .timeout_ms = suite_deadline_ms(suite, 20) };

	snprintf(option, sizeof(option), "--read=%s", recording->path);
	program_run(&program, ret_result);
}

/* The first line that differs, for the log. */
static void expect_same_lines(const char *expected, const char *seen)
{
	size_t same = 0, line;

	if (strcmp(expected, seen) == 0)
		return;
	while (expected[same] == seen[same])
		same++;
	for (line = same; line > 0 && expected[line - 1] != '\n'; line--)
		;
	fail_msg("live:  %.*s\nread:  %.*s", (int)strcspn(expected + line, "\n"), expected + line,
		 (int)strcspn(seen + line, "\n"), seen + line);
}

static void a_recording_reads_as_it_was_printed(struct suite *suite)
{
	const uid_t users[] = { 0, NOBODY };
	struct recording recording = { .path = "" };
	struct program_result result;

	make_recording(suite, &recording);
	for (size_t i = 0; i < 2; i++) {
		read_recording(suite, &recording, users[i], &result);
		if (result.status != 0)
			fail_msg("as uid %u: status %d, %s", (unsigned int)users[i], result.status,
				 result.err);
		expect_same_lines(recording.lines, result.out);
		program_result_done(&result);
	}
	drop_recording(&recording);
}

/* Cut in the middle of a record: what came before is still good. */
static void a_cut_recording_gives_what_it_has(struct suite *suite)
{
	struct recording recording = { .path = "" };
	struct program_result result;
	struct stat status;

	make_recording(suite, &recording);
	if (stat(recording.path, &status) < 0 ||
	    truncate(recording.path, status.st_size * 3 / 4 | 1) < 0)
		fail_msg("%s: %s", recording.path, strerror(errno));
	read_recording(suite, &recording, NOBODY, &result);
	if (result.status != 1 || count_lines(result.err) != 1 || count_lines(result.out) < 2)
		fail_msg("status %d, %u lines, stderr: %s", result.status, count_lines(result.out),
			 result.err);
	/* Only the end of the stream, of which the recording knows nothing, may differ. */
	if (strncmp(recording.lines, result.out, strcspn(result.out, "\n") + 1) != 0)
		fail_msg("the start line differs: %.300s", result.out);
	program_result_done(&result);
	drop_recording(&recording);
}

static void what_is_no_recording_is_refused(struct suite *suite)
{
	const struct program programs[] = {
		{ .args = { suite->sockwatch, "trace", "-j", "--read=/dev/null" },
		  .timeout_ms = suite_deadline_ms(suite, 20) },
		{ .args = { suite->sockwatch, "trace", "-j", "--read", suite->self },
		  .timeout_ms = suite_deadline_ms(suite, 20) },
	};

	for (size_t i = 0; i < 2; i++) {
		struct program_result result;

		program_run(&programs[i], &result);
		if (result.status != 1 || count_lines(result.err) != 1)
			fail_msg("%s: status %d, stderr: %s", programs[i].args[3], result.status,
				 result.err);
		program_result_done(&result);
	}
}

const struct test tests_recording[] = {
	{ .name = "a_recording_reads_as_it_was_printed",
	  .run = a_recording_reads_as_it_was_printed },
	{ .name = "a_cut_recording_gives_what_it_has", .run = a_cut_recording_gives_what_it_has },
	{ .name = "what_is_no_recording_is_refused", .run = what_is_no_recording_is_refused },
	{ .name = NULL },
};
