// SPDX-License-Identifier: GPL-2.0-or-later
/* Trails: finding them among the events, and judging them. */
#define _GNU_SOURCE
#include "trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonline.h"
#include "suite.h"

/* A failure needs the events around it, not a megabyte of them. */
#define PRINT_MAX 80

static bool port_fits(int wanted, int port)
{
	return wanted == PORT_ANY || (wanted == PORT_NONE ? port <= 0 : wanted == port);
}

/* The first transition of a connection shows its ports; later lives have another generation. */
static bool begins(const struct event *event)
{
	return event->kind == LINE_EXISTS ||
	       (event->kind == LINE_STATE &&
		(event->old == STATE_CLOSE ||
		 (event->old == STATE_LISTEN && event->new == STATE_SYN_RECV)));
}

static const struct event *nth_begin(const struct tracer *tracer, unsigned int netns, int lport,
				     int rport, size_t nth, size_t *ret_found)
{
	size_t count = tracer_count(tracer);
	const struct event *result = NULL;

	*ret_found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->netns != netns || !begins(event) || !port_fits(lport, event->lport) ||
		    !port_fits(rport, event->rport))
			continue;
		if (++*ret_found == nth)
			result = event;
	}
	return result;
}

size_t trail_matches(const struct tracer *tracer, unsigned int netns, int lport, int rport)
{
	size_t found;

	nth_begin(tracer, netns, lport, rport, 0, &found);
	return found;
}

static void add_event(struct trail *trail, const struct event *event)
{
	if (event->kind == LINE_EXISTS) {
		trail->existed = true;
		return;
	}
	if (event->kind != LINE_STATE)
		return;
	if (trail->count < TRAIL_MAX)
		trail->events[trail->count] = event;
	trail->count++;
}

void trail_of(const struct tracer *tracer, uint64_t cookie, int gen, struct trail *ret_trail)
{
	size_t count = tracer_count(tracer);

	*ret_trail = (struct trail){ .tracer = tracer, .cookie = cookie, .gen = gen };
	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->cookie != cookie || event->gen != gen)
			continue;
		ret_trail->netns = event->netns;
		add_event(ret_trail, event);
	}
}

void trail_find(const struct tracer *tracer, unsigned int netns, int lport, int rport, int life,
		struct trail *ret_trail)
{
	size_t found;
	const struct event *event =
		nth_begin(tracer, netns, lport, rport, life > 0 ? (size_t)life : 1, &found);

	if (!event || (life <= 0 && found > 1)) {
		trail_print_namespace(tracer, netns);
		fail_msg("%zu connections with ports %d and %d in namespace %u", found, lport,
			 rport, netns);
	}
	trail_of(tracer, event->cookie, event->gen, ret_trail);
}

void trail_print(const struct trail *trail)
{
	print_error("connection cookie %llu gen %d:\n", (unsigned long long)trail->cookie,
		    trail->gen);
	for (size_t i = 0; i < trail->count && i < TRAIL_MAX; i++)
		print_error("  %s\n", trail->events[i]->text);
}

void trail_print_namespace(const struct tracer *tracer, unsigned int netns)
{
	size_t count = tracer_count(tracer), printed = 0;

	print_error("events of namespace %u:\n", netns);
	for (size_t i = 0; i < count && printed < PRINT_MAX; i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->netns != netns && event->kind != LINE_LOST && event->kind != LINE_RESYNC)
			continue;
		print_error("  %s\n", event->text);
		printed++;
	}
	if (printed == PRINT_MAX)
		print_error("  ...\n");
}

static bool may_be_inferred(const struct event *event, const struct trail_rules *rules)
{
	if (rules->resynced || rules->hidden)
		return true;
	/* connect() to another peer gives up the first one. */
	if (event->udp && event->old == STATE_ESTABLISHED && event->new == STATE_UNCONN)
		return true;
	return rules->infers && (event->new == STATE_TIME_WAIT || event->old == STATE_TIME_WAIT ||
				 event->old == STATE_FIN_WAIT2 ||
				 (event->old == STATE_SYN_RECV && event->new == STATE_CLOSE) ||
				 (rules->unborn && event->new == STATE_SYN_RECV));
}

static const char *missing_key(const struct event *event)
{
	static const char *const keys[] = { "ts",     "proto",	   "family", "laddr",
					    "lport",  "raddr",	   "rport",  "pid",
					    "comm",   "exe",	   "uid",    "netns",
					    "cgroup", "container", "cookie", "gen" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!jsonline_has(event->text, keys[i]))
			return keys[i];
	return NULL;
}

