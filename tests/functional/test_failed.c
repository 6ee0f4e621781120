// SPDX-License-Identifier: GPL-2.0-or-later
/* Connects that failed, where they are asked for: --failed, live and recorded; what has closed. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define PATH_BYTES 128

/* One that is refused, one that has no way, and one that works. */
static void play_three(struct stage *stage)
{
	struct puppet *client;

	play_one_connection(stage);
	client = stage->puppets[ROLE_CLIENT];
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 0));
	if (puppet_connect(client, 2, PLACE_LOOPBACK, stage->facts->server_port) != -ECONNREFUSED)
		stage_fail(stage, "not refused");
	if (puppet_connect(client, 3, PLACE_FAR, stage->facts->server_port) != -ENETUNREACH)
		stage_fail(stage, "not unreachable");
}

static void expect_two_failures(const struct tracer *tracer, unsigned int netns)
{
	const char *const reasons[] = { "refused", "unreachable" };
	const enum line_kind kinds[] = { LINE_STATE, LINE_FAILED };
	size_t count = tracer_count(tracer), found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(tracer, i);
		char reason[32] = "";

		if (event->netns != netns)
			continue;
		jsonline_string(event->text, "reason", reason, sizeof(reason));
		if (found == 2 || event->kind != kinds[found] ||
		    strcmp(reason, reasons[found]) != 0)
			fail_msg("not one of two failed connects: %s", event->text);
		found++;
	}
	assert_int_equal(found, 2);
}

/* The same from the recording, which has everything, as text. */
static void expect_two_lines(struct suite *suite, const char *path, unsigned int netns)
{
	char read_option[PATH_BYTES + 16], number[16];
	const struct program program = { .args = { suite->sockwatch, "trace", read_option,
						   "--failed", "netns", number },
					 .timeout_ms = suite_deadline_ms(suite, 20) };
	struct program_result result;

	snprintf(read_option, sizeof(read_option), "--read=%s", path);
	snprintf(number, sizeof(number), "%u", netns);
	program_run(&program, &result);
	if (result.status != 0 || count_lines(result.out) != 3 ||
	    !display_find(result.out,
			  "SYN_SENT -> CLOSE| refused ECONNREFUSED after |attempts 1") ||
	    !display_find(result.out,
			  "connect -> failed| unreachable ENETUNREACH after |attempts 0"))
		fail_msg("status %d, not a title and two failures: %s%s", result.status, result.out,
			 result.err);
	program_result_done(&result);
}

static void only_failed_connects_are_shown(struct suite *suite)
{
	char path[PATH_BYTES], write_option[PATH_BYTES + 16];
	const char *const args[] = { "--failed", write_option, NULL };
	struct stage_process process;
	struct tracer *tracer;

	snprintf(path, sizeof(path), "%.60s/failed", suite->scratch);
	snprintf(write_option, sizeof(write_option), "--write=%s", path);
	tracer = run_alone(suite, args, NET_V4, play_three, &process);
	expect_two_failures(tracer, process.facts->netns);
	expect_two_lines(suite, path, process.facts->netns);
	unlink(path);
	tracer_free(tracer);
	stage_free(&process);
}

static void play_after_pause(struct stage *stage)
{
	stage_pause(stage);
	play_three(stage);
}

/* Displays that are a second apart, until both are in one. */
static void expect_rows(struct suite *suite, const struct facts *facts, struct running *running)
{
	char refused[160], unreachable[160];

	snprintf(refused, sizeof(refused),
		 "\"pid\":%d,|\"reason\":\"refused\"|\"gone\":true|\"error\":\"ECONNREFUSED\"|"
		 "\"attempts\":1",
		 (int)facts->pid[ROLE_CLIENT]);
	snprintf(unreachable, sizeof(unreachable),
		 "\"pid\":%d,|\"reason\":\"unreachable\"|\"gone\":true|\"error\":\"ENETUNREACH\"|"
		 "\"attempts\":0",
		 (int)facts->pid[ROLE_CLIENT]);
	if (!display_wait(running, refused, suite_deadline_ms(suite, 20)))
		fail_msg("no row with %s", refused);
	if (!display_wait(running, unreachable, suite_deadline_ms(suite, 20)))
		fail_msg("no row with %s", unreachable);
}

/* A machine may have no socket, and a display then has no row. */
static int hold_socket(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static void failed_connects_are_among_what_has_closed(struct suite *suite)
{
	int held = hold_socket();
	struct stage_process process;
	struct program_result result;
	struct running running;
	struct command command;

	command_make(suite, "-anj 1", &command);
	program_start(&command.program, &running);
	if (!display_wait(&running, "\"display\":1", suite_deadline_ms(suite, 60)))
		fail_msg("no display");
	stage_start(suite, NET_V4, play_after_pause, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 30));
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_check(&process);
	expect_rows(suite, process.facts, &running);
	kill(running.pid, SIGINT);
	program_finish(&running, suite_deadline_ms(suite, 30), &result);
	assert_int_equal(result.status, 0);
	program_result_done(&result);
	close(held);
	stage_release(&process, suite_deadline_ms(suite, 10));
	stage_free(&process);
}

const struct test tests_failed[] = {
	{ .name = "only_failed_connects_are_shown", .run = only_failed_connects_are_shown },
	{ .name = "failed_connects_are_among_what_has_closed",
	  .run = failed_connects_are_among_what_has_closed },
	{ .name = NULL },
};
