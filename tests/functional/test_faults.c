// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What goes wrong around a trace: a consumer that sleeps, a reader that does not read, a full disk,
 * namespaces and processes that are gone before a look gets there, a clock that is set back, and a
 * flood meant to hide something. test_loss.c has the ring that overflows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jsonline.h"
#include "program.h"
#include "scenario.h"
#include "traffic.h"

#define HOUR_S 3600

static long long end_number(const struct tracer *tracer, const char *key)
{
	const struct event *end = tracer_first(tracer, LINE_END);
	long long value = -1;

	if (end)
		jsonline_number(end->text, key, &value);
	return value;
}

static void end_well(struct suite *suite, struct tracer *tracer, struct stage_process *process)
{
	settle(suite, tracer, process);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	check_witness(tracer, process->facts);
}

static void end_all(struct tracer *tracer, struct stage_process *process)
{
	stage_free(process);
	tracer_free(tracer);
}

/* ---- nobody takes what there is ----------------------------------------------------------------
 */

/* Pause 1: both puppets are there. */
static void play_many(struct stage *stage)
{
	establish(stage);
	stage_pause(stage);
	play_connections(stage, suite_count(stage->suite, 1000, 100));
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void sleep_through(struct suite *suite, bool stop)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	struct stage_process process;

	stage_start(suite, NET_V4, play_many, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 60));
	if (stop)
		tracer_signal(tracer, SIGSTOP);
	else
		tracer_pause_reading(tracer, true);
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 60));
	sleep_ms(5000);
	if (stop)
		tracer_signal(tracer, SIGCONT);
	else
		tracer_pause_reading(tracer, false);
	stage_check(&process);
	end_well(suite, tracer, &process);
	end_all(tracer, &process);
}

static void a_stop_of_five_seconds_loses_nothing(struct suite *suite)
{
	sleep_through(suite, true);
}

static void a_reader_that_sleeps_loses_nothing(struct suite *suite)
{
	sleep_through(suite, false);
}

static void a_recording_on_a_full_disk_is_told(struct suite *suite)
{
	const struct program program = { .args = { suite->sockwatch, "trace", "-j",
						   "--write=/dev/full", "--", "/bin/true" },
					 .timeout_ms = suite_deadline_ms(suite, 20) };
	struct program_result result;

	program_run(&program, &result);
	if (result.status != EXIT_FAILURE || !strstr(result.err, "/dev/full"))
		fail_msg("status %d, stderr %s", result.status, result.err);
	program_result_done(&result);
}

/* ---- gone before the look is there --------------------------------------------------------------
 */

static void live_and_vanish(struct hands *hands)
{
	if (unshare(CLONE_NEWNET) < 0 || op_socket(hands, (const long[4]){ 1 }) < 0 ||
	    op_bind(hands, (const long[4]){ 1, PLACE_ANY, 0 }) < 0)
		_exit(1);
	_exit(op_listen(hands, (const long[4]){ 1, 8 }) < 0);
}

/* args: how many namespaces, each with a process of its own, come and go. */
static long op_churn(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[0]; i++) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			return -errno;
		if (pid == 0)
			live_and_vanish(hands);
		if (waitpid(pid, &status, 0) < 0 || status != 0)
			return -EIO;
	}
	return args[0];
}

