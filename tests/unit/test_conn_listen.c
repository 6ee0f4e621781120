// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_listen.c: whose child is a connection without a request? */
#include "expect.h"

#include <string.h>

#include "conn_bench.h"
#include "records.h"

#define PORT 80
#define CHILD 500

static struct sw_state listening(void **state, uint64_t cookie, uint8_t last_byte, uint32_t pid)
{
	struct sw_state record = record_state(next_ns(*state), cookie, SW_TCP_CLOSE, SW_TCP_LISTEN);

	memset(record.ends.laddr, 0, sizeof(record.ends.laddr));
	if (last_byte)
		memcpy(record.ends.laddr, (uint8_t[]){ 10, 0, 0, last_byte }, 4);
	record.ends.lport = PORT;
	record.ends.rport = 0;
	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "owner");
	return record;
}

/* `last_byte` of its address; 0: any address. */
static void listens(void **state, uint64_t cookie, uint8_t last_byte, uint32_t pid)
{
	struct sw_state record = listening(state, cookie, last_byte, pid);

	apply(*state, &record);
}

/* The owner's pid of a child of 10.0.0.1, or 0. */
static uint32_t owner_of_child(void **state, uint64_t cookie)
{
	struct sw_state record =
		record_state(next_ns(*state), cookie, SW_TCP_SYN_RECV, SW_TCP_ESTABLISHED);
	struct bench *bench = *state;
	struct conn conn;

	record.ends.lport = PORT;
	apply(bench, &record);
	(void)trail(bench);
	assert_true(conn_table_find(bench->table, cookie, &conn));
	return conn.owner ? conn.owner->pid : 0;
}

static void a_child_belongs_to_the_listener_of_its_address(void **state)
{
	listens(state, 1, 0, 10);
	assert_int_equal(owner_of_child(state, CHILD), 10);
	listens(state, 2, 1, 20);
	listens(state, 3, 9, 30);
	listens(state, 4, 0, 40);
	assert_int_equal(owner_of_child(state, CHILD + 1), 20);
}

static void a_child_of_two_listeners_belongs_to_nobody(void **state)
{
	listens(state, 1, 0, 10);
	listens(state, 2, 1, 20);
	listens(state, 3, 1, 30);
	assert_int_equal(owner_of_child(state, CHILD), 0);
}

/* One for each of its threads, say. */
static void a_child_of_two_listeners_of_one_owner_is_his(void **state)
{
	listens(state, 1, 0, 10);
	listens(state, 2, 0, 10);
	assert_int_equal(owner_of_child(state, CHILD), 10);
	listens(state, 3, 0, 20);
	listens(state, 4, 0, 10);
	assert_int_equal(owner_of_child(state, CHILD + 1), 0);
}

/* Another one listens on this port, but it came in by a redirection (TPROXY, sk_lookup). */
static void the_queue_of_a_listener_knows_better_than_its_port(void **state)
{
	struct sw_socket child;
	struct conn conn;

	listens(state, 1, 0, 10);
	walk_owned(*state, LISTENER + 1, SW_TCP_CLOSE, SW_TCP_LISTEN, 20);
	assert_int_equal(owner_of_child(state, CHILD), 10);
	child = record_socket(next_ns(*state), SW_RECORD_CHILD, CHILD);
	child.ends.lport = PORT;
	child.listener_cookie = LISTENER + 1;
	apply(*state, &child);
	assert_true(conn_table_find(((struct bench *)*state)->table, CHILD, &conn));
	assert_int_equal(conn.owner->pid, 20);
	assert_int_equal(conn.listener_cookie, LISTENER + 1);
}

/* listen(2) without bind(2) chooses a port when it is one already. */
static void a_listener_gets_its_port_from_a_look(void **state)
{
	struct sw_state record = listening(state, 1, 0, 10);

	record.ends.lport = 0;
	apply(*state, &record);
	assert_int_equal(owner_of_child(state, CHILD), 0);
	look_begins(*state, SW_LOOK_DRIFT);
	record = record_found(next_ns(*state), 1, SW_TCP_LISTEN, 0);
	record.ends.lport = PORT;
	record.ends.rport = 0;
	apply(*state, &record);
	look_ends(*state, SW_LOOK_DRIFT);
	assert_int_equal(owner_of_child(state, CHILD + 1), 10);
}

static void listeners_elsewhere_have_no_child(void **state)
{
	struct sw_state other = listening(state, 1, 0, 10);

	other.ends.netns++;
	apply(*state, &other);
	other = listening(state, 2, 0, 20);
	other.ends.lport++;
	apply(*state, &other);
	other = listening(state, 3, 0, 30);
	other.ends.family = SW_FAMILY_INET6;
	apply(*state, &other);
	assert_int_equal(owner_of_child(state, CHILD), 0);
}

static void a_listener_that_is_gone_has_no_more_children(void **state)
{
	listens(state, 1, 1, 10);
	listens(state, 2, 1, 20);
	walk(*state, 1, "LISTEN CLOSE");
	assert_int_equal(owner_of_child(state, CHILD), 20);
	note(*state, SW_RECORD_DESTROY, 1);
	assert_int_equal(owner_of_child(state, CHILD + 1), 20);
	walk(*state, 2, "LISTEN CLOSE");
	note(*state, SW_RECORD_DESTROY, 2);
	assert_int_equal(owner_of_child(state, CHILD + 2), 0);
}

static void many_listeners_come_and_go_in_any_order(void **state)
{
	for (uint64_t cookie = 1; cookie <= 100; cookie++)
		listens(state, cookie, (uint8_t)(cookie + 1), 10);
	listens(state, 101, 1, 20);
	for (uint64_t cookie = 1; cookie <= 100; cookie += 2) {
		walk(*state, cookie, "LISTEN CLOSE");
		note(*state, SW_RECORD_DESTROY, cookie);
	}
	assert_int_equal(owner_of_child(state, CHILD), 20);
	walk(*state, 101, "LISTEN CLOSE");
	note(*state, SW_RECORD_DESTROY, 101);
	assert_int_equal(owner_of_child(state, CHILD + 1), 0);
}

/* The request came before the listener's owner was known; or from before us. */
static void a_late_listener_still_has_its_child(void **state)
{
	struct conn conn;

	request(*state, CHILD);
	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	walk(*state, CHILD, "LISTEN SYN_RECV ESTABLISHED");
	(void)trail(*state);
	assert_true(conn_table_find(((struct bench *)*state)->table, CHILD, &conn));
	assert_non_null(conn.owner);
	assert_int_equal(conn.owner->pid, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_child_belongs_to_the_listener_of_its_address),
		TEST(a_child_of_two_listeners_belongs_to_nobody),
		TEST(a_child_of_two_listeners_of_one_owner_is_his),
		TEST(the_queue_of_a_listener_knows_better_than_its_port),
		TEST(a_listener_gets_its_port_from_a_look),
		TEST(listeners_elsewhere_have_no_child),
		TEST(a_listener_that_is_gone_has_no_more_children),
		TEST(many_listeners_come_and_go_in_any_order),
		TEST(a_late_listener_still_has_its_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
