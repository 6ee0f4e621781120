// SPDX-License-Identifier: GPL-2.0-or-later
/* Many sockets, made by two puppets that keep what does not fit into their slots until they end. */
#define _GNU_SOURCE
#include "crowd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

/* Slots of both puppets. */
enum {
	SLOT_LISTENER,
	SLOT_FULL_LISTENER,
	SLOT_PATIENT_LISTENER,
	SLOT_ANY_LISTENER,
	SLOT_SHARED_LISTENERS,
	SLOT_HALF_CLOSED = SLOT_SHARED_LISTENERS + 2,
	SLOT_ORPHANED,
	SLOT_UNREAD,
	SLOT_UNACCEPTED,
	SLOT_HALF_OPEN,
};

#define UNREAD_BYTES 1000
#define DEFER_SECONDS 60 /* how long SYN_RECV lasts without data */
#define FILES_MAX 8192

static long op_allow_many_files(struct hands *hands, const long args[4])
{
	const struct rlimit limit = { FILES_MAX, FILES_MAX };

	(void)hands, (void)args;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

/* args: listener's slot, count */
static long op_accept_and_keep(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[1]; i++)
		if (accept4(hands->fd[args[0]], NULL, NULL, SOCK_CLOEXEC) < 0)
			return -errno;
	return args[1];
}

