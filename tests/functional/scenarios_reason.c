// SPDX-License-Identifier: GPL-2.0-or-later
/* Why connections end: for each reason real traffic that ends for it, and what both ends say. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "jsonline.h"
#include "netlink.h"
#include "scenario.h"
#include "traffic.h"
#include "wire.h"

#define FAR_PORT 4242

#define OPENED "CLOSE SYN_SENT ESTABLISHED"
#define ACCEPTED "LISTEN SYN_RECV ESTABLISHED"

/* ---- judging --------------------------------------------------------------------------------- */

static void expect_text_or_null(const struct trail *trail, const char *key, const char *text)
{
	const char *line = trail->events[trail->count - 1]->text;

	if (text) {
		trail_expect_text(trail, key, text);
		return;
	}
	if (!jsonline_has(line, key) || jsonline_is_null(line, key))
		return;
	trail_print(trail);
	fail_msg("`%s` is not null", key);
}

static void expect_reset_reason(const struct trail *trail, const char *text)
{
	/* The kernel tells none before 6.10. */
	if (text && !jsonline_has(trail->events[trail->count - 1]->text, "reset_reason"))
		return;
	expect_text_or_null(trail, "reset_reason", text);
}

/* In tracepoint mode an old kernel shows neither what a time-wait socket drops nor its answer. */
static bool remainders_are_seen(const struct tracer *tracer)
{
	return !tracer_infers(tracer) ||
	       strstr(tracer_first(tracer, LINE_START)->text, "kfree_skb");
}

/* A machine that is slow to close leaves the whole socket in FIN_WAIT2, which gets the error. */
static bool is_no_remainder(const struct trail *trail, const struct ending *ending)
{
	const char *line = trail->events[trail->count - 1]->text;

	return ending->of_remainder && strstr(line, "\"error\":\"ECONNRESET\"");
}

/*
 * In tracepoint mode an emulated Linux 7 may have run no program for a result (README, "Two
 * modes").
 */
static bool results_may_be_missing(const struct tracer *tracer)
{
	struct utsname system;

	return tracer_infers(tracer) && getenv("SOCKWATCH_SLOW") && uname(&system) == 0 &&
	       atoi(system.release) >= 7;
}

#define NO_RESULT "the kernel has run no program for this result"

void skip_without_result(const struct trail *trail, const char *reason)
{
	const char *line = trail->events[trail->count - 1]->text;
	char found[32] = "";

	if (!results_may_be_missing(trail->tracer) || trail->events[0]->old != STATE_CLOSE ||
	    jsonline_has(line, "connect_us"))
		return;
	jsonline_string(line, "reason", found, sizeof(found));
	if (strcmp(found, reason) != 0)
		skip_because(NO_RESULT);
}

/* A kernel that runs no program for some tasks of its own hides an end that falls on them. */
static void skip_hidden_end(const struct trail *trail, const char *reason)
{
	const struct event *last = trail->events[trail->count - 1];
	char found[32] = "";

	if (!last->inferred || !tracer_infers(trail->tracer))
		return;
	jsonline_string(last->text, "reason", found, sizeof(found));
	if (strcmp(found, "unknown") == 0 && strcmp(reason, "unknown") != 0)
		skip_because("the kernel has run no program for this end");
}

void skip_without_peer(const struct trail *trail)
{
	if (results_may_be_missing(trail->tracer) && trail_index(trail, STATE_ESTABLISHED) < 0)
		skip_because(NO_RESULT);
}

/* The last event says why, and as many attempts as there were. */
static void expect_ending(const struct trail *trail, const struct ending *ending)
{
	const char *line = trail->events[trail->count - 1]->text;

	skip_without_result(trail, ending->reason);
	if (is_no_remainder(trail, ending)) {
		trail_expect_text(trail, "reason", ending->reason);
		return;
	}
	if (ending->of_remainder && !remainders_are_seen(trail->tracer)) {
		trail_expect_text(trail, "reason", "unknown");
	} else {
		skip_hidden_end(trail, ending->reason);
		trail_expect_text(trail, "reason", ending->reason);
	}
	expect_text_or_null(trail, "error", ending->error);
	expect_reset_reason(trail, ending->reset_reason);
	if (ending->attempts == SOME_ATTEMPTS && trail_last_number(trail, "attempts") > 0)
		return;
	if (ending->attempts) {
		trail_expect_number(trail, "attempts",
				    ending->attempts == NO_ATTEMPTS ? 0 : ending->attempts);
		return;
	}
	if (!jsonline_has(line, "attempts"))
		return;
	trail_print(trail);
	fail_msg("attempts of what is no failed connect");
}

