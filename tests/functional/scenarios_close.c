// SPDX-License-Identifier: GPL-2.0-or-later
/* How connections end: by FIN from either side, by reset, half-closed. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

/* Bytes that each side sends before the end. */
#define REQUEST_BYTES 1000
#define ANSWER_BYTES 20000

static void exchange(struct stage *stage)
{
	struct puppet *client = stage->puppets[ROLE_CLIENT];
	struct puppet *server = stage->puppets[ROLE_SERVER];

	must(stage, puppet_send(client, 1, REQUEST_BYTES));
	must(stage, puppet_recv(server, 1, REQUEST_BYTES));
	must(stage, puppet_send(server, 1, ANSWER_BYTES));
	must(stage, puppet_recv(client, 1, ANSWER_BYTES));
}

/* One side closes, the other reads the end and closes as well. */
static void close_by(struct stage *stage, enum role first, enum role second)
{
	establish(stage);
	exchange(stage);
	must(stage, puppet_close(stage->puppets[first], 1));
	must(stage, puppet_recv(stage->puppets[second], 1, -1));
	must(stage, puppet_close(stage->puppets[second], 1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 0));
}

static void play_close_by_client(struct stage *stage)
{
	close_by(stage, ROLE_CLIENT, ROLE_SERVER);
}

static void play_close_by_server(struct stage *stage)
{
	close_by(stage, ROLE_SERVER, ROLE_CLIENT);
}

static void find_both(const struct run *run, const char *client_states, const char *server_states,
		      struct trail *ret_client, struct trail *ret_server)
{
	const struct facts *facts = run->facts;

	expect_connection(run, facts->client_port, facts->server_port, client_states, ret_client);
	expect_connection(run, facts->server_port, facts->client_port, server_states, ret_server);
	trail_expect_owner(ret_client, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_owner(ret_server, 0, facts->pid[ROLE_SERVER], run->suite->self);
}

static void check_bytes(const struct trail *client, const struct trail *server)
{
	trail_expect_number(client, "tx_bytes", REQUEST_BYTES);
	trail_expect_number(client, "rx_bytes", ANSWER_BYTES);
	trail_expect_number(server, "tx_bytes", ANSWER_BYTES);
	trail_expect_number(server, "rx_bytes", REQUEST_BYTES);
}

static void check_listener(const struct run *run)
{
	struct trail listener;

	expect_connection(run, run->facts->server_port, PORT_NONE, "CLOSE LISTEN CLOSE", &listener);
	trail_expect_owner(&listener, 0, run->facts->pid[ROLE_SERVER], run->suite->self);
}

static void check_addresses(const struct run *run, const struct trail *trail)
{
	static const char *const loopback[NETS] = { "127.0.0.1", "::1", "::ffff:127.0.0.1" };
	char text[64] = "";

	/* The first event of a client may not know its own address yet; the last must. */
	jsonline_string(trail->events[trail->count - 1]->text, "laddr", text, sizeof(text));
	assert_string_equal(text, loopback[run->net]);
	jsonline_string(trail->events[0]->text, "raddr", text, sizeof(text));
	assert_string_equal(text, loopback[run->net]);
}

static void check_close_by_client(const struct run *run)
{
	struct trail client, server;

	find_both(run, ACTIVE_CLOSE, PASSIVE_CLOSE, &client, &server);
	check_bytes(&client, &server);
	check_addresses(run, &client);
	check_addresses(run, &server);
	trail_expect_text(&client, "reason", "fin-local");
	trail_expect_text(&server, "reason", "fin-remote");
	check_listener(run);
	assert_true(trail_last_number(&client, "duration_us") > 0);
}

static void check_close_by_server(const struct run *run)
{
	struct trail client, server;

	find_both(run, "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE",
		  "LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE", &client,
		  &server);
	check_bytes(&client, &server);
	trail_expect_text(&client, "reason", "fin-remote");
	trail_expect_text(&server, "reason", "fin-local");
	check_listener(run);
}

/* shutdown(SHUT_WR) keeps a full socket in FIN_WAIT2, into which the other side still sends. */
static void play_half_close(struct stage *stage)
{
	struct puppet *client, *server;

	establish(stage);
	client = stage->puppets[ROLE_CLIENT];
	server = stage->puppets[ROLE_SERVER];
	must(stage, puppet_send(client, 1, REQUEST_BYTES));
	must(stage, puppet_shutdown(client, 1, SHUT_WR));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_wait_state(client, 1, TCP_FIN_WAIT2));
	must(stage, puppet_send(server, 1, ANSWER_BYTES));
	must(stage, puppet_close(server, 1));
	must(stage, puppet_recv(client, 1, -1));
	must(stage, puppet_close(client, 1));
}

