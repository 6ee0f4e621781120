// SPDX-License-Identifier: GPL-2.0-or-later
/* What only a peer driven by hand does: silence, half a handshake, everything at the same time. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"
#include "wire.h"

#define FAR_PORT 4242

/* The near side listens at the wire's address; slot 0. */
static struct far_end listen_near(struct stage *stage)
{
	struct wire *wire = wire_open(stage);
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	must(stage, puppet_socket(server, 0));
	must(stage, puppet_bind(server, 0, PLACE_ANY, 0));
	must(stage, puppet_call(server, op_listen, 0, 8, 0, 0));
	stage->facts->server_port = (uint16_t)must(stage, puppet_port(server, 0));
	stage->facts->client_port = FAR_PORT;
	return wire_end(wire, FAR_PORT, stage->facts->server_port);
}

static void expect_client(const struct run *run, const char *states, const char *reason)
{
	struct trail trail;

	expect_connection(run, run->facts->client_port, run->facts->server_port, states, &trail);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	if (reason)
		trail_expect_text(&trail, "reason", reason);
}

static void expect_request(const struct run *run, const char *states, const char *reason)
{
	struct trail trail;

	expect_connection(run, run->facts->server_port, run->facts->client_port, states, &trail);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_SERVER], run->suite->self);
	if (reason)
		trail_expect_text(&trail, "reason", reason);
}

static void play_silence(struct stage *stage)
{
	long result;

	stage_sysctl(stage, "ipv4/tcp_syn_retries", "1");
	stage_sysctl(stage, "ipv4/tcp_syn_linear_timeouts", "0");
	wire_connect(stage, FAR_PORT);
	result = puppet_finish(stage->puppets[ROLE_CLIENT]);
	if (result != -ETIMEDOUT)
		stage_fail(stage, "connect: %s, not timed out", strerror((int)-result));
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_silence(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT CLOSE", "timeout");
}

static void play_half_open(struct stage *stage)
{
	struct far_end end;

	stage_sysctl(stage, "ipv4/tcp_synack_retries", "1");
	end = listen_near(stage);
	wire_send(stage, &end, WIRE_SYN);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	/* 1 s, one retransmission, 2 s. */
	sleep_ms(4500);
}

static void check_half_open(const struct run *run)
{
	struct trail trail;

	expect_request(run, "LISTEN SYN_RECV CLOSE", "syn-expired");
	trail_find(run->tracer, run->facts->netns, run->facts->server_port, run->facts->client_port,
		   0, &trail);
	/* The first timer sends the SYN-ACK again, the second ends the request. */
	if (trail_last_number(&trail, "duration_us") > 2500000)
		return;
	trail_print(&trail);
	fail_msg("the request ended before its time");
}

static void play_reset_request(struct stage *stage)
{
	struct far_end end = listen_near(stage);

	wire_send(stage, &end, WIRE_SYN);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	wire_send(stage, &end, WIRE_RST);
	sleep_ms(100);
}

static void check_reset_request(const struct run *run)
{
	expect_request(run, "LISTEN SYN_RECV CLOSE", NULL);
}

static void play_abandoned_request(struct stage *stage)
{
	struct far_end end = listen_near(stage);

	wire_send(stage, &end, WIRE_SYN);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 0));
	/* The request notices at its next timer, 1 s after its birth. */
	sleep_ms(2500);
}

static void check_abandoned_request(const struct run *run)
{
	expect_request(run, "LISTEN SYN_RECV CLOSE", NULL);
}

static void play_simultaneous_close(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);
	uint32_t seen = end.expected;

	must(stage, puppet_shutdown(stage->puppets[ROLE_CLIENT], 1, SHUT_WR));
	wire_expect(stage, &end, WIRE_FIN, 0);
	/* Our FIN has crossed theirs, so it does not acknowledge it. */
	end.expected = seen;
	wire_send(stage, &end, WIRE_FIN | WIRE_ACK);
	must(stage, puppet_wait_state(stage->puppets[ROLE_CLIENT], 1, TCP_CLOSING));
	end.expected = seen + 1;
	wire_send(stage, &end, WIRE_ACK);
	sleep_ms(50);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_simultaneous_close(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 CLOSING TIME_WAIT CLOSE",
		      "fin-both");
}

