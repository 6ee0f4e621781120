// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose connection it is, when descriptors travel between processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define ACCEPT_TRIES 1000 /* of 10 ms */

/*
 * Forks a child that accepts, serves until the end and closes. number[0] is its pid; number[1]
 * becomes 1 when it has accepted.
 */
static long op_accept_in_child(struct hands *hands, const long args[4])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (op_accept(hands, args) < 0)
			_exit(1);
		__atomic_store_n(&hands->facts->number[1], 1, __ATOMIC_RELEASE);
		if (op_recv(hands, (const long[4]){ args[1], -1 }) < 0 ||
		    op_close(hands, (const long[4]){ args[1] }) < 0)
			_exit(1);
		_exit(0);
	}
	hands->facts->number[0] = pid;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? 0 : -EIO;
}

static void play_child_accepts(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;
	const long *accepted = &facts->number[1];

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	puppet_begin(server, op_accept_in_child, 0, 1, 0, 0);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	/* accept() comes before the end, however late a busy machine lets the child run. */
	for (int i = 0; i < ACCEPT_TRIES && !__atomic_load_n(accepted, __ATOMIC_ACQUIRE); i++)
		sleep_ms(10);
	must(stage, puppet_close(client, 1));
	must(stage, puppet_finish(server));
}

static void check_child_accepts(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail server;

	expect_connection(run, facts->server_port, facts->client_port, PASSIVE_CLOSE, &server);
	trail_expect_owner(&server, trail_index(&server, STATE_CLOSE_WAIT), facts->number[0],
			   run->suite->self);
}

/* The connection stays with who made it, while somebody else closes it for good. */
static long op_fork_holder(struct hands *hands, const long args[4])
{
	int ends[2];
	pid_t pid;
	char go;

	if (pipe(ends) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(ends[1]);
		/* The connector closes its descriptor first; ours is then the last. */
		if (read(ends[0], &go, 1) < 0)
			_exit(1);
		sleep_ms((unsigned int)args[1]);
		close(hands->fd[args[0]]);
		_exit(0);
	}
	close(ends[0]);
	op_close(hands, args);
	close(ends[1]);
	hands->facts->number[0] = pid;
	return waitpid(pid, NULL, 0) < 0 ? -errno : 0;
}

static void play_heir_closes(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_call(stage->puppets[ROLE_CLIENT], op_fork_holder, 1, 100, 0, 0));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

static void check_heir_closes(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client;
	const struct event *fin;
	long long by = -1;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	fin = client.events[trail_index(&client, STATE_FIN_WAIT1)];
	jsonline_number(fin->text, "by_pid", &by);
	/* Either still the connector, with the heir as the actor, or the heir as the new owner. */
	if ((fin->pid == facts->pid[ROLE_CLIENT] && by == facts->number[0]) ||
	    fin->pid == facts->number[0])
		return;
	trail_print(&client);
	fail_msg("pid %ld closed what pid %d had connected", facts->number[0],
		 (int)facts->pid[ROLE_CLIENT]);
}

/* Another process than the owner shuts it down while the owner still has it. */
static long op_fork_shutdown(struct hands *hands, const long args[4])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(shutdown(hands->fd[args[0]], SHUT_WR) < 0);
	hands->facts->number[0] = pid;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? 0 : -EIO;
}

static void play_other_shuts_down(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_call(stage->puppets[ROLE_CLIENT], op_fork_shutdown, 1, 0, 0, 0));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_CLIENT], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static void check_other_shuts_down(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client;
	long long by = -1;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	trail_expect_owner(&client, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	jsonline_number(client.events[trail_index(&client, STATE_FIN_WAIT1)]->text, "by_pid", &by);
	if (by == facts->number[0])
		return;
	trail_print(&client);
	fail_msg("by_pid of the shutdown is %lld, not %ld", by, facts->number[0]);
}

/* The connected socket outlives its program: exec of the static helper, which only waits. */
static long op_exec_with_socket(struct hands *hands, const long args[4])
{
	pid_t pid = fork();
	int status;

	(void)args;
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int fd = socket(net_family(hands->net), SOCK_STREAM, 0);

		hands->fd[1] = fd;
		if (op_connect(hands,
			       (const long[4]){ 1, PLACE_LOOPBACK, hands->facts->server_port }) < 0)
			_exit(1);
		hands->facts->client_port = (uint16_t)op_port(hands, (const long[4]){ 1 });
		execl(hands->suite->shortlived, hands->suite->shortlived, "hold", "200", NULL);
		_exit(2);
	}
	hands->facts->number[0] = pid;
	return waitpid(pid, &status, 0) < 0 ? -errno : status == 0 ? 0 : -EIO;
}

static void play_exec(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	if (access(stage->suite->shortlived, X_OK) < 0)
		stage_skip(stage, "%s: %s", stage->suite->shortlived, strerror(errno));
	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	puppet_begin(client, op_exec_with_socket, 0, 0, 0, 0);
	must(stage, puppet_accept(server, 0, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
	must(stage, puppet_finish(client));
}

static void check_exec(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	trail_expect_owner(&client, 0, facts->number[0], NULL);
	/* The same process is another program now. */
	trail_expect_owner(&client, trail_index(&client, STATE_FIN_WAIT1), facts->number[0],
			   run->suite->shortlived);
}

/* Several connections of several processes to one server: every row names its own. */
static void play_many_clients(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *clients[2] = { puppet_new(stage, ROLE_CLIENT),
				      puppet_new(stage, ROLE_HELPER) };
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 32));
	for (int i = 0; i < 20; i++) {
		struct puppet *client = clients[i % 2];

		must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
		must(stage, puppet_accept(server, 0, 1));
		facts->ports[i] = (uint16_t)must(stage, puppet_port(client, 1));
		must(stage, puppet_close(client, 1));
		must(stage, puppet_recv(server, 1, -1));
		must(stage, puppet_close(server, 1));
	}
}

static void check_many_clients(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	for (int i = 0; i < 20; i++) {
		expect_connection(run, facts->ports[i], facts->server_port, ACTIVE_CLOSE, &trail);
		trail_expect_owner(&trail, 0, facts->pid[i % 2 ? ROLE_HELPER : ROLE_CLIENT],
				   run->suite->self);
		expect_connection(run, facts->server_port, facts->ports[i], PASSIVE_CLOSE, &trail);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_SERVER], run->suite->self);
	}
}

const struct scenario scenarios_owner[] = {
	{ SCENARIO("the_accepting_child_is_the_owner", ON_V4 | ON_V6, child_accepts) },
	{ SCENARIO("the_heir_of_a_descriptor_closes_it", ON_V4, heir_closes) },
	{ SCENARIO("a_shutdown_by_another_process_names_it", ON_V4, other_shuts_down) },
	{ SCENARIO("a_socket_kept_across_exec_names_the_new_program", ON_V4, exec) },
	{ SCENARIO("each_of_many_connections_names_its_own_process", ON_V4 | ON_V6, many_clients) },
	{ .name = NULL },
};
