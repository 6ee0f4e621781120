// SPDX-License-Identifier: GPL-2.0-or-later
/* `trace -- COMMAND`: its process tree, its exit status, and nobody else's connections. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

/* A port on which nobody listens, in whatever namespace this runs: connects are refused. */
#define REFUSING_PORT "1"

static struct tracer *trace_command(struct suite *suite, const char *const args[], int *ret_status)
{
	struct tracer *tracer;

	if (access(suite->shortlived, X_OK) < 0)
		skip_because("%s: %s", suite->shortlived, strerror(errno));
	tracer = tracer_spawn(suite, args);
	*ret_status = tracer_wait_exit(tracer, suite_deadline_ms(suite, 60));
	tracer_check_stream(tracer);
	return tracer;
}

static void expect_status(struct suite *suite, const char *const args[], int status)
{
	int seen;
	struct tracer *tracer = trace_command(suite, args, &seen);

	assert_int_equal(seen, status);
	tracer_free(tracer);
}

static void the_exit_status_is_the_commands(struct suite *suite)
{
	const char *const seven[] = { "--", suite->shortlived, "exit", "7", NULL };
	const char *const zero[] = { "--", suite->shortlived, "exit", "0", NULL };

	expect_status(suite, seven, 7);
	expect_status(suite, zero, 0);
}

static void a_killed_command_is_128_and_its_signal(struct suite *suite)
{
	const char *const killed[] = { "--", suite->shortlived, "kill", "9", NULL };
	const char *const ended[] = { "--", suite->shortlived, "kill", "15", NULL };

	expect_status(suite, killed, 128 + 9);
	expect_status(suite, ended, 128 + 15);
}

static void a_missing_command_is_said(struct suite *suite)
{
	const char *const args[] = { "--", "/nonexistent/program", NULL };
	struct tracer *tracer = tracer_spawn(suite, args);
	int status = tracer_wait_exit(tracer, suite_deadline_ms(suite, 60));
	char *said = tracer_stderr(tracer);
	bool named = said && strstr(said, "/nonexistent/program");

	if (!named || status == 0)
		fail_msg("status %d, stderr: %s", status, said ? said : "");
	free(said);
	tracer_free(tracer);
}

/* Traffic of others, all the while. */
static void play_noise(struct stage *stage)
{
	puppet_new(stage, ROLE_CLIENT);
	stage->facts->server_port = (uint16_t)must(
		stage, puppet_listen(puppet_new(stage, ROLE_SERVER), 0, 0, BACKLOG_AMPLE));
	play_connections(stage, 100);
	stage_pause(stage);
	play_connections(stage, 100);
}

/* Two connections by two children of a shell. */
static void only_the_tree_of_the_command_is_seen(struct suite *suite)
{
	char script[3 * 4096 + 100];
	const char *const args[] = { "--", "/bin/sh", "-c", script, NULL };
	struct stage_process process;
	struct tracer *tracer;
	size_t starts = 0;
	int status;

	snprintf(script, sizeof(script),
		 "%s hold 500; %s " REFUSING_PORT "; %s " REFUSING_PORT "; exit 5",
		 suite->shortlived, suite->shortlived, suite->shortlived);
	stage_start(suite, NET_V4, play_noise, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 30));
	stage_resume(&process);
	tracer = trace_command(suite, args, &status);
	assert_int_equal(status, 5);
	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);
		char exe[4096] = "";

		if (event->kind != LINE_STATE)
			continue;
		jsonline_string(event->text, "exe", exe, sizeof(exe));
		if (strcmp(exe, suite->shortlived) != 0)
			fail_msg("an event of another program: %s", event->text);
		starts += event->new == STATE_SYN_SENT;
	}
	assert_int_equal(starts, 2);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_release(&process, suite_deadline_ms(suite, 10));
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_command[] = {
	{ .name = "the_exit_status_is_the_commands", .run = the_exit_status_is_the_commands },
	{ .name = "a_killed_command_is_128_and_its_signal",
	  .run = a_killed_command_is_128_and_its_signal },
	{ .name = "a_missing_command_is_said", .run = a_missing_command_is_said },
	{ .name = "only_the_tree_of_the_command_is_seen",
	  .run = only_the_tree_of_the_command_is_seen },
	{ .name = NULL },
};
