// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rows and columns, in which form, and onto which outputs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "traffic.h"

#define NOBODY 65534
#define TERMINAL_COLUMNS 40

/* Pause 1: a server with three listeners more than it needs, and one client. */
static void play_servers(struct stage *stage)
{
	establish(stage);
	for (int slot = 2; slot < 5; slot++)
		stage->facts->ports[slot - 2] = (uint16_t)must(
			stage, puppet_listen(stage->puppets[ROLE_SERVER], slot, 0, 8));
	stage_pause(stage);
}

static void start_servers(struct suite *suite, enum net net, struct stage_process *ret_process)
{
	stage_start(suite, net, play_servers, ret_process);
	stage_wait_pause(ret_process, suite_deadline_ms(suite, 20));
}

/* `sockwatch WORDS`, the last of which is the pid of a stage. */
static void show_netns_of(struct suite *suite, const char *words, const struct stage_process *stage,
			  struct program_result *ret_result)
{
	char line[200];

	snprintf(line, sizeof(line), "%s --netns=%d", words, (int)stage->facts->stage_pid);
	display_show(suite, line, ret_result);
}

/* ---- which rows ------------------------------------------------------------------------------ */

struct row_count {
	long long netns;
	unsigned int inside, outside;
};

static void count_row(const char *row, void *arg)
{
	struct row_count *count = arg;
	long long netns = 0;

	if (!jsonline_is_object(row) || !jsonline_number(row, "netns", &netns))
		fail_msg("no row: %s", row);
	count->inside += netns == count->netns;
	count->outside += netns != count->netns;
}

static void expect_rows(struct program_result *result, long long netns, unsigned int inside)
{
	struct row_count count = { .netns = netns };

	display_walk(result->out, count_row, &count);
	program_result_done(result);
	assert_int_equal(count.inside, inside);
	assert_int_equal(count.outside, 0);
}

/* The machine's own rows are as many as they are. */
static void expect_own_rows(struct program_result *result)
{
	struct row_count count = { .netns = own_netns() };

	display_walk(result->out, count_row, &count);
	program_result_done(result);
	assert_int_equal(count.outside, 0);
}

static void netns_narrows(struct suite *suite)
{
	struct stage_process first, second;
	struct program_result one, self, none, inside;
	struct command command;
	struct facts facts;

	start_servers(suite, NET_V4, &first);
	start_servers(suite, NET_V6, &second);
	facts = *first.facts;
	show_netns_of(suite, "-anj", &first, &one);
	show_netns_of(suite, "-anj dport = 1", &first, &none);
	display_show(suite, "-anj --netns=self", &self);
	/* The same words, said inside. */
	command_make(suite, "-anj --netns=self", &command);
	command.program.netns_of = facts.stage_pid;
	program_run(&command.program, &inside);
	stage_free(&first);
	stage_free(&second);
	/* Two ends and four listeners. */
	expect_rows(&one, facts.netns, 6);
	expect_rows(&inside, facts.netns, 6);
	assert_string_equal(none.out, "");
	program_result_done(&none);
	expect_own_rows(&self);
}

static void filters_choose_rows(struct suite *suite)
{
	static const struct {
		const char *filter;
		unsigned int rows;
	} filters[] = {
		{ "state established", 2 },   { "state listening", 4 },
		{ "dst 127.0.0.1", 2 },	      { "src 127.0.0.1", 6 },
		{ "dst 10.0.0.0/8", 0 },      { "proto udp", 0 },
		{ "comm no-such-one", 0 },    { "family inet", 6 },
		{ "not state listening", 2 }, { "sport < :1", 0 },
		{ "( state listening )", 4 },
	};
	struct stage_process stage;
	size_t wrong = 0;

	start_servers(suite, NET_V4, &stage);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct program_result result;
		char words[64];

		snprintf(words, sizeof(words), "-anH %s", filters[i].filter);
		show_netns_of(suite, words, &stage, &result);
		if (count_lines(result.out) != filters[i].rows) {
			print_error("%s: %s\n", filters[i].filter, result.out);
			wrong++;
		}
		program_result_done(&result);
	}
	stage_free(&stage);
	assert_int_equal(wrong, 0);
}

/* ---- which columns --------------------------------------------------------------------------- */