static void play_simultaneous_open(struct stage *stage)
{
	struct far_end end = wire_connect(stage, FAR_PORT);

	wire_send(stage, &end, WIRE_SYN);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	wire_send(stage, &end, WIRE_ACK);
	must(stage, puppet_finish(stage->puppets[ROLE_CLIENT]));
	must(stage, puppet_linger_reset(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_simultaneous_open(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT SYN_RECV ESTABLISHED CLOSE", "aborted");
}

/* The peer acknowledges our FIN and never sends its own. */
static void play_orphan(struct stage *stage)
{
	struct far_end end;

	stage_sysctl(stage, "ipv4/tcp_fin_timeout", "2");
	end = wire_establish(stage, FAR_PORT);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	wire_expect(stage, &end, WIRE_FIN, 0);
	wire_send(stage, &end, WIRE_ACK);
	sleep_ms(4000);
}

static void check_orphan(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE", "fin-local");
}

/* FIN_WAIT2 lives on in a time-wait socket, into which the peer's FIN comes late. */
static void play_late_fin(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);

	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	wire_expect(stage, &end, WIRE_FIN, 0);
	wire_send(stage, &end, WIRE_ACK);
	sleep_ms(300);
	wire_send(stage, &end, WIRE_FIN | WIRE_ACK);
	sleep_ms(100);
}

static void check_late_fin(const struct run *run)
{
	expect_client(run, ACTIVE_CLOSE, "fin-local");
}

/* Data that nobody acknowledges, until TCP_USER_TIMEOUT ends it. */
static void play_user_timeout(struct stage *stage)
{
	struct puppet *client;

	wire_establish(stage, FAR_PORT);
	client = stage->puppets[ROLE_CLIENT];
	must(stage, puppet_option(client, 1, IPPROTO_TCP, TCP_USER_TIMEOUT, 700));
	must(stage, puppet_send(client, 1, 100));
	if (puppet_recv(client, 1, -1) != -ETIMEDOUT)
		stage_fail(stage, "the connection did not time out");
	must(stage, puppet_close(client, 1));
}

static void check_user_timeout(const struct run *run)
{
	struct trail trail;

	expect_client(run, "CLOSE SYN_SENT ESTABLISHED CLOSE", "timeout");
	trail_find(run->tracer, run->facts->netns, run->facts->client_port, FAR_PORT, 0, &trail);
	trail_expect_text(&trail, "error", "ETIMEDOUT");
	if (trail_last_number(&trail, "retrans") > 0)
		return;
	trail_print(&trail);
	fail_msg("no retransmission was counted");
}

static void play_reset_in(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);

	wire_send(stage, &end, WIRE_RST | WIRE_ACK);
	if (puppet_recv(stage->puppets[ROLE_CLIENT], 1, -1) != -ECONNRESET)
		stage_fail(stage, "the client was not reset");
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_reset_in(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT ESTABLISHED CLOSE", "rst-received");
}

/* Killed while it waits: the SYN was never answered, the process is gone. */
static void play_given_up(struct stage *stage)
{
	wire_connect(stage, FAR_PORT);
	puppet_end(stage->puppets[ROLE_CLIENT]);
	stage->puppets[ROLE_CLIENT] = NULL;
}

static void check_given_up(const struct run *run)
{
	expect_client(run, "CLOSE SYN_SENT CLOSE", "aborted");
}

const struct scenario scenarios_wire[] = {
	{ SCENARIO("a_connect_without_answer_times_out", ON_ALL, silence) },
	{ SCENARIO("a_half_open_request_expires", ON_ALL, half_open) },
	{ SCENARIO("a_reset_request_ends_at_once", ON_ALL, reset_request) },
	{ SCENARIO("a_request_ends_with_its_listener", ON_V4, abandoned_request) },
	{ SCENARIO("a_simultaneous_close_passes_through_closing", ON_ALL, simultaneous_close) },
	{ SCENARIO("a_simultaneous_open_passes_through_syn_recv", ON_V4 | ON_V6,
		   simultaneous_open) },
	{ SCENARIO("an_orphan_in_fin_wait2_ends_by_its_timer", ON_V4 | ON_V6, orphan) },
	{ SCENARIO("a_late_fin_turns_fin_wait2_into_time_wait", ON_V4 | ON_V6, late_fin) },
	{ SCENARIO("unacknowledged_data_times_out", ON_V4, user_timeout) },
	{ SCENARIO("a_reset_from_the_peer_is_named", ON_V4 | ON_V6, reset_in) },
	{ SCENARIO("a_connect_given_up_is_closed", ON_V4, given_up) },
	{ .name = NULL },
};
