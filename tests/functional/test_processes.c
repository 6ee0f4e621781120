// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes that are gone before anybody could look: 300 programs, each living two milliseconds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jsonline.h"
#include "program.h"
#include "scenario.h"
#include "traffic.h"

#define PROGRAMS 300
#define PATH_BYTES 128

/* Where the pids are told; after the fork of the stage this memory is shared. */
struct roster {
	pid_t pid[PROGRAMS];
};

static void program_path(const struct suite *suite, unsigned int index, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%.60s/program-%03u", suite->scratch, index);
}

/* One copy and 299 more names for it: the path, not the file, must be told apart. */
static void make_programs(const struct suite *suite)
{
	char first[PATH_BYTES], path[PATH_BYTES];

	program_path(suite, 0, first);
	if (copy_file(suite->shortlived, first) < 0)
		skip_because("%s: %s", suite->shortlived, strerror(errno));
	for (unsigned int i = 1; i < PROGRAMS; i++) {
		program_path(suite, i, path);
		if (link(first, path) < 0)
			fail_msg("link %s: %s", path, strerror(errno));
	}
}

static void remove_programs(const struct suite *suite)
{
	char path[PATH_BYTES];

	for (unsigned int i = 0; i < PROGRAMS; i++) {
		program_path(suite, i, path);
		unlink(path);
	}
}

/* The pids do not fit into the facts: they go to a file of the scratch directory. */
static void roster_path(const struct suite *suite, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%.60s/roster", suite->scratch);
}

static long op_run_programs(struct hands *hands, const long args[4])
{
	struct roster roster = { 0 };
	char path[PATH_BYTES], port[16];
	int fd;

	snprintf(port, sizeof(port), "%ld", args[0]);
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		int status;

		program_path(hands->suite, i, path);
		roster.pid[i] = vfork();
		if (roster.pid[i] == 0) {
			execl(path, path, port, NULL);
			_exit(127);
		}
		if (waitpid(roster.pid[i], &status, 0) < 0 || status != 0)
			return -EIO;
	}
	roster_path(hands->suite, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, &roster, sizeof(roster)) != sizeof(roster))
		return -errno;
	close(fd);
	return 0;
}

/* args: count */
static long op_serve(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[0]; i++) {
		int fd = accept(hands->fd[0], NULL, NULL);

		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

static void play_programs(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	stage->facts->server_port =
		(uint16_t)must(stage, puppet_listen(server, 0, 0, BACKLOG_AMPLE));
	puppet_begin(server, op_serve, PROGRAMS, 0, 0, 0);
	must(stage, puppet_call(client, op_run_programs, stage->facts->server_port, 0, 0, 0));
	must(stage, puppet_finish(server));
}

struct roll_call {
	const struct suite *suite;
	struct roster roster;
	bool seen[PROGRAMS];
	uint16_t port;
	size_t wrong;
	struct trail first_wrong;
};

/* A client's trail: all its events must name one program and the pid that ran it. */
static void call_roll(const struct trail *trail, void *arg)
{
	struct roll_call *call = arg;
	char exe[PATH_BYTES] = "", path[PATH_BYTES];
	unsigned int index = PROGRAMS;

	if (trail->count == 0 || trail->events[0]->rport != call->port ||
	    trail->events[0]->old != STATE_CLOSE)
		return;
	for (unsigned int i = 0; i < PROGRAMS; i++)
		if (call->roster.pid[i] == trail->events[0]->pid)
			index = i;
	for (size_t i = 0; i < trail->count && i < TRAIL_MAX; i++) {
		program_path(call->suite, index, path);
		jsonline_string(trail->events[i]->text, "exe", exe, sizeof(exe));
		if (index < PROGRAMS && strcmp(exe, path) == 0 &&
		    trail->events[i]->pid == call->roster.pid[index])
			continue;
		if (call->wrong++ == 0)
			call->first_wrong = *trail;
		return;
	}
	call->seen[index] = true;
}

static void read_roster(const struct suite *suite, struct roster *ret_roster)
{
	char path[PATH_BYTES];
	ssize_t got = -1;
	int fd;

	roster_path(suite, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, ret_roster, sizeof(*ret_roster));
		close(fd);
	}
	unlink(path);
	if (got != sizeof(*ret_roster))
		fail_msg("no roster");
}

static void check_roll(const struct roll_call *call)
{
	unsigned int seen = 0;

	for (unsigned int i = 0; i < PROGRAMS; i++)
		seen += call->seen[i];
	if (call->wrong > 0) {
		trail_print(&call->first_wrong);
		fail_msg("%zu connections name the wrong program or pid", call->wrong);
	}
	assert_int_equal(seen, PROGRAMS);
}

static void programs_of_two_milliseconds_have_their_names(struct suite *suite)
{
	struct roll_call call = { .suite = suite };
	struct stage_process process;
	struct tracer *tracer;

	if (access(suite->shortlived, X_OK) < 0)
		skip_because("%s: %s", suite->shortlived, strerror(errno));
	make_programs(suite);
	tracer = run_alone(suite, NULL, NET_V4, play_programs, &process);
	remove_programs(suite);
	read_roster(suite, &call.roster);
	call.port = process.facts->server_port;
	trail_walk(tracer, process.facts->netns, call_roll, &call);
	check_roll(&call);
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_processes[] = {
	{ .name = "300_programs_of_two_milliseconds_have_their_names",
	  .run = programs_of_two_milliseconds_have_their_names },
	{ .name = NULL },
};
