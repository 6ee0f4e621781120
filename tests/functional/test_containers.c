// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the owner runs: a real cgroup with the name that docker's would have, its file as docker
 * writes it where docker has it (in a mount namespace of sockwatch's own), and real pid namespaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define PATH_BYTES 512
#define NAME "sockwatch-test"

/* ---- pid namespaces -------------------------------------------------------------------------- */

static long op_pid_namespace(struct hands *hands, const long args[4])
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) < 0 ? -errno : (long)status.st_ino;
}

/* args: port. A child of the puppet connects; its own number for itself. */
static long op_child_connects(struct hands *hands, const long args[4])
{
	const long connect_args[4] = { 2, PLACE_LOOPBACK, args[0], 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long result = op_connect(hands, connect_args);

		_exit(result < 0 ? 1 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? pid : -EIO;
}

enum { NUMBER_PID_NS, NUMBER_CHILD };

/* Pause 1: a client, the first process of a pid namespace, listens in slot 3. */
static void play_pid_namespace(struct stage *stage)
{
	struct facts *facts = stage->facts;
	struct puppet *server = puppet_new(stage, ROLE_SERVER), *client;
	long port = must(stage, puppet_listen(server, 0, 0, 8));

	if (unshare(CLONE_NEWPID) < 0)
		stage_skip(stage, "unshare(CLONE_NEWPID): %s", strerror(errno));
	client = puppet_new(stage, ROLE_CLIENT);
	facts->server_port = (uint16_t)port;
	facts->number[NUMBER_PID_NS] =
		must(stage, puppet_call(client, op_pid_namespace, 0, 0, 0, 0));
	facts->ports[0] = (uint16_t)must(stage, puppet_listen(client, 3, 0, 8));
	stage_pause(stage);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	facts->number[NUMBER_CHILD] =
		must(stage, puppet_call(client, op_child_connects, port, 0, 0, 0));
	must(stage, puppet_accept(server, 0, 2));
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_recv(server, 2, -1));
	must(stage, puppet_close(server, 1));
	must(stage, puppet_close(server, 2));
}

static void expect_inner(const char *line, long long pid_ns, long long inner)
{
	long long number = -1;

	if (!jsonline_number(line, "pid_ns", &number) || number != pid_ns)
		fail_msg("pid_ns is not %lld: %s", pid_ns, line);
	if (!jsonline_number(line, "inner_pid", &number) || number != inner)
		fail_msg("inner_pid is not %lld: %s", inner, line);
}

static void check_pids(const struct tracer *tracer, const struct facts *facts)
{
	unsigned int of_client = 0, of_child = 0;

	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->kind != LINE_STATE || event->netns != facts->netns || event->pid < 0)
			continue;
		if (event->pid == facts->pid[ROLE_CLIENT]) {
			expect_inner(event->text, facts->number[NUMBER_PID_NS], 1);
			of_client++;
		} else if (event->pid == facts->pid[ROLE_SERVER]) {
			assert_false(jsonline_has(event->text, "inner_pid"));
			assert_false(jsonline_has(event->text, "pid_ns"));
		} else if (event->rport == facts->server_port) {
			expect_inner(event->text, facts->number[NUMBER_PID_NS],
				     facts->number[NUMBER_CHILD]);
			of_child++;
		}
	}
	if (of_client < 3 || of_child < 3)
		trail_print_namespace(tracer, facts->netns);
	assert_true(of_client >= 3);
	assert_true(of_child >= 3);
}

