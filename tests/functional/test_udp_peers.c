// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom UDP sockets talk to: resolvers, syslog, QUIC, and more peers than are kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "datagrams.h"
#include "display.h"
#include "jsonline.h"
#include "scenario.h"

#define RESOLVERS 12
#define QUESTION 30 /* bytes */
#define ANSWER 60
#define SENDERS 8
#define MESSAGES 5
#define MESSAGE 100
#define PORT_DNS 53
#define PORT_SYSLOG 514
#define PORT_QUIC 443
#define PEERS_KEPT 4096 /* of one socket, at most */
#define PEERS_MANY 10000
#define ANYBODY_PORT 9 /* where nobody is */

static const char *const counted[] = { "--peers", NULL };

/* The last event of the socket with this local port. */
static const char *last_of(const struct tracer *tracer, const struct facts *facts, int lport)
{
	struct trail trail;

	trail_find(tracer, facts->netns, lport, PORT_ANY, 0, &trail);
	if (trail.count == 0 || trail.events[trail.count - 1]->new != STATE_CLOSE)
		fail_msg("the socket with port %d was not closed", lport);
	return trail.events[trail.count - 1]->text;
}

static void expect_number(const char *line, const char *key, long long expected)
{
	long long value = -1;

	if (!jsonline_number(line, key, &value) || value != expected)
		fail_msg("%s is %lld, not %lld: %.2000s", key, value, expected, line);
}

static void expect_totals(const char *line, long long rx_datagrams, long long rx_bytes,
			  long long tx_datagrams, long long tx_bytes)
{
	expect_number(line, "rx_datagrams", rx_datagrams);
	expect_number(line, "rx_bytes", rx_bytes);
	expect_number(line, "tx_datagrams", tx_datagrams);
	expect_number(line, "tx_bytes", tx_bytes);
}

static void expect_peer(const char *line, const struct peer *peer, const struct peer *expected)
{
	if (peer->rx_datagrams == expected->rx_datagrams &&
	    peer->tx_datagrams == expected->tx_datagrams && peer->rx_bytes == expected->rx_bytes &&
	    peer->tx_bytes == expected->tx_bytes && strcmp(peer->raddr, expected->raddr) == 0 &&
	    strcmp(peer->first, peer->last) <= 0 && peer->first[0])
		return;
	fail_msg("another peer, or other numbers: %.2000s", line);
}

/* ---- DNS: many resolvers, one socket each, and one server --------------------------------------
 */

static void play_dns(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	must(stage, udp_serve(server, 0, PORT_DNS));
	for (int slot = 0; slot < RESOLVERS; slot++) {
		must(stage, udp_socket(client, slot));
		/* Some resolvers connect, others do not. */
		if (slot % 2)
			must(stage, puppet_connect(client, slot, PLACE_LOOPBACK, PORT_DNS));
		must(stage, udp_send(client, slot, slot % 2 ? 0 : PORT_DNS, QUESTION, 1));
		must(stage, udp_answer(server, 0, 1, ANSWER));
		must(stage, udp_receive(client, slot, 1));
		stage->facts->ports[slot] = (uint16_t)must(stage, puppet_port(client, slot));
		must(stage, puppet_close(client, slot));
	}
	must(stage, puppet_close(server, 0));
}

static void check_dns(struct suite *suite, enum net net)
{
	static const char *const addresses[NETS] = { "127.0.0.1", "::1", "::ffff:127.0.0.1" };
	struct peer expected = { .rx_datagrams = 1, .tx_datagrams = 1 }, peers[RESOLVERS];
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, counted, net, play_dns, &process);
	const struct facts *facts = process.facts;
	const char *line = last_of(tracer, facts, PORT_DNS);

	snprintf(expected.raddr, sizeof(expected.raddr), "%s", addresses[net]);
	assert_int_equal(peers_of_line(line, peers, RESOLVERS), RESOLVERS);
	expect_totals(line, RESOLVERS, RESOLVERS * QUESTION, RESOLVERS, RESOLVERS * ANSWER);
	expect_number(line, "peer_count", RESOLVERS);
	expect_number(line, "left_out", 0);
	for (int i = 0; i < RESOLVERS; i++) {
		expected.rx_bytes = QUESTION;
		expected.tx_bytes = ANSWER;
		expect_peer(line, &peers[i], &expected);
		assert_int_equal(peers[i].rport, facts->ports[i]);
	}
	for (int i = 0; i < RESOLVERS; i++) {
		line = last_of(tracer, facts, facts->ports[i]);
		expected.rx_bytes = ANSWER;
		expected.tx_bytes = QUESTION;
		assert_int_equal(peers_of_line(line, peers, 1), 1);
		expect_peer(line, peers, &expected);
		assert_int_equal(peers[0].rport, PORT_DNS);
	}
	stage_free(&process);
	tracer_free(tracer);
}

static void udp_resolvers_and_their_server_are_each_others_peers(struct suite *suite)
{
	for (int net = 0; net < NETS; net++)
		check_dns(suite, (enum net)net);
}