static const char *missing_last_key(const struct event *event)
{
	static const char *const keys[] = { "reason", "duration_us", "rx_bytes", "tx_bytes",
					    "rtt_us", "retrans",     "error" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!jsonline_has(event->text, keys[i]))
			return keys[i];
	return NULL;
}

static bool times_ascend(const struct event *before, const struct event *after)
{
	char earlier[64], later[64];

	return jsonline_string(before->text, "ts", earlier, sizeof(earlier)) &&
	       jsonline_string(after->text, "ts", later, sizeof(later)) &&
	       strcmp(earlier, later) <= 0;
}

static const char *event_problem(const struct event *event, const struct trail_rules *rules)
{
	static char text[100];
	const char *key = missing_key(event);

	if (key) {
		snprintf(text, sizeof(text), "an event has no key `%s`", key);
		return text;
	}
	if (event->old == STATE_UNKNOWN || event->new == STATE_UNKNOWN)
		return "old or new is no state";
	if (event->old == event->new)
		return "a transition to the same state";
	if (event->gen < 1)
		return "gen is not from 1";
	if (event->cookie == 0 || event->cookie == UINT64_MAX)
		return "no cookie";
	if (event->family != 4 && event->family != 6)
		return "family is neither 4 nor 6";
	if (event->lport == 0)
		return "lport is 0: unknown is null";
	if (event->inferred && !may_be_inferred(event, rules))
		return "an inferred event where the kernel shows it";
	return NULL;
}

static bool is_listener(const struct trail *trail)
{
	return trail->events[0]->old == STATE_LISTEN ? trail->events[0]->new == STATE_CLOSE
						     : trail->events[0]->new == STATE_LISTEN;
}

static const char *order_problem(const struct trail *trail)
{
	for (size_t i = 1; i < trail->count; i++) {
		const struct event *event = trail->events[i], *before = trail->events[i - 1];

		if (before->new == STATE_CLOSE)
			return "an event after CLOSE";
		if (event->old != before->new)
			return "not contiguous";
		if (!times_ascend(before, event))
			return "time runs backwards";
		if (event->lport != before->lport)
			return "lport changes";
		/* A UDP socket gets and loses its peer. */
		if (event->rport != before->rport && !event->udp)
			return "rport changes";
	}
	return NULL;
}

static const char *end_problem(const struct trail *trail, const struct trail_rules *rules)
{
	const struct event *last = trail->events[trail->count - 1];
	static char text[100];
	const char *key;

	if (last->new != STATE_CLOSE)
		return rules->open ? NULL : "it never came to CLOSE";
	if (is_listener(trail))
		return NULL;
	key = missing_last_key(last);
	if (key) {
		snprintf(text, sizeof(text), "the last event has no key `%s`", key);
		return text;
	}
	return NULL;
}

const char *trail_problem(const struct trail *trail, const struct trail_rules *rules)
{
	const struct event *first = trail->events[0];
	const char *problem;

	if (trail->count == 0)
		return trail->existed ? NULL : "no event";
	if (trail->count > TRAIL_MAX)
		return "too many events";
	if (!begins(first) && !trail->existed && !rules->resynced)
		return "it does not begin with CLOSE, nor as a listener's child";
	for (size_t i = 0; i < trail->count; i++) {
		problem = event_problem(trail->events[i], rules);
		if (problem)
			return problem;
		if (i + 1 < trail->count && jsonline_has(trail->events[i]->text, "reason") &&
		    !jsonline_is_null(trail->events[i]->text, "reason"))
			return "a reason before the last event";
	}
	/* A connect() that failed before the port was chosen has none. */
	if (first->lport < 0 && trail_index(trail, STATE_SYN_SENT) >= 0 && trail->count > 2)
		return "no lport";
	problem = order_problem(trail);
	return problem ? problem : end_problem(trail, rules);
}

struct sorted {
	const struct event *event;
	size_t index;
};