static void in_a_pid_namespace_a_process_has_two_pids(struct suite *suite)
{
	struct stage_process process;
	struct tracer *tracer = tracer_start(suite, NULL);

	stage_start(suite, NET_V4, play_pid_namespace, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_check(&process);
	settle(suite, tracer, &process);
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	check_pids(tracer, process.facts);
	stage_free(&process);
	tracer_free(tracer);
}

static void in_a_pid_namespace_a_row_has_both_pids(struct suite *suite)
{
	struct stage_process process;
	struct program_result result;
	char words[64], row[128];

	stage_start(suite, NET_V4, play_pid_namespace, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	snprintf(words, sizeof(words), "-anj pid = %d", (int)process.facts->pid[ROLE_CLIENT]);
	display_show(suite, words, &result);
	assert_int_equal(count_lines(result.out), 1);
	expect_inner(result.out, process.facts->number[NUMBER_PID_NS], 1);
	program_result_done(&result);
	snprintf(words, sizeof(words), "-anH --columns=pid,inner_pid,pid_ns pid = %d",
		 (int)process.facts->pid[ROLE_CLIENT]);
	display_show(suite, words, &result);
	snprintf(row, sizeof(row), "%d|1|%ld", (int)process.facts->pid[ROLE_CLIENT],
		 process.facts->number[NUMBER_PID_NS]);
	if (!display_find(result.out, row))
		fail_msg("not %s: %s", row, result.out);
	program_result_done(&result);
	stage_free(&process);
}

/* ---- containers ------------------------------------------------------------------------------ */

struct box {
	char id[65];
	char cgroup[PATH_BYTES]; /* directory */
	char var_lib[PATH_BYTES];
};

static bool find_cgroup2(char *out, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096], root[256], point[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %255s %255s", root, point) == 2 &&
			strcmp(root, "/") == 0;
		if (found)
			snprintf(out, size, "%s", point);
	}
	if (file)
		fclose(file);
	return found;
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		fail_msg("mkdir %s: %s", path, strerror(errno));
}

/* What docker would have made: /var/lib/docker/containers/ID/config.v2.json, and a cgroup. */
static void box_make(const struct suite *suite, struct box *ret_box)
{
	static const char *const levels[] = { "", "/docker", "/docker/containers" };
	char root[256], path[2 * PATH_BYTES];
	FILE *file;

	if (!find_cgroup2(root, sizeof(root)))
		skip_because("the root of cgroup2 is not mounted");
	snprintf(ret_box->id, sizeof(ret_box->id), "%064llx",
		 (unsigned long long)getpid() << 32 | (now_ns() & 0xffffffff));
	memcpy(ret_box->id, "5eed", 4); /* what the filter will ask for */
	snprintf(ret_box->cgroup, sizeof(ret_box->cgroup), "%.255s/docker-%s.scope", root,
		 ret_box->id);
	snprintf(ret_box->var_lib, sizeof(ret_box->var_lib), "%.60s/var-lib", suite->scratch);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", ret_box->var_lib, levels[i]);
		make_directory(path);
	}
	snprintf(path, sizeof(path), "%s/docker/containers/%s", ret_box->var_lib, ret_box->id);
	make_directory(path);
	strcat(path, "/config.v2.json");
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "{\"State\":{\"Running\":true},\"ID\":\"%s\",\"Name\":\"/" NAME "\"}",
		ret_box->id);
	assert_int_equal(fclose(file), 0);
	make_directory(ret_box->cgroup);
}

static void box_remove(const struct box *box)
{
	static const char *const rest[] = { "/docker/containers", "/docker", "" };
	char path[2 * PATH_BYTES];

	snprintf(path, sizeof(path), "%s/docker/containers/%s/config.v2.json", box->var_lib,
		 box->id);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", box->var_lib, rest[i]);
		rmdir(path);
	}
	/* The last process may still be on its way out. */
	for (int i = 0; i < 1000 && rmdir(box->cgroup) < 0 && errno == EBUSY; i++)
		sleep_ms(10);
}

