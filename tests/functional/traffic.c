// SPDX-License-Identifier: GPL-2.0-or-later
/* Puppets: processes that do what a scenario tells them over a socket pair. */
#define _GNU_SOURCE
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct order {
	puppet_op op; /* NULL: end. A fork has the same code at the same addresses */
	long args[4];
};

struct puppet {
	pid_t pid;
	int line;
};

int net_family(enum net net)
{
	return net == NET_V4 ? AF_INET : AF_INET6;
}

socklen_t net_address(enum net net, enum place place, uint16_t port,
		      struct sockaddr_storage *ret_address)
{
	static const char *const texts[NETS][4] = {
		[NET_V4] = { "0.0.0.0", "127.0.0.1", "10.9.0.1", "10.9.0.2" },
		[NET_V6] = { "::", "::1", "fd09::1", "fd09::2" },
		[NET_V4MAPPED] = { "::", "::ffff:127.0.0.1", "::ffff:10.9.0.1", "::ffff:10.9.0.2" },
	};
	struct sockaddr_in *in = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_address;

	memset(ret_address, 0, sizeof(*ret_address));
	if (net == NET_V4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		inet_pton(AF_INET, texts[net][place], &in->sin_addr);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	inet_pton(AF_INET6, texts[net][place], &in6->sin6_addr);
	return sizeof(*in6);
}

uint16_t address_port(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
}

bool net_wait_usable(enum net net, enum place place)
{
	struct sockaddr_storage address;
	socklen_t len = net_address(net, place, 0, &address);

	for (int tries = 0; tries < 500; tries++) {
		int fd = socket(net_family(net), SOCK_DGRAM | SOCK_CLOEXEC, 0);
		bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0;

		if (fd >= 0)
			close(fd);
		if (bound)
			return true;
		sleep_ms(10);
	}
	return false;
}

static long result_of(long value)
{
	return value < 0 ? -errno : value;
}

/* args: slot, protocol */
long op_socket(struct hands *hands, const long args[4])
{
	int fd = socket(net_family(hands->net), SOCK_STREAM | SOCK_CLOEXEC, (int)args[1]);
	int off = 0;

	if (fd < 0)
		return -errno;
	if (hands->net == NET_V4MAPPED)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	hands->fd[args[0]] = fd;
	return fd;
}

/* args: slot, place, port */
long op_bind(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, (enum place)args[1], (uint16_t)args[2], &address);
	int on = 1;

	setsockopt(hands->fd[args[0]], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return result_of(bind(hands->fd[args[0]], (struct sockaddr *)&address, len));
}

/* args: slot, backlog */
long op_listen(struct hands *hands, const long args[4])
{
	return result_of(listen(hands->fd[args[0]], (int)args[1]));
}

/* args: slot, place, port */
long op_connect(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, (enum place)args[1], (uint16_t)args[2], &address);

	if (hands->fd[args[0]] < 0) {
		long made = op_socket(hands, (const long[4]){ args[0], 0 });

		if (made < 0)
			return made;
	}
	return result_of(connect(hands->fd[args[0]], (struct sockaddr *)&address, len));
}

/* args: slot */
long op_disconnect(struct hands *hands, const long args[4])
{
	struct sockaddr_storage nobody = { .ss_family = AF_UNSPEC };

	return result_of(connect(hands->fd[args[0]], (struct sockaddr *)&nobody, sizeof(nobody)));
}

