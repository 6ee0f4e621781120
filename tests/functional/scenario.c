// SPDX-License-Identifier: GPL-2.0-or-later
/* Plays all scenarios at once under one tracer, and makes a cmocka test of each. */
#define _GNU_SOURCE
#include "scenario.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCES_MAX 256
/* Stages that play at the same time. The others wait for their turn. */
#define PARALLEL 4

/* A scenario on one kind of network. */
struct instance {
	const struct scenario *scenario;
	struct run run;
	struct stage_process process;
	char name[160];
	bool started;
};

struct company {
	struct suite *suite;
	struct tracer *tracer;
	struct instance instances[INSTANCES_MAX];
	size_t count;
	bool played;
};

/* cmocka gives a test one pointer. */
struct seat {
	struct company *company;
	struct instance *instance;
};

static void add_table(struct company *company, const struct scenario *table, const char *filter)
{
	for (; table->name; table++) {
		for (int net = 0; net < NETS; net++) {
			struct instance *instance = &company->instances[company->count];

			if (!(table->nets & 1U << net) || company->count == INSTANCES_MAX ||
			    (table->slow && !company->suite->slow_tests))
				continue;
			snprintf(instance->name, sizeof(instance->name), "%s %s", table->name,
				 net_name((enum net)net));
			if (filter && fnmatch(filter, instance->name, 0) != 0 &&
			    fnmatch(filter, table->name, 0) != 0)
				continue;
			instance->scenario = table;
			instance->run.net = (enum net)net;
			instance->run.suite = company->suite;
			instance->run.scenario = table;
			instance->run.name = instance->name;
			company->count++;
		}
	}
}

static void add_all(struct company *company, const char *filter)
{
	add_table(company, scenarios_bytes, filter);
	add_table(company, scenarios_close, filter);
	add_table(company, scenarios_connect, filter);
	add_table(company, scenarios_listen, filter);
	add_table(company, scenarios_owner, filter);
	add_table(company, scenarios_wire, filter);
	add_table(company, scenarios_special, filter);
	add_table(company, scenarios_reason, filter);
	add_table(company, scenarios_failure, filter);
	add_table(company, scenarios_attack, filter);
}

static int time_limit_ms(const struct company *company, const struct instance *instance)
{
	return suite_deadline_ms(company->suite, 40) + (instance->scenario->slow ? 80000 : 0);
}

static size_t playing(const struct company *company)
{
	size_t busy = 0;

	for (size_t i = 0; i < company->count; i++) {
		const struct instance *instance = &company->instances[i];

		busy += instance->started && instance->process.pid > 0 &&
			!instance->process.facts->done;
	}
	return busy;
}

static void play_everything(struct company *company)
{
	for (size_t i = 0; i < company->count; i++) {
		struct instance *instance = &company->instances[i];

		/* The oldest first: each has its own time limit. */
		for (size_t j = 0; j < i && playing(company) >= PARALLEL; j++)
			stage_wait_done(&company->instances[j].process,
					time_limit_ms(company, &company->instances[j]));
		stage_start(company->suite, instance->run.net, instance->scenario->play,
			    &instance->process);
		instance->started = true;
		instance->run.facts = instance->process.facts;
	}
	for (size_t i = 0; i < company->count; i++)
		stage_wait_done(&company->instances[i].process,
				time_limit_ms(company, &company->instances[i]));
}

/*
 * What is inferred is corrected within 5 seconds, as long as the kernel still has it. Where nothing
 * is: what the tracer has not read yet has not begun, so that it seems to have ended.
 */
static void wait_for_corrections(const struct suite *suite, const struct tracer *tracer)
{
	if (tracer_infers(tracer))
		sleep_ms(6000);
	else
		sleep_ms(suite_count(suite, 100, 600));
}

/* A test of its own, and the first: that the tracer starts, sees the play and ends in order. */
static void play_under_tracer(void **state)
{
	struct company *company = ((struct seat *)*state)->company;
	int status;

	company->tracer = tracer_start(company->suite, NULL);
	play_everything(company);
	wait_for_corrections(company->suite, company->tracer);
	for (size_t i = 0; i < company->count; i++)
		stage_release(&company->instances[i].process,
			      suite_deadline_ms(company->suite, 10));
	for (size_t i = 0; i < company->count; i++)
		if (!tracer_wait_closed(company->tracer, company->instances[i].run.facts->netns,
					suite_deadline_ms(company->suite, 12)))
			print_error("%s: not all connections have ended\n",
				    company->instances[i].name);
	status = tracer_stop(company->tracer);
	company->played = true;
	tracer_check_stream(company->tracer);
	assert_int_equal(status, 0);
}

struct opens {
	long active, passive;
};

