// SPDX-License-Identifier: GPL-2.0-or-later
/* How connections begin, or fail to, on the side that calls connect(). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define FAILED_CONNECT "CLOSE SYN_SENT CLOSE"

/* Close from the client's side first, in order; slots as establish() leaves them. */
static void close_both(struct stage *stage)
{
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

/* A bound socket that does not listen refuses, and keeps the port from everybody else. */
static void reserve_port(struct stage *stage, struct puppet *server)
{
	must(stage, puppet_socket(server, 0));
	must(stage, puppet_bind(server, 0, PLACE_LOOPBACK, 0));
	stage->facts->server_port = (uint16_t)must(stage, puppet_port(server, 0));
}

static void be_refused(struct stage *stage)
{
	long result = puppet_connect(stage->puppets[ROLE_CLIENT], 1, PLACE_LOOPBACK,
				     stage->facts->server_port);

	if (result != -ECONNREFUSED)
		stage_fail(stage, "connect: %s, not refused", strerror((int)-result));
}

static void play_refused(struct stage *stage)
{
	reserve_port(stage, puppet_new(stage, ROLE_SERVER));
	puppet_new(stage, ROLE_CLIENT);
	be_refused(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_refused(const struct run *run)
{
	struct trail client;

	expect_connection(run, PORT_ANY, run->facts->server_port, FAILED_CONNECT, &client);
	trail_expect_owner(&client, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_text(&client, "reason", "refused");
	trail_expect_text(&client, "error", "ECONNREFUSED");
	/* The port was chosen within the system call. */
	if (client.events[0]->lport <= 0) {
		trail_print(&client);
		fail_msg("no local port at SYN_SENT");
	}
}

/* One socket, two lives: refused first, then it reaches a listener. */
static void play_retry_after_refusal(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	reserve_port(stage, server);
	be_refused(stage);
	must(stage, puppet_call(server, op_listen, 0, 8, 0, 0));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	close_both(stage);
}

static void expect_two_lives(const struct run *run, const char *first_states)
{
	struct trail first, second;

	trail_find(run->tracer, run->facts->netns, PORT_ANY, run->facts->server_port, 1, &first);
	trail_find(run->tracer, run->facts->netns, PORT_ANY, run->facts->server_port, 2, &second);
	trail_expect_states(&first, first_states);
	trail_expect_states(&second, ACTIVE_CLOSE);
	trail_expect_owner(&first, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_owner(&second, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	if (first.cookie == second.cookie && first.gen == 1 && second.gen == 2)
		return;
	trail_print(&first);
	trail_print(&second);
	fail_msg("not one cookie with gen 1 and 2");
}

static void check_retry_after_refusal(const struct run *run)
{
	expect_two_lives(run, FAILED_CONNECT);
}

static void play_disconnect(struct stage *stage)
{
	struct puppet *client, *server;

	establish(stage);
	client = stage->puppets[ROLE_CLIENT];
	server = stage->puppets[ROLE_SERVER];
	must(stage, puppet_call(client, op_disconnect, 1, 0, 0, 0));
	puppet_recv(server, 1, -1);
	must(stage, puppet_close(server, 1));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	close_both(stage);
}

static void check_disconnect(const struct run *run)
{
	expect_two_lives(run, "CLOSE SYN_SENT ESTABLISHED CLOSE");
}

/* A socket connected to its own port: a simultaneous open with itself. */
static void play_self_connect(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	must(stage, puppet_socket(client, 1));
	must(stage, puppet_bind(client, 1, PLACE_LOOPBACK, 0));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->client_port));
	must(stage, puppet_send(client, 1, 100));
	must(stage, puppet_recv(client, 1, 100));
	must(stage, puppet_close(client, 1));
}

static void check_self_connect(const struct run *run)
{
	struct trail trail;

	expect_connection(run, run->facts->client_port, run->facts->client_port,
			  "CLOSE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 CLOSING TIME_WAIT CLOSE",
			  &trail);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_text(&trail, "reason", "fin-both");
}

static void play_bound(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_socket(client, 1));
	must(stage, puppet_bind(client, 1, PLACE_LOOPBACK, 0));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	close_both(stage);
}

/* Both ends canonical, each named after its process: what several scenarios must come to. */
static void check_canonical(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client, server;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	expect_connection(run, facts->server_port, facts->client_port, PASSIVE_CLOSE, &server);
	trail_expect_owner(&client, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_owner(&server, 0, facts->pid[ROLE_SERVER], run->suite->self);
}

static void check_bound(const struct run *run)
{
	check_canonical(run);
}

static long op_connect_later(struct hands *hands, const long args[4])
{
	struct pollfd poller = { .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);
	long result = op_socket(hands, (const long[4]){ args[0], 0 });

	if (result < 0)
		return result;
	poller.fd = hands->fd[args[0]];
	fcntl(poller.fd, F_SETFL, O_NONBLOCK);
	result = op_connect(hands, args);
	if (result < 0 && result != -EINPROGRESS)
		return result;
	if (poll(&poller, 1, suite_deadline_ms(hands->suite, 10)) != 1)
		return -ETIMEDOUT;
	getsockopt(poller.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return -error;
}

static void play_nonblocking(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_call(client, op_connect_later, 1, PLACE_LOOPBACK,
				stage->facts->server_port, 0));
	must(stage, puppet_accept(server, 0, 1));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	close_both(stage);
}

static void check_nonblocking(const struct run *run)
{
	check_canonical(run);
}

struct errand {
	struct hands *hands;
	const long *args;
	long result;
};

static void *connect_in_thread(void *arg)
{
	struct errand *errand = arg;

	prctl(PR_SET_NAME, "worker");
	errand->result = op_connect(errand->hands, errand->args);
	return NULL;
}

static long op_connect_by_thread(struct hands *hands, const long args[4])
{
	struct errand errand = { hands, args, -EAGAIN };
	pthread_t thread;

	if (pthread_create(&thread, NULL, connect_in_thread, &errand) != 0)
		return -EAGAIN;
	pthread_join(thread, NULL);
	return errand.result;
}

static void play_thread(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_call(client, op_connect_by_thread, 1, PLACE_LOOPBACK,
				stage->facts->server_port, 0));
	must(stage, puppet_accept(server, 0, 1));
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	prctl(PR_GET_NAME, stage->facts->text[0]);
	close_both(stage);
}

static void check_thread(const struct run *run)
{
	struct trail client;
	char comm[32] = "";

	check_canonical(run);
	trail_find(run->tracer, run->facts->netns, run->facts->client_port, run->facts->server_port,
		   0, &client);
	for (size_t i = 0; i < client.count; i++) {
		jsonline_string(client.events[i]->text, "comm", comm, sizeof(comm));
		if (strcmp(comm, run->facts->text[0]) == 0)
			continue;
		trail_print(&client);
		fail_msg("comm is %s, not the process's %s", comm, run->facts->text[0]);
	}
	/* The thread is another task than the one the row names. */
	if (jsonline_string(client.events[0]->text, "by_comm", comm, sizeof(comm)) &&
	    strcmp(comm, "worker") == 0)
		return;
	trail_print(&client);
	fail_msg("by_comm at connect() is not the thread's");
}

const struct scenario scenarios_connect[] = {
	{ SCENARIO("a_refused_connect_has_its_port_and_reason", ON_ALL, refused) },
	{ SCENARIO("a_refused_socket_connects_in_a_new_life", ON_ALL, retry_after_refusal) },
	{ SCENARIO("a_disconnected_socket_connects_in_a_new_life", ON_V4 | ON_V6, disconnect) },
	{ SCENARIO("a_self_connect_is_one_connection", ON_ALL, self_connect) },
	{ SCENARIO("a_bound_client_is_seen_with_its_port", ON_ALL, bound) },
	{ SCENARIO("a_nonblocking_connect_is_no_different", ON_ALL, nonblocking) },
	{ SCENARIO("a_thread_connects_for_its_process", ON_V4, thread) },
	{ .name = NULL },
};