static void columns_and_header_are_as_asked(struct suite *suite)
{
	struct stage_process stage;
	struct program_result plain, bare, json, changed;
	const char *line;

	start_servers(suite, NET_V4, &stage);
	show_netns_of(suite, "-an --columns=lport,state,pid", &stage, &plain);
	show_netns_of(suite, "-anH --columns=lport,state,pid", &stage, &bare);
	show_netns_of(suite, "-anj --columns=lport,state", &stage, &json);
	show_netns_of(suite, "-anj --columns=-exe,+rtt_us", &stage, &changed);
	stage_free(&stage);
	assert_int_equal(count_lines(plain.out), 7);
	assert_ptr_equal(display_find(plain.out, "LPORT|PID"), plain.out);
	assert_int_equal(count_lines(bare.out), 6);
	assert_null(display_find(bare.out, "LPORT"));
	line = display_find(json.out, "{\"lport\":|,\"state\":\"LISTEN\"}");
	assert_non_null(line);
	assert_null(display_find(json.out, "pid"));
	assert_non_null(display_find(changed.out, "{\"proto\":\"tcp\"|\"lport\":|\"rtt_us\":"));
	assert_null(display_find(changed.out, "\"exe\":"));
	program_result_done(&changed);
	program_result_done(&plain);
	program_result_done(&bare);
	program_result_done(&json);
}

/* What is told of rows that are gone is not known of those that are there. */
static void a_row_that_is_there_is_not_gone(struct suite *suite)
{
	struct stage_process stage;
	struct program_result text, json, csv;
	char port[32], row[128];

	start_servers(suite, NET_V4, &stage);
	show_netns_of(suite, "-anH --columns=lport,gone,opened,closed,reason", &stage, &text);
	show_netns_of(suite, "-anj --columns=lport,gone,opened,closed,reason", &stage, &json);
	show_netns_of(suite, "-an --format=csv --columns=lport,gone,opened,closed,reason", &stage,
		      &csv);
	snprintf(port, sizeof(port), "%d", stage.facts->server_port);
	stage_free(&stage);
	snprintf(row, sizeof(row), "%s|-  |-  |-  |-", port);
	assert_non_null(display_find(text.out, row));
	snprintf(row, sizeof(row),
		 "{\"lport\":%s,\"gone\":null,\"opened\":null,\"closed\":null,\"reason\":null}",
		 port);
	assert_non_null(display_find(json.out, row));
	snprintf(row, sizeof(row), "%s,,,,\r", port);
	assert_non_null(display_find(csv.out, row));
	program_result_done(&text);
	program_result_done(&json);
	program_result_done(&csv);
}

struct order {
	long long last;
	bool descending;
	unsigned int rows;
};

static void expect_order(const char *line, void *arg)
{
	struct order *order = arg;
	long long port = strtoll(line, NULL, 10);

	if (order->rows++ > 0 && (order->descending ? port > order->last : port < order->last))
		fail_msg("%lld after %lld", port, order->last);
	order->last = port;
}

static void rows_are_sorted_as_asked(struct suite *suite)
{
	struct order rising = { 0 }, falling = { .descending = true };
	struct stage_process stage;
	struct program_result up, down;

	start_servers(suite, NET_V4, &stage);
	show_netns_of(suite, "-anH --columns=lport --sort=lport", &stage, &up);
	show_netns_of(suite, "-anH --columns=lport --sort=-lport", &stage, &down);
	stage_free(&stage);
	display_walk(up.out, expect_order, &rising);
	display_walk(down.out, expect_order, &falling);
	assert_int_equal(rising.rows, 6);
	assert_int_equal(falling.rows, 6);
	program_result_done(&up);
	program_result_done(&down);
}

static void csv_begins_with_the_names_of_its_columns(struct suite *suite)
{
	static const char names[] = "proto,family,laddr,lport,raddr,rport,state,pid,comm,exe,uid,";
	struct stage_process stage;
	struct program_result with, without;
	char row[64];

	start_servers(suite, NET_V4, &stage);
	show_netns_of(suite, "-an --format=csv", &stage, &with);
	show_netns_of(suite, "-anH --format=csv", &stage, &without);
	snprintf(row, sizeof(row), "tcp,4,127.0.0.1,%d,0.0.0.0,0,LISTEN,%d,",
		 stage.facts->server_port, (int)stage.facts->pid[ROLE_SERVER]);
	stage_free(&stage);
	assert_ptr_equal(display_find(with.out, names), with.out);
	assert_non_null(display_find(with.out, row));
	assert_null(display_find(without.out, names));
	assert_int_equal(count_lines(with.out), 7);
	assert_int_equal(count_lines(without.out), 6);
	program_result_done(&with);
	program_result_done(&without);
}

/* ---- onto which output ----------------------------------------------------------------------- */