/* args: type with flags, port, count. With SOCK_NONBLOCK nobody waits for the answer. */
static long op_connect_and_keep(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, PLACE_LOOPBACK, (uint16_t)args[1], &address);

	for (long i = 0; i < args[2]; i++) {
		int fd = socket(net_family(hands->net), (int)args[0] | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
		    (connect(fd, (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS))
			return -errno;
	}
	return args[2];
}

/* args: count. UDP sockets on ports of their own; the port of the last. */
static long op_bind_udp(struct hands *hands, const long args[4])
{
	long port = -EINVAL;

	for (long i = 0; i < args[0]; i++) {
		struct sockaddr_storage address;
		socklen_t len = net_address(hands->net, PLACE_LOOPBACK, 0, &address);
		int fd = socket(net_family(hands->net), SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
		    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
			return -errno;
		port = address_port(&address);
	}
	return port;
}

/* A child that keeps all the descriptors that its parent has now, and dies with it. */
static long op_share_all(struct hands *hands, const long args[4])
{
	pid_t pid = fork();

	(void)hands, (void)args;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid < 0 ? -errno : pid;
}

/* A connection in this slot of both. */
static void connect_slot(struct stage *stage, int slot)
{
	must(stage, puppet_connect(stage->puppets[ROLE_CLIENT], slot, PLACE_LOOPBACK,
				   stage->facts->server_port));
	must(stage, puppet_accept(stage->puppets[ROLE_SERVER], SLOT_LISTENER, slot));
}

static void make_closing_ones(struct stage *stage)
{
	struct puppet *client = stage->puppets[ROLE_CLIENT];

	for (int slot = SLOT_HALF_CLOSED; slot <= SLOT_UNREAD; slot++)
		connect_slot(stage, slot);
	must(stage, puppet_shutdown(client, SLOT_HALF_CLOSED, SHUT_WR));
	must(stage, puppet_wait_state(client, SLOT_HALF_CLOSED, TCP_FIN_WAIT2));
	must(stage, puppet_close(client, SLOT_ORPHANED));
	must(stage, puppet_send(client, SLOT_UNREAD, UNREAD_BYTES));
}

/* Its queue has room for one; the SYN of the next is ignored. */
static void make_unanswered_ones(struct stage *stage)
{
	struct puppet *client = stage->puppets[ROLE_CLIENT];
	long port =
		must(stage, puppet_listen(stage->puppets[ROLE_SERVER], SLOT_FULL_LISTENER, 0, 0));

	must(stage, puppet_connect(client, SLOT_UNACCEPTED, PLACE_LOOPBACK, (uint16_t)port));
	must(stage, puppet_wait_state(client, SLOT_UNACCEPTED, TCP_ESTABLISHED));
	must(stage,
	     puppet_call(client, op_connect_and_keep, SOCK_STREAM | SOCK_NONBLOCK, port, 1, 0));
}

/* The handshake is not over for a server that waits for data. */
static void make_half_open_one(struct stage *stage)
{
	struct puppet *server = stage->puppets[ROLE_SERVER];
	long port = must(stage, puppet_listen(server, SLOT_PATIENT_LISTENER, 0, 8));

	must(stage, puppet_option(server, SLOT_PATIENT_LISTENER, IPPROTO_TCP, TCP_DEFER_ACCEPT,
				  DEFER_SECONDS));
	must(stage, puppet_connect(stage->puppets[ROLE_CLIENT], SLOT_HALF_OPEN, PLACE_LOOPBACK,
				   (uint16_t)port));
}

static void make_listeners(struct stage *stage)
{
	struct puppet *server = stage->puppets[ROLE_SERVER];
	long port = 0;

	must(stage, puppet_socket(server, SLOT_ANY_LISTENER));
	must(stage, puppet_bind(server, SLOT_ANY_LISTENER, PLACE_ANY, 0));
	must(stage, puppet_call(server, op_listen, SLOT_ANY_LISTENER, 8, 0, 0));
	for (int slot = SLOT_SHARED_LISTENERS; slot < SLOT_SHARED_LISTENERS + 2; slot++) {
		must(stage, puppet_socket(server, slot));
		must(stage, puppet_option(server, slot, SOL_SOCKET, SO_REUSEPORT, 1));
		must(stage, puppet_bind(server, slot, PLACE_LOOPBACK, (uint16_t)port));
		must(stage, puppet_call(server, op_listen, slot, 8, 0, 0));
		port = must(stage, puppet_port(server, slot));
	}
}

static bool is_on_its_way(unsigned int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

/* Of the stage's namespace. */
static bool has_sockets_on_their_way(const char *path)
{
	FILE *table = fopen(path, "re");
	unsigned int state;
	bool found = false;
	char line[256];

	if (!table)
		return false;
	while (!found && fgets(line, sizeof(line), table))
		found = sscanf(line, "%*d: %*s %*s %x", &state) == 1 && is_on_its_way(state);
	fclose(table);
	return found;
}

/* What looks at it twice must see the same. */
static void wait_for_rest(struct stage *stage)
{
	for (int tries = 0; tries < 100; tries++) {
		if (!has_sockets_on_their_way("/proc/self/net/tcp") &&
		    !has_sockets_on_their_way("/proc/self/net/tcp6"))
			return;
		sleep_ms(50);
	}
	stage_fail(stage, "connections do not come to rest");
}

void play_crowd(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;
	long pairs = suite_count(stage->suite, 700, 40);
	long ended = suite_count(stage->suite, 150, 10);
	long udp = suite_count(stage->suite, 60, 5), port;

	must(stage, puppet_call(server, op_allow_many_files, 0, 0, 0, 0));
	must(stage, puppet_call(client, op_allow_many_files, 0, 0, 0, 0));
	facts->server_port =
		(uint16_t)must(stage, puppet_listen(server, SLOT_LISTENER, 0, BACKLOG_AMPLE));
	puppet_begin(server, op_accept_and_keep, SLOT_LISTENER, pairs, 0, 0);
	must(stage,
	     puppet_call(client, op_connect_and_keep, SOCK_STREAM, facts->server_port, pairs, 0));
	must(stage, puppet_finish(server));
	play_connections(stage, ended);
	make_closing_ones(stage);
	make_unanswered_ones(stage);
	make_half_open_one(stage);
	make_listeners(stage);
	port = must(stage, puppet_call(server, op_bind_udp, udp, 0, 0, 0));
	must(stage, puppet_call(client, op_connect_and_keep, SOCK_DGRAM, port, udp, 0));
	must(stage, puppet_call(server, op_share_all, 0, 0, 0, 0));
	wait_for_rest(stage);
	facts->number[CROWD_SOCKETS] = 2 * pairs + ended + 2 * udp;
	stage_pause(stage);
}
