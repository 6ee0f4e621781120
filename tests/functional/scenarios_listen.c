// SPDX-License-Identifier: GPL-2.0-or-later
/* Listeners and what happens in their queues. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "scenario.h"
#include "traffic.h"

/* Clients that press into a queue of two. */
#define CROWD 6

static void play_listener(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_close(server, 0));
}

static void check_listener(const struct run *run)
{
	struct trail listener;

	expect_connection(run, run->facts->server_port, PORT_NONE, "CLOSE LISTEN CLOSE", &listener);
	trail_expect_owner(&listener, 0, run->facts->pid[ROLE_SERVER], run->suite->self);
}

/* Two children have been established by the kernel, none has been accepted. */
static void play_queued_children(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	for (int i = 0; i < 2; i++) {
		must(stage, puppet_connect(client, i, PLACE_LOOPBACK, facts->server_port));
		facts->ports[i] = (uint16_t)must(stage, puppet_port(client, i));
	}
	must(stage, puppet_close(server, 0));
	for (int i = 0; i < 2; i++) {
		puppet_recv(client, i, -1);
		must(stage, puppet_close(client, i));
	}
}

static void check_queued_children(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	for (int i = 0; i < 2; i++) {
		expect_connection(run, facts->ports[i], facts->server_port,
				  "CLOSE SYN_SENT ESTABLISHED CLOSE", &trail);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], run->suite->self);
		trail_expect_text(&trail, "reason", "rst-received");
		expect_connection(run, facts->server_port, facts->ports[i],
				  "LISTEN SYN_RECV ESTABLISHED CLOSE", &trail);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_SERVER], run->suite->self);
		trail_expect_text(&trail, "reason", "listener-closed");
	}
	check_listener(run);
}

/* The client has closed, and what remains of it waits for the server's FIN: it gets a reset. */
static void play_reset_remainder(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_close(client, 1));
	sleep_ms(100); /* the ACK may be delayed */
	must(stage, puppet_close(server, 0));
}

static void check_reset_remainder(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	expect_connection(run, facts->client_port, facts->server_port,
			  "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE", &trail);
	trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	/* At once, not when the kernel's minute is over. */
	assert_true(trail_last_number(&trail, "duration_us") < 30 * 1000000LL);
}

static long op_connect_at_once(struct hands *hands, const long args[4])
{
	long result = op_socket(hands, (const long[4]){ args[0], 0 });

	if (result < 0)
		return result;
	fcntl(hands->fd[args[0]], F_SETFL, O_NONBLOCK);
	result = op_connect(hands, args);
	return result == -EINPROGRESS ? 0 : result;
}

/* Backlog 1 makes room for two; the others wait as requests or send their SYN again. */
static void play_overflow(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	stage_sysctl(stage, "ipv4/tcp_syncookies", "0");
	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 1));
	for (int i = 0; i < CROWD; i++) {
		must(stage, puppet_call(client, op_connect_at_once, i, PLACE_LOOPBACK,
					facts->server_port, 0));
		facts->ports[i] = (uint16_t)must(stage, puppet_port(client, i));
	}
	sleep_ms(300);
	for (int i = 0; i < CROWD; i++)
		must(stage, puppet_accept(server, 0, i + 1));
	for (int i = 0; i < CROWD; i++)
		must(stage, puppet_close(client, i));
	for (int i = 0; i < CROWD; i++) {
		must(stage, puppet_recv(server, i + 1, -1));
		must(stage, puppet_close(server, i + 1));
	}
}

static void check_overflow(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	for (int i = 0; i < CROWD; i++) {
		size_t requests = trail_matches(run->tracer, facts->netns, facts->server_port,
						facts->ports[i]);

		trail_find(run->tracer, facts->netns, facts->ports[i], facts->server_port, 0,
			   &trail);
		trail_expect_states(&trail, ACTIVE_CLOSE);
		/* A request may have ended without success; the last one led to the child. */
		trail_find(run->tracer, facts->netns, facts->server_port, facts->ports[i],
			   (int)requests, &trail);
		trail_expect_states(&trail, PASSIVE_CLOSE);
		trail_expect_owner(&trail, trail_index(&trail, STATE_CLOSE_WAIT),
				   facts->pid[ROLE_SERVER], run->suite->self);
	}
}

