// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters of living connections: against what the programs read themselves (TCP_INFO), against
 * ss(8), with delay and loss where the kernel can do that; and how long things are there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "netem.h"
#include "scenario.h"
#include "traffic.h"

#define NOBODY 65534
#define DELAY_MS 20
#define LOSS_PERCENT 20

/* facts->counted */
enum { CLIENT, SERVER, HALF_CLIENT, HALF_SERVER, COUNTED };

/* ---- what the puppets do --------------------------------------------------------------------- */

/* args: slot, facts->counted, the peer's FIN was received */
static long op_count(struct hands *hands, const long args[4])
{
	struct counted *to = &hands->facts->counted[args[1]];
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(hands->fd[args[0]], IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return -errno;
	to->rtt_us = info.tcpi_rtt;
	to->retrans = info.tcpi_total_retrans;
	to->rx_bytes = (long)info.tcpi_bytes_received - args[2];
	to->tx_bytes = (long)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
	to->rx_segs = info.tcpi_segs_in;
	to->tx_segs = info.tcpi_segs_out;
	to->rx_data_segs = info.tcpi_data_segs_in;
	to->tx_data_segs = info.tcpi_data_segs_out;
	return 0;
}

/* args: slot. Small segments, each answered, until some were lost; how many bytes. */
static long op_send_until_lost(struct hands *hands, const long args[4])
{
	static const char zeros[1000];
	const long drain[4] = { args[0], 20 };
	struct tcp_info info = { 0 };
	long sent = 0;

	while (info.tcpi_total_retrans < 3) {
		socklen_t len = sizeof(info);
		long drained;

		if (sent == 500 * (long)sizeof(zeros))
			return -ETIMEDOUT;
		if (send(hands->fd[args[0]], zeros, sizeof(zeros), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(zeros))
			return -errno;
		sent += sizeof(zeros);
		drained = op_drained(hands, drain);
		if (drained < 0)
			return drained;
		if (getsockopt(hands->fd[args[0]], IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
			return -errno;
	}
	return sent;
}

static void count(struct stage *stage, enum role role, long slot, int which, bool fin)
{
	must(stage, puppet_call(stage->puppets[role], op_count, slot, which, fin, 0));
}

static void send_all(struct stage *stage, enum role role, long slot, long bytes)
{
	must(stage, puppet_send(stage->puppets[role], slot, bytes));
	must(stage, puppet_wait_drained(stage->puppets[role], (int)slot, 20));
}

/* ---- against the programs and ss ------------------------------------------------------------- */

/* Two connections: one with data in both directions, and one that the client has closed half. */
static void play_live(struct stage *stage)
{
	struct puppet *client, *server;

	establish(stage);
	client = stage->puppets[ROLE_CLIENT];
	server = stage->puppets[ROLE_SERVER];
	must(stage, puppet_connect(client, 2, PLACE_LOOPBACK, stage->facts->server_port));
	must(stage, puppet_accept(server, 0, 2));
	stage->facts->ports[0] = (uint16_t)must(stage, puppet_port(client, 2));
	send_all(stage, ROLE_CLIENT, 1, 30000);
	must(stage, puppet_recv(server, 1, 10000));
	send_all(stage, ROLE_SERVER, 1, 777);
	must(stage, puppet_recv(client, 1, 777));
	send_all(stage, ROLE_CLIENT, 2, 100);
	must(stage, puppet_shutdown(client, 2, SHUT_WR));
	must(stage, puppet_wait_state(client, 2, 5 /* TCP_FIN_WAIT2 */));
	count(stage, ROLE_CLIENT, 1, CLIENT, false);
	count(stage, ROLE_SERVER, 1, SERVER, false);
	count(stage, ROLE_CLIENT, 2, HALF_CLIENT, false);
	count(stage, ROLE_SERVER, 2, HALF_SERVER, true);
	stage_pause(stage);
}

/* What the programs have not read, by facts->counted. */
static const long unread[COUNTED] = { [SERVER] = 20000, [HALF_SERVER] = 100 };

static void ends_of(const struct facts *facts, int which, int *ret_lport, int *ret_rport)
{
	bool half = which == HALF_CLIENT || which == HALF_SERVER;
	int client = half ? facts->ports[0] : facts->client_port;
	bool server = which == SERVER || which == HALF_SERVER;

	*ret_lport = server ? facts->server_port : client;
	*ret_rport = server ? client : facts->server_port;
}

static void expect_number(const char *row, const char *key, long long expected)
{
	long long value = -1;

	if (!jsonline_number(row, key, &value) || value != expected)
		fail_msg("%s is %lld, not %lld, in %s", key, value, expected, row);
}

static void expect_counted(const char *row, const struct counted *counted)
{
	expect_number(row, "rx_bytes", counted->rx_bytes);
	expect_number(row, "tx_bytes", counted->tx_bytes);
	expect_number(row, "rx_segs", counted->rx_segs);
	expect_number(row, "tx_segs", counted->tx_segs);
	expect_number(row, "rx_data_segs", counted->rx_data_segs);
	expect_number(row, "tx_data_segs", counted->tx_data_segs);
	expect_number(row, "rtt_us", counted->rtt_us);
	expect_number(row, "retrans", counted->retrans);
}

/* The row with these ports, as JSON. */
static void find_row(const char *out, int lport, int rport, char *row, size_t size)
{
	char pieces[64];
	const char *line;

	snprintf(pieces, sizeof(pieces), "\"lport\":%d,|\"rport\":%d,", lport, rport);
	line = display_find(out, pieces);
	if (!line)
		fail_msg("no row with %s in %s", pieces, out);
	display_copy_line(line, row, size);
	assert_true(jsonline_is_object(row));
}

static void expect_rows(const char *out, const struct facts *facts)
{
	for (int which = 0; which < COUNTED; which++) {
		char row[4096];
		int lport, rport;

		ends_of(facts, which, &lport, &rport);
		find_row(out, lport, rport, row, sizeof(row));
		expect_counted(row, &facts->counted[which]);
		expect_number(row, "unread_bytes", unread[which]);
		expect_number(row, "unacked_bytes", 0);
		/* No tracer was there when it happened. */
		assert_true(jsonline_is_null(row, "age_us"));
		assert_true(jsonline_is_null(row, "state_age_us"));
		assert_false(jsonline_has(row, "connect_us"));
	}
}

/* As another user there is only sock_diag. */
static void show_as(struct suite *suite, const char *path, uid_t uid, pid_t pid,
		    struct program_result *ret_result)
{
	struct command command;

	command_make(suite, "-tenj --netns=self", &command);
	command.program.args[0] = path;
	command.program.uid = uid;
	command.program.netns_of = pid;
	program_run(&command.program, ret_result);
	if (ret_result->status != 0)
		fail_msg("status %d: %s", ret_result->status, ret_result->err);
}

static void live_counters_are_what_the_programs_read(struct suite *suite)
{
	struct stage_process process;
	struct program_result result;
	char copy[128];

	snprintf(copy, sizeof(copy), "%.60s/sockwatch", suite->scratch);
	if (copy_file(suite->sockwatch, copy) < 0)
		fail_msg("%s: %s", copy, strerror(errno));
	for (int net = NET_V4; net <= NET_V6; net++) {
		stage_start(suite, (enum net)net, play_live, &process);
		stage_wait_pause(&process, suite_deadline_ms(suite, 20));
		show_as(suite, suite->sockwatch, 0, process.facts->stage_pid, &result);
		expect_rows(result.out, process.facts);
		program_result_done(&result);
		show_as(suite, copy, NOBODY, process.facts->stage_pid, &result);
		expect_rows(result.out, process.facts);
		program_result_done(&result);
		stage_free(&process);
	}
	unlink(copy);
}

/* The number behind "key:" as a word of its own; -1: ss leaves out what is 0. */
static double number_of_ss(const char *line, const char *key)
{
	const char *at = line;
	size_t len = strlen(key);

	while ((at = strstr(at, key))) {
		if (at > line && at[-1] == ' ' && at[len] == ':')
			return strtod(at + len + 1, NULL);
		at += len;
	}
	return -1;
}

static long long count_of_ss(const char *line, const char *key)
{
	double number = number_of_ss(line, key);

	return number < 0 ? 0 : (long long)number;
}

/* "retrans:0/3": those that are under way, and all. */
static long long retrans_of_ss(const char *line)
{
	const char *at = strstr(line, " retrans:");
	const char *all = at ? strchr(at, '/') : NULL;

	return all ? strtoll(all + 1, NULL, 10) : 0;
}

static void expect_as_ss(const char *row, const char *line)
{
	long long fin = strstr(line, "CLOSE-WAIT") ? 1 : 0;
	long long cookie = 0, rtt_us = -1;
	const char *at = strstr(line, " sk:");

	expect_number(row, "rx_bytes", count_of_ss(line, "bytes_received") - fin);
	expect_number(row, "tx_bytes",
		      count_of_ss(line, "bytes_sent") - count_of_ss(line, "bytes_retrans"));
	expect_number(row, "rx_segs", count_of_ss(line, "segs_in"));
	expect_number(row, "tx_segs", count_of_ss(line, "segs_out"));
	expect_number(row, "rx_data_segs", count_of_ss(line, "data_segs_in"));
	expect_number(row, "tx_data_segs", count_of_ss(line, "data_segs_out"));
	expect_number(row, "retrans", retrans_of_ss(line));
	expect_number(row, "inode", count_of_ss(line, "ino"));
	jsonline_number(row, "cookie", &cookie);
	jsonline_number(row, "rtt_us", &rtt_us);
	/* In milliseconds, and rounded. */
	if (!at || strtoll(at + 4, NULL, 16) != cookie ||
	    llabs(rtt_us - (long long)(number_of_ss(line, "rtt") * 1000 + 0.5)) > 1)
		fail_msg("cookie or rtt of %s\nis not that of %s", row, line);
}

static void live_columns_are_those_of_ss(struct suite *suite)
{
	struct program ss = { .args = { "/usr/bin/ss", "-tinpeOH" },
			      .timeout_ms = suite_deadline_ms(suite, 20) };
	struct program_result ours, theirs;
	struct stage_process process;

	if (access(ss.args[0], X_OK) < 0)
		skip_because("no ss here (iproute2)");
	stage_start(suite, NET_V4, play_live, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	ss.netns_of = process.facts->stage_pid;
	show_as(suite, suite->sockwatch, 0, process.facts->stage_pid, &ours);
	program_run(&ss, &theirs);
	if (theirs.status != 0)
		skip_because("ss -O: status %d, %s", theirs.status, theirs.err);
	for (int which = 0; which < COUNTED; which++) {
		char row[4096], line[4096], pieces[64];
		const char *found;
		int lport, rport;

		ends_of(process.facts, which, &lport, &rport);
		find_row(ours.out, lport, rport, row, sizeof(row));
		snprintf(pieces, sizeof(pieces), "127.0.0.1:%d |127.0.0.1:%d ", lport, rport);
		found = display_find(theirs.out, pieces);
		if (!found)
			fail_msg("ss does not show %s in %s", pieces, theirs.out);
		display_copy_line(found, line, sizeof(line));
		expect_as_ss(row, line);
	}
	program_result_done(&ours);
	program_result_done(&theirs);
	stage_free(&process);
}

/* ---- delay and loss -------------------------------------------------------------------------- */

static void set_netem(struct stage *stage, unsigned int loss_percent)
{
	int r = netem_set(DELAY_MS, loss_percent);

	if (r == -ENOENT)
		stage_skip(stage, "this kernel has no netem (CONFIG_NET_SCH_NETEM)");
	must(stage, r);
}

static void play_far(struct stage *stage)
{
	set_netem(stage, 0);
	establish(stage);
	set_netem(stage, LOSS_PERCENT);
	stage->facts->number[0] = must(
		stage, puppet_call(stage->puppets[ROLE_CLIENT], op_send_until_lost, 1, 0, 0, 0));
	set_netem(stage, 0);
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, stage->facts->number[0]));
	count(stage, ROLE_CLIENT, 1, CLIENT, false);
	stage_pause(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void expect_far_end(const struct tracer *tracer, const struct facts *facts)
{
	struct trail trail;

	trail_find(tracer, facts->netns, facts->client_port, facts->server_port, 0, &trail);
	trail_expect_number(&trail, "tx_bytes", facts->number[0]);
	if (trail_last_number(&trail, "retrans") < facts->counted[CLIENT].retrans ||
	    trail_last_number(&trail, "rtt_us") < 2 * DELAY_MS * 900 ||
	    trail_last_number(&trail, "handshake_us") < 2 * DELAY_MS * 1000) {
		trail_print(&trail);
		fail_msg("not %d ms away and with %ld retransmissions", DELAY_MS,
			 facts->counted[CLIENT].retrans);
	}
	trail_find(tracer, facts->netns, facts->server_port, facts->client_port, 0, &trail);
	trail_expect_number(&trail, "rx_bytes", facts->number[0]);
}

static void delay_and_loss_show_as_rtt_and_retransmissions(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	struct program_result result;
	struct stage_process process;
	char row[4096];

	stage_start(suite, NET_V4, play_far, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 60));
	show_as(suite, suite->sockwatch, 0, process.facts->stage_pid, &result);
	find_row(result.out, process.facts->client_port, process.facts->server_port, row,
		 sizeof(row));
	expect_counted(row, &process.facts->counted[CLIENT]);
	assert_true(process.facts->counted[CLIENT].rtt_us >= 2 * DELAY_MS * 900);
	program_result_done(&result);
	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 20));
	stage_check(&process);
	settle(suite, tracer, &process);
	assert_int_equal(tracer_stop(tracer), 0);
	expect_far_end(tracer, process.facts);
	stage_free(&process);
	tracer_free(tracer);
}

/* ---- ages ------------------------------------------------------------------------------------ */

/* facts->times_ns: before and after what is measured. */
enum { BEFORE_CONNECT, AFTER_CONNECT, BEFORE_FIN, AFTER_FIN };

static void note_time(struct stage *stage, int which)
{
	stage->facts->times_ns[which] = now_ns();
}

/* Pause 1: a listener. Pause 2: a connection. Pause 3: half of it closed. Pause 4: TIME_WAIT. */
static void play_ages(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, BACKLOG_AMPLE));
	stage_pause(stage);
	note_time(stage, BEFORE_CONNECT);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	note_time(stage, AFTER_CONNECT);
	must(stage, puppet_accept(server, 0, 1));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	send_all(stage, ROLE_CLIENT, 1, 333);
	stage_pause(stage);
	note_time(stage, BEFORE_FIN);
	must(stage, puppet_shutdown(client, 1, SHUT_WR));
	must(stage, puppet_wait_state(server, 1, 8 /* TCP_CLOSE_WAIT */));
	note_time(stage, AFTER_FIN);
	stage_pause(stage);
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
	must(stage, puppet_recv(client, 1, -1));
	must(stage, puppet_close(client, 1));
	stage_pause(stage);
}

