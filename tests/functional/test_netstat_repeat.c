// SPDX-License-Identifier: GPL-2.0-or-later
/* Repeated displays: what came and went between two of them is listed, however short it was. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "traffic.h"

#define PORTS 65536
#define VISIT_MS "100"
#define VISIT_US 100000
/* A transition that no hook saw is found by a look within 5 seconds, and shown 2 later. */
#define LOOK_SECONDS 8
#define VISITORS_PORT 20000 /* below those that the kernel chooses */

static void start(struct suite *suite, const char *words, struct running *ret_running)
{
	struct command command;

	command_make(suite, words, &command);
	program_start(&command.program, ret_running);
}

/* The same for the namespace of a stage: the machine's own traffic is not ours to count. */
static void start_for(struct suite *suite, const char *words, const struct stage_process *stage,
		      struct running *ret_running)
{
	char line[100];

	snprintf(line, sizeof(line), "--netns=%d %s", (int)stage->facts->stage_pid, words);
	start(suite, line, ret_running);
}

/* The tracer is attached before the first display, of which something must be shown. */
static void wait_first_display(struct suite *suite, const struct running *running)
{
	if (!display_wait(running, "display|1", suite_deadline_ms(suite, 20)))
		fail_msg("there is no first display");
}

static void interrupt(struct suite *suite, struct running *running,
		      struct program_result *ret_result)
{
	kill(running->pid, SIGINT);
	program_finish(running, suite_deadline_ms(suite, 20), ret_result);
	if (ret_result->status != 0 || display_complaints(ret_result->err, true))
		fail_msg("status %d after SIGINT, stderr %s", ret_result->status, ret_result->err);
}

static void expect_nothing_lost(const struct program_result *result)
{
	assert_null(display_find(result->out, "LOST"));
	assert_null(display_find(result->out, "\"event\":\"lost\""));
	assert_non_null(display_find(result->err, "sockwatch: |displays;|, 0 lost"));
}

/* ---- one visitor ----------------------------------------------------------------------------- */

/* A program that stays for 100 ms; its port. */
static uint16_t receive_visitor(struct hands *hands, const char *path, bool server_closes_first,
				pid_t *ret_pid)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char port[16];

	snprintf(port, sizeof(port), "%ld", op_port(hands, (const long[4]){ 0 }));
	*ret_pid = fork();
	if (*ret_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, port, VISIT_MS, NULL);
		_exit(127);
	}
	hands->fd[1] = accept(hands->fd[0], (struct sockaddr *)&peer, &len);
	if (*ret_pid < 0 || hands->fd[1] < 0)
		fail_msg("no visitor: %s", strerror(errno));
	if (!server_closes_first)
		op_recv(hands, (const long[4]){ 1, -1 });
	op_close(hands, (const long[4]){ 1 });
	waitpid(*ret_pid, NULL, 0);
	return address_port(&peer);
}

/* Some line with these pieces is followed by the path of the program. */
static bool is_listed(const char *text, const char *pieces, const char *path)
{
	char expected[256], below[256];
	const char *line = text;

	snprintf(expected, sizeof(expected), "  [%s]", path);
	while ((line = display_find(line, pieces))) {
		line += strcspn(line, "\n");
		if (!*line++)
			return false;
		display_copy_line(line, below, sizeof(below));
		if (strcmp(below, expected) == 0)
			return true;
	}
	return false;
}

