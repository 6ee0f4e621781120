// SPDX-License-Identifier: GPL-2.0-or-later
/* Connects that fail: at once, in the end, or before there was anything for the kernel to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "scenario.h"
#include "traffic.h"
#include "wire.h"

#define FAR_PORT 4242
#define FAILED "CLOSE SYN_SENT CLOSE"

static void expect_error(struct stage *stage, long result, int error)
{
	if (result != -error)
		stage_fail(stage, "connect: %s, not %s", strerror((int)-result), strerror(error));
}

static struct puppet *client_new(struct stage *stage, uint16_t port)
{
	stage->facts->server_port = port;
	return puppet_new(stage, ROLE_CLIENT);
}

/* A bound socket that does not listen refuses, and keeps the port from everybody else. */
static void reserve_port(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	must(stage, puppet_socket(server, 0));
	must(stage, puppet_bind(server, 0, PLACE_LOOPBACK, 0));
	stage->facts->server_port = (uint16_t)must(stage, puppet_port(server, 0));
}

static void play_refused(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	reserve_port(stage);
	expect_error(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port),
		     ECONNREFUSED);
	must(stage, puppet_close(client, 1));
}

static const struct ending refused_endings[] = {
	{ FAILED, ROLE_CLIENT, "refused", "ECONNREFUSED", NULL, 1 },
	{ 0 },
};

static long op_connect_without_waiting(struct hands *hands, const long args[4])
{
	if (hands->fd[args[0]] < 0) {
		long made = op_socket(hands, (const long[4]){ args[0], 0 });

		if (made < 0)
			return made;
		fcntl(hands->fd[args[0]], F_SETFL, O_NONBLOCK);
	}
	return op_connect(hands, args);
}

/* The first call says nothing, the second what has become of it. That is one failure. */
static void play_refused_later(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	reserve_port(stage);
	expect_error(stage,
		     puppet_call(client, op_connect_without_waiting, 1, PLACE_LOOPBACK,
				 stage->facts->server_port, 0),
		     EINPROGRESS);
	must(stage, puppet_wait_state(client, 1, TCP_CLOSE));
	expect_error(stage,
		     puppet_call(client, op_connect_without_waiting, 1, PLACE_LOOPBACK,
				 stage->facts->server_port, 0),
		     ECONNREFUSED);
	must(stage, puppet_close(client, 1));
}

#define refused_later_endings refused_endings

void expect_failed_events(const struct run *run, size_t expected)
{
	size_t count = tracer_count(run->tracer), found = 0;

	for (size_t i = 0; i < count; i++)
		found += tracer_event(run->tracer, i)->kind == LINE_FAILED &&
			 tracer_event(run->tracer, i)->netns == run->facts->netns;
	if (found == expected)
		return;
	trail_print_namespace(run->tracer, run->facts->netns);
	fail_msg("%zu `failed` events, not %zu", found, expected);
}

static void check_refused_later(const struct run *run)
{
	check_endings(run);
	expect_failed_events(run, 0);
}

/* Refused, then without a way, then as an open socket: each call on its own. */
static void play_again(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	facts->ports[0] = (uint16_t)(facts->server_port == 1 ? 2 : 1);
	expect_error(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->ports[0]),
		     ECONNREFUSED);
	expect_error(stage, puppet_connect(client, 1, PLACE_FAR, facts->server_port), ENETUNREACH);
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	must(stage, puppet_accept(server, 0, 1));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	expect_error(stage, puppet_connect(client, 1, PLACE_FAR, facts->server_port), EISCONN);
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
}

static const struct ending again_endings[] = {
	{ NULL, ROLE_CLIENT, "unreachable", "ENETUNREACH", NULL, NO_ATTEMPTS },
	{ ACTIVE_CLOSE, ROLE_CLIENT, "fin-local", NULL, NULL, 0 },
	{ 0 },
};

static void check_again(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail first, last;

	check_endings(run);
	expect_failed_events(run, 1);
	trail_find(run->tracer, facts->netns, PORT_ANY, facts->ports[0], 0, &first);
	trail_find(run->tracer, facts->netns, facts->client_port, facts->server_port, 0, &last);
	if (first.gen == 1 && last.gen == 3 && first.cookie == last.cookie)
		return;
	trail_print(&first);
	trail_print(&last);
	fail_msg("not the first and the third life of one socket");
}

/* ---- no answer ------------------------------------------------------------------------------- */