static void udp_peers_are_not_counted_unasked(struct suite *suite)
{
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, NULL, NET_V4, play_dns, &process);
	const char *line = last_of(tracer, process.facts, PORT_DNS);

	assert_false(jsonline_has(line, "peers"));
	assert_true(jsonline_is_null(line, "rx_bytes"));
	stage_free(&process);
	tracer_free(tracer);
}

/* ---- syslog: many senders to one socket that nobody reads in time ------------------------------
 */

static void play_syslog(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	must(stage, udp_serve(server, 0, PORT_SYSLOG));
	/* The kernel makes it as large as it must be: a few of our messages. */
	must(stage, puppet_option(server, 0, SOL_SOCKET, SO_RCVBUF, 1));
	for (int slot = 0; slot < SENDERS; slot++) {
		must(stage, udp_socket(client, slot));
		if (slot % 2)
			must(stage, puppet_connect(client, slot, PLACE_LOOPBACK, PORT_SYSLOG));
		must(stage, udp_send(client, slot, slot % 2 ? 0 : PORT_SYSLOG, MESSAGE, MESSAGES));
	}
	stage->facts->number[0] = must(stage, udp_drain(server, 0));
	must(stage, puppet_close(server, 0));
	for (int slot = 0; slot < SENDERS; slot++)
		must(stage, puppet_close(client, slot));
}

static void a_udp_syslog_server_lists_its_senders_and_what_it_dropped(struct suite *suite)
{
	struct peer peers[SENDERS],
		expected = { .rx_datagrams = MESSAGES, .rx_bytes = MESSAGES * MESSAGE };
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, counted, NET_V4, play_syslog, &process);
	const char *line = last_of(tracer, process.facts, PORT_SYSLOG);

	snprintf(expected.raddr, sizeof(expected.raddr), "127.0.0.1");
	assert_int_equal(peers_of_line(line, peers, SENDERS), SENDERS);
	for (int i = 0; i < SENDERS; i++)
		expect_peer(line, &peers[i], &expected);
	expect_totals(line, SENDERS * MESSAGES, SENDERS * MESSAGES * MESSAGE, 0, 0);
	assert_true(process.facts->number[0] < SENDERS * MESSAGES);
	expect_number(line, "dropped", SENDERS * MESSAGES - process.facts->number[0]);
	stage_free(&process);
	tracer_free(tracer);
}

/* ---- QUIC: one socket for all, one system call for many datagrams ------------------------------
 */

#define BURST 10500
#define BURST_DATAGRAM 1000
#define BURST_DATAGRAMS 11

static void play_quic(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	long r;

	must(stage, udp_serve(server, 0, PORT_QUIC));
	must(stage, udp_serve(client, 0, 0));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 0));
	r = udp_send_segmented(client, 0, PORT_QUIC, BURST, BURST_DATAGRAM);
	if (r == -EIO || r == -EINVAL)
		stage_skip(stage, "this kernel does not segment UDP");
	must(stage, r);
	must(stage, udp_receive(server, 0, BURST_DATAGRAMS));
	must(stage, udp_send(server, 0, stage->facts->client_port, QUESTION, 2));
	must(stage, udp_receive(client, 0, 2));
	must(stage, puppet_close(client, 0));
	must(stage, puppet_close(server, 0));
}

static void check_quic(struct suite *suite, enum net net)
{
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, counted, net, play_quic, &process);
	const char *line = last_of(tracer, process.facts, process.facts->client_port);
	struct peer peer;

	assert_int_equal(peers_of_line(line, &peer, 1), 1);
	expect_totals(line, 2, 2 * QUESTION, BURST_DATAGRAMS, BURST);
	assert_int_equal(peer.rport, PORT_QUIC);
	line = last_of(tracer, process.facts, PORT_QUIC);
	expect_totals(line, BURST_DATAGRAMS, BURST, 2, 2 * QUESTION);
	stage_free(&process);
	tracer_free(tracer);
}

static void segmented_udp_sends_count_as_their_datagrams(struct suite *suite)
{
	check_quic(suite, NET_V4);
	check_quic(suite, NET_V6);
}

/* ---- more than are kept ------------------------------------------------------------------------
 */

static void play_many(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	must(stage, udp_serve(client, 0, PORT_QUIC));
	for (int round = 0; round < 2; round++)
		must(stage, udp_send_around(client, 0, ANYBODY_PORT, QUESTION, PEERS_MANY));
	must(stage, puppet_close(client, 0));
}

static void ten_thousand_udp_peers_are_kept_in_part_and_all_counted(struct suite *suite)
{
	static struct peer peers[PEERS_KEPT];
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, counted, NET_V4, play_many, &process);
	const char *line = last_of(tracer, process.facts, PORT_QUIC);
	long long datagrams = 0;

	assert_int_equal(peers_of_line(line, peers, PEERS_KEPT), PEERS_KEPT);
	expect_totals(line, 0, 0, 2 * PEERS_MANY, 2LL * PEERS_MANY * QUESTION);
	for (long i = 0; i < PEERS_KEPT; i++)
		datagrams += peers[i].tx_datagrams;
	assert_int_equal(datagrams, 2 * PEERS_KEPT);
	expect_number(line, "left_out", 2 * (PEERS_MANY - PEERS_KEPT));
	expect_number(line, "left_out_bytes", 2LL * (PEERS_MANY - PEERS_KEPT) * QUESTION);
	stage_free(&process);
	tracer_free(tracer);
}

