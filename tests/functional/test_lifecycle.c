// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting and ending: nothing stays behind, two do not disturb each other, events come at once. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonline.h"
#include "objects.h"
#include "scenario.h"
#include "traffic.h"

/* The kernel frees programs and maps after grace periods, and links after those. */
#define SETTLE_SECONDS 5

static void expect_nothing_left(struct suite *suite, const struct objects *before)
{
	static struct objects now;
	int limit = suite_deadline_ms(suite, SETTLE_SECONDS);

	for (int waited = 0; waited < limit; waited += 100) {
		objects_read(&now);
		if (objects_added(before, &now, 0) == 0)
			return;
		sleep_ms(100);
	}
	fail_msg("%zu BPF objects are left", objects_added(before, &now, 1));
}

static void nothing_stays_after_20_runs(struct suite *suite)
{
	static struct objects before;
	unsigned int rounds = suite_count(suite, 20, 5);

	objects_read(&before);
	for (unsigned int i = 0; i < rounds; i++) {
		struct tracer *tracer = tracer_start(suite, NULL);

		assert_int_equal(tracer_stop(tracer), 0);
		tracer_check_stream(tracer);
		tracer_free(tracer);
	}
	expect_nothing_left(suite, &before);
}

static void nothing_stays_after_kill_9(struct suite *suite)
{
	static struct objects before, during;
	struct tracer *tracer;

	objects_read(&before);
	tracer = tracer_start(suite, NULL);
	objects_read(&during);
	assert_true(objects_added(&before, &during, 0) > 0);
	tracer_signal(tracer, SIGKILL);
	assert_int_equal(tracer_wait_exit(tracer, suite_deadline_ms(suite, 5)), 128 + SIGKILL);
	tracer_free(tracer);
	expect_nothing_left(suite, &before);
}

/* The second Ctrl-C does not wait for anything. */
static void a_second_interrupt_ends_it_at_once(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	int status;

	tracer_signal(tracer, SIGINT);
	tracer_signal(tracer, SIGINT);
	status = tracer_wait_exit(tracer, suite_deadline_ms(suite, 10));
	/* Two that arrive as one are one. */
	assert_true(status == 0 || status == 130);
	tracer_free(tracer);
}

static void sigterm_ends_it_in_order(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);

	tracer_signal(tracer, SIGTERM);
	assert_int_equal(tracer_wait_exit(tracer, suite_deadline_ms(suite, 10)), 0);
	tracer_check_stream(tracer);
	tracer_free(tracer);
}

struct pair {
	const struct tracer *other;
	struct trail differs;
	size_t different, same;
};

/* One cookie, one generation, the same steps of the same process. */
static void compare_trails(const struct trail *trail, void *arg)
{
	struct pair *pair = arg;
	struct trail twin;
	bool equal;

	trail_of(pair->other, trail->cookie, trail->gen, &twin);
	equal = twin.count == trail->count;
	for (size_t i = 0; equal && i < trail->count && i < TRAIL_MAX; i++)
		equal = twin.events[i]->old == trail->events[i]->old &&
			twin.events[i]->new == trail->events[i]->new &&twin.events[i]->pid ==
				trail->events[i]->pid &&twin.events[i]->lport ==
				trail->events[i]->lport;
	pair->same += equal;
	if (!equal && pair->different++ == 0)
		pair->differs = *trail;
}

static void two_tracers_see_the_same(struct suite *suite)
{
	struct tracer *first = tracer_start(suite, NULL);
	struct tracer *second = tracer_start(suite, NULL);
	struct pair pair = { .other = second };
	struct stage_process process;

	stage_start(suite, NET_V4, play_one_connection, &process);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_check(&process);
	settle(suite, first, &process);
	tracer_wait_closed(second, process.facts->netns, suite_deadline_ms(suite, 10));
	assert_int_equal(tracer_stop(first), 0);
	assert_int_equal(tracer_stop(second), 0);
	tracer_check_stream(first);
	tracer_check_stream(second);
	trail_walk(first, process.facts->netns, compare_trails, &pair);
	if (pair.different > 0) {
		trail_print(&pair.differs);
		trail_print_namespace(second, process.facts->netns);
		fail_msg("%zu connections differ between two tracers", pair.different);
	}
	assert_int_equal(pair.same, 3); /* both ends and the listener */
	stage_free(&process);
	tracer_free_all(suite);
}

#define SAMPLES 21

static void play_samples(struct stage *stage)
{
	struct facts *facts = stage->facts;
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	facts->server_port = (uint16_t)must(
		stage, puppet_listen(puppet_new(stage, ROLE_SERVER), 0, 0, BACKLOG_AMPLE));
	for (int i = 0; i < SAMPLES; i++) {
		sleep_ms(70);
		facts->times_ns[i] = now_ns();
		must(stage, puppet_connect(client, i, PLACE_LOOPBACK, facts->server_port));
		facts->ports[i] = (uint16_t)must(stage, puppet_port(client, i));
	}
}

static int compare_times(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void an_event_shows_within_50_ms(struct suite *suite)
{
	struct stage_process process;
	uint64_t delays[SAMPLES];
	struct tracer *tracer;

	if (suite->emulated)
		skip_because("emulated: no timing here is true");
	tracer = run_alone(suite, NULL, NET_V4, play_samples, &process);
	for (int i = 0; i < SAMPLES; i++) {
		struct trail trail;

		trail_find(tracer, process.facts->netns, process.facts->ports[i],
			   process.facts->server_port, 0, &trail);
		delays[i] = trail.events[0]->arrived_ns - process.facts->times_ns[i];
	}
	qsort(delays, SAMPLES, sizeof(delays[0]), compare_times);
	if (delays[SAMPLES / 2] > 50000000)
		fail_msg("the median delay is %llu us",
			 (unsigned long long)delays[SAMPLES / 2] / 1000);
	stage_free(&process);
	tracer_free(tracer);
}

static void the_start_line_tells_what_runs(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	const struct event *start = tracer_first(tracer, LINE_START);
	char mode[32] = "", version[64] = "";

	jsonline_string(start->text, "mode", mode, sizeof(mode));
	jsonline_string(start->text, "version", version, sizeof(version));
	if (strcmp(mode, "tracepoint") != 0 && strcmp(mode, "trampoline") != 0)
		fail_msg("no mode: %s", start->text);
	if (strcmp(suite->mode, "auto") != 0 && strcmp(suite->mode, mode) != 0)
		fail_msg("not the mode %s that was asked for: %s", suite->mode, start->text);
	if (!version[0] || !jsonline_has(start->text, "hooks") || !jsonline_has(start->text, "ts"))
		fail_msg("no version, hooks or ts: %s", start->text);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	tracer_free(tracer);
}

const struct test tests_lifecycle[] = {
	{ .name = "the_start_line_tells_what_runs", .run = the_start_line_tells_what_runs },
	{ .name = "nothing_stays_after_20_runs", .run = nothing_stays_after_20_runs },
	{ .name = "nothing_stays_after_kill_9", .run = nothing_stays_after_kill_9 },
	{ .name = "a_second_interrupt_ends_it_at_once", .run = a_second_interrupt_ends_it_at_once },
	{ .name = "sigterm_ends_it_in_order", .run = sigterm_ends_it_in_order },
	{ .name = "two_tracers_see_the_same", .run = two_tracers_see_the_same },
	{ .name = "an_event_shows_within_50_ms", .run = an_event_shows_within_50_ms },
	{ .name = NULL },
};
