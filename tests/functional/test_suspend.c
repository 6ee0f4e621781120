// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine is suspended to RAM under a trace and woken by its own clock. Only in a virtual
 * machine that is there for this: tests/kernels/guest suspend.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define MEM_SLEEP "/sys/power/mem_sleep"
#define WAKE_ALARM "/sys/class/rtc/rtc0/wakealarm"
#define NSEC_PER_SEC 1000000000ll

/*
 * Until the alarm. If it came before the machine is asleep, nothing else would wake it: falling
 * asleep takes an emulated machine 0.3 s, and several where others run beside it.
 */
#define ALARM "+10"
/* What `ts` may be wrong by: what the wall clock of an emulated machine is, and no suspend. */
#define SLACK_NS NSEC_PER_SEC
#define ASLEEP_MIN_NS (2 * SLACK_NS)

/* When the play did what, by the wall clock: facts->number[]. */
enum moment {
	BEGAN,
	FELL_ASLEEP,
	WOKE_UP,
};

static long long clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* How long CLOCK_MONOTONIC has stood still since the machine was started. */
static long long asleep_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

/* Back when the machine has woken up. */
static void sleep_deeply(void)
{
	long long before_ns = asleep_ns(), slept_ns;
	int r = put(WAKE_ALARM, ALARM);

	if (r == 0)
		r = put("/sys/power/state", "mem");
	if (r < 0)
		fail_msg("suspend: %s", strerror(-r));
	slept_ns = asleep_ns() - before_ns;
	print_message("asleep for %lld ms\n", slept_ns / 1000000);
	if (slept_ns < ASLEEP_MIN_NS)
		fail_msg("that is too short to show anything");
}

/*
 * One connection is open across the suspend, another one begins as soon as it is over.
 * Pause 1: the first one is open. Pause 2: the second one, too.
 */
static void play_across(struct stage *stage)
{
	struct facts *facts = stage->facts;
	struct puppet *client, *server;

	facts->number[BEGAN] = clock_ns(CLOCK_REALTIME);
	establish(stage);
	client = stage->puppets[ROLE_CLIENT];
	server = stage->puppets[ROLE_SERVER];
	stage_pause(stage);
	facts->number[WOKE_UP] = clock_ns(CLOCK_REALTIME);
	must(stage, puppet_connect(client, 2, PLACE_LOOPBACK, facts->server_port));
	must(stage, puppet_accept(server, 0, 2));
	facts->ports[0] = (uint16_t)must(stage, puppet_port(client, 2));
	stage_pause(stage);
	sleep_ms(2500); /* so that there are two verifications */
	for (int slot = 1; slot <= 2; slot++) {
		must(stage, puppet_close(client, slot));
		must(stage, puppet_recv(server, slot, -1));
		must(stage, puppet_close(server, slot));
	}
}

/* "2026-11-24T00:11:22.123456789Z" */
static long long time_of(const struct event *event)
{
	char text[64] = "";
	struct tm parts = { 0 };
	const char *rest;

	jsonline_string(event->text, "ts", text, sizeof(text));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S.", &parts);
	if (!rest)
		fail_msg("no time in %s", event->text);
	return timegm(&parts) * NSEC_PER_SEC + strtoll(rest, NULL, 10);
}

static void expect_between(const struct event *event, long long from_ns, long long to_ns)
{
	long long ns = time_of(event);

	if (ns < from_ns - SLACK_NS || ns > to_ns + SLACK_NS)
		fail_msg("%lld ms after what came before, %lld ms before what came next: %s",
			 (ns - from_ns) / 1000000, (to_ns - ns) / 1000000, event->text);
}