/* The `failed` events of a namespace as if they were a trail: the one with this index. */
static void find_failure(const struct run *run, size_t index, struct trail *ret_trail)
{
	size_t count = tracer_count(run->tracer), found = 0;

	*ret_trail = (struct trail){ .tracer = run->tracer, .netns = run->facts->netns };
	for (size_t i = 0; i < count; i++) {
		const struct event *event = tracer_event(run->tracer, i);

		if (event->kind != LINE_FAILED || event->netns != run->facts->netns)
			continue;
		if (found++ != index)
			continue;
		ret_trail->events[0] = event;
		ret_trail->count = 1;
		return;
	}
	if (results_may_be_missing(run->tracer))
		skip_because(NO_RESULT);
	trail_print_namespace(run->tracer, run->facts->netns);
	fail_msg("%zu failed connects, not %zu", found, index + 1);
}

static void check_failure(const struct run *run, const struct ending *ending, size_t index)
{
	struct trail trail;

	find_failure(run, index, &trail);
	expect_ending(&trail, ending);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_text(&trail, "state", "CLOSE");
	if (trail.events[0]->rport == run->facts->server_port &&
	    trail.events[0]->family == (run->net == NET_V4 ? 4 : 6) &&
	    trail_last_number(&trail, "duration_us") >= 0)
		return;
	trail_print(&trail);
	fail_msg("not where it should have led, or not how long that took");
}

void check_endings(const struct run *run)
{
	const struct facts *facts = run->facts;
	size_t failures = 0;

	for (const struct ending *ending = run->scenario->endings; ending->reason; ending++) {
		bool server = ending->role == ROLE_SERVER;
		int near = facts->client_port ? facts->client_port : PORT_ANY,
		    far = facts->server_port;
		struct trail trail;

		if (!ending->states) {
			check_failure(run, ending, failures++);
			continue;
		}
		expect_connection(run, server ? far : near, server ? near : far, ending->states,
				  &trail);
		expect_ending(&trail, ending);
	}
}

/* ---- playing --------------------------------------------------------------------------------- */

static struct puppet *client_of(struct stage *stage)
{
	return stage->puppets[ROLE_CLIENT];
}

static struct puppet *server_of(struct stage *stage)
{
	return stage->puppets[ROLE_SERVER];
}

/* It must be told by now that the peer is gone. */
static void read_end(struct stage *stage, enum role role, long error)
{
	long result = puppet_recv(stage->puppets[role], 1, -1);

	if (result != -error)
		stage_fail(stage, "recv: %s, not %s", strerror((int)-result), strerror((int)error));
	must(stage, puppet_close(stage->puppets[role], 1));
}

static void play_fin(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_close(client_of(stage), 1));
	must(stage, puppet_recv(server_of(stage), 1, -1));
	must(stage, puppet_close(server_of(stage), 1));
}

static const struct ending fin_endings[] = {
	{ ACTIVE_CLOSE, ROLE_CLIENT, "fin-local", NULL, NULL, 0 },
	{ PASSIVE_CLOSE, ROLE_SERVER, "fin-remote", NULL, NULL, 0 },
	{ 0 },
};

static void play_linger(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_linger_reset(client_of(stage), 1));
	must(stage, puppet_close(client_of(stage), 1));
	read_end(stage, ROLE_SERVER, ECONNRESET);
}

static const struct ending linger_endings[] = {
	{ OPENED " CLOSE", ROLE_CLIENT, "aborted", NULL, "TCP_STATE", 0 },
	{ ACCEPTED " CLOSE", ROLE_SERVER, "rst-received", "ECONNRESET", NULL, 0 },
	{ 0 },
};

/* The server closes with a byte that nobody has read; the client had closed its half before. */
static void play_unread(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_send(client_of(stage), 1, 1));
	must(stage, puppet_shutdown(client_of(stage), 1, SHUT_WR));
	must(stage, puppet_wait_state(client_of(stage), 1, TCP_FIN_WAIT2));
	must(stage, puppet_close(server_of(stage), 1));
	read_end(stage, ROLE_CLIENT, ECONNRESET);
}