/* From CLOCK_MONOTONIC to CLOCK_REALTIME. We may lose the processor between two readings. */
static int64_t clocks_apart(void)
{
	uint64_t best_ns = UINT64_MAX;
	int64_t apart = 0;

	for (int i = 0; i < 20; i++) {
		uint64_t before_ns = now_ns(), spread_ns;
		struct timespec wall;

		clock_gettime(CLOCK_REALTIME, &wall);
		spread_ns = now_ns() - before_ns;
		if (spread_ns < best_ns)
			apart = wall.tv_sec * 1000000000ll + wall.tv_nsec -
				(int64_t)(before_ns + spread_ns / 2);
		if (spread_ns < best_ns)
			best_ns = spread_ns;
	}
	return apart;
}

/* CLOCK_MONOTONIC of "2026-11-24T00:11:22.123456789Z". */
static uint64_t monotonic_of(const char *row)
{
	char text[64] = "";
	struct tm parts = { 0 };
	const char *rest;
	int64_t at;

	jsonline_string(row, "ts", text, sizeof(text));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S.", &parts);
	if (!rest)
		fail_msg("no time in %s", row);
	at = timegm(&parts) * 1000000000ll + strtoll(rest, NULL, 10);
	return (uint64_t)(at - clocks_apart());
}

