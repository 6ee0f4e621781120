// SPDX-License-Identifier: GPL-2.0-or-later
/* Loss is said, counted and repaired: the tracer sleeps while its small ring overflows. */
#include <signal.h>
#include <string.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define LIVE 3
#define EXIT_LOST 3

/* Pause 1: live connections are open. Pause 2: the flood is over. Then the live ones close. */
static void play_flood(struct stage *stage)
{
	struct puppet *server, *client;

	establish(stage);
	server = stage->puppets[ROLE_SERVER];
	client = stage->puppets[ROLE_CLIENT];
	stage->facts->ports[1] = stage->facts->client_port;
	for (int i = 2; i <= LIVE; i++) {
		must(stage, puppet_connect(client, i, PLACE_LOOPBACK, stage->facts->server_port));
		must(stage, puppet_accept(server, 0, i));
		stage->facts->ports[i] = (uint16_t)must(stage, puppet_port(client, i));
	}
	stage_pause(stage);
	play_connections(stage, suite_count(stage->suite, 3000, 600));
	stage_pause(stage);
	for (int i = 1; i <= LIVE; i++) {
		must(stage, puppet_close(client, i));
		must(stage, puppet_recv(server, i, -1));
		must(stage, puppet_close(server, i));
	}
}

static bool has_resynced(const struct tracer *tracer, const void *arg)
{
	(void)arg;
	return tracer_first(tracer, LINE_RESYNC) != NULL;
}

static struct tracer *trace_the_flood(struct suite *suite, const char *const args[],
				      struct stage_process *ret_process)
{
	struct tracer *tracer = tracer_start(suite, args);
	int patience = suite_deadline_ms(suite, 60);

	stage_start(suite, NET_V4, play_flood, ret_process);
	stage_wait_pause(ret_process, patience);
	sleep_ms(300); /* what led here must be read before it sleeps */
	tracer_signal(tracer, SIGSTOP);
	stage_resume(ret_process);
	stage_wait_pause(ret_process, patience);
	tracer_signal(tracer, SIGCONT);
	if (!tracer_wait(tracer, has_resynced, NULL, suite_deadline_ms(suite, 20)))
		fail_msg("no `resync` event after the ring overflowed");
	stage_resume(ret_process);
	stage_wait_done(ret_process, patience);
	stage_check(ret_process);
	settle(suite, tracer, ret_process);
	return tracer;
}

static long long end_lost(const struct tracer *tracer)
{
	const struct event *end = tracer_first(tracer, LINE_END);
	long long lost = -1;

	if (end)
		jsonline_number(end->text, "lost", &lost);
	return lost;
}

/* The sum of the `lost` events, all of which come before the last repair. */
static long long told_lost(const struct tracer *tracer)
{
	long long sum = 0;

	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);
		long long count = 0;

		if (event->kind != LINE_LOST)
			continue;
		if (!jsonline_number(event->text, "count", &count) || count <= 0)
			fail_msg("a loss of nothing: %s", event->text);
		sum += count;
	}
	return sum;
}

static void check_live(struct suite *suite, const struct tracer *tracer, const struct facts *facts)
{
	const struct trail_rules rules = { .infers = true, .resynced = true };
	struct trail trail;

	for (int i = 1; i <= LIVE; i++) {
		trail_find(tracer, facts->netns, facts->ports[i], facts->server_port, 0, &trail);
		trail_expect_states(&trail, ACTIVE_CLOSE);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], suite->self);
		trail_find(tracer, facts->netns, facts->server_port, facts->ports[i], 0, &trail);
		trail_expect_states(&trail, PASSIVE_CLOSE);
	}
	trail_check_namespace(tracer, facts->netns, &rules);
}

static void a_loss_is_counted_and_repaired(struct suite *suite)
{
	static const char *const args[] = { "--ring-size=64K", "--strict", NULL };
	struct stage_process process;
	struct tracer *tracer = trace_the_flood(suite, args, &process);

	assert_int_equal(tracer_stop(tracer), EXIT_LOST);
	assert_non_null(tracer_first(tracer, LINE_LOST));
	assert_true(end_lost(tracer) > 0);
	assert_int_equal(told_lost(tracer), end_lost(tracer));
	check_live(suite, tracer, process.facts);
	stage_free(&process);
	tracer_free(tracer);
}

static void a_loss_without_strict_ends_with_0(struct suite *suite)
{
	static const char *const args[] = { "--ring-size=64K", NULL };
	struct stage_process process;
	struct tracer *tracer = trace_the_flood(suite, args, &process);

	assert_int_equal(tracer_stop(tracer), 0);
	assert_true(end_lost(tracer) > 0);
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_loss[] = {
	{ .name = "a_loss_is_counted_and_repaired", .run = a_loss_is_counted_and_repaired },
	{ .name = "a_loss_without_strict_ends_with_0", .run = a_loss_without_strict_ends_with_0 },
	{ .name = NULL },
};
