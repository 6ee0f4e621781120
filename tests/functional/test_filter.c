// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters: only what matches comes, and all of it. Every filter has a tracer, all see one play. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define FILTERS_MAX 12
#define FILTER_BYTES 160

/* Two servers, ports[0] and ports[1]. Pause 1: they listen. Then one connection to each. */
static void play_two_servers(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	for (int i = 0; i < 2; i++)
		stage->facts->ports[i] = (uint16_t)must(stage, puppet_listen(server, i, 0, 8));
	stage_pause(stage);
	for (int i = 0; i < 2; i++) {
		must(stage, puppet_connect(client, 10, PLACE_LOOPBACK, stage->facts->ports[i]));
		must(stage, puppet_accept(server, i, 10));
		must(stage, puppet_close(client, 10));
		must(stage, puppet_recv(server, 10, -1));
		must(stage, puppet_close(server, 10));
	}
}

typedef bool (*event_matcher)(const struct event *event, const struct facts *facts);

static bool from_first(const struct event *event, const struct facts *facts)
{
	return event->lport == facts->ports[0];
}

static bool to_first(const struct event *event, const struct facts *facts)
{
	return event->rport == facts->ports[0];
}

static bool at_first(const struct event *event, const struct facts *facts)
{
	return from_first(event, facts) || to_first(event, facts);
}

static bool not_at_first(const struct event *event, const struct facts *facts)
{
	return !at_first(event, facts);
}

static bool to_loopback(const struct event *event, const struct facts *facts)
{
	char raddr[64] = "";

	(void)facts;
	jsonline_string(event->text, "raddr", raddr, sizeof(raddr));
	/* An IPv4 address also means its mapped form. */
	return strcmp(raddr, "127.0.0.1") == 0 || strcmp(raddr, "::ffff:127.0.0.1") == 0;
}

static bool of_client(const struct event *event, const struct facts *facts)
{
	return event->pid == facts->pid[ROLE_CLIENT];
}

static bool established(const struct event *event, const struct facts *facts)
{
	(void)facts;
	return event->new == STATE_ESTABLISHED;
}

static bool established_to_either(const struct event *event, const struct facts *facts)
{
	return established(event, facts) &&
	       (event->rport == facts->ports[0] || event->rport == facts->ports[1]);
}

static bool never(const struct event *event, const struct facts *facts)
{
	(void)event;
	(void)facts;
	return false;
}

/* The words, with %1$d and %2$d for the ports and %3$d for the client's pid. */
static const struct filter_case {
	const char *words;
	event_matcher matches;
} cases[] = {
	{ "sport = :%1$d", from_first },
	{ "dport = :%1$d", to_first },
	{ "dport == %1$d or sport == %1$d", at_first },
	{ "not ( sport = :%1$d or dport = :%1$d )", not_at_first },
	{ "dst 127.0.0.1", to_loopback },
	{ "dst 10.99.0.0/16", never },
	{ "pid %3$d", of_client },
	{ "state established", established },
	{ "( dport = :%1$d or dport = :%2$d ) and state established", established_to_either },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Odd ones as several arguments, even ones as one quoted word: both are allowed. */
static struct tracer *start_filtered(struct suite *suite, const char *filter, bool split)
{
	char words[FILTER_BYTES];
	const char *args[FILTERS_MAX * 2] = { filter };
	size_t count = 0;
	char *save = NULL;

	if (split) {
		snprintf(words, sizeof(words), "%s", filter);
		for (char *word = strtok_r(words, " ", &save); word && count < FILTERS_MAX * 2 - 1;
		     word = strtok_r(NULL, " ", &save))
			args[count++] = word;
	}
	return tracer_start(suite, args);
}

/* What this tracer shows must be what a tracer without a filter shows, of what matches. */
static size_t compare(const struct tracer *whole, const struct tracer *filtered, size_t index,
		      const struct facts *facts)
{
	size_t expected = 0, seen = 0, wrong = 0;

	for (size_t i = 0; i < tracer_count(whole); i++) {
		const struct event *event = tracer_event(whole, i);

		expected += event->kind == LINE_STATE && event->netns == facts->netns &&
			    cases[index].matches(event, facts);
	}
	for (size_t i = 0; i < tracer_count(filtered); i++) {
		const struct event *event = tracer_event(filtered, i);

		if (event->kind != LINE_STATE)
			continue;
		if (!cases[index].matches(event, facts) && wrong++ == 0)
			print_error("`%s` lets pass: %s\n", cases[index].words, event->text);
		seen += event->netns == facts->netns;
	}
	if (seen != expected) {
		print_error("`%s`: %zu events, not %zu\n", cases[index].words, seen, expected);
		trail_print_namespace(filtered, facts->netns);
		wrong++;
	}
	return wrong;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_filter(size_t index, const struct facts *facts, char out[FILTER_BYTES])
{
	snprintf(out, FILTER_BYTES, cases[index].words, (int)facts->ports[0], (int)facts->ports[1],
		 (int)facts->pid[ROLE_CLIENT]);
}
#pragma GCC diagnostic pop

static void only_what_matches_comes(struct suite *suite)
{
	struct tracer *filtered[CASES], *whole;
	struct stage_process process;
	char filter[FILTER_BYTES];
	size_t wrong = 0;

	stage_start(suite, NET_V4, play_two_servers, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	whole = tracer_start(suite, NULL);
	for (size_t i = 0; i < CASES; i++) {
		write_filter(i, process.facts, filter);
		filtered[i] = start_filtered(suite, filter, i % 2);
	}
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_check(&process);
	settle(suite, whole, &process);
	sleep_ms(suite_count(suite, 500, 3000));
	for (size_t i = 0; i < CASES; i++)
		assert_int_equal(tracer_stop(filtered[i]), 0);
	assert_int_equal(tracer_stop(whole), 0);
	for (size_t i = 0; i < CASES; i++) {
		tracer_check_stream(filtered[i]);
		wrong += compare(whole, filtered[i], i, process.facts);
	}
	assert_int_equal(wrong, 0);
	stage_free(&process);
	tracer_free_all(suite);
}

const struct test tests_filter[] = {
	{ .name = "only_what_matches_the_filter_comes", .run = only_what_matches_comes },
	{ .name = NULL },
};