static void colour_is_for_those_who_ask(struct suite *suite)
{
	struct stage_process stage;
	struct program_result plain, asked, refused;

	start_servers(suite, NET_V4, &stage);
	show_netns_of(suite, "-an", &stage, &plain);
	show_netns_of(suite, "-an --color=always", &stage, &asked);
	show_netns_of(suite, "-an --color=never", &stage, &refused);
	stage_free(&stage);
	assert_null(strchr(plain.out, '\033'));
	assert_null(strchr(refused.out, '\033'));
	assert_non_null(display_find(asked.out, "\033[|LISTEN|\033[0m"));
	program_result_done(&plain);
	program_result_done(&asked);
	program_result_done(&refused);
}

/* The other end of a terminal of 40 columns; ret_path is where the program writes to. */
static int open_terminal(char ret_path[64])
{
	const struct winsize size = { .ws_row = 24, .ws_col = TERMINAL_COLUMNS };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, ret_path, 64) != 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		skip_because("no pseudo-terminal: %s", strerror(errno));
	return master;
}

/* All that is written to a terminal until nobody has it open any more. */
static void read_terminal(int master, char *out, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size - 1 && (got = read(master, out + used, size - 1 - used)) > 0)
		used += (size_t)got;
	out[used] = '\0';
}

static void show_on_terminal(struct suite *suite, const char *words, char *out, size_t size)
{
	struct command command;
	struct running running;
	struct program_result result;
	char path[64];
	int master = open_terminal(path), held = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct pollfd answer = { .fd = master, .events = POLLIN };

	command_make(suite, words, &command);
	command.program.stdout_path = path;
	program_start(&command.program, &running);
	/* It is open there as soon as something comes; until then our own one keeps it alive. */
	(void)poll(&answer, 1, command.program.timeout_ms);
	close(held);
	read_terminal(master, out, size);
	program_finish(&running, command.program.timeout_ms, &result);
	close(master);
	if (result.status != 0 || display_complaints(result.err, false))
		fail_msg("sockwatch %s: status %d, stderr %s", words, result.status, result.err);
	program_result_done(&result);
}

static void a_narrow_terminal_cuts_no_address(struct suite *suite)
{
	struct stage_process stage;
	char words[64], endpoint[64], coloured[16384], plain[16384];

	start_servers(suite, NET_V6, &stage);
	snprintf(words, sizeof(words), "-anp --netns=%d", (int)stage.facts->stage_pid);
	snprintf(endpoint, sizeof(endpoint), "[::1]:%d|[::1]:%d|ESTABLISHED|%d/",
		 stage.facts->client_port, stage.facts->server_port,
		 (int)stage.facts->pid[ROLE_CLIENT]);
	show_on_terminal(suite, words, coloured, sizeof(coloured));
	setenv("NO_COLOR", "1", 1);
	setenv("COLUMNS", "40", 1);
	show_on_terminal(suite, words, plain, sizeof(plain));
	unsetenv("NO_COLOR");
	unsetenv("COLUMNS");
	stage_free(&stage);
	assert_non_null(display_find(coloured, endpoint));
	assert_non_null(display_find(plain, endpoint));
	assert_non_null(strchr(coloured, '\033'));
	assert_null(strchr(plain, '\033'));
}

static void nobody_reads_and_it_ends_quietly(struct suite *suite)
{
	static const char *const lines[] = {
		"-an", "-anj", "-an --format=csv", "-s", "-r", "-n 1"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct command command;
		struct program_result result;

		command_make(suite, lines[i], &command);
		command.program.closed_pipe = true;
		program_run(&command.program, &result);
		if (result.status != 0 || display_complaints(result.err, true))
			fail_msg("sockwatch %s: status %d, stderr %s", lines[i], result.status,
				 result.err);
		program_result_done(&result);
	}
}

static void a_full_disk_is_told(struct suite *suite)
{
	static const char *const lines[] = { "-an",   "-anj",	"-an --format=csv",
					     "-s",    "-r",	"-n 1",
					     "-i",    "states", "--columns=help",
					     "--help" };
	struct hands hands = { .suite = suite, .net = NET_V4, .fd = { -1 } };
	size_t wrong = 0;

	if (access("/dev/full", W_OK) < 0)
		skip_because("no /dev/full");
	/* Where there is no socket at all, JSON has nothing to write. */
	assert_true(op_socket(&hands, (const long[4]){ 0 }) >= 0);
	assert_int_equal(op_bind(&hands, (const long[4]){ 0, PLACE_LOOPBACK }), 0);
	assert_int_equal(op_listen(&hands, (const long[4]){ 0, 8 }), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct command command;
		struct program_result result;
		bool right;

		command_make(suite, lines[i], &command);
		command.program.stdout_path = "/dev/full";
		program_run(&command.program, &result);
		right = result.status == 1 && display_complaints(result.err, false) == 1 &&
			display_find(result.err, "output");
		if (!right)
			print_error("sockwatch %s: status %d, stderr %s\n", lines[i], result.status,
				    result.err);
		wrong += !right;
		program_result_done(&result);
	}
	op_close(&hands, (const long[4]){ 0 });
	assert_int_equal(wrong, 0);
}