static void expect_gone_row(const char *json, uint16_t port, pid_t pid, const char *path)
{
	char pieces[128], row[4096], exe[256] = "", opened[64] = "", closed[64] = "",
				     reason[64] = "";
	const char *line;
	long long duration = 0, display = 0;

	snprintf(pieces, sizeof(pieces), "\"lport\":%d,|\"pid\":%d,|\"gone\":true", port, (int)pid);
	line = display_find(json, pieces);
	if (!line)
		fail_msg("no row with %s in %s", pieces, json);
	display_copy_line(line, row, sizeof(row));
	assert_true(jsonline_is_object(row));
	jsonline_string(row, "exe", exe, sizeof(exe));
	jsonline_string(row, "opened", opened, sizeof(opened));
	jsonline_string(row, "closed", closed, sizeof(closed));
	jsonline_string(row, "reason", reason, sizeof(reason));
	jsonline_number(row, "duration_us", &duration);
	jsonline_number(row, "display", &display);
	if (strcmp(exe, path) != 0 || !opened[0] || strcmp(opened, closed) >= 0 || !reason[0] ||
	    duration < VISIT_US || display < 2)
		fail_msg("what is missing in %s", row);
}

static void check_visits(const struct program_result *text, const struct program_result *json,
			 const uint16_t ports[2], const pid_t pids[2], const char *path)
{
	char pieces[128];

	/* This one is over. */
	snprintf(pieces, sizeof(pieces), "-|tcp |:%d |%d/visitor|after", ports[0], (int)pids[0]);
	if (!is_listed(text->out, pieces, path))
		fail_msg("no %s with %s in %s", pieces, path, text->out);
	expect_gone_row(json->out, ports[0], pids[0], path);
	/* This one is in TIME_WAIT, where the kernel knows no owner. */
	snprintf(pieces, sizeof(pieces), "tcp |:%d |TIME_WAIT|%d", ports[1], (int)pids[1]);
	if (!is_listed(text->out, pieces, path))
		fail_msg("no %s with %s in %s", pieces, path, text->out);
	assert_non_null(display_find(text->out, "display 3"));
	assert_null(display_find(text->out, "display 4"));
	expect_nothing_lost(text);
	expect_nothing_lost(json);
}

static void a_visit_between_two_displays_is_listed_with_its_program(struct suite *suite)
{
	struct hands hands = { .suite = suite, .net = NET_V4, .fd = { -1, -1 } };
	struct running in_text, in_json;
	struct program_result text, json;
	uint16_t ports[2];
	pid_t pids[2];
	char path[128];

	snprintf(path, sizeof(path), "%.60s/visitor", suite->scratch);
	if (copy_file(suite->shortlived, path) < 0)
		skip_because("%s: %s", suite->shortlived, strerror(errno));
	assert_true(op_socket(&hands, (const long[4]){ 0 }) >= 0);
	assert_int_equal(op_bind(&hands, (const long[4]){ 0, PLACE_LOOPBACK }), 0);
	assert_int_equal(op_listen(&hands, (const long[4]){ 0, 8 }), 0);
	start(suite, "-b 2 3", &in_text);
	start(suite, "-anj 2 3", &in_json);
	wait_first_display(suite, &in_text);
	wait_first_display(suite, &in_json);
	for (int i = 0; i < 2; i++)
		ports[i] = receive_visitor(&hands, path, i == 0, &pids[i]);
	program_finish(&in_text, suite_deadline_ms(suite, 20), &text);
	program_finish(&in_json, suite_deadline_ms(suite, 20), &json);
	unlink(path);
	op_close(&hands, (const long[4]){ 0 });
	assert_int_equal(text.status, 0);
	assert_int_equal(json.status, 0);
	check_visits(&text, &json, ports, pids, path);
	program_result_done(&text);
	program_result_done(&json);
}

/* ---- many ------------------------------------------------------------------------------------ */

/* args: listener's slot, count. Clients may reset instead of closing. */
static long op_serve_any(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[1]; i++) {
		long result = op_accept(hands, (const long[4]){ args[0], 1 });

		if (result < 0)
			return result;
		op_recv(hands, (const long[4]){ 1, -1 });
		op_close(hands, (const long[4]){ 1 });
	}
	return args[1];
}