static const struct ending unread_endings[] = {
	{ OPENED " FIN_WAIT1 FIN_WAIT2 CLOSE", ROLE_CLIENT, "rst-received", "ECONNRESET", NULL, 0 },
	{ ACCEPTED " CLOSE_WAIT CLOSE", ROLE_SERVER, "aborted", NULL, "TCP_ABORT_ON_CLOSE", 0 },
	{ 0 },
};

/* The client has closed; what remains of it gets data, and answers with a reset. */
static void play_data_for_remainder(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_close(client_of(stage), 1));
	/* The FIN's acknowledgement leaves at once: the remainder is in FIN_WAIT2 then. */
	must(stage, puppet_wait_state(server_of(stage), 1, TCP_CLOSE_WAIT));
	sleep_ms(300); /* but it may be delayed */
	must(stage, puppet_send(server_of(stage), 1, 1));
	must(stage, puppet_wait_state(server_of(stage), 1, TCP_CLOSE));
	must(stage, puppet_close(server_of(stage), 1));
}

static const struct ending data_for_remainder_endings[] = {
	{ OPENED " FIN_WAIT1 FIN_WAIT2 CLOSE", ROLE_CLIENT, "rst-sent", NULL, "TCP_TIMEWAIT_SOCKET",
	  0, .of_remainder = true },
	{ ACCEPTED " CLOSE_WAIT CLOSE", ROLE_SERVER, "rst-received", "EPIPE", NULL, 0 },
	{ 0 },
};

/* ... and what remains of this one gets a reset, because the server drops the connection. */
static void play_reset_for_remainder(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_close(client_of(stage), 1));
	must(stage, puppet_wait_state(server_of(stage), 1, TCP_CLOSE_WAIT));
	sleep_ms(300);
	must(stage, puppet_linger_reset(server_of(stage), 1));
	must(stage, puppet_close(server_of(stage), 1));
}

static const struct ending reset_for_remainder_endings[] = {
	{ OPENED " FIN_WAIT1 FIN_WAIT2 CLOSE", ROLE_CLIENT, "rst-received", NULL, NULL, 0,
	  .of_remainder = true },
	{ ACCEPTED " CLOSE_WAIT CLOSE", ROLE_SERVER, "aborted", NULL, "TCP_STATE", 0 },
	{ 0 },
};

static void play_disconnect(struct stage *stage)
{
	establish(stage);
	must(stage, puppet_call(client_of(stage), op_disconnect, 1, 0, 0, 0));
	read_end(stage, ROLE_SERVER, ECONNRESET);
}

static long op_destroy(struct hands *hands, const long args[4])
{
	return netlink_destroy_tcp(hands->net, (uint16_t)args[0], (uint16_t)args[1]);
}

static void play_destroy(struct stage *stage)
{
	struct puppet *killer = puppet_new(stage, ROLE_HELPER);
	long result;

	establish(stage);
	result = puppet_call(killer, op_destroy, stage->facts->client_port,
			     stage->facts->server_port, 0, 0);
	if (result == -EOPNOTSUPP || result == -ENOENT)
		stage_skip(stage, "SOCK_DESTROY: %s", strerror((int)-result));
	must(stage, result);
	read_end(stage, ROLE_CLIENT, ECONNABORTED);
	read_end(stage, ROLE_SERVER, ECONNRESET);
}

static const struct ending destroy_endings[] = {
	{ OPENED " CLOSE", ROLE_CLIENT, "killed", "ECONNABORTED", "TCP_STATE", 0 },
	{ ACCEPTED " CLOSE", ROLE_SERVER, "rst-received", "ECONNRESET", NULL, 0 },
	{ 0 },
};

static void check_destroy(const struct run *run)
{
	struct trail trail;

	check_endings(run);
	trail_find(run->tracer, run->facts->netns, run->facts->client_port, run->facts->server_port,
		   0, &trail);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
	trail_expect_number(&trail, "by_pid", run->facts->pid[ROLE_HELPER]);
}

static void play_unaccepted(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, facts->server_port));
	facts->client_port = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, puppet_close(server, 0));
	read_end(stage, ROLE_CLIENT, ECONNRESET);
}