static struct far_end begin_far(struct stage *stage)
{
	struct wire *wire = wire_open(stage);
	struct puppet *client = client_new(stage, FAR_PORT);
	struct far_end end;

	puppet_begin(client, op_connect, 1, PLACE_FAR, FAR_PORT, 0);
	wire_expect_syn(stage, wire, FAR_PORT, &end);
	stage->facts->client_port = end.near_port;
	return end;
}

static void play_silent(struct stage *stage)
{
	stage_sysctl(stage, "ipv4/tcp_syn_retries", "1");
	stage_sysctl(stage, "ipv4/tcp_syn_linear_timeouts", "0");
	begin_far(stage);
	expect_error(stage, puppet_finish(stage->puppets[ROLE_CLIENT]), ETIMEDOUT);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static const struct ending silent_endings[] = {
	{ FAILED, ROLE_CLIENT, "timeout", "ETIMEDOUT", NULL, 2 },
	{ 0 },
};

static void check_silent(const struct run *run)
{
	struct trail trail;

	check_endings(run);
	trail_find(run->tracer, run->facts->netns, run->facts->client_port, FAR_PORT, 0, &trail);
	/* 1 s, the second attempt, 2 s. */
	assert_true(trail_last_number(&trail, "duration_us") > 2500000);
}

/* connect() to the far side, which has its SYN now, without waiting for an answer. */
static struct far_end begin_without_waiting(struct stage *stage)
{
	struct wire *wire = wire_open(stage);
	struct puppet *client = client_new(stage, FAR_PORT);
	struct far_end end;

	expect_error(stage,
		     puppet_call(client, op_connect_without_waiting, 1, PLACE_FAR, FAR_PORT, 0),
		     EINPROGRESS);
	wire_expect_syn(stage, wire, FAR_PORT, &end);
	stage->facts->client_port = end.near_port;
	return end;
}

/* The kernel only takes a note of what ICMP says while a system call holds the socket. */
static void play_icmp(struct stage *stage)
{
	struct far_end end = begin_without_waiting(stage);
	struct puppet *client = stage->puppets[ROLE_CLIENT];

	wire_send_unreachable(stage, &end);
	must(stage, puppet_wait_state(client, 1, TCP_CLOSE));
	expect_error(stage,
		     puppet_call(client, op_connect_without_waiting, 1, PLACE_FAR, FAR_PORT, 0),
		     EHOSTUNREACH);
	must(stage, puppet_close(client, 1));
}

static const struct ending icmp_endings[] = {
	{ FAILED, ROLE_CLIENT, "unreachable", "EHOSTUNREACH", NULL, SOME_ATTEMPTS },
	{ 0 },
};

/* The program does not wait for an answer. */
static void play_given_up(struct stage *stage)
{
	begin_without_waiting(stage);
	must(stage, puppet_close(stage->puppets[ROLE_CLIENT], 1));
}

static const struct ending given_up_endings[] = {
	{ FAILED, ROLE_CLIENT, "aborted", NULL, NULL, SOME_ATTEMPTS },
	{ 0 },
};

/* ---- not even a SYN -------------------------------------------------------------------------- */

/* One port for connections to one listener: the second finds none. */
static void play_no_port(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	must(stage, puppet_socket(server, 0));
	must(stage, puppet_bind(server, 0, PLACE_LOOPBACK, 5000));
	must(stage, puppet_call(server, op_listen, 0, 8, 0, 0));
	stage_sysctl(stage, "ipv4/ip_local_port_range", "40000 40000");
	facts->server_port = 5000;
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, 5000));
	must(stage, puppet_accept(server, 0, 1));
	expect_error(stage, puppet_connect(client, 2, PLACE_LOOPBACK, 5000), EADDRNOTAVAIL);
	must(stage, puppet_close(client, 2));
	must(stage, puppet_close(client, 1));
	must(stage, puppet_recv(server, 1, -1));
	must(stage, puppet_close(server, 1));
}

static const struct ending no_port_endings[] = {
	{ FAILED, ROLE_CLIENT, "unreachable", "EADDRNOTAVAIL", NULL, NO_ATTEMPTS },
	{ 0 },
};

