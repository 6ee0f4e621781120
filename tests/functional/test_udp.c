// SPDX-License-Identifier: GPL-2.0-or-later
/* UDP sockets in the trace: they appear, get and lose a peer, and go, with their owner. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "datagrams.h"
#include "jsonline.h"
#include "scenario.h"

/* In namespaces of our own they are free. */
#define PORT_BOUND 5300
#define PORT_OTHER 5301

enum { AUTOBOUND, CONNECTED, DISCONNECTED, HELD }; /* in facts->ports */

/* Slot 1: no bind(). Slot 2: no bind(), connect(). Slot 3: all that can be done. */
static void live(struct stage *stage, struct puppet *client, uint16_t server_port)
{
	struct facts *facts = stage->facts;

	must(stage, udp_socket(client, 1));
	must(stage, udp_send(client, 1, server_port, 10, 2));
	facts->ports[AUTOBOUND] = (uint16_t)must(stage, puppet_port(client, 1));
	must(stage, udp_socket(client, 2));
	must(stage, puppet_connect(client, 2, PLACE_LOOPBACK, server_port));
	facts->ports[CONNECTED] = (uint16_t)must(stage, puppet_port(client, 2));
	must(stage, udp_disconnect(client, 2));
	must(stage, udp_send(client, 2, server_port, 10, 1));
	facts->ports[DISCONNECTED] = (uint16_t)must(stage, puppet_port(client, 2));
	must(stage, udp_serve(client, 3, PORT_BOUND));
	must(stage, puppet_connect(client, 3, PLACE_LOOPBACK, server_port));
	must(stage, puppet_connect(client, 3, PLACE_LOOPBACK, PORT_OTHER));
	must(stage, udp_disconnect(client, 3));
}

static void play_lives(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct puppet *helper = puppet_new(stage, ROLE_HELPER);
	struct facts *facts = stage->facts;

	facts->server_port = (uint16_t)must(stage, udp_serve(server, 0, 0));
	live(stage, client, facts->server_port);
	facts->ports[HELD] = (uint16_t)must(stage, udp_serve(helper, 0, 0));
	for (int slot = 1; slot <= 3; slot++)
		must(stage, puppet_close(client, slot));
	must(stage, puppet_close(server, 0));
	puppet_end(helper); /* with its socket */
	stage->puppets[ROLE_HELPER] = NULL;
}

static void expect_life(const struct suite *suite, const struct tracer *tracer,
			const struct facts *facts, int port, const char *states, enum role owner)
{
	struct trail trail;

	trail_find(tracer, facts->netns, port, PORT_ANY, 0, &trail);
	trail_expect_states(&trail, states);
	trail_expect_owner(&trail, 0, facts->pid[owner], suite->self);
	trail_expect_text(&trail, "proto", "udp");
	if (jsonline_is_null(trail.events[trail.count - 1]->text, "reason") &&
	    trail_last_number(&trail, "duration_us") >= 0)
		return;
	trail_print(&trail);
	fail_msg("the last event has a reason, or no duration");
}

static void check_lives(struct suite *suite, enum net net)
{
	struct stage_process process;
	struct tracer *tracer = run_alone(suite, NULL, net, play_lives, &process);
	const struct facts *facts = process.facts;
	struct trail trail;

	expect_life(suite, tracer, facts, facts->server_port, "CLOSE UNCONN CLOSE", ROLE_SERVER);
	expect_life(suite, tracer, facts, facts->ports[AUTOBOUND], "CLOSE UNCONN CLOSE",
		    ROLE_CLIENT);
	/* It loses the port that it did not ask for, and comes to another one in a new life. */
	expect_life(suite, tracer, facts, facts->ports[CONNECTED], "CLOSE ESTABLISHED CLOSE",
		    ROLE_CLIENT);
	expect_life(suite, tracer, facts, facts->ports[DISCONNECTED], "CLOSE UNCONN CLOSE",
		    ROLE_CLIENT);
	trail_find(tracer, facts->netns, facts->ports[DISCONNECTED], PORT_ANY, 0, &trail);
	assert_int_equal(trail.gen, 2);
	expect_life(suite, tracer, facts, PORT_BOUND,
		    "CLOSE UNCONN ESTABLISHED UNCONN ESTABLISHED UNCONN CLOSE", ROLE_CLIENT);
	trail_find(tracer, facts->netns, PORT_BOUND, PORT_ANY, 0, &trail);
	assert_int_equal(trail.events[1]->rport, facts->server_port);
	assert_int_equal(trail.events[3]->rport, PORT_OTHER);
	assert_int_equal(trail.events[4]->rport, 0);
	expect_life(suite, tracer, facts, facts->ports[HELD], "CLOSE UNCONN CLOSE", ROLE_HELPER);
	stage_free(&process);
	tracer_free(tracer);
}

static void udp_sockets_appear_change_and_go(struct suite *suite)
{
	for (int net = 0; net < NETS; net++)
		check_lives(suite, (enum net)net);
}

/* ---- filters --------------------------------------------------------------------------------- */

static void play_both(struct stage *stage)
{
	establish(stage);
	must(stage, udp_serve(stage->puppets[ROLE_SERVER], 2, PORT_BOUND));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], 2));
}

static void filters_tell_udp_from_tcp(struct suite *suite)
{
	static const char *const protocols[] = { "tcp", "udp" };

	for (size_t i = 0; i < 2; i++) {
		const char *const args[] = { "proto", "=", protocols[i], NULL };
		struct stage_process process;
		struct tracer *tracer = run_alone(suite, args, NET_V4, play_both, &process);
		size_t found = 0;

		for (size_t at = 0; at < tracer_count(tracer); at++) {
			const struct event *event = tracer_event(tracer, at);

			if (event->kind != LINE_STATE)
				continue;
			if (event->udp != (i == 1))
				fail_msg("not %s: %s", protocols[i], event->text);
			found += event->netns == process.facts->netns;
		}
		assert_true(found >= 2);
		stage_free(&process);
		tracer_free(tracer);
	}
}

const struct test tests_udp[] = {
	{ .name = "udp_sockets_appear_change_and_go", .run = udp_sockets_appear_change_and_go },
	{ .name = "filters_tell_udp_from_tcp", .run = filters_tell_udp_from_tcp },
	{ .name = NULL },
};