/* args: listener's slot, slot */
long op_accept(struct hands *hands, const long args[4])
{
	int fd = accept4(hands->fd[args[0]], NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	hands->fd[args[1]] = fd;
	return 0;
}

long op_close(struct hands *hands, const long args[4])
{
	int fd = hands->fd[args[0]];

	hands->fd[args[0]] = -1;
	return result_of(close(fd));
}

static long op_shutdown(struct hands *hands, const long args[4])
{
	return result_of(shutdown(hands->fd[args[0]], (int)args[1]));
}

/* args: slot, bytes */
long op_send(struct hands *hands, const long args[4])
{
	static const char zeros[4096];
	long sent = 0;

	while (sent < args[1]) {
		size_t piece = (size_t)(args[1] - sent);
		ssize_t now = send(hands->fd[args[0]], zeros,
				   piece < sizeof(zeros) ? piece : sizeof(zeros), MSG_NOSIGNAL);

		if (now < 0)
			return -errno;
		sent += now;
	}
	return sent;
}

/* args: slot, bytes or -1 for all until the end */
long op_recv(struct hands *hands, const long args[4])
{
	char bytes[4096];
	long received = 0;

	while (args[1] < 0 || received < args[1]) {
		size_t left = args[1] < 0 ? sizeof(bytes) : (size_t)(args[1] - received);
		ssize_t now = recv(hands->fd[args[0]], bytes,
				   left < sizeof(bytes) ? left : sizeof(bytes), 0);

		if (now < 0)
			return -errno;
		if (now == 0)
			break;
		received += now;
	}
	return received;
}

static long op_option(struct hands *hands, const long args[4])
{
	int value = (int)args[3];

	return result_of(
		setsockopt(hands->fd[args[0]], (int)args[1], (int)args[2], &value, sizeof(value)));
}

static long op_linger_reset(struct hands *hands, const long args[4])
{
	struct linger linger = { .l_onoff = 1 };

	return result_of(
		setsockopt(hands->fd[args[0]], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
}

long op_port(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(hands->fd[args[0]], (struct sockaddr *)&address, &len) < 0)
		return -errno;
	return address_port(&address);
}

/* args: slot, seconds */
long op_drained(struct hands *hands, const long args[4])
{
	int limit = suite_deadline_ms(hands->suite, (int)args[1]), queued = 1;

	for (int waited = 0; waited < limit; waited += 2) {
		if (ioctl(hands->fd[args[0]], SIOCOUTQ, &queued) < 0)
			return -errno;
		if (queued == 0)
			return 0;
		sleep_ms(2);
	}
	return -ETIMEDOUT;
}

/* args: slot, state */
static long op_wait_state(struct hands *hands, const long args[4])
{
	int limit = suite_deadline_ms(hands->suite, 10);

	for (int waited = 0; waited < limit; waited += 2) {
		struct tcp_info info = { 0 };
		socklen_t len = sizeof(info);

		if (getsockopt(hands->fd[args[0]], IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
			return -errno;
		if (info.tcpi_state == args[1])
			return 0;
		sleep_ms(2);
	}
	return -ETIMEDOUT;
}

static _Noreturn void obey(struct stage *stage, int line)
{
	struct hands hands = { .suite = stage->suite, .facts = stage->facts, .net = stage->net };
	struct order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(hands.fd, -1, sizeof(hands.fd));
	while (recv(line, &order, sizeof(order), 0) == sizeof(order) && order.op) {
		long result = order.op(&hands, order.args);

		if (send(line, &result, sizeof(result), MSG_NOSIGNAL) != sizeof(result))
			break;
	}
	_exit(0);
}

struct puppet *puppet_new(struct stage *stage, enum role role)
{
	struct puppet *puppet = calloc(1, sizeof(*puppet));
	int ends[2];

	if (!puppet || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		stage_fail(stage, "socketpair: %s", strerror(errno));
	puppet->pid = fork();
	if (puppet->pid < 0)
		stage_fail(stage, "fork: %s", strerror(errno));
	if (puppet->pid == 0) {
		close(ends[0]);
		obey(stage, ends[1]);
	}
	close(ends[1]);
	puppet->line = ends[0];
	stage->puppets[role] = puppet;
	stage->facts->pid[role] = puppet->pid;
	return puppet;
}

void puppet_end(struct puppet *puppet)
{
	struct order end = { 0 };

	if (!puppet)
		return;
	if (send(puppet->line, &end, sizeof(end), MSG_NOSIGNAL) < 0)
		kill(puppet->pid, SIGKILL);
	/* One that blocks in a system call does not hear us. */
	for (int waited = 0; waitpid(puppet->pid, NULL, WNOHANG) == 0; waited++) {
		if (waited == 1000)
			kill(puppet->pid, SIGKILL);
		sleep_ms(1);
	}
	close(puppet->line);
	free(puppet);
}

void puppet_begin(struct puppet *puppet, puppet_op op, long a, long b, long c, long d)
{
	struct order order = { .op = op, .args = { a, b, c, d } };

	if (send(puppet->line, &order, sizeof(order), MSG_NOSIGNAL) < 0)
		kill(puppet->pid, SIGKILL);
}

long puppet_finish(struct puppet *puppet)
{
	long result;

	if (recv(puppet->line, &result, sizeof(result), 0) != sizeof(result))
		return -EPIPE;
	return result;
}

long puppet_call(struct puppet *puppet, puppet_op op, long a, long b, long c, long d)
{
	puppet_begin(puppet, op, a, b, c, d);
	return puppet_finish(puppet);
}

long puppet_socket(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_socket, slot, 0, 0, 0);
}

long puppet_bind(struct puppet *puppet, int slot, enum place place, uint16_t port)
{
	return puppet_call(puppet, op_bind, slot, place, port, 0);
}

long puppet_listen(struct puppet *puppet, int slot, uint16_t port, int backlog)
{
	long result = puppet_socket(puppet, slot);

	if (result >= 0)
		result = puppet_bind(puppet, slot, PLACE_LOOPBACK, port);
	if (result >= 0)
		result = puppet_call(puppet, op_listen, slot, backlog, 0, 0);
	return result < 0 ? result : puppet_port(puppet, slot);
}

long puppet_connect(struct puppet *puppet, int slot, enum place place, uint16_t port)
{
	return puppet_call(puppet, op_connect, slot, place, port, 0);
}

long puppet_accept(struct puppet *puppet, int listener, int slot)
{
	return puppet_call(puppet, op_accept, listener, slot, 0, 0);
}

long puppet_close(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_close, slot, 0, 0, 0);
}

long puppet_shutdown(struct puppet *puppet, int slot, int how)
{
	return puppet_call(puppet, op_shutdown, slot, how, 0, 0);
}

long puppet_send(struct puppet *puppet, int slot, long bytes)
{
	return puppet_call(puppet, op_send, slot, bytes, 0, 0);
}

long puppet_recv(struct puppet *puppet, int slot, long bytes)
{
	return puppet_call(puppet, op_recv, slot, bytes, 0, 0);
}

long puppet_option(struct puppet *puppet, int slot, int level, int name, int value)
{
	return puppet_call(puppet, op_option, slot, level, name, value);
}

long puppet_linger_reset(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_linger_reset, slot, 0, 0, 0);
}

long puppet_port(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_port, slot, 0, 0, 0);
}

long puppet_wait_drained(struct puppet *puppet, int slot, int seconds)
{
	return puppet_call(puppet, op_drained, slot, seconds, 0, 0);
}

long puppet_wait_state(struct puppet *puppet, int slot, int tcp_state)
{
	return puppet_call(puppet, op_wait_state, slot, tcp_state, 0, 0);
}

void establish(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	long port = must(stage, puppet_listen(server, 0, 0, BACKLOG_AMPLE));

	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, (uint16_t)port));
	must(stage, puppet_accept(server, 0, 1));
	stage->facts->server_port = (uint16_t)port;
	stage->facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
}

void play_one_connection(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

/* args: listener's slot, slot, count */
static long op_serve_many(struct hands *hands, const long args[4])
{
	const long received[4] = { args[1], -1 };

	for (long i = 0; i < args[2]; i++) {
		long result = op_accept(hands, args);

		if (result >= 0)
			result = op_recv(hands, received);
		if (result >= 0)
			result = op_close(hands, received);
		if (result < 0)
			return result;
	}
	return args[2];
}

/* args: slot, place, port, count */
static long op_connect_many(struct hands *hands, const long args[4])
{
	for (long i = 0; i < args[3]; i++) {
		long result = op_connect(hands, args);

		if (result >= 0)
			result = op_close(hands, args);
		if (result < 0)
			return result;
	}
	return args[3];
}

void play_connections(struct stage *stage, long count)
{
	struct puppet *server = stage->puppets[ROLE_SERVER];

	puppet_begin(server, op_serve_many, 0, PUPPET_SLOTS - 1, count, 0);
	must(stage, puppet_call(stage->puppets[ROLE_CLIENT], op_connect_many, PUPPET_SLOTS - 1,
				PLACE_LOOPBACK, stage->facts->server_port, count));
	must(stage, puppet_finish(server));
}