static void play_churn(struct stage *stage)
{
	long count = suite_count(stage->suite, 300, 60);

	establish(stage);
	puppet_begin(puppet_new(stage, ROLE_HELPER), op_churn, count, 0, 0, 0);
	play_connections(stage, count);
	must(stage, puppet_finish(stage->puppets[ROLE_HELPER]));
	sleep_ms(2500); /* so that there are two looks */
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void looks_stand_what_vanishes_meanwhile(struct suite *suite)
{
	static const char *const args[] = { "--verify=1", NULL };
	struct stage_process process;
	struct tracer *tracer = tracer_start(suite, args);

	stage_start(suite, NET_V4, play_churn, &process);
	stage_wait_done(&process, suite_deadline_ms(suite, 60));
	stage_check(&process);
	end_well(suite, tracer, &process);
	assert_true(end_number(tracer, "verified") >= 1);
	/* Where the kernel hides steps from the hooks, verification is what finds them. */
	if (!tracer_infers(tracer))
		assert_int_equal(end_number(tracer, "drift"), 0);
	end_all(tracer, &process);
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

static bool step_clock(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	return clock_settime(CLOCK_REALTIME, &now) == 0;
}

/* Pause 1: it is open. */
static void play_across(struct stage *stage)
{
	establish(stage);
	stage_pause(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

/* The hour of an event, as its line has it. */
static int hour_of(const struct event *event)
{
	char text[64] = "";

	jsonline_string(event->text, "ts", text, sizeof(text));
	return strlen(text) > 13 ? atoi(text + 11) : -1;
}

static void check_across(const struct tracer *tracer, const struct facts *facts)
{
	struct trail trail;
	int before, after;

	trail_find(tracer, facts->netns, facts->server_port, facts->client_port, 0, &trail);
	trail_expect_states(&trail, PASSIVE_CLOSE);
	before = hour_of(trail.events[0]);
	after = hour_of(trail.events[trail.count - 1]);
	/* The minute may have been the last of its hour. */
	if ((before - after + 24) % 24 != 1 && (before - after + 24) % 24 != 0)
		fail_msg("the clock was set back by an hour: from %s to %s", trail.events[0]->text,
			 trail.events[trail.count - 1]->text);
	assert_true(strcmp(trail.events[0]->text, trail.events[trail.count - 1]->text) > 0);
	assert_true(trail_last_number(&trail, "duration_us") >= 0);
	assert_true(trail_last_number(&trail, "duration_us") < 600ll * 1000000);
}

/* Only where the clock is nobody else's: in a virtual machine of tests/kernels. */
static void a_clock_set_back_moves_times_and_nothing_else(struct suite *suite)
{
	struct stage_process process;
	struct tracer *tracer;

	if (!getenv("SOCKWATCH_GUEST"))
		skip_because("the clock is set in virtual machines only");
	tracer = tracer_start(suite, NULL);
	stage_start(suite, NET_V4, play_across, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 60));
	assert_true(step_clock(-HOUR_S));
	sleep_ms(1500); /* an idle trace looks at the clock every half second */
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 60));
	stage_check(&process);
	settle(suite, tracer, &process);
	assert_true(step_clock(HOUR_S));
	assert_int_equal(tracer_stop(tracer), 0);
	assert_int_equal(end_number(tracer, "lost"), 0);
	check_across(tracer, process.facts);
	end_all(tracer, &process);
}

/* ---- hidden in a flood --------------------------------------------------------------------------
 */

/* Pause 1: the victim is there. Pause 2: it is connected. Then the flood, then its end. */
static void play_flood(struct stage *stage)
{
	struct puppet *victim = puppet_new(stage, ROLE_HELPER);

	stage_pause(stage);
	establish(stage);
	must(stage, puppet_connect(victim, 1, PLACE_LOOPBACK, stage->facts->server_port));
	must(stage, puppet_accept(stage->puppets[ROLE_SERVER], 0, 2));
	stage->facts->ports[0] = (uint16_t)must(stage, puppet_port(victim, 1));
	play_connections(stage, suite_count(stage->suite, 50000, 1500));
	must(stage, puppet_close(victim, 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 2, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 2));
}

/* Only the victim is printed, but the table has to take all of it. */
static void a_flood_hides_no_connection_and_takes_no_name(struct suite *suite)
{
	struct stage_process process;
	struct tracer *tracer;
	struct trail trail;
	char filter[64];
	const char *const args[] = { filter, NULL };

	stage_start(suite, NET_V4, play_flood, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 30));
	snprintf(filter, sizeof(filter), "pid = %d", (int)process.facts->pid[ROLE_HELPER]);
	tracer = tracer_start(suite, args);
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 120));
	stage_check(&process);
	settle(suite, tracer, &process);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	trail_find(tracer, process.facts->netns, process.facts->ports[0],
		   process.facts->server_port, 0, &trail);
	trail_expect_states(&trail, ACTIVE_CLOSE);
	trail_expect_owner(&trail, 0, process.facts->pid[ROLE_HELPER], suite->self);
	end_all(tracer, &process);
}

const struct test tests_faults[] = {
	{ .name = "a_stop_of_five_seconds_loses_nothing",
	  .run = a_stop_of_five_seconds_loses_nothing },
	{ .name = "a_reader_that_sleeps_loses_nothing", .run = a_reader_that_sleeps_loses_nothing },
	{ .name = "a_recording_on_a_full_disk_is_told", .run = a_recording_on_a_full_disk_is_told },
	{ .name = "looks_stand_what_vanishes_meanwhile",
	  .run = looks_stand_what_vanishes_meanwhile },
	{ .name = "a_clock_set_back_moves_times_and_nothing_else",
	  .run = a_clock_set_back_moves_times_and_nothing_else },
	{ .name = "a_flood_hides_no_connection_and_takes_no_name",
	  .run = a_flood_hides_no_connection_and_takes_no_name },
	{ .name = NULL },
};