/* The key tells how long before the display something was that happened between these two. */
static void expect_since(const struct suite *suite, const char *row, const char *key,
			 const struct facts *facts, int before, int after)
{
	/* The wall clock of an emulated machine is no good. */
	const uint64_t slack_ns = suite_count(suite, 20000000, 200000000);
	long long age_us = -1;
	uint64_t begin_ns;

	if (!jsonline_number(row, key, &age_us))
		fail_msg("no %s in %s", key, row);
	begin_ns = monotonic_of(row) - (uint64_t)age_us * 1000;
	if (begin_ns + slack_ns < facts->times_ns[before] ||
	    begin_ns > facts->times_ns[after] + slack_ns)
		fail_msg("%s: %lld us before the display is %lld us after the beginning, in %s",
			 key, age_us, (long long)(begin_ns - facts->times_ns[before]) / 1000, row);
}

/*
 * Wait for a display that has this row, and give it. A connection that is younger than what the
 * tracer had told when the display began is known to the next one.
 */
static void wait_row(struct suite *suite, const struct running *running, int lport, int rport,
		     const char *state, char *row, size_t size)
{
	char pieces[128];
	char *text;

	snprintf(pieces, sizeof(pieces), "\"lport\":%d,|\"rport\":%d,\"state\":\"%s\"%s", lport,
		 rport, state, rport ? "|\"handshake_us\":" : "");
	if (!display_wait(running, pieces, suite_deadline_ms(suite, 20)))
		fail_msg("no row with %s", pieces);
	text = program_output(running);
	display_copy_line(display_find(text, pieces), row, size);
	free(text);
	assert_true(jsonline_is_object(row));
}

