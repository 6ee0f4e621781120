// SPDX-License-Identifier: GPL-2.0-or-later
/* Many connections, counted by an independent witness: the namespace's own /proc/net/snmp. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"
#include "traffic.h"

static void play_many(struct stage *stage)
{
	long count = suite_count(stage->suite, 10000, 500);

	puppet_new(stage, ROLE_CLIENT);
	stage->facts->server_port = (uint16_t)must(
		stage, puppet_listen(puppet_new(stage, ROLE_SERVER), 0, 0, BACKLOG_AMPLE));
	play_connections(stage, count);
	stage->facts->number[0] = count;
}

/*
 * More than there are processors, so that they preempt each other anywhere in the kernel. Where
 * programs are emulated they take a third of the time, and of eight rivals four are inside at once.
 */
#define RIVALS 8
#define RIVALS_EMULATED 3

/* Both ends of connection after connection; false if one failed. */
static bool connect_to_itself(long count)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger reset = { .l_onoff = 1 };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 8) < 0 || getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		return false;
	for (long i = 0; i < count; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), server;

		if (connect(client, (struct sockaddr *)&address, sizeof(address)) < 0)
			return false;
		server = accept(listener, NULL, NULL);
		if (server < 0 ||
		    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
			return false;
		close(client);
		close(server);
	}
	return close(listener) == 0;
}

static void play_rivals(struct stage *stage)
{
	long count = suite_count(stage->suite, 1000, 300);
	int rivals = (int)suite_count(stage->suite, RIVALS, RIVALS_EMULATED);

	for (int i = 0; i < rivals; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(!connect_to_itself(count));
		must(stage, pid);
	}
	for (int i = 0; i < rivals; i++) {
		int status = 0;

		must(stage, wait(&status));
		if (status)
			stage_fail(stage, "a rival could not connect");
	}
	stage->facts->number[0] = rivals * count;
}

struct tally {
	const struct facts *facts;
	size_t clients, servers, strangers;
	struct trail stranger;
};

/* Each connection end has the canonical number of steps, and its own process. */
static void sort_trail(const struct trail *trail, void *arg)
{
	struct tally *tally = arg;
	bool client = trail->count == 6 && trail->events[0]->old == STATE_CLOSE &&
		      trail->events[0]->pid == tally->facts->pid[ROLE_CLIENT];
	bool server = trail->count == 5 && trail->events[0]->old == STATE_LISTEN &&
		      trail->events[4]->pid == tally->facts->pid[ROLE_SERVER];

	tally->clients += client;
	tally->servers += server;
	/* The listener itself is the one with two steps. */
	if (!client && !server && trail->count != 2 && tally->strangers++ == 0)
		tally->stranger = *trail;
}

static void counts_equal_the_kernels_own(struct suite *suite)
{
	struct trail_rules rules = { 0 };
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, NULL, NET_V4, play_many, &process);
	struct tally tally = { .facts = process.facts };

	rules.infers = tracer_infers(tracer);
	/*
	 * The kernel of this project's own test machine (6.18, no trampolines) runs no BPF program
	 * while a task of its host is current, softirqs on top of it included, and counts no miss.
	 * Then a step is inferred: it is there, once and in order, and it is marked.
	 */
	rules.hidden = tracer_infers(tracer);
	check_witness(tracer, process.facts);
	trail_check_namespace(tracer, process.facts->netns, &rules);
	trail_walk(tracer, process.facts->netns, sort_trail, &tally);
	if (tally.strangers > 0) {
		trail_print(&tally.stranger);
		fail_msg("%zu connections are not canonical", tally.strangers);
	}
	assert_int_equal(tally.clients, process.facts->number[0]);
	assert_int_equal(tally.servers, process.facts->number[0]);
	assert_int_equal(process.facts->active_opens, process.facts->number[0]);
	stage_free(&process);
	tracer_free(tracer);
}

/* Each event is told, although the programs on the hooks are interrupted and preempted. */
static void rivals_hide_no_event_of_each_other(struct suite *suite)
{
	struct trail_rules rules = { 0 };
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, NULL, NET_V4, play_rivals, &process);

	rules.infers = rules.hidden = tracer_infers(tracer);
	check_witness(tracer, process.facts);
	trail_check_namespace(tracer, process.facts->netns, &rules);
	assert_int_equal(process.facts->active_opens, process.facts->number[0]);
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_counters[] = {
	{ .name = "opens_equal_the_kernels_own_counters", .run = counts_equal_the_kernels_own },
	{ .name = "rivals_hide_no_event_of_each_other", .run = rivals_hide_no_event_of_each_other },
	{ .name = NULL },
};