/* The kernel enters SYN_SENT before it looks for a port. */
static void check_no_port(const struct run *run)
{
	const struct facts *facts = run->facts;
	struct trail trail;

	trail_find(run->tracer, facts->netns, PORT_ANY, facts->server_port, 2, &trail);
	skip_without_result(&trail, no_port_endings[0].reason);
	trail_expect_states(&trail, no_port_endings[0].states);
	trail_expect_text(&trail, "reason", no_port_endings[0].reason);
	trail_expect_text(&trail, "error", no_port_endings[0].error);
	trail_expect_number(&trail, "attempts", 0);
	trail_expect_owner(&trail, 0, facts->pid[ROLE_CLIENT], run->suite->self);
	assert_int_equal(trail.events[0]->lport, -1);
}

static void fail_on_route(struct stage *stage, unsigned char type, int error)
{
	struct puppet *client = client_new(stage, FAR_PORT);
	long result = netlink_add_route(stage->net, PLACE_FAR, type);

	if (result < 0)
		stage_skip(stage, "RTM_NEWROUTE: %s", strerror((int)-result));
	expect_error(stage, puppet_connect(client, 1, PLACE_FAR, FAR_PORT), error);
	must(stage, puppet_close(client, 1));
}

static void play_no_route(struct stage *stage)
{
	struct puppet *client = client_new(stage, FAR_PORT);

	expect_error(stage, puppet_connect(client, 1, PLACE_FAR, FAR_PORT), ENETUNREACH);
	must(stage, puppet_close(client, 1));
}

static const struct ending no_route_endings[] = {
	{ NULL, ROLE_CLIENT, "unreachable", "ENETUNREACH", NULL, NO_ATTEMPTS },
	{ 0 },
};

static void play_unreachable(struct stage *stage)
{
	fail_on_route(stage, RTN_UNREACHABLE, EHOSTUNREACH);
}

static const struct ending unreachable_endings[] = {
	{ NULL, ROLE_CLIENT, "unreachable", "EHOSTUNREACH", NULL, NO_ATTEMPTS },
	{ 0 },
};

static void play_prohibited(struct stage *stage)
{
	fail_on_route(stage, RTN_PROHIBIT, EACCES);
}

static const struct ending prohibited_endings[] = {
	{ NULL, ROLE_CLIENT, "unreachable", "EACCES", NULL, NO_ATTEMPTS },
	{ 0 },
};

static void play_blackhole(struct stage *stage)
{
	fail_on_route(stage, RTN_BLACKHOLE, EINVAL);
}

static const struct ending blackhole_endings[] = {
	{ NULL, ROLE_CLIENT, "aborted", "EINVAL", NULL, NO_ATTEMPTS },
	{ 0 },
};

/* A blocking and a non-blocking call: both fail at once. */
static void play_no_route_without_waiting(struct stage *stage)
{
	struct puppet *client = client_new(stage, FAR_PORT);

	expect_error(stage,
		     puppet_call(client, op_connect_without_waiting, 1, PLACE_FAR, FAR_PORT, 0),
		     ENETUNREACH);
	must(stage, puppet_close(client, 1));
}

#define no_route_without_waiting_endings no_route_endings

#define FAILURE(title, where, stem)                                                    \
	.name = (title), .nets = (where), .play = play_##stem, .check = check_endings, \
	.endings = stem##_endings
#define CHECKED(title, where, stem) SCENARIO(title, where, stem), .endings = stem##_endings

const struct scenario scenarios_failure[] = {
	{ FAILURE("failure_refused", ON_ALL, refused) },
	{ CHECKED("failure_refused_later", ON_ALL, refused_later) },
	{ CHECKED("failure_and_another_life", ON_V4 | ON_V6, again) },
	{ CHECKED("failure_without_answer", ON_V4 | ON_V6, silent) },
	{ FAILURE("failure_by_icmp", ON_V4 | ON_V6, icmp) },
	{ FAILURE("failure_given_up", ON_V4 | ON_V6, given_up) },
	{ CHECKED("failure_without_a_port", ON_V4 | ON_V6, no_port), .without_witness = true },
	{ FAILURE("failure_without_a_route", ON_ALL, no_route) },
	{ FAILURE("failure_without_a_route_nor_waiting", ON_V4 | ON_V6, no_route_without_waiting) },
	{ FAILURE("failure_on_an_unreachable_route", ON_ALL, unreachable) },
	{ FAILURE("failure_on_a_prohibited_route", ON_V4 | ON_V6, prohibited) },
	{ FAILURE("failure_on_a_blackhole_route", ON_V4 | ON_V6, blackhole) },
	{ .name = NULL },
};