/* From a port of its own: those that the kernel chooses may come twice, and one counts once. */
static long visit(struct hands *hands, long port, long server_port)
{
	long result = op_socket(hands, (const long[4]){ 1 });

	if (result >= 0)
		result = op_bind(hands, (const long[4]){ 1, PLACE_LOOPBACK, port });
	if (result >= 0)
		result = op_connect(hands, (const long[4]){ 1, PLACE_LOOPBACK, server_port });
	return result;
}

/* args: port, count. Every other one is reset, and leaves nothing behind. */
static long op_visit(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[1]; i++) {
		const struct linger reset = { .l_onoff = i % 2 };
		long result = visit(hands, VISITORS_PORT + i, args[0]);

		if (result < 0)
			return result;
		setsockopt(hands->fd[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		op_close(hands, (const long[4]){ 1 });
	}
	return args[1];
}

/* Pause 1: a listener. Pause 2: number[0] clients have come and gone. */
static void play_visits(struct stage *stage, long count)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->number[0] = count;
	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, BACKLOG_AMPLE));
	stage_pause(stage);
	puppet_begin(server, op_serve_any, 0, count, 0, 0);
	must(stage, puppet_call(client, op_visit, facts->server_port, count, 0, 0));
	must(stage, puppet_finish(server));
	stage_pause(stage);
}

static void play_many_visits(struct stage *stage)
{
	play_visits(stage, suite_count(stage->suite, 2000, 100));
}

static void play_few_visits(struct stage *stage)
{
	play_visits(stage, 4);
}

/* Which client ports are in an output. */
struct visits {
	uint16_t server_port;
	long long netns;
	bool seen[PORTS];
	long ports, gone;
};

static void take_port(struct visits *visits, long long port)
{
	if (port <= 0 || port >= PORTS || visits->seen[port])
		return;
	visits->seen[port] = true;
	visits->ports++;
}

static void take_object(const char *line, void *arg)
{
	struct visits *visits = arg;
	long long netns = 0, lport = 0, rport = 0;

	if (!jsonline_number(line, "netns", &netns) || netns != visits->netns ||
	    !jsonline_number(line, "rport", &rport) || rport != visits->server_port ||
	    !jsonline_number(line, "lport", &lport))
		return;
	take_port(visits, lport);
	if (!jsonline_is_true(line, "gone"))
		return;
	visits->gone++;
	if (!jsonline_has(line, "opened") || !jsonline_has(line, "closed") ||
	    !jsonline_has(line, "reason") || !jsonline_has(line, "duration_us"))
		fail_msg("what is missing in %s", line);
}

static void take_text(const char *line, void *arg)
{
	struct visits *visits = arg;
	const char *at = strstr(line, " 127.0.0.1:");
	int lport, rport;

	if (at && sscanf(at, " 127.0.0.1:%d 127.0.0.1:%d ", &lport, &rport) == 2 &&
	    rport == visits->server_port)
		take_port(visits, lport);
}

static long count_visits(const char *output, const struct facts *facts, bool as_json,
			 long *ret_gone)
{
	struct visits *visits = calloc(1, sizeof(*visits));
	char *copy = strdup(output);
	long ports;

	if (!visits || !copy)
		fail_msg("no memory");
	visits->server_port = facts->server_port;
	visits->netns = facts->netns;
	display_walk(copy, as_json ? take_object : take_text, visits);
	ports = visits->ports;
	*ret_gone = visits->gone;
	free(copy);
	free(visits);
	return ports;
}

static void wait_visits(struct suite *suite, const struct running *running,
			const struct facts *facts, bool as_json)
{
	uint64_t limit_ms = (uint64_t)suite_deadline_ms(suite, LOOK_SECONDS), begin = now_ns();
	long ports = 0, gone;

	while (ports < facts->number[0] && now_ns() - begin < limit_ms * 1000000) {
		char *output = program_output(running);

		if (output)
			ports = count_visits(output, facts, as_json, &gone);
		free(output);
		sleep_ms(200);
	}
}