static const struct ending unaccepted_endings[] = {
	{ OPENED " CLOSE", ROLE_CLIENT, "rst-received", "ECONNRESET", NULL, 0 },
	{ ACCEPTED " CLOSE", ROLE_SERVER, "listener-closed", NULL, "TCP_STATE", 0 },
	{ 0 },
};

/* ---- by hand --------------------------------------------------------------------------------- */

static void play_both(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);
	uint32_t seen = end.expected;

	must(stage, puppet_shutdown(client_of(stage), 1, SHUT_WR));
	wire_expect(stage, &end, WIRE_FIN, 0);
	end.expected = seen; /* our FIN crosses the other one */
	wire_send(stage, &end, WIRE_FIN | WIRE_ACK);
	must(stage, puppet_wait_state(client_of(stage), 1, TCP_CLOSING));
	end.expected = seen + 1;
	wire_send(stage, &end, WIRE_ACK);
	must(stage, puppet_wait_state(client_of(stage), 1, TCP_CLOSE));
	must(stage, puppet_close(client_of(stage), 1));
}

static const struct ending both_endings[] = {
	{ OPENED " FIN_WAIT1 CLOSING TIME_WAIT CLOSE", ROLE_CLIENT, "fin-both", NULL, NULL, 0 },
	{ 0 },
};

/* Data that comes before the FIN is acknowledged finds the full socket, which nobody reads. */
static void play_data_for_orphan(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);
	uint32_t seen = end.expected;

	must(stage, puppet_close(client_of(stage), 1));
	wire_expect(stage, &end, WIRE_FIN, 0);
	end.expected = seen;
	wire_send_data(stage, &end);
	wire_expect(stage, &end, WIRE_RST, 0);
}

static const struct ending data_for_orphan_endings[] = {
	{ OPENED " FIN_WAIT1 CLOSE", ROLE_CLIENT, "rst-sent", "ECONNRESET", "TCP_ABORT_ON_DATA",
	  0 },
	{ 0 },
};

/* ... or the segment that acknowledges the FIN brings data, too. */
static void play_data_with_ack(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);

	must(stage, puppet_close(client_of(stage), 1));
	wire_expect(stage, &end, WIRE_FIN, 0);
	wire_send_data(stage, &end);
	wire_expect(stage, &end, WIRE_RST, 0);
}

static const struct ending data_with_ack_endings[] = {
	{ OPENED " FIN_WAIT1 FIN_WAIT2 CLOSE", ROLE_CLIENT, "rst-sent", NULL, "TCP_ABORT_ON_DATA",
	  0 },
	{ 0 },
};

