// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model/conn_udp.c: UDP records in, transitions out. The trail has an event a line, as in
 * conn_bench.h: "generation OLD>NEW rport ~ @owner", where ~ marks what was inferred.
 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "model/conn_table.h"
#include "model/decode.h"
#include "model/peers.h"
#include "model/process.h"
#include "stack_records.h"

#define COOKIE 5
#define PORT (40000 + COOKIE)

struct bench {
	struct process_table *processes;
	struct conn_table *table;
	uint64_t now_ns;
	struct event last; /* references held */
	size_t len;
	char trail[2048];
};

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->now_ns = NSEC_PER_SEC;
	bench->processes = process_table_new();
	bench->table = conn_table_new(bench->processes, 100);
	assert_non_null(bench->table);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	conn_table_done(bench->table, &bench->last);
	conn_table_free(bench->table);
	process_table_free(bench->processes);
	free(bench);
	return 0;
}

static uint64_t next_ns(struct bench *bench)
{
	return bench->now_ns += NSEC_PER_USEC;
}

static void apply(struct bench *bench, const void *record)
{
	const struct sw_header *header = record, *decoded;

	expect_ok(decode_record(record, header->size, &decoded));
	expect_ok(conn_table_apply(bench->table, decoded));
}

/* To the peer with this port (0: none), bound to `lport` (0: nowhere). */
static void is_now(struct bench *bench, uint16_t lport, uint16_t rport)
{
	struct sw_socket record = record_udp(next_ns(bench), SW_RECORD_UDP, COOKIE);

	record.ends.lport = lport;
	record.ends.rport = rport;
	if (rport) {
		record.ends.raddr[0] = 10;
		record.state = SW_TCP_ESTABLISHED;
	}
	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(7, "named");
	apply(bench, &record);
}

static void is_closed(struct bench *bench)
{
	struct sw_socket record = record_udp(next_ns(bench), SW_RECORD_UDP_END, COOKIE);

	apply(bench, &record);
}

static void talks_to(struct bench *bench, uint32_t slot)
{
	struct sw_peer record = record_peer(next_ns(bench), COOKIE, slot);

	apply(bench, &record);
}

static void leaves_out(struct bench *bench)
{
	struct sw_udp_count record = record_udp_count(next_ns(bench), COOKIE);

	apply(bench, &record);
}

static void look(struct bench *bench, uint32_t cause, bool finds, uint8_t state)
{
	uint64_t begin_ns = next_ns(bench);
	struct sw_look begin = record_look(begin_ns, SW_RECORD_LOOK_BEGIN, cause, begin_ns);
	struct sw_state found = record_found(next_ns(bench), COOKIE, state, 0);
	struct sw_look_netns visit = record_look_netns(next_ns(bench), RECORD_NETNS);
	struct sw_look end = record_look(next_ns(bench), SW_RECORD_LOOK_END, cause, begin_ns);

	found.ends.protocol = SW_PROTO_UDP;
	found.ends.rport = state == SW_TCP_ESTABLISHED ? 53 : 0;
	apply(bench, &begin);
	if (finds)
		apply(bench, &found);
	apply(bench, &visit);
	apply(bench, &end);
}

static void put(struct bench *bench, const struct event *event)
{
	const char *kind = event->kind == EVENT_EXISTS ? "exists " : "";

	bench->len += (size_t)snprintf(bench->trail + bench->len, sizeof(bench->trail) - bench->len,
				       "%u %s%s>%s %u%s%s%s\n", event->conn.gen, kind,
				       conn_state_name(event->old_state),
				       conn_state_name(event->new_state), event->conn.ends.rport,
				       event->inferred ? " ~" : "", event->conn.owner ? " @" : "",
				       event->conn.owner ? event->conn.owner->comm : "");
	assert_true(bench->len < sizeof(bench->trail));
}

static void expect_trail(struct bench *bench, const char *expected)
{
	struct event event;

	while (conn_table_next(bench->table, &event)) {
		put(bench, &event);
		conn_table_done(bench->table, &bench->last);
		bench->last = event;
	}
	expect_text(bench->trail, expected);
}

static void a_socket_appears_with_its_port_and_goes(void **state)
{
	struct bench *bench = *state;
	struct conn conn;

	is_now(bench, PORT, 0);
	is_now(bench, PORT, 0); /* told twice */
	is_closed(bench);
	is_closed(bench);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n"
			    "1 UNCONN>CLOSE 0 @named\n");
	assert_true(bench->last.last);
	assert_false(bench->last.conn.counted);
	assert_false(conn_table_find(bench->table, COOKIE, &conn));
}

static void connect_and_disconnect_are_transitions(void **state)
{
	struct bench *bench = *state;

	is_now(bench, PORT, 0);
	is_now(bench, PORT, 53);
	is_now(bench, PORT, 0);
	is_closed(bench);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n"
			    "1 UNCONN>ESTABLISHED 53 @named\n"
			    "1 ESTABLISHED>UNCONN 0 @named\n"
			    "1 UNCONN>CLOSE 0 @named\n");
}

static void another_peer_is_two_steps(void **state)
{
	struct bench *bench = *state;

	is_now(bench, PORT, 53);
	is_now(bench, PORT, 54);
	expect_trail(bench, "1 CLOSE>ESTABLISHED 53 @named\n"
			    "1 ESTABLISHED>UNCONN 53 ~ @named\n"
			    "1 UNCONN>ESTABLISHED 54 @named\n");
}