static void expect_all_visits(const struct program_result *result, const struct facts *facts,
			      bool as_json, long *ret_gone)
{
	long ports = count_visits(result->out, facts, as_json, ret_gone);

	if (ports != facts->number[0])
		fail_msg("%ld of %ld visits are in the %s; %ld gone; %s", ports, facts->number[0],
			 as_json ? "JSON" : "text", *ret_gone, result->err);
}

static void thousands_of_visits_are_all_listed(struct suite *suite)
{
	struct running in_text, in_json;
	struct program_result text, json;
	struct stage_process stage;
	struct facts facts;
	long gone = 0;

	stage_start(suite, NET_V4, play_many_visits, &stage);
	stage_wait_pause(&stage, suite_deadline_ms(suite, 20));
	start_for(suite, "-anj 2", &stage, &in_json);
	start_for(suite, "-anb 2", &stage, &in_text);
	wait_first_display(suite, &in_json);
	wait_first_display(suite, &in_text);
	stage_resume(&stage);
	stage_wait_pause(&stage, suite_deadline_ms(suite, 30));
	wait_visits(suite, &in_json, stage.facts, true);
	wait_visits(suite, &in_text, stage.facts, false);
	interrupt(suite, &in_json, &json);
	interrupt(suite, &in_text, &text);
	facts = *stage.facts;
	stage_free(&stage);
	expect_nothing_lost(&json);
	expect_nothing_lost(&text);
	expect_all_visits(&json, &facts, true, &gone);
	/* Half of them were reset: no row of theirs is left. */
	assert_in_range(gone, facts.number[0] / 2, facts.number[0]);
	expect_all_visits(&text, &facts, false, &gone);
	program_result_done(&json);
	program_result_done(&text);
}

/* ---- Ctrl-C ---------------------------------------------------------------------------------- */

/* In an interval that would last for long. True: what closed in it is listed. */
static bool ends_with_what_closed(struct suite *suite)
{
	struct running running;
	struct program_result result;
	struct stage_process stage;
	long ports, visits, gone = 0;

	stage_start(suite, NET_V4, play_few_visits, &stage);
	stage_wait_pause(&stage, suite_deadline_ms(suite, 20));
	start_for(suite, "-anj 1000", &stage, &running);
	wait_first_display(suite, &running);
	stage_resume(&stage);
	stage_wait_pause(&stage, suite_deadline_ms(suite, 20));
	interrupt(suite, &running, &result);
	ports = count_visits(result.out, stage.facts, true, &gone);
	visits = stage.facts->number[0];
	stage_free(&stage);
	assert_non_null(display_find(result.out, "\"display\":2,"));
	expect_nothing_lost(&result);
	program_result_done(&result);
	return ports == visits && gone >= visits / 2;
}

/*
 * Twice at most: where another tracer keeps the kernel from running ours, a close may be found by
 * a look only, for which this one does not wait.
 */
static void ctrl_c_still_lists_what_closed(struct suite *suite)
{
	assert_true(ends_with_what_closed(suite) || ends_with_what_closed(suite));
}

static void continuous_displays_end_with_ctrl_c(struct suite *suite)
{
	struct running running;
	struct program_result result;

	start(suite, "-tc", &running);
	if (!display_wait(&running, "display 2", suite_deadline_ms(suite, 20)))
		fail_msg("there is no second display");
	interrupt(suite, &running, &result);
	program_result_done(&result);
}

const struct test tests_netstat_repeat[] = {
	{ .name = "a_visit_between_two_displays_is_listed_with_its_program",
	  .run = a_visit_between_two_displays_is_listed_with_its_program },
	{ .name = "thousands_of_visits_are_all_listed", .run = thousands_of_visits_are_all_listed },
	{ .name = "ctrl_c_still_lists_what_closed", .run = ctrl_c_still_lists_what_closed },
	{ .name = "continuous_displays_end_with_ctrl_c",
	  .run = continuous_displays_end_with_ctrl_c },
	{ .name = NULL },
};