/* Data goes out, nobody acknowledges it; ICMP has said why when time runs out. */
static void play_lost_peer(struct stage *stage)
{
	struct far_end end = wire_establish(stage, FAR_PORT);

	must(stage, puppet_option(client_of(stage), 1, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
	must(stage, puppet_send(client_of(stage), 1, 100));
	wire_expect(stage, &end, WIRE_PSH, 0);
	wire_send_unreachable(stage, &end);
	read_end(stage, ROLE_CLIENT, EHOSTUNREACH);
}

static const struct ending lost_peer_endings[] = {
	{ OPENED " CLOSE", ROLE_CLIENT, "unreachable", "EHOSTUNREACH", NULL, 0 },
	{ 0 },
};

static void play_silent_peer(struct stage *stage)
{
	wire_establish(stage, FAR_PORT);
	must(stage, puppet_option(client_of(stage), 1, IPPROTO_TCP, TCP_USER_TIMEOUT, 700));
	must(stage, puppet_send(client_of(stage), 1, 100));
	read_end(stage, ROLE_CLIENT, ETIMEDOUT);
}

static const struct ending silent_peer_endings[] = {
	{ OPENED " CLOSE", ROLE_CLIENT, "timeout", "ETIMEDOUT", NULL, 0 },
	{ 0 },
};

/* ---- half-open ------------------------------------------------------------------------------- */

/* The near side listens for the far one, and has its SYN now. */
static struct far_end half_open(struct stage *stage)
{
	struct wire *wire = wire_open(stage);
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct far_end end;

	must(stage, puppet_socket(server, 0));
	must(stage, puppet_bind(server, 0, PLACE_ANY, 0));
	must(stage, puppet_call(server, op_listen, 0, 8, 0, 0));
	stage->facts->server_port = (uint16_t)must(stage, puppet_port(server, 0));
	stage->facts->client_port = FAR_PORT;
	end = wire_end(wire, FAR_PORT, stage->facts->server_port);
	wire_send(stage, &end, WIRE_SYN);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	return end;
}

#define HALF_OPEN "LISTEN SYN_RECV CLOSE"

static void play_expired(struct stage *stage)
{
	struct far_end end;

	stage_sysctl(stage, "ipv4/tcp_synack_retries", "1");
	end = half_open(stage);
	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0); /* a second later, and the last one */
	sleep_ms(3500);
}

static const struct ending expired_endings[] = {
	{ HALF_OPEN, ROLE_SERVER, "syn-expired", NULL, NULL, 0 },
	{ 0 },
};

/* Also if the answer had to be sent twice. */
static void play_request_reset(struct stage *stage)
{
	struct far_end end = half_open(stage);

	wire_expect(stage, &end, WIRE_SYN | WIRE_ACK, 0);
	wire_send(stage, &end, WIRE_RST | WIRE_ACK);
}

static const struct ending request_reset_endings[] = {
	{ HALF_OPEN, ROLE_SERVER, "rst-received", NULL, NULL, 0 },
	{ 0 },
};

static void play_request_abandoned(struct stage *stage)
{
	half_open(stage);
	must(stage, puppet_close(server_of(stage), 0));
	sleep_ms(3500); /* its timer finds that out */
}

static const struct ending request_abandoned_endings[] = {
	{ HALF_OPEN, ROLE_SERVER, "listener-closed", NULL, NULL, 0 },
	{ 0 },
};

/* A SYN where the handshake's last segment should be, within the window (tcp_check_req). */
static void play_request_refused(struct stage *stage)
{
	struct far_end end = half_open(stage);

	wire_send(stage, &end, WIRE_SYN | WIRE_ACK);
	wire_expect(stage, &end, WIRE_RST, 0);
}

static const struct ending request_refused_endings[] = {
	{ HALF_OPEN, ROLE_SERVER, "rst-sent", NULL, NULL, 0 },
	{ 0 },
};

#define REASON(title, where, stem)                                                     \
	.name = (title), .nets = (where), .play = play_##stem, .check = check_endings, \
	.endings = stem##_endings

#define disconnect_endings linger_endings /* the same by another call */

const struct scenario scenarios_reason[] = {
	{ REASON("reason_fin_local_and_fin_remote", ON_ALL, fin) },
	{ REASON("reason_fin_both", ON_V4 | ON_V6, both) },
	{ REASON("reason_aborted_by_zero_linger", ON_ALL, linger) },
	{ REASON("reason_aborted_with_unread_data", ON_ALL, unread) },
	{ REASON("reason_aborted_by_disconnect", ON_V4 | ON_V6, disconnect) },
	{ REASON("reason_rst_sent_by_what_remains", ON_V4 | ON_V6, data_for_remainder) },
	{ REASON("reason_rst_sent_by_an_orphan", ON_V4 | ON_V6, data_for_orphan) },
	{ REASON("reason_rst_sent_to_data_with_the_last_ack", ON_V4 | ON_V6, data_with_ack) },
	{ REASON("reason_rst_sent_to_a_half_open", ON_V4 | ON_V6, request_refused) },
	{ REASON("reason_rst_received_by_what_remains", ON_V4 | ON_V6, reset_for_remainder) },
	{ REASON("reason_rst_received_by_a_half_open", ON_V4 | ON_V6, request_reset) },
	{ SCENARIO("reason_killed", ON_V4 | ON_V6, destroy), .endings = destroy_endings },
	{ REASON("reason_listener_closed", ON_ALL, unaccepted) },
	{ REASON("reason_listener_closed_on_a_half_open", ON_V4 | ON_V6, request_abandoned) },
	{ REASON("reason_syn_expired", ON_V4 | ON_V6, expired) },
	{ REASON("reason_timeout", ON_V4 | ON_V6, silent_peer) },
	{ REASON("reason_unreachable", ON_V4 | ON_V6, lost_peer) },
	{ .name = NULL },
};
