// SPDX-License-Identifier: GPL-2.0-or-later
/* What was there before the tracer: sockets, and a server that already sleeps in accept(). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datagrams.h"
#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

/* Pause 1: a listener and a connection are open. Then the connection is closed. */
static void play_open_before(struct stage *stage)
{
	establish(stage);
	stage_pause(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

/* Pause 1: a UDP server, and a client that is connected to it. Then both are closed. */
static void play_udp_open_before(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, udp_serve(server, 0, 0));
	must(stage, udp_socket(client, 0));
	must(stage, puppet_connect(client, 0, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 0));
	stage_pause(stage);
	must(stage, puppet_close(client, 0));
	must(stage, puppet_close(server, 0));
}

/* A child sends a datagram by its parent's socket, to the socket itself. */
static long op_send_in_child(struct hands *hands, const long args[4])
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)args[1]),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(sendto(hands->fd[args[0]], "x", 1, 0, (void *)&to, sizeof(to)) != 1);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? 0 : -EIO;
}

/* Pause 1: a UDP server. Then a child of it is the first that uses its socket. */
static void play_udp_used_by_child(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	stage->facts->server_port = (uint16_t)must(stage, udp_serve(server, 0, 0));
	stage_pause(stage);
	must(stage, puppet_call(server, op_send_in_child, 0, stage->facts->server_port, 0, 0));
	must(stage, puppet_close(server, 0));
}

/* Pause 1: the server sleeps in accept(). Then a client comes. */
static void play_blocked_acceptor(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	puppet_begin(server, op_accept, 0, 1, 0, 0);
	sleep_ms(100);
	stage_pause(stage);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_finish(server));
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
}

static bool has_an_end(const struct tracer *tracer, const void *arg)
{
	unsigned int netns = *(const unsigned int *)arg;

	for (size_t i = 0; i < tracer_count(tracer); i++)
		if (tracer_event(tracer, i)->netns == netns &&
		    tracer_event(tracer, i)->new == STATE_CLOSE)
			return true;
	return false;
}

/* Without `exists` events nothing has begun, and all has ended, until the first end is seen. */
static struct tracer *trace_after_pause(struct suite *suite, const char *const args[], enum net net,
					stage_play play, struct stage_process *ret_process)
{
	struct tracer *tracer;
	unsigned int netns;

	stage_start(suite, net, play, ret_process);
	stage_wait_pause(ret_process, suite_deadline_ms(suite, 20));
	tracer = tracer_start(suite, args);
	stage_resume(ret_process);
	stage_wait_done(ret_process, suite_deadline_ms(suite, 30));
	stage_check(ret_process);
	settle(suite, tracer, ret_process);
	netns = ret_process->facts->netns;
	if (!tracer_wait(tracer, has_an_end, &netns, suite_deadline_ms(suite, 12)) ||
	    !tracer_wait_closed(tracer, netns, suite_deadline_ms(suite, 12)))
		print_error("not all connections have ended\n");
	assert_int_equal(tracer_stop(tracer), 0);
	tracer_check_stream(tracer);
	return tracer;
}

static void expect_exists(const struct suite *suite, const struct tracer *tracer,
			  unsigned int netns, int lport, int rport, enum state state, pid_t pid)
{
	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);
		char exe[4096] = "";

		if (event->kind != LINE_EXISTS || event->netns != netns || event->lport != lport ||
		    (rport > 0 ? event->rport != rport : event->rport > 0))
			continue;
		jsonline_string(event->text, "exe", exe, sizeof(exe));
		if (event->new == state && event->pid == pid &&strcmp(exe, suite->self) == 0)
			return;
		fail_msg("not %s of pid %d: %s", state_name(state), (int)pid, event->text);
	}
	trail_print_namespace(tracer, netns);
	fail_msg("no `exists` event for port %d", lport);
}

static void expect_end(const struct suite *suite, const struct tracer *tracer,
		       const struct facts *facts, const uint64_t cookie, pid_t pid,
		       const char *states)
{
	struct trail trail;

	trail_of(tracer, cookie, 1, &trail);
	trail_expect_states(&trail, states);
	trail_expect_owner(&trail, 0, pid, suite->self);
	assert_int_equal(trail.netns, facts->netns);
}

/* The cookie of the first event of any kind that has these ports. */
static uint64_t cookie_of(const struct tracer *tracer, unsigned int netns, int lport, int rport)
{
	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->netns == netns && event->lport == lport && event->rport == rport)
			return event->cookie;
	}
	trail_print_namespace(tracer, netns);
	fail_msg("no event with ports %d and %d", lport, rport);
	return 0;
}