static void play_canonical(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void check_canonical(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client, server;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	expect_connection(run, facts->server_port, facts->client_port, PASSIVE_CLOSE, &server);
	trail_expect_owner(&client, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_owner(&server, 0, facts->pid[ROLE_SERVER], run->suite->self);
}

/* No request socket at all: the child is born from the cookie in the third segment. */
static void play_syncookies(struct stage *stage)
{
	if (!stage_sysctl(stage, "ipv4/tcp_syncookies", "2"))
		stage_skip(stage, "no SYN cookies in this kernel");
	play_canonical(stage);
}

/*
 * A slow machine may let two processors see segments with the cookie before either has a child:
 * the kernel makes two and drops one.
 */
static void check_syncookies(const struct run *run)
{
	const struct facts *facts = run->facts;
	int server = facts->server_port, client = facts->client_port, children;
	struct trail trail;

	children = (int)trail_matches(run->tracer, facts->netns, server, client);
	if (children <= 1 || !run->suite->emulated) {
		check_canonical(run);
		return;
	}
	expect_connection(run, client, server, ACTIVE_CLOSE, &trail);
	for (int life = 1; life <= children; life++) {
		trail_find(run->tracer, facts->netns, server, client, life, &trail);
		if (trail_index(&trail, STATE_CLOSE_WAIT) >= 0)
			break;
	}
	trail_expect_states(&trail, PASSIVE_CLOSE);
	trail_expect_owner(&trail, 0, facts->pid[ROLE_SERVER], run->suite->self);
}

/* The request stays one until the client's first byte. */
static void play_defer_accept(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_option(server, 0, IPPROTO_TCP, TCP_DEFER_ACCEPT, 20));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	sleep_ms(200);
	must(stage, puppet_send(client, 1, 100));
	must(stage, puppet_accept(server, 0, 1));
	must(stage, puppet_recv(server, 1, 100));
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
}

static void check_defer_accept(const struct run *run)
{
	check_canonical(run);
}

static long op_bind_busy(struct hands *hands, const long args[4])
{
	int off = 0;
	long result;

	setsockopt(hands->fd[args[0]], SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	result = op_bind(hands, args);
	return result == -EADDRINUSE ? 0 : -EEXIST;
}

/* Somebody listens there already. bind() itself fails, so there is no second listener. */
static void play_busy_port(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *other = puppet_new(stage, ROLE_HELPER);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_socket(other, 0));
	must(stage,
	     puppet_call(other, op_bind_busy, 0, PLACE_LOOPBACK, stage->facts->server_port, 0));
	must(stage, puppet_close(other, 0));
	must(stage, puppet_close(server, 0));
}

static void check_busy_port(const struct run *run)
{
	check_listener(run);
}

/* A client's port, used again while its last connection is in TIME_WAIT on the server's side. */
static void play_recycled_time_wait(struct stage *stage)
{
	struct puppet *server, *client;
	uint16_t port;

	establish(stage);
	server = stage->puppets[ROLE_SERVER];
	client = stage->puppets[ROLE_CLIENT];
	port = stage->facts->client_port;
	for (int life = 0; life < 2; life++) {
		must(stage, puppet_close(server, 1));
		must(stage, puppet_recv(client, 1, -1));
		must(stage, puppet_close(client, 1));
		if (life == 1)
			break;
		sleep_ms(1200); /* TCP timestamps must have moved on (RFC 6191) */
		must(stage, puppet_socket(client, 1));
		must(stage, puppet_bind(client, 1, PLACE_LOOPBACK, port));
		must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port));
		must(stage, puppet_accept(server, 0, 1));
	}
}

static void check_recycled_time_wait(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail first, second;

	trail_find(run->tracer, facts->netns, facts->server_port, facts->client_port, 1, &first);
	trail_find(run->tracer, facts->netns, facts->server_port, facts->client_port, 2, &second);
	trail_expect_states(&first,
			    "LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE");
	trail_expect_states(&second,
			    "LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE");
	if (trail_matches(run->tracer, facts->netns, facts->server_port, facts->client_port) == 2)
		return;
	trail_print_namespace(run->tracer, facts->netns);
	fail_msg("not two connections");
}

const struct scenario scenarios_listen[] = {
	{ SCENARIO("a_listener_opens_and_closes", ON_ALL, listener) },
	{ SCENARIO("a_listener_closes_its_queued_children", ON_ALL, queued_children) },
	{ SCENARIO("a_reset_ends_what_remains_of_a_closed_client", ON_ALL, reset_remainder) },
	{ SCENARIO("a_full_accept_queue_loses_nothing", ON_V4 | ON_V6, overflow) },
	{ SCENARIO("a_child_of_a_syn_cookie_is_a_whole_connection", ON_V4 | ON_V6, syncookies),
	  .unborn = true },
	{ SCENARIO("a_deferred_accept_is_one_connection", ON_V4, defer_accept) },
	{ SCENARIO("a_busy_port_makes_no_listener", ON_V4, busy_port) },
	{ SCENARIO("a_new_syn_ends_time_wait", ON_V4 | ON_V6, recycled_time_wait) },
	{ .name = NULL },
};