static void a_lost_port_ends_a_life(void **state)
{
	struct bench *bench = *state;
	struct conn conn;

	is_now(bench, 0, 0); /* a failed connect(): it never was anywhere */
	is_now(bench, PORT, 53);
	is_now(bench, 0, 0);
	is_now(bench, 0, 0);
	is_now(bench, PORT + 1, 0);
	is_now(bench, 0, 0);
	is_closed(bench);
	expect_trail(bench, "1 CLOSE>ESTABLISHED 53 @named\n"
			    "1 ESTABLISHED>CLOSE 53 @named\n"
			    "2 CLOSE>UNCONN 0 @named\n"
			    "2 UNCONN>CLOSE 0 @named\n");
	assert_false(conn_table_find(bench->table, COOKIE, &conn));
}

static void another_port_is_another_life(void **state)
{
	struct bench *bench = *state;

	is_now(bench, PORT, 0);
	is_now(bench, PORT + 1, 0);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n"
			    "1 UNCONN>CLOSE 0 ~ @named\n"
			    "2 CLOSE>UNCONN 0 @named\n");
}

static void peers_come_with_the_last_event(void **state)
{
	struct bench *bench = *state;
	struct sw_datagrams total;

	talks_to(bench, 0); /* of a socket that is not known */
	is_now(bench, PORT, 0);
	leaves_out(bench);
	talks_to(bench, 3);
	talks_to(bench, 0);
	talks_to(bench, 3); /* later: as it is then */
	is_closed(bench);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n"
			    "1 UNCONN>CLOSE 0 @named\n");
	assert_int_equal(peers_kept(bench->last.conn.peers), 2);
	total = peers_total(bench->last.conn.peers);
	assert_int_equal(total.rx_datagrams, 2);
	assert_int_equal(total.tx_datagrams, 9);
	assert_int_equal(bench->last.conn.peers->dropped, 3);
	assert_true(bench->last.conn.counted);
	assert_int_equal(bench->last.conn.counters.rx_bytes, 20);
	assert_int_equal(bench->last.conn.counters.tx_bytes, 540);
}

static void a_stack_leaves_the_peers_to_their_socket(void **state)
{
	struct bench *bench = *state;
	struct stack_record stack;
	struct event event;
	struct conn conn;

	is_now(bench, PORT, 0);
	talks_to(bench, 0);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n");
	stack = stack_record(next_ns(bench), COOKIE);
	apply(bench, &stack);
	assert_true(conn_table_next(bench->table, &event));
	assert_int_equal(event.kind, EVENT_STACK);
	conn_table_done(bench->table, &event);
	assert_true(conn_table_find(bench->table, COOKIE, &conn));
	assert_int_equal(peers_kept(conn.peers), 1);
}

static void the_first_look_tells_what_is_there(void **state)
{
	struct bench *bench = *state;

	look(bench, SW_LOOK_START, true, SW_TCP_CLOSE);
	is_closed(bench);
	expect_trail(bench, "1 exists UNCONN>UNCONN 0\n"
			    "1 UNCONN>CLOSE 0\n");
	assert_true(bench->last.conn.existed);
}

static void looks_find_what_was_missed(void **state)
{
	struct bench *bench = *state;

	look(bench, SW_LOOK_DRIFT, true, SW_TCP_CLOSE);
	look(bench, SW_LOOK_DRIFT, true, SW_TCP_ESTABLISHED);
	look(bench, SW_LOOK_DRIFT, true, SW_TCP_ESTABLISHED);
	bench->now_ns += NSEC_PER_SEC;
	look(bench, SW_LOOK_DRIFT, false, 0);
	expect_trail(bench, "1 CLOSE>UNCONN 0 ~\n"
			    "1 UNCONN>ESTABLISHED 53 ~\n"
			    "1 ESTABLISHED>CLOSE 53 ~\n");
}

/* The kernel takes a bucket of sockets, is busy with something else, and shows them then. */
static void what_is_closed_is_not_found_by_a_look(void **state)
{
	struct bench *bench = *state;

	is_now(bench, PORT, 0);
	is_closed(bench);
	look(bench, SW_LOOK_DRIFT, true, SW_TCP_CLOSE);
	expect_trail(bench, "1 CLOSE>UNCONN 0 @named\n"
			    "1 UNCONN>CLOSE 0 @named\n");
}

/* A hostile recording: the cookie belongs to a TCP connection. */
static void tcp_connections_are_left_alone(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = record_state(next_ns(bench), COOKIE, SW_TCP_CLOSE, SW_TCP_LISTEN);
	struct conn conn;

	record.ends.rport = 0;
	apply(bench, &record);
	talks_to(bench, 0);
	is_closed(bench);
	expect_trail(bench, "1 CLOSE>LISTEN 0\n");
	assert_true(conn_table_find(bench->table, COOKIE, &conn));
	expect_null(conn.peers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_appears_with_its_port_and_goes),
		TEST(connect_and_disconnect_are_transitions),
		TEST(another_peer_is_two_steps),
		TEST(a_lost_port_ends_a_life),
		TEST(another_port_is_another_life),
		TEST(peers_come_with_the_last_event),
		TEST(a_stack_leaves_the_peers_to_their_socket),
		TEST(the_first_look_tells_what_is_there),
		TEST(looks_find_what_was_missed),
		TEST(what_is_closed_is_not_found_by_a_look),
		TEST(tcp_connections_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
