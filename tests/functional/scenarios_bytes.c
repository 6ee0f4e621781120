// SPDX-License-Identifier: GPL-2.0-or-later
/* What was counted at the end of a connection is what the programs sent and received. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>

#include "scenario.h"
#include "traffic.h"

/* What one end's program did, byte by byte. */
struct transfer {
	long sent;     /* send() has taken it, and the peer's kernel has it */
	long received; /* by the kernel */
	long read;     /* by the program; the rest of `received` was left */
};

static void expect_transfer(const struct trail *trail, const struct transfer *transfer)
{
	trail_expect_number(trail, "tx_bytes", transfer->sent);
	trail_expect_number(trail, "rx_bytes", transfer->received);
	trail_expect_number(trail, "unread_bytes", transfer->received - transfer->read);
	trail_expect_number(trail, "unacked_bytes", 0);
}

static void find_ends(const struct run *run, struct trail *ret_client, struct trail *ret_server)
{
	const struct facts *facts = run->facts;

	trail_find(run->tracer, facts->netns, facts->client_port, facts->server_port, 0,
		   ret_client);
	trail_find(run->tracer, facts->netns, facts->server_port, facts->client_port, 0,
		   ret_server);
}

/* Both ends of what went through without being sent twice counted the same segments. */
static void expect_same_segments(const struct trail *from, const struct trail *to)
{
	if (trail_last_number(from, "retrans") == 0)
		trail_expect_number(to, "rx_data_segs", trail_last_number(from, "tx_data_segs"));
}

/* All of it has come to the other end's kernel. */
static void send_all(struct stage *stage, enum role role, long bytes)
{
	must(stage, puppet_send(stage->puppets[role], 1, bytes));
	must(stage, puppet_wait_drained(stage->puppets[role], 1, 10));
}

static void receive(struct stage *stage, enum role role, long bytes, long expected)
{
	long received = must(stage, puppet_recv(stage->puppets[role], 1, bytes));

	if (received != expected)
		stage_fail(stage, "%ld bytes came, not %ld", received, expected);
}

static void end(struct stage *stage, enum role role)
{
	must(stage, puppet_close(stage->puppets[role], 1));
}

/* ---- a few, and none ------------------------------------------------------------------------- */

static void play_few(struct stage *stage)
{
	establish(stage);
	send_all(stage, ROLE_CLIENT, 1234);
	receive(stage, ROLE_SERVER, 1234, 1234);
	send_all(stage, ROLE_SERVER, 54321);
	receive(stage, ROLE_CLIENT, 54321, 54321);
	end(stage, ROLE_CLIENT);
	receive(stage, ROLE_SERVER, -1, 0);
	end(stage, ROLE_SERVER);
}

static void check_few(const struct run *run)
{
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ 1234, 54321, 54321 });
	expect_transfer(&server, &(struct transfer){ 54321, 1234, 1234 });
	expect_same_segments(&client, &server);
	expect_same_segments(&server, &client);
}

static void check_none(const struct run *run)
{
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ 0, 0, 0 });
	expect_transfer(&server, &(struct transfer){ 0, 0, 0 });
	/* SYN, FIN and their answers are segments without payload. */
	trail_expect_number(&server, "tx_data_segs", 0);
	trail_expect_number(&client, "rx_data_segs", 0);
	if (trail_last_number(&client, "tx_segs") < 3 || trail_last_number(&server, "rx_segs") < 2)
		fail_msg("the handshake's segments are not counted");
}

/* ---- half closed ----------------------------------------------------------------------------- */

static void play_half_closed(struct stage *stage)
{
	establish(stage);
	send_all(stage, ROLE_CLIENT, 1000);
	must(stage, puppet_shutdown(stage->puppets[ROLE_CLIENT], 1, SHUT_WR));
	receive(stage, ROLE_SERVER, -1, 1000);
	send_all(stage, ROLE_SERVER, 50000);
	receive(stage, ROLE_CLIENT, 50000, 50000);
	end(stage, ROLE_SERVER);
	receive(stage, ROLE_CLIENT, -1, 0);
	end(stage, ROLE_CLIENT);
}

static void check_half_closed(const struct run *run)
{
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ 1000, 50000, 50000 });
	expect_transfer(&server, &(struct transfer){ 50000, 1000, 1000 });
}

/* ---- resets ---------------------------------------------------------------------------------- */

static void play_reset_in_the_middle(struct stage *stage)
{
	establish(stage);
	send_all(stage, ROLE_CLIENT, 30000);
	receive(stage, ROLE_SERVER, 10000, 10000);
	must(stage, puppet_linger_reset(stage->puppets[ROLE_SERVER], 1));
	end(stage, ROLE_SERVER);
	must(stage, puppet_wait_state(stage->puppets[ROLE_CLIENT], 1, 7 /* TCP_CLOSE */));
	end(stage, ROLE_CLIENT);
}