static void count_opens(const struct trail *trail, void *arg)
{
	struct opens *opens = arg;
	int established = trail_index(trail, STATE_ESTABLISHED);

	if (trail->count == 0 || trail->count > TRAIL_MAX)
		return;
	opens->active += trail->events[0]->old == STATE_CLOSE &&
			 trail->events[0]->new == STATE_SYN_SENT;
	opens->passive += trail->events[0]->old == STATE_LISTEN && established > 0 &&
			  trail->events[established]->old == STATE_SYN_RECV;
}

/*
 * Two processors may each make a child of one request. The loser is never seen, but the kernel has
 * counted it (tcp_create_openreq_child()): once in thousands, on an emulated machine.
 */
static bool is_passive_count(long ours, long kernels)
{
	return ours == kernels || (getenv("SOCKWATCH_SLOW") && ours + 1 == kernels);
}

void check_witness(const struct tracer *tracer, const struct facts *facts)
{
	struct opens opens = { 0 };

	trail_walk(tracer, facts->netns, count_opens, &opens);
	if (opens.active == facts->active_opens &&
	    is_passive_count(opens.passive, facts->passive_opens))
		return;
	trail_print_namespace(tracer, facts->netns);
	fail_msg("%ld active and %ld passive opens; the kernel counted %ld and %ld", opens.active,
		 opens.passive, facts->active_opens, facts->passive_opens);
}

static void check_instance(void **state)
{
	const struct seat *seat = *state;
	struct instance *instance = seat->instance;
	struct trail_rules rules = { 0 };

	if (!seat->company->played)
		fail_msg("not played");
	stage_check(&instance->process);
	instance->run.tracer = seat->company->tracer;
	rules.infers = tracer_infers(seat->company->tracer);
	rules.unborn = instance->scenario->unborn;
	trail_check_namespace(instance->run.tracer, instance->run.facts->netns, &rules);
	if (!instance->scenario->without_witness)
		check_witness(instance->run.tracer, instance->run.facts);
	instance->scenario->check(&instance->run);
}

static void free_company(struct company *company)
{
	for (size_t i = 0; i < company->count; i++)
		stage_free(&company->instances[i].process);
	tracer_free(company->tracer);
	free(company);
}

int scenarios_run(struct suite *suite, const char *filter)
{
	struct company *company = calloc(1, sizeof(*company));
	struct seat seats[INSTANCES_MAX + 1];
	struct CMUnitTest tests[INSTANCES_MAX + 1] = { 0 };
	int failures = 0;

	if (!company)
		return 1;
	company->suite = suite;
	add_all(company, filter);
	seats[0] = (struct seat){ company, NULL };
	tests[0] = (struct CMUnitTest){ "one_tracer_watches_all_scenarios_and_loses_nothing",
					play_under_tracer, NULL, NULL, &seats[0] };
	for (size_t i = 0; i < company->count; i++) {
		seats[i + 1] = (struct seat){ company, &company->instances[i] };
		tests[i + 1] = (struct CMUnitTest){ company->instances[i].name, check_instance,
						    NULL, NULL, &seats[i + 1] };
	}
	if (company->count > 0)
		failures =
			_cmocka_run_group_tests("scenarios", tests, company->count + 1, NULL, NULL);
	free_company(company);
	return failures;
}

void scenarios_list(const struct suite *suite, const char *filter)
{
	struct company *company = calloc(1, sizeof(*company));

	if (!company)
		return;
	company->suite = (struct suite *)suite;
	add_all(company, filter);
	for (size_t i = 0; i < company->count; i++)
		printf("%s\n", company->instances[i].name);
	free(company);
}

void settle(struct suite *suite, const struct tracer *tracer, struct stage_process *process)
{
	unsigned int netns = process->facts->netns;

	wait_for_corrections(suite, tracer);
	stage_release(process, suite_deadline_ms(suite, 10));
	if (!tracer_wait_closed(tracer, netns, suite_deadline_ms(suite, 12)))
		print_error("not all connections have ended\n");
}

struct tracer *run_alone(struct suite *suite, const char *const args[], enum net net,
			 stage_play play, struct stage_process *ret_process)
{
	struct tracer *tracer = tracer_start(suite, args);

	stage_start(suite, net, play, ret_process);
	stage_wait_done(ret_process, suite_deadline_ms(suite, 60));
	stage_check(ret_process);
	settle(suite, tracer, ret_process);
	if (tracer_stop(tracer) != 0)
		fail_msg("sockwatch did not end with 0");
	tracer_check_stream(tracer);
	return tracer;
}

void expect_connection(const struct run *run, int lport, int rport, const char *states,
		       struct trail *ret_trail)
{
	trail_find(run->tracer, run->facts->netns, lport, rport, 0, ret_trail);
	trail_expect_states(ret_trail, states);
	if (ret_trail->events[0]->family == (run->net == NET_V4 ? 4 : 6))
		return;
	trail_print(ret_trail);
	fail_msg("family is not that of %s", net_name(run->net));
}