/* ---- displays ----------------------------------------------------------------------------------
 */

/* Asks again and again, as long as the stage is there. */
static long op_chat(struct hands *hands, const long args[4])
{
	const long question[4] = { 0, PORT_DNS, QUESTION, 1 };
	pid_t child = fork();

	(void)args;
	if (child == 0) {
		struct sockaddr_storage to;
		socklen_t len = net_address(hands->net, PLACE_LOOPBACK, (uint16_t)question[1], &to);
		char bytes[QUESTION] = { 0 };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			(void)sendto(hands->fd[0], bytes, sizeof(bytes), 0, (struct sockaddr *)&to,
				     len);
			(void)recv(hands->fd[0], bytes, sizeof(bytes), MSG_DONTWAIT);
			sleep_ms(20);
		}
	}
	return child < 0 ? -errno : 0;
}

/* Pause 1: a client talks to a server that does not answer. */
static void play_chat(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	must(stage, udp_serve(server, 0, PORT_DNS));
	must(stage, udp_socket(client, 0));
	must(stage, puppet_call(client, op_chat, 0, 0, 0, 0));
	stage_pause(stage);
}

static void start_display(struct suite *suite, const struct stage_process *process,
			  const char *switches, struct running *ret_running)
{
	struct command command;
	char words[100];

	snprintf(words, sizeof(words), "--netns=%d %s", (int)process->facts->stage_pid, switches);
	command_make(suite, words, &command);
	program_start(&command.program, ret_running);
}

static void finish_display(struct suite *suite, struct running *running, bool interrupt,
			   struct program_result *ret_result)
{
	if (interrupt)
		kill(running->pid, SIGINT);
	program_finish(running, suite_deadline_ms(suite, 30), ret_result);
	if (ret_result->status != 0)
		fail_msg("status %d: %s", ret_result->status, ret_result->err);
}

static void expect_row_with_peer(const char *json)
{
	const char *line = display_find(json, "\"lport\":53,|\"UNCONN\"|\"rx_datagrams\"");
	char *row = line ? strndup(line, strcspn(line, "\n")) : NULL;
	struct peer peer;

	if (!row || !jsonline_is_object(row) || peers_of_line(row, &peer, 1) < 1 ||
	    peer.rx_datagrams < 1 || peer.rx_bytes != peer.rx_datagrams * QUESTION)
		fail_msg("no row with its peer in %s", json);
	free(row);
}

static void displays_show_the_peers_of_udp_sockets_without_one(struct suite *suite)
{
	struct program_result result;
	struct stage_process process;
	struct running running;

	stage_start(suite, NET_V4, play_chat, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 20));

	start_display(suite, &process, "-unj --peers 1", &running);
	if (!display_wait(&running, "\"lport\":53,|\"peers\":[{", suite_deadline_ms(suite, 30)))
		fail_msg("no peers in the displays");
	finish_display(suite, &running, true, &result);
	expect_row_with_peer(result.out);
	program_result_done(&result);

	start_display(suite, &process, "-un --peers 1", &running);
	if (!display_wait(&running, "  peer 127.0.0.1:53 | tx ", suite_deadline_ms(suite, 30)))
		fail_msg("no peers below the rows");
	finish_display(suite, &running, true, &result);
	program_result_done(&result);

	/* Without INTERVAL it watches for a moment, and says so. */
	start_display(suite, &process, "-unj --peers", &running);
	finish_display(suite, &running, false, &result);
	expect_row_with_peer(result.out);
	assert_non_null(display_find(result.err, "peers are known only while sockwatch watches"));
	program_result_done(&result);

	stage_resume(&process);
	stage_wait_done(&process, suite_deadline_ms(suite, 20));
	stage_check(&process);
	stage_release(&process, suite_deadline_ms(suite, 20));
	stage_free(&process);
}

const struct test tests_udp_peers[] = {
	{ .name = "udp_resolvers_and_their_server_are_each_others_peers",
	  .run = udp_resolvers_and_their_server_are_each_others_peers },
	{ .name = "udp_peers_are_not_counted_unasked", .run = udp_peers_are_not_counted_unasked },
	{ .name = "a_udp_syslog_server_lists_its_senders_and_what_it_dropped",
	  .run = a_udp_syslog_server_lists_its_senders_and_what_it_dropped },
	{ .name = "segmented_udp_sends_count_as_their_datagrams",
	  .run = segmented_udp_sends_count_as_their_datagrams },
	{ .name = "ten_thousand_udp_peers_are_kept_in_part_and_all_counted",
	  .run = ten_thousand_udp_peers_are_kept_in_part_and_all_counted },
	{ .name = "displays_show_the_peers_of_udp_sockets_without_one",
	  .run = displays_show_the_peers_of_udp_sockets_without_one },
	{ .name = NULL },
};