/* The first `before` of its steps were before the suspend, the others after it. */
static void check_trail(const struct tracer *tracer, const struct facts *facts, int lport,
			int rport, const char *states, size_t before)
{
	struct trail trail;

	trail_find(tracer, facts->netns, lport, rport, 0, &trail);
	trail_expect_states(&trail, states);
	for (size_t i = 0; i < trail.count; i++)
		if (i < before)
			expect_between(trail.events[i], facts->number[BEGAN],
				       facts->number[FELL_ASLEEP]);
		else
			expect_between(trail.events[i], facts->number[WOKE_UP],
				       clock_ns(CLOCK_REALTIME));
}

static void check_verified(const struct tracer *tracer)
{
	const struct event *end = tracer_first(tracer, LINE_END);
	long long verified = -1, drift = -1;

	jsonline_number(end->text, "verified", &verified);
	jsonline_number(end->text, "drift", &drift);
	if (verified < 1 || (drift != 0 && !tracer_infers(tracer)))
		fail_msg("not verified, or wrong: %s", end->text);
}

static void need_suspend(void)
{
	const char *guest = getenv("SOCKWATCH_GUEST");
	int r;

	if (!guest || strcmp(guest, "suspend") != 0)
		skip_because("only virtual machines that are there for it are suspended");
	r = put(MEM_SLEEP, "deep");
	if (r < 0)
		skip_because("no suspend to RAM here: deep > " MEM_SLEEP ": %s", strerror(-r));
	r = put(WAKE_ALARM, "0");
	if (r < 0)
		skip_because("nothing would wake this machine: " WAKE_ALARM ": %s", strerror(-r));
}

/* The listener, and both ends of the first connection. */
static bool shows_first(const struct tracer *tracer, const void *arg)
{
	const struct facts *facts = arg;
	int count = 0;

	for (size_t i = 0; i < tracer_count(tracer); i++)
		count += tracer_event(tracer, i)->kind == LINE_STATE &&
			 tracer_event(tracer, i)->netns == facts->netns;
	return count == 5;
}

static void check_stream(struct tracer *tracer, const struct facts *facts)
{
	const struct trail_rules rules = { .infers = tracer_infers(tracer) };

	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	trail_check_namespace(tracer, facts->netns, &rules);
	check_trail(tracer, facts, facts->client_port, facts->server_port, ACTIVE_CLOSE, 2);
	check_trail(tracer, facts, facts->server_port, facts->client_port, PASSIVE_CLOSE, 2);
	check_trail(tracer, facts, facts->ports[0], facts->server_port, ACTIVE_CLOSE, 0);
	check_trail(tracer, facts, facts->server_port, facts->ports[0], PASSIVE_CLOSE, 0);
	check_witness(tracer, facts);
}

/* A second tracer reads nothing until the second connection is there: it learns last of all. */
static void a_suspend_moves_times_and_nothing_else(struct suite *suite)
{
	static const char *const args[] = { "--verify=1", NULL };
	struct tracer *tracers[2];
	struct stage_process process;

	need_suspend();
	tracers[0] = tracer_start(suite, args);
	tracers[1] = tracer_start(suite, NULL);
	stage_start(suite, NET_V4, play_across, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	for (int i = 0; i < 2; i++)
		if (!tracer_wait(tracers[i], shows_first, process.facts,
				 suite_deadline_ms(suite, 5)))
			fail_msg("the first connection is not shown");
	tracer_signal(tracers[1], SIGSTOP);
	process.facts->number[FELL_ASLEEP] = clock_ns(CLOCK_REALTIME);
	sleep_deeply();
	stage_resume(&process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	tracer_signal(tracers[1], SIGCONT);
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 20));
	stage_check(&process);
	for (int i = 0; i < 2; i++)
		settle(suite, tracers[i], &process);
	for (int i = 0; i < 2; i++)
		check_stream(tracers[i], process.facts);
	check_verified(tracers[0]);
	stage_free(&process);
	tracer_free_all(suite);
}

const struct test tests_suspend[] = {
	{ .name = "a_suspend_moves_times_and_nothing_else",
	  .run = a_suspend_moves_times_and_nothing_else },
	{ .name = NULL },
};