static void anybody_sees_the_sockets_and_what_is_missing(struct suite *suite)
{
	struct hands hands = { .suite = suite, .net = NET_V4, .fd = { -1 } };
	struct command command;
	struct program_result result;
	char copy[128], listener[64];
	bool shown;

	snprintf(copy, sizeof(copy), "%.60s/sockwatch", suite->scratch);
	if (copy_file(suite->sockwatch, copy) < 0)
		fail_msg("%s: %s", copy, strerror(errno));
	assert_true(op_socket(&hands, (const long[4]){ 0 }) >= 0);
	assert_int_equal(op_bind(&hands, (const long[4]){ 0, PLACE_LOOPBACK }), 0);
	assert_int_equal(op_listen(&hands, (const long[4]){ 0, 8 }), 0);
	snprintf(listener, sizeof(listener), "127.0.0.1:%ld |LISTEN",
		 op_port(&hands, (const long[4]){ 0 }));
	command_make(suite, "-an", &command);
	command.program.args[0] = copy;
	command.program.uid = NOBODY;
	program_run(&command.program, &result);
	unlink(copy);
	op_close(&hands, (const long[4]){ 0 });
	shown = display_find(result.out, listener);
	if (result.status != 0 || !shown || count_lines(result.err) != 1 ||
	    !(strstr(result.err, "root") || strstr(result.err, "CAP_")))
		fail_msg("status %d, stdout %s, stderr %s", result.status, result.out, result.err);
	program_result_done(&result);
}

/* ---- states ---------------------------------------------------------------------------------- */

static void expect_object(const char *line, void *arg)
{
	(void)arg;
	if (!jsonline_is_object(line) || !jsonline_has(line, "meaning"))
		fail_msg("no state: %s", line);
}

static void states_explains_every_state(struct suite *suite)
{
	static const char *const states[] = {
		"LISTEN",    "SYN_SENT", "SYN_RECV",   "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2",
		"TIME_WAIT", "CLOSE",	 "CLOSE_WAIT", "LAST_ACK",    "CLOSING",
	};
	struct program_result text, json, wrong;
	char name[32];

	display_show(suite, "states", &text);
	display_show(suite, "states -j", &json);
	display_run(suite, "states nonsense", &wrong);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(name, sizeof(name), "%s (Windows: ", states[i]);
		assert_non_null(display_find(text.out, name));
		snprintf(name, sizeof(name), "\"name\":\"%s\"", states[i]);
		assert_non_null(display_find(json.out, name));
	}
	display_walk(json.out, expect_object, NULL);
	assert_int_equal(wrong.status, 2);
	assert_int_equal(count_lines(wrong.err), 1);
	assert_non_null(strstr(wrong.err, "'nonsense'"));
	program_result_done(&text);
	program_result_done(&json);
	program_result_done(&wrong);
}

const struct test tests_netstat_format[] = {
	{ .name = "netns_narrows", .run = netns_narrows },
	{ .name = "filters_choose_rows", .run = filters_choose_rows },
	{ .name = "columns_and_header_are_as_asked", .run = columns_and_header_are_as_asked },
	{ .name = "a_row_that_is_there_is_not_gone", .run = a_row_that_is_there_is_not_gone },
	{ .name = "rows_are_sorted_as_asked", .run = rows_are_sorted_as_asked },
	{ .name = "csv_begins_with_the_names_of_its_columns",
	  .run = csv_begins_with_the_names_of_its_columns },
	{ .name = "colour_is_for_those_who_ask", .run = colour_is_for_those_who_ask },
	{ .name = "a_narrow_terminal_cuts_no_address", .run = a_narrow_terminal_cuts_no_address },
	{ .name = "nobody_reads_and_it_ends_quietly", .run = nobody_reads_and_it_ends_quietly },
	{ .name = "a_full_disk_is_told", .run = a_full_disk_is_told },
	{ .name = "anybody_sees_the_sockets_and_what_is_missing",
	  .run = anybody_sees_the_sockets_and_what_is_missing },
	{ .name = "states_explains_every_state", .run = states_explains_every_state },
	{ .name = NULL },
};