static void expect_connected(const struct suite *suite, const char *row, const struct facts *facts)
{
	long long took_us =
		(long long)(facts->times_ns[AFTER_CONNECT] - facts->times_ns[BEFORE_CONNECT]) /
		1000;
	long long connect_us = took_us, handshake_us = -1;

	expect_since(suite, row, "age_us", facts, BEFORE_CONNECT, AFTER_CONNECT);
	expect_since(suite, row, "state_age_us", facts, BEFORE_CONNECT, AFTER_CONNECT);
	/* It is not known if there was no memory to note when the call began. */
	jsonline_number(row, "connect_us", &connect_us);
	jsonline_number(row, "handshake_us", &handshake_us);
	if (connect_us > took_us || handshake_us <= 0 || handshake_us > connect_us)
		fail_msg("connect() took less than %lld us, but %s", took_us, row);
}

static void ages_are_exact_while_the_tracer_is_there(struct suite *suite)
{
	struct stage_process process;
	struct program_result result;
	const struct facts *facts;
	struct running running;
	struct command command;
	char words[64], row[4096];

	stage_start(suite, NET_V4, play_ages, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	facts = process.facts;
	snprintf(words, sizeof(words), "-taenj --netns=%d 1 600", (int)facts->stage_pid);
	command_make(suite, words, &command);
	program_start(&command.program, &running);
	/* The listener was there before. */
	wait_row(suite, &running, facts->server_port, 0, "LISTEN", row, sizeof(row));
	assert_true(jsonline_is_null(row, "age_us"));
	stage_resume(&process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	wait_row(suite, &running, facts->client_port, facts->server_port, "ESTABLISHED", row,
		 sizeof(row));
	expect_connected(suite, row, facts);
	stage_resume(&process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	wait_row(suite, &running, facts->server_port, facts->client_port, "CLOSE_WAIT", row,
		 sizeof(row));
	expect_since(suite, row, "age_us", facts, BEFORE_CONNECT, AFTER_CONNECT);
	expect_since(suite, row, "state_age_us", facts, BEFORE_FIN, AFTER_FIN);
	stage_resume(&process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));
	wait_row(suite, &running, facts->client_port, facts->server_port, "TIME_WAIT", row,
		 sizeof(row));
	expect_since(suite, row, "age_us", facts, BEFORE_CONNECT, AFTER_CONNECT);
	/* The kernel has forgotten these; the tracer has not. */
	expect_number(row, "tx_bytes", 333);
	expect_number(row, "pid", facts->pid[ROLE_CLIENT]);
	kill(running.pid, SIGINT);
	program_finish(&running, suite_deadline_ms(suite, 20), &result);
	assert_int_equal(result.status, 0);
	program_result_done(&result);
	stage_free(&process);
}

const struct test tests_live[] = {
	{ .name = "live_counters_are_what_the_programs_read",
	  .run = live_counters_are_what_the_programs_read },
	{ .name = "live_columns_are_those_of_ss", .run = live_columns_are_those_of_ss },
	{ .name = "delay_and_loss_show_as_rtt_and_retransmissions",
	  .run = delay_and_loss_show_as_rtt_and_retransmissions },
	{ .name = "ages_are_exact_while_the_tracer_is_there",
	  .run = ages_are_exact_while_the_tracer_is_there },
	{ .name = NULL },
};