static int compare(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;

	if (a->event->cookie != b->event->cookie)
		return a->event->cookie < b->event->cookie ? -1 : 1;
	if (a->event->gen != b->event->gen)
		return a->event->gen < b->event->gen ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

void trail_walk(const struct tracer *tracer, unsigned int netns,
		void (*visit)(const struct trail *trail, void *arg), void *arg)
{
	size_t count = tracer_count(tracer), used = 0;
	struct sorted *sorted = calloc(count ? count : 1, sizeof(*sorted));

	if (!sorted)
		fail_msg("out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->netns == netns &&
		    (event->kind == LINE_STATE || event->kind == LINE_EXISTS))
			sorted[used++] = (struct sorted){ event, i };
	}
	qsort(sorted, used, sizeof(*sorted), compare);
	for (size_t i = 0; i < used;) {
		struct trail trail = { .tracer = tracer,
				       .netns = netns,
				       .cookie = sorted[i].event->cookie,
				       .gen = sorted[i].event->gen };

		for (; i < used && sorted[i].event->cookie == trail.cookie &&
		       sorted[i].event->gen == trail.gen;
		     i++)
			add_event(&trail, sorted[i].event);
		visit(&trail, arg);
	}
	free(sorted);
}

struct judgement {
	const struct trail_rules *rules;
	struct trail first_bad;
	char problem[128];
	size_t bad;
};

static void judge(const struct trail *trail, void *arg)
{
	struct judgement *judgement = arg;
	const char *problem = trail_problem(trail, judgement->rules);

	if (problem && judgement->bad++ == 0) {
		judgement->first_bad = *trail;
		snprintf(judgement->problem, sizeof(judgement->problem), "%s", problem);
	}
}

void trail_check_namespace(const struct tracer *tracer, unsigned int netns,
			   const struct trail_rules *rules)
{
	struct judgement judgement = { .rules = rules };

	trail_walk(tracer, netns, judge, &judgement);
	if (judgement.bad == 0)
		return;
	trail_print(&judgement.first_bad);
	fail_msg("%zu bad connections in the namespace; the first: %s", judgement.bad,
		 judgement.problem);
}

void trail_expect_states(const struct trail *trail, const char *states)
{
	char seen[TRAIL_MAX * 16] = "";
	size_t used = 0;

	for (size_t i = 0; i < trail->count && i < TRAIL_MAX; i++) {
		const struct event *event = trail->events[i];

		/* A gap shows as "A B | C D". */
		if (i == 0)
			used += (size_t)snprintf(seen + used, sizeof(seen) - used, "%s",
						 state_name(event->old));
		else if (event->old != trail->events[i - 1]->new)
			used += (size_t)snprintf(seen + used, sizeof(seen) - used, " | %s",
						 state_name(event->old));
		used += (size_t)snprintf(seen + used, sizeof(seen) - used, " %s",
					 state_name(event->new));
		if (used >= sizeof(seen) - 40)
			break;
	}
	if (strcmp(seen, states) == 0)
		return;
	trail_print(trail);
	fail_msg("states are %s, not %s", seen, states);
}

void trail_expect_owner(const struct trail *trail, int from, long pid, const char *exe)
{
	size_t begin = from < 0 ? trail->count - (size_t)-from : (size_t)from;

	for (size_t i = begin; i < trail->count && i < TRAIL_MAX; i++) {
		const struct event *event = trail->events[i];
		char path[4096] = "(none)";

		if (event->pid == pid &&
		    (!exe || (jsonline_string(event->text, "exe", path, sizeof(path)) &&
			      strcmp(path, exe) == 0)))
			continue;
		jsonline_string(event->text, "exe", path, sizeof(path));
		trail_print(trail);
		fail_msg("event %zu names pid %lld, %s; the owner is pid %ld, %s", i, event->pid,
			 path, pid, exe ? exe : "(any)");
	}
}

long long trail_last_number(const struct trail *trail, const char *key)
{
	long long value = -1;

	if (trail->count > 0 && trail->count <= TRAIL_MAX)
		jsonline_number(trail->events[trail->count - 1]->text, key, &value);
	return value;
}

void trail_expect_number(const struct trail *trail, const char *key, long long value)
{
	if (trail_last_number(trail, key) == value)
		return;
	trail_print(trail);
	fail_msg("`%s` of the last event is not %lld", key, value);
}

void trail_expect_text(const struct trail *trail, const char *key, const char *text)
{
	char value[256] = "(none)";

	if (trail->count > 0 && trail->count <= TRAIL_MAX)
		jsonline_string(trail->events[trail->count - 1]->text, key, value, sizeof(value));
	if (strcmp(value, text) == 0)
		return;
	trail_print(trail);
	fail_msg("`%s` of the last event is %s, not %s", key, value, text);
}

int trail_index(const struct trail *trail, enum state state)
{
	for (size_t i = 0; i < trail->count && i < TRAIL_MAX; i++)
		if (trail->events[i]->new == state)
			return (int)i;
	return -1;
}