static void check_reset_in_the_middle(const struct run *run)
{
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ 30000, 0, 0 });
	expect_transfer(&server, &(struct transfer){ 0, 30000, 10000 });
}

/* The peer's FIN comes behind what nobody reads; then our close() is a reset. */
static void play_left_unread(struct stage *stage)
{
	establish(stage);
	send_all(stage, ROLE_CLIENT, 5000);
	must(stage, puppet_shutdown(stage->puppets[ROLE_CLIENT], 1, SHUT_WR));
	must(stage, puppet_wait_state(stage->puppets[ROLE_SERVER], 1, 8 /* TCP_CLOSE_WAIT */));
	end(stage, ROLE_SERVER);
	must(stage, puppet_wait_state(stage->puppets[ROLE_CLIENT], 1, 7 /* TCP_CLOSE */));
	end(stage, ROLE_CLIENT);
}

static void check_left_unread(const struct run *run)
{
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ 5000, 0, 0 });
	expect_transfer(&server, &(struct transfer){ 0, 5000, 0 });
}

/* Until the peer's window and our buffer are full; how many bytes send() took. */
static long op_fill(struct hands *hands, const long args[4])
{
	static const char zeros[65536];
	long sent = 0, before = -1;

	while (sent != before) {
		ssize_t now;

		before = sent;
		while ((now = send(hands->fd[args[0]], zeros, sizeof(zeros),
				   MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
			sent += now;
		sleep_ms(100);
	}
	return sent;
}

static void play_stuck(struct stage *stage)
{
	establish(stage);
	stage->facts->number[0] =
		must(stage, puppet_call(stage->puppets[ROLE_CLIENT], op_fill, 1, 0, 0, 0));
	must(stage, puppet_linger_reset(stage->puppets[ROLE_CLIENT], 1));
	end(stage, ROLE_CLIENT);
	must(stage, puppet_wait_state(stage->puppets[ROLE_SERVER], 1, 7 /* TCP_CLOSE */));
	end(stage, ROLE_SERVER);
}

static void check_stuck(const struct run *run)
{
	long long sent = run->facts->number[0], unacked, received, transmitted;
	struct trail client, server;

	find_ends(run, &client, &server);
	unacked = trail_last_number(&client, "unacked_bytes");
	transmitted = trail_last_number(&client, "tx_bytes");
	received = trail_last_number(&server, "rx_bytes");
	trail_expect_number(&server, "unread_bytes", received);
	/* What was acknowledged had come; what had come was sent; and there was more than that. */
	if (unacked > 0 && sent - unacked <= received && received <= transmitted &&
	    transmitted <= sent)
		return;
	trail_print(&client);
	trail_print(&server);
	fail_msg("the program sent %lld bytes", sent);
}

/* ---- many ------------------------------------------------------------------------------------ */

static void play_gibibyte(struct stage *stage)
{
	/* Emulated machines move some 10 MB/s. */
	long bytes = suite_count(stage->suite, 1U << 30, 1U << 23);

	establish(stage);
	stage->facts->number[0] = bytes;
	puppet_begin(stage->puppets[ROLE_SERVER], op_recv, 1, bytes, 0, 0);
	must(stage, puppet_send(stage->puppets[ROLE_CLIENT], 1, bytes));
	if (puppet_finish(stage->puppets[ROLE_SERVER]) != bytes)
		stage_fail(stage, "not all of %ld bytes came", bytes);
	end(stage, ROLE_CLIENT);
	receive(stage, ROLE_SERVER, -1, 0);
	end(stage, ROLE_SERVER);
}

static void check_gibibyte(const struct run *run)
{
	long bytes = run->facts->number[0];
	struct trail client, server;

	find_ends(run, &client, &server);
	expect_transfer(&client, &(struct transfer){ bytes, 0, 0 });
	expect_transfer(&server, &(struct transfer){ 0, bytes, bytes });
	expect_same_segments(&client, &server);
	if (run->suite->emulated)
		print_message("%ld bytes here, 1 GiB on machines that are not emulated\n", bytes);
}

#define play_none play_one_connection

const struct scenario scenarios_bytes[] = {
	{ SCENARIO("bytes_are_those_that_the_programs_sent_and_read", ON_ALL, few) },
	{ SCENARIO("bytes_of_a_connection_without_any_are_0", ON_V4, none) },
	{ SCENARIO("bytes_of_a_half_closed_connection", ON_V4 | ON_V6, half_closed) },
	{ SCENARIO("bytes_up_to_a_reset_in_the_middle", ON_V4 | ON_V6, reset_in_the_middle) },
	{ SCENARIO("bytes_that_nobody_read_are_told_apart", ON_V4, left_unread) },
	{ SCENARIO("bytes_that_never_left_are_told_apart", ON_V4, stuck) },
	{ SCENARIO("bytes_of_a_gibibyte", ON_V4, gibibyte) },
	{ .name = NULL },
};