static void check_open_before(struct suite *suite, enum net net, bool existing)
{
	const char *const with[] = { "--existing", NULL };
	struct stage_process process;
	struct tracer *tracer =
		trace_after_pause(suite, existing ? with : NULL, net, play_open_before, &process);
	const struct facts *facts = process.facts;
	int client = facts->client_port, server = facts->server_port;

	if (existing) {
		expect_exists(suite, tracer, facts->netns, server, 0, STATE_LISTEN,
			      facts->pid[ROLE_SERVER]);
		expect_exists(suite, tracer, facts->netns, server, client, STATE_ESTABLISHED,
			      facts->pid[ROLE_SERVER]);
		expect_exists(suite, tracer, facts->netns, client, server, STATE_ESTABLISHED,
			      facts->pid[ROLE_CLIENT]);
	} else if (tracer_first(tracer, LINE_EXISTS)) {
		fail_msg("an `exists` event unasked for");
	}
	expect_end(suite, tracer, facts, cookie_of(tracer, facts->netns, client, server),
		   facts->pid[ROLE_CLIENT], "ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE");
	expect_end(suite, tracer, facts, cookie_of(tracer, facts->netns, server, client),
		   facts->pid[ROLE_SERVER], "ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE");
	stage_free(&process);
	tracer_free(tracer);
}

static void older_sockets_are_listed_with_their_owner(struct suite *suite)
{
	check_open_before(suite, NET_V4, true);
	check_open_before(suite, NET_V6, true);
	check_open_before(suite, NET_V4MAPPED, true);
}

static void older_connections_end_with_their_owner(struct suite *suite)
{
	check_open_before(suite, NET_V4, false);
}

static void older_udp_sockets_are_listed_and_end(struct suite *suite)
{
	const char *const existing[] = { "--existing", NULL };
	struct stage_process process;
	struct tracer *tracer =
		trace_after_pause(suite, existing, NET_V6, play_udp_open_before, &process);
	const struct facts *facts = process.facts;
	int client = facts->client_port, server = facts->server_port;

	expect_exists(suite, tracer, facts->netns, server, 0, STATE_UNCONN,
		      facts->pid[ROLE_SERVER]);
	expect_exists(suite, tracer, facts->netns, client, server, STATE_ESTABLISHED,
		      facts->pid[ROLE_CLIENT]);
	expect_end(suite, tracer, facts, cookie_of(tracer, facts->netns, server, 0),
		   facts->pid[ROLE_SERVER], "UNCONN CLOSE");
	expect_end(suite, tracer, facts, cookie_of(tracer, facts->netns, client, server),
		   facts->pid[ROLE_CLIENT], "ESTABLISHED CLOSE");
	stage_free(&process);
	tracer_free(tracer);
}

static void an_older_udp_socket_stays_its_owners_when_a_child_sends(struct suite *suite)
{
	const char *const existing[] = { "--existing", NULL };
	struct stage_process process;
	struct tracer *tracer =
		trace_after_pause(suite, existing, NET_V4, play_udp_used_by_child, &process);
	const struct facts *facts = process.facts;

	expect_end(suite, tracer, facts, cookie_of(tracer, facts->netns, facts->server_port, 0),
		   facts->pid[ROLE_SERVER], "UNCONN CLOSE");
	for (size_t i = 0; i < tracer_count(tracer); i++)
		if (tracer_event(tracer, i)->kind == LINE_OWNER &&
		    tracer_event(tracer, i)->netns == facts->netns)
			fail_msg("%s", tracer_event(tracer, i)->text);
	stage_free(&process);
	tracer_free(tracer);
}

static void a_sleeping_acceptor_is_the_owner(struct suite *suite)
{
	struct stage_process process;
	struct tracer *tracer =
		trace_after_pause(suite, NULL, NET_V4, play_blocked_acceptor, &process);
	const struct facts *facts = process.facts;
	struct trail trail;

	trail_find(tracer, facts->netns, facts->server_port, facts->client_port, 0, &trail);
	trail_expect_states(&trail, PASSIVE_CLOSE);
	trail_expect_owner(&trail, 0, facts->pid[ROLE_SERVER], suite->self);
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_existing[] = {
	{ .name = "older_sockets_are_listed_with_their_owner",
	  .run = older_sockets_are_listed_with_their_owner },
	{ .name = "older_connections_end_with_their_owner",
	  .run = older_connections_end_with_their_owner },
	{ .name = "older_udp_sockets_are_listed_and_end",
	  .run = older_udp_sockets_are_listed_and_end },
	{ .name = "an_older_udp_socket_stays_its_owners_when_a_child_sends",
	  .run = an_older_udp_socket_stays_its_owners_when_a_child_sends },
	{ .name = "a_sleeping_acceptor_is_the_owner", .run = a_sleeping_acceptor_is_the_owner },
	{ .name = NULL },
};
