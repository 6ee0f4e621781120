// SPDX-License-Identifier: GPL-2.0-or-later
/* Other ways into TCP: fast open, io_uring, MPTCP; and UDP, which is none. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"
#include "traffic.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void check_canonical(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail client, server;

	expect_connection(run, facts->client_port, facts->server_port, ACTIVE_CLOSE, &client);
	expect_connection(run, facts->server_port, facts->client_port, PASSIVE_CLOSE, &server);
	trail_expect_owner(&client, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_owner(&server, 0, facts->pid[ROLE_SERVER], run->suite->self);
}

static void close_both(struct stage *stage)
{
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], 1, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 1));
}

/* args: slot, port */
static long op_fast_open(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, PLACE_LOOPBACK, (uint16_t)args[1], &address);
	long result = op_socket(hands, (const long[4]){ args[0], 0 });

	if (result < 0)
		return result;
	result = sendto(hands->fd[args[0]], "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&address,
			len);
	return result < 0 ? -errno : result;
}

/* The first connection fetches the cookie; the second carries its data in the SYN. */
static void play_fast_open(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	if (!stage_sysctl(stage, "ipv4/tcp_fastopen", "3"))
		stage_skip(stage, "no TCP fast open");
	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_option(server, 0, IPPROTO_TCP, TCP_FASTOPEN, 8));
	for (int i = 0; i < 2; i++) {
		long result = puppet_call(client, op_fast_open, 1, facts->server_port, 0, 0);

		if (result == -EOPNOTSUPP)
			stage_skip(stage, "no TCP fast open");
		must(stage, result);
		must(stage, puppet_accept(server, 0, 1));
		must(stage, puppet_recv(server, 1, 5));
		facts->ports[i] = (uint16_t)must(stage, puppet_port(client, 1));
		close_both(stage);
	}
}

static void check_fast_open(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	for (int i = 0; i < 2; i++) {
		expect_connection(run, facts->ports[i], facts->server_port, ACTIVE_CLOSE, &trail);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], run->suite->self);
		trail_expect_number(&trail, "tx_bytes", 5);
		expect_connection(run, facts->server_port, facts->ports[i], PASSIVE_CLOSE, &trail);
		trail_expect_owner(&trail, 0, facts->pid[ROLE_SERVER], run->suite->self);
		trail_expect_number(&trail, "rx_bytes", 5);
	}
}

/* One submission at a time through a ring made for it: the kernel's interface, no library. */
static long uring_do(struct io_uring_sqe request, unsigned int setup_flags)
{
	struct io_uring_params params = { .flags = setup_flags, .sq_thread_idle = 20 };
	unsigned int enter_flags = IORING_ENTER_GETEVENTS;
	int ring = (int)syscall(__NR_io_uring_setup, 1, &params);
	size_t ring_size, sqes_size = sizeof(struct io_uring_sqe);
	struct io_uring_sqe *sqes;
	char *base;
	long result;

	if (ring < 0)
		return -errno;
	ring_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	if (ring_size < params.sq_off.array + params.sq_entries * sizeof(unsigned int))
		ring_size = params.sq_off.array + params.sq_entries * sizeof(unsigned int);
	base = mmap(NULL, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		    IORING_OFF_SQ_RING);
	sqes = mmap(NULL, sqes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		    IORING_OFF_SQES);
	if (base == MAP_FAILED || sqes == MAP_FAILED) {
		close(ring);
		return -ENOMEM;
	}
	sqes[0] = request;
	*(unsigned int *)(base + params.sq_off.array) = 0;
	atomic_store((_Atomic unsigned int *)(base + params.sq_off.tail), 1);
	/* The kernel's thread may sleep already, or not see the request before it does. */
	if (setup_flags & IORING_SETUP_SQPOLL)
		enter_flags |= IORING_ENTER_SQ_WAKEUP;
	result = syscall(__NR_io_uring_enter, ring, 1, 1, enter_flags, NULL, 0);
	if (result >= 0)
		result = ((struct io_uring_cqe *)(base + params.cq_off.cqes))->res;
	else
		result = -errno;
	munmap(base, ring_size);
	munmap(sqes, sqes_size);
	close(ring);
	return result;
}

/* args: slot, place, port, flags */
static long op_uring_connect(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, (enum place)args[1], (uint16_t)args[2], &address);
	struct io_uring_sqe request = { .opcode = IORING_OP_CONNECT,
					.addr = (uintptr_t)&address,
					.off = len };
	long result = op_socket(hands, (const long[4]){ args[0], 0 });

	if (result < 0)
		return result;
	request.fd = hands->fd[args[0]];
	return uring_do(request, (unsigned int)args[3]);
}

/* args: listener's slot, slot, flags */
static long op_uring_accept(struct hands *hands, const long args[4])
{
	struct io_uring_sqe request = { .opcode = IORING_OP_ACCEPT, .fd = hands->fd[args[0]] };
	long result = uring_do(request, (unsigned int)args[2]);

	if (result >= 0)
		hands->fd[args[1]] = (int)result;
	return result;
}

static long op_uring_probe(struct hands *hands, const long args[4])
{
	(void)hands;
	return uring_do((struct io_uring_sqe){ .opcode = IORING_OP_NOP }, (unsigned int)args[2]);
}

static struct puppet *uring_client_new(struct stage *stage, unsigned int flags)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	long probe = puppet_call(client, op_uring_probe, 0, 0, flags, 0);

	if (probe < 0)
		stage_skip(stage, "io_uring: %s", strerror((int)-probe));
	return client;
}