static void check_half_close(const struct run *run)
{
	struct trail client, server;

	find_both(run, ACTIVE_CLOSE, PASSIVE_CLOSE, &client, &server);
	check_bytes(&client, &server);
}

static void play_linger_reset(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_linger_reset(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	if (puppet_recv(stage->puppets[ROLE_SERVER], 1, -1) != -ECONNRESET)
		stage_fail(stage, "the server was not reset");
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

#define RESET_CLIENT "CLOSE SYN_SENT ESTABLISHED CLOSE"
#define RESET_SERVER "LISTEN SYN_RECV ESTABLISHED CLOSE"

static void check_linger_reset(const struct run *run)
{
	struct trail client, server;

	find_both(run, RESET_CLIENT, RESET_SERVER, &client, &server);
	trail_expect_text(&server, "reason", "rst-received");
	trail_expect_text(&server, "error", "ECONNRESET");
}

/* close() with bytes that nobody has read sends a reset instead of a FIN (RFC 1122, 4.2.2.13). */
static void play_unread_data(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_send(stage->puppets[ROLE_CLIENT], 1, REQUEST_BYTES));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, 0));
	sleep_ms(20);
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
	if (puppet_recv(stage->puppets[ROLE_CLIENT], 1, -1) != -ECONNRESET)
		stage_fail(stage, "the client was not reset");
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_unread_data(const struct run *run)
{
	struct trail client, server;

	find_both(run, RESET_CLIENT, RESET_SERVER, &client, &server);
	trail_expect_text(&client, "reason", "rst-received");
}

/* No close() at all: the kernel closes what a dying process has open. */
static void play_exit(struct stage *stage)
{
	establish(stage);
	puppet_end(stage->puppets[ROLE_CLIENT]);
	stage->puppets[ROLE_CLIENT] = NULL;
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void check_exit(const struct run *run)
{
	struct trail client, server;

	find_both(run, ACTIVE_CLOSE, PASSIVE_CLOSE, &client, &server);
}

static void play_full_time_wait(struct stage *stage)
{
	play_close_by_client(stage);
	sleep_ms(66000);
}

/* TCP_TIMEWAIT_LEN is 60 s; its timer may be a few seconds late. */
static void check_full_time_wait(const struct run *run)
{
	struct trail client, server;

	find_both(run, ACTIVE_CLOSE, PASSIVE_CLOSE, &client, &server);
	assert_in_range(trail_last_number(&client, "duration_us"), 59000000, 66000000);
}

const struct scenario scenarios_close[] = {
	{ SCENARIO("a_close_by_the_client_is_seen_step_by_step", ON_ALL, close_by_client) },
	{ SCENARIO("a_close_by_the_server_is_seen_step_by_step", ON_ALL, close_by_server) },
	{ SCENARIO("a_half_closed_connection_waits_in_fin_wait2", ON_ALL, half_close) },
	{ SCENARIO("a_close_with_zero_linger_is_a_reset", ON_ALL, linger_reset) },
	{ SCENARIO("a_close_with_unread_data_is_a_reset", ON_ALL, unread_data) },
	{ SCENARIO("an_exit_closes_in_the_name_of_the_dead", ON_V4 | ON_V6, exit) },
	{ SCENARIO("time_wait_lasts_a_minute", ON_V4 | ON_V6, full_time_wait), .slow = true },
	{ .name = NULL },
};