/* The directory is the first text of the facts. */
static long op_enter_cgroup(struct hands *hands, const long args[4])
{
	char path[PATH_BYTES];
	int fd;
	long result = 0;

	snprintf(path, sizeof(path), "%.255s/cgroup.procs", hands->facts->text[0]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		result = -errno;
	if (fd >= 0)
		close(fd);
	return result;
}

/*
 * Pause 1: the text is wanted. Pause 2: the client is in its cgroup, and listens. Then it connects.
 */
static void play_container(struct stage *stage)
{
	struct facts *facts = stage->facts;
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	stage_pause(stage);
	must(stage, puppet_call(client, op_enter_cgroup, 0, 0, 0, 0));
	must(stage, puppet_listen(client, 3, 0, 8));
	stage_pause(stage);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
}

/* Until the client waits in its cgroup. */
static void box_fill(struct suite *suite, const struct box *box, struct stage_process *ret_process)
{
	stage_start(suite, NET_V4, play_container, ret_process);
	stage_wait_pause(ret_process, suite_deadline_ms(suite, 20));
	snprintf(ret_process->facts->text[0], sizeof(ret_process->facts->text[0]), "%.255s",
		 box->cgroup);
	stage_resume(ret_process);
	stage_wait_pause(ret_process, suite_deadline_ms(suite, 20));
}

static void expect_key(const char *line, const char *key, const char *expected)
{
	char text[256] = "(none)";

	if (!jsonline_string(line, key, text, sizeof(text)) || strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s: %.1000s", key, text, expected, line);
}

static void expect_boxed(const char *line, const struct box *box)
{
	char unit[128];

	snprintf(unit, sizeof(unit), "docker-%s.scope", box->id);
	expect_key(line, "container", box->id);
	expect_key(line, "runtime", "docker");
	expect_key(line, "container_name", NAME);
	expect_key(line, "unit", unit);
}

static void show_boxed(struct suite *suite, const struct box *box, const char *words,
		       struct program_result *ret_result)
{
	struct command command;

	command_make(suite, words, &command);
	command.program.var_lib = box->var_lib;
	program_run(&command.program, ret_result);
	if (ret_result->timed_out || ret_result->status != 0)
		fail_msg("sockwatch %s: status %d, stderr %s", words, ret_result->status,
			 ret_result->err);
}

static void in_a_container_a_row_has_the_name_that_docker_wrote(struct suite *suite)
{
	static const char *const filters[] = { "container = " NAME, "container = 5eed",
					       "container 5eed*", "unit docker-5eed*" };
	struct stage_process process;
	struct program_result result;
	struct box box;
	char words[128];

	box_make(suite, &box);
	box_fill(suite, &box, &process);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		snprintf(words, sizeof(words), "-anj %s", filters[i]);
		show_boxed(suite, &box, words, &result);
		assert_int_equal(count_lines(result.out), 1);
		expect_boxed(result.out, &box);
		program_result_done(&result);
	}
	show_boxed(suite, &box, "-anj container != " NAME, &result);
	assert_null(strstr(result.out, box.id));
	program_result_done(&result);
	show_boxed(suite, &box, "-anp", &result);
	if (!display_find(result.out, "LISTEN|" NAME))
		fail_msg("no name among the columns: %s", result.out);
	program_result_done(&result);
	stage_free(&process);
	box_remove(&box);
}

/* A whole connection; its listener was there before. Returns the output. */
static void trace_boxed(struct suite *suite, const struct box *box, const char *words,
			struct program_result *ret_result)
{
	struct stage_process process;
	struct command command;
	struct running running;

	box_fill(suite, box, &process);
	command_make(suite, words, &command);
	command.program.var_lib = box->var_lib;
	program_start(&command.program, &running);
	if (!display_wait(&running, "\"event\":\"start\"", suite_deadline_ms(suite, 20)))
		fail_msg("no start line");
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 30));
	stage_check(&process);
	if (!display_wait(&running, "\"event\":\"state\"|\"new\":\"TIME_WAIT\"",
			  suite_deadline_ms(suite, 20)))
		fail_msg("no TIME_WAIT");
	kill(running.pid, SIGINT);
	program_finish(&running, suite_deadline_ms(suite, 20), ret_result);
	assert_int_equal(ret_result->status, 0);
	stage_free(&process);
}

static void check_line(const char *line, void *arg)
{
	if (!strstr(line, "\"event\":\"start\"") && !strstr(line, "\"event\":\"end\"") &&
	    !strstr(line, "\"event\":\"resync\""))
		expect_boxed(line, arg);
}

static unsigned int count_events(const char *text, const char *event)
{
	unsigned int count = 0;

	for (; (text = strstr(text, event)); text++)
		count++;
	return count;
}

static void in_a_container_a_trace_and_its_recording_have_the_name(struct suite *suite)
{
	struct program_result live, again;
	struct box box;
	char words[256], path[128];

	box_make(suite, &box);
	snprintf(path, sizeof(path), "%.60s/named.sw", suite->scratch);
	snprintf(words, sizeof(words), "trace -j --mode=%s --existing --write=%s container = " NAME,
		 suite->mode, path);
	trace_boxed(suite, &box, words, &live);
	/* Its files are not there any more: the recording must know it. */
	box_remove(&box);
	snprintf(words, sizeof(words), "trace -j --existing --read=%s container = " NAME, path);
	display_run(suite, words, &again);
	unlink(path);
	assert_int_equal(again.status, 0);
	assert_int_equal(count_events(live.out, "\"event\":\"exists\""), 1);
	assert_true(count_events(live.out, "\"event\":\"state\"") >= 5);
	assert_int_equal(count_events(again.out, "\"event\":\"state\""),
			 count_events(live.out, "\"event\":\"state\""));
	assert_int_equal(count_events(again.out, "\"event\":\"exists\""), 1);
	display_walk(live.out, check_line, &box);
	display_walk(again.out, check_line, &box);
	program_result_done(&live);
	program_result_done(&again);
}

const struct test tests_containers[] = {
	{ .name = "in_a_pid_namespace_a_process_has_two_pids",
	  .run = in_a_pid_namespace_a_process_has_two_pids },
	{ .name = "in_a_pid_namespace_a_row_has_both_pids",
	  .run = in_a_pid_namespace_a_row_has_both_pids },
	{ .name = "in_a_container_a_row_has_the_name_that_docker_wrote",
	  .run = in_a_container_a_row_has_the_name_that_docker_wrote },
	{ .name = "in_a_container_a_trace_and_its_recording_have_the_name",
	  .run = in_a_container_a_trace_and_its_recording_have_the_name },
	{ .name = NULL },
};