static void play_uring_with(struct stage *stage, unsigned int flags)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = uring_client_new(stage, flags);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	puppet_begin(server, op_uring_accept, 0, 1, flags, 0);
	sleep_ms(50);
	must(stage,
	     puppet_call(client, op_uring_connect, 1, PLACE_LOOPBACK, facts->server_port, flags));
	must(stage, puppet_finish(server));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	close_both(stage);
}

static void play_uring(struct stage *stage)
{
	play_uring_with(stage, 0);
}

/* A thread of the kernel does it all: no system call of the owner's tells of it. */
static void play_uring_sqpoll(struct stage *stage)
{
	play_uring_with(stage, IORING_SETUP_SQPOLL);
}

static void check_uring_sqpoll(const struct run *run)
{
	check_canonical(run);
}

static void check_uring(const struct run *run)
{
	check_canonical(run);
}

static void play_uring_failure(struct stage *stage)
{
	struct puppet *client = uring_client_new(stage, 0);
	long result;

	stage->facts->server_port = 4242;
	result = puppet_call(client, op_uring_connect, 1, PLACE_FAR, 4242, 0);
	if (result != -ENETUNREACH)
		stage_fail(stage, "connect: %s, not ENETUNREACH", strerror((int)-result));
	must(stage, puppet_close(client, 1));
}

static const struct ending uring_failure_endings[] = {
	{ NULL, ROLE_CLIENT, "unreachable", "ENETUNREACH", NULL, NO_ATTEMPTS },
	{ 0 },
};

/* Nothing is sent, and no system call of its own returns. */
static void check_uring_failure(const struct run *run)
{
	if (!tracer_infers(run->tracer))
		check_endings(run);
	else
		expect_failed_events(run, 0);
}

/* args: slot, place, port */
static long op_mptcp_listen(struct hands *hands, const long args[4])
{
	long result = op_socket(hands, (const long[4]){ args[0], IPPROTO_MPTCP });

	if (result >= 0)
		result = op_bind(hands, (const long[4]){ args[0], PLACE_LOOPBACK, 0 });
	if (result >= 0)
		result = op_listen(hands, (const long[4]){ args[0], 8 });
	return result >= 0 ? op_port(hands, args) : result;
}

static long op_mptcp_connect(struct hands *hands, const long args[4])
{
	long result = op_socket(hands, (const long[4]){ args[0], IPPROTO_MPTCP });

	return result >= 0 ? op_connect(hands, args) : result;
}

static void play_mptcp(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;
	long port = puppet_call(server, op_mptcp_listen, 0, 0, 0, 0);

	if (port == -EPROTONOSUPPORT || port == -ENOPROTOOPT || port == -EINVAL)
		stage_skip(stage, "no MPTCP: %s", strerror((int)-port));
	facts->server_port = (uint16_t)must(stage, port);
	must(stage,
	     puppet_call(client, op_mptcp_connect, 1, PLACE_LOOPBACK, facts->server_port, 0));
	must(stage, puppet_accept(server, 0, 1));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_send(client, 1, 100));
	must(stage, puppet_recv(server, 1, 100));
	close_both(stage);
	sleep_ms(500); /* its last steps run in a kworker */
}

/* Only the subflow is a TCP connection. Its close is MPTCP's own affair; its trail is checked. */
static void check_mptcp(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	trail_find(run->tracer, facts->netns, facts->client_port, facts->server_port, 0, &trail);
	trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	trail_find(run->tracer, facts->netns, facts->server_port, facts->client_port, 0, &trail);
	trail_find(run->tracer, facts->netns, facts->server_port, PORT_NONE, 0, &trail);
	trail_expect_states(&trail, "CLOSE LISTEN CLOSE");
}

static long op_udp(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, PLACE_LOOPBACK, 0, &address);
	int fd = socket(net_family(hands->net), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)args;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&address, len) < 0 || send(fd, "x", 1, 0) < 0 ||
	    recv(fd, &byte, 1, 0) < 0)
		return -errno;
	close(fd);
	return address_port(&address);
}

static void play_udp(struct stage *stage)
{
	stage->facts->client_port = (uint16_t)must(
		stage, puppet_call(puppet_new(stage, ROLE_CLIENT), op_udp, 0, 0, 0, 0));
}

static void check_udp(const struct run *run)
{
	struct trail trail;

	trail_find(run->tracer, run->facts->netns, run->facts->client_port, PORT_ANY, 0, &trail);
	skip_without_peer(&trail);
	trail_expect_states(&trail, "CLOSE UNCONN ESTABLISHED CLOSE");
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_text(&trail, "proto", "udp");
}

const struct scenario scenarios_special[] = {
	{ SCENARIO("fast_open_connections_are_whole", ON_V4 | ON_V6, fast_open), .unborn = true },
	{ SCENARIO("io_uring_connects_and_accepts_with_its_owner", ON_V4 | ON_V6, uring) },
	{ SCENARIO("a_thread_of_io_uring_hides_no_owner", ON_V4, uring_sqpoll) },
	{ SCENARIO("io_uring_fails_before_anything_is_sent", ON_V4 | ON_V6, uring_failure),
	  .endings = uring_failure_endings },
	{ SCENARIO("mptcp_shows_its_subflow_once", ON_V4, mptcp) },
	{ SCENARIO("udp_sockets_come_and_go_without_tcp", ON_V4 | ON_V6, udp) },
	{ .name = NULL },
};
