// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_mini.c: request and time-wait sockets, before and after the full socket. */
#include "expect.h"

#include <errno.h>

#include "conn_bench.h"
#include "records.h"

/* ---- requests and their children ------------------------------------------------------------- */

static void a_passive_connection_is_one_life_from_its_request(void **state)
{
	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	request(*state, 5);
	walk(*state, 5, "LISTEN SYN_RECV ESTABLISHED");
	request_end(*state, 5, false, true);
	note(*state, SW_RECORD_CHILD, 5);
	accepted_by(*state, 5, 10);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	expect_trail(*state, "1.1 CLOSE>LISTEN @10\n"
			     "5.1 LISTEN>SYN_RECV @10\n"
			     "5.1 SYN_RECV>ESTABLISHED @10\n"
			     "5.1 ESTABLISHED>CLOSE_WAIT @10\n"
			     "5.1 CLOSE_WAIT>LAST_ACK @10\n"
			     "5.1 LAST_ACK>CLOSE (fin-remote) @10\n");
	assert_int_equal(rows(*state), 1);
}

/* Up to 6.12 the child's first transition shows the listener's identity, and is not recorded. */
static void a_child_of_an_old_kernel_goes_on_from_its_request(void **state)
{
	request(*state, 5);
	note(*state, SW_RECORD_CHILD, 5);
	request_end(*state, 5, false, true);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV\n"
			     "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_syn_cookie_child_has_no_request(void **state)
{
	walk(*state, 5, "LISTEN SYN_RECV");
	note(*state, SW_RECORD_CHILD, 5);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV\n"
			     "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_queued_child_without_request_begins_its_life(void **state)
{
	note(*state, SW_RECORD_CHILD, 5);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV\n"
			     "5.1 SYN_RECV>ESTABLISHED\n");
}

static void an_unknown_child_of_an_old_kernel_was_a_request(void **state)
{
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV ~\n"
			     "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_child_without_request_has_its_owner_from_its_first_event(void **state)
{
	struct sw_socket child;

	child = record_socket(next_ns(*state), SW_RECORD_CHILD, 5);
	child.flags = SW_SOCKET_OWNED;
	child.owner = record_task(10, "owner");
	apply(*state, &child);
	walk_owned(*state, 6, SW_TCP_SYN_RECV, SW_TCP_ESTABLISHED, 10);
	expect_trail(*state, "5.1 LISTEN>SYN_RECV @10\n"
			     "6.1 LISTEN>SYN_RECV ~ @10\n"
			     "6.1 SYN_RECV>ESTABLISHED @10\n");
}

static void a_queued_child_belongs_to_its_listeners_owner(void **state)
{
	struct sw_socket child;

	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	(void)trail(*state);
	child = record_socket(next_ns(*state), SW_RECORD_CHILD, 5);
	child.listener_cookie = LISTENER;
	apply(*state, &child);
	expect_trail(*state, "5.1 LISTEN>SYN_RECV @10\n");
}

/* Without a note of its own: the only listener with that port tells. */
static void an_unowned_child_is_the_child_of_the_only_listener(void **state)
{
	struct sw_state record =
		record_state(next_ns(*state), LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN);

	record.ends.lport = 40005;
	record.ends.rport = 0;
	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(10, "owner");
	apply(*state, &record);
	walk(*state, 5, "LISTEN SYN_RECV ESTABLISHED");
	expect_trail(*state, "1.1 CLOSE>LISTEN @10\n"
			     "5.1 LISTEN>SYN_RECV @10\n"
			     "5.1 SYN_RECV>ESTABLISHED @10\n");
	record.ends.cookie = 2; /* SO_REUSEPORT */
	record.owner = record_task(20, "owner");
	apply(*state, &record);
	walk(*state, 5, "ESTABLISHED CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	(void)trail(*state);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV ~\n"
			     "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_child_does_not_forget_the_listener_of_its_request(void **state)
{
	struct bench *bench = *state;
	struct event event;

	request(bench, 5);
	note(bench, SW_RECORD_CHILD, 5);
	walk(bench, 5, "SYN_RECV ESTABLISHED");
	next_event(bench, &event);
	conn_table_done(bench->table, &event);
	next_event(bench, &event);
	assert_int_equal(event.conn.listener_cookie, LISTENER);
	conn_table_done(bench->table, &event);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void a_request_that_is_rearmed_has_not_ended(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	(void)trail(*state);
	request_end(*state, 5, false, false);
	request(*state, 5);
	expect_whole_trail(*state, "");
	assert_int_equal(rows(*state), 2);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_request_that_expires_ends_once(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	(void)trail(*state);
	request_end(*state, 5, false, false);
	request_end(*state, 5, true, true);
	expect_whole_trail(*state, "5.1 SYN_RECV>CLOSE (syn-expired)\n");
	assert_int_equal(rows(*state), 1);
}

static void a_cancelled_request_timer_is_an_end_after_a_while(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	(void)trail(*state);
	request_end(*state, 5, false, false);
	tick(*state, HOLD_END_NS - 1);
	expect_trail(*state, "");
	tick(*state, 1);
	expect_trail(*state, "5.1 SYN_RECV>CLOSE (rst-received)\n");
	assert_int_equal(rows(*state), 1);
}

static void a_cancelled_timer_of_a_completed_request_is_no_end(void **state)
{
	request(*state, 5);
	request_end(*state, 5, false, false);
	walk(*state, 5, "LISTEN SYN_RECV ESTABLISHED");
	request_end(*state, 5, false, true);
	expect_whole_trail(*state, "5.1 LISTEN>SYN_RECV\n"
				   "5.1 SYN_RECV>ESTABLISHED\n");
}

static void a_request_goes_with_its_listener(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	walk(*state, LISTENER, "LISTEN CLOSE");
	(void)whole_trail(*state);
	request_end(*state, 5, true, true);
	expect_trail(*state, "5.1 SYN_RECV>CLOSE (listener-closed)\n");
}

static void a_request_has_its_listeners_owner_and_user(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk_owned(bench, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	(void)trail(bench);
	request(bench, 5);
	next_event(bench, &event);
	assert_int_equal(event.conn.owner->pid, 10);
	assert_int_equal(event.conn.listener_cookie, LISTENER);
	assert_true(event.conn.uid_known);
	conn_table_done(bench->table, &event);
}

/* A request that begins again as something else has one end, though a tentative one is held. */
static void a_held_end_is_not_told_twice(void **state)
{
	request(*state, 5);
	request_end(*state, 5, false, false);
	walk(*state, 5, "CLOSE SYN_SENT");
	expect_whole_trail(*state, "5.1 LISTEN>SYN_RECV\n"
				   "5.1 SYN_RECV>CLOSE ~ (unknown)\n"
				   "5.2 CLOSE>SYN_SENT\n");
}

/* ---- the end of TIME_WAIT -------------------------------------------------------------------- */

static void a_time_wait_that_is_rearmed_has_not_ended(void **state)
{
	enter_time_wait(*state, 5);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, false);
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	expect_whole_trail(*state, "");
	assert_int_equal(rows(*state), 1);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, false);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(*state), 0);
}

/* bpf/timer.bpf.c: a time-wait socket drops the RST that has just ended it. */
static void the_segment_that_ended_a_time_wait_does_not_revive_it(void **state)
{
	struct bench *bench = *state;
	struct sw_timewait dropped;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, 5, SW_TCP_FIN_WAIT2);
	(void)trail(bench);
	timewait_end(bench, 5, SW_TCP_FIN_WAIT2, false);
	dropped = record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT, 5, SW_TCP_FIN_WAIT2);
	dropped.final = 0;
	apply(bench, &dropped);
	expect_whole_trail(bench, "5.1 FIN_WAIT2>CLOSE (fin-local)\n");
	assert_int_equal(rows(bench), 0);
}

static void a_dropped_segment_shows_the_late_fin(void **state)
{
	struct sw_timewait dropped;

	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	(void)trail(*state);
	dropped = record_timewait(next_ns(*state), SW_RECORD_TIMEWAIT, 5, SW_TCP_TIME_WAIT);
	dropped.final = 0;
	apply(*state, &dropped);
	expect_trail(*state, "5.1 FIN_WAIT2>TIME_WAIT\n");
}

static void a_cancelled_time_wait_is_an_end_after_a_while(void **state)
{
	enter_time_wait(*state, 5);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, false);
	tick(*state, HOLD_END_NS - 1);
	expect_trail(*state, "");
	assert_int_equal(rows(*state), 1);
	tick(*state, 1);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(*state), 0);
}

static void time_wait_never_goes_back_to_fin_wait2(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	(void)trail(*state);
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	timewait_end(*state, 5, SW_TCP_FIN_WAIT2, true);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
}

/* ---- without hooks on TIME_WAIT -------------------------------------------------------------- */

static void without_hooks_on_time_wait_it_is_inferred(void **state)
{
	struct bench *bench = *state;
	struct sw_state record;

	start(bench, RECORD_ALL_FEATURES &
			     ~(SW_SEES_TIMEWAIT | SW_SEES_TIMEWAIT_FIN | SW_SEES_TIMEWAIT_END));
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	(void)trail(bench);
	record = step(bench, 5, SW_TCP_FIN_WAIT2, SW_TCP_CLOSE);
	record.flags = SW_SOCKET_FIN_RECEIVED;
	apply(bench, &record);
	note(bench, SW_RECORD_DESTROY, 5);
	expect_trail(bench, "5.1 FIN_WAIT2>TIME_WAIT ~\n");
	assert_true(conn_table_wants_look(bench->table));

	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 TIME_WAIT>CLOSE ~ (fin-local)\n");
	assert_false(conn_table_wants_look(bench->table));
}

static void without_hooks_the_remainder_without_fin_stays_in_fin_wait2(void **state)
{
	struct bench *bench = *state;

	start(bench, 0);
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE");
	note(bench, SW_RECORD_DESTROY, 5);
	expect_trail(bench, "5.1 CLOSE>SYN_SENT\n"
			    "5.1 SYN_SENT>ESTABLISHED\n"
			    "5.1 ESTABLISHED>FIN_WAIT1\n"
			    "5.1 FIN_WAIT1>FIN_WAIT2\n");
	assert_int_equal(rows(bench), 1);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_visits(bench, RECORD_NETNS);
	look_finds_mini(bench, 5, SW_TCP_TIME_WAIT);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 FIN_WAIT2>TIME_WAIT ~\n");
	assert_true(conn_table_wants_look(bench->table));
}

static void without_hooks_a_reset_leaves_no_time_wait(void **state)
{
	start(*state, 0);
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	note(*state, SW_RECORD_RESET_IN, 5);
	close_with(*state, 5, SW_TCP_FIN_WAIT2, ECONNRESET);
	(void)whole_trail(*state);
	assert_int_equal(rows(*state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_passive_connection_is_one_life_from_its_request),
		TEST(a_child_of_an_old_kernel_goes_on_from_its_request),
		TEST(a_syn_cookie_child_has_no_request),
		TEST(a_queued_child_without_request_begins_its_life),
		TEST(an_unknown_child_of_an_old_kernel_was_a_request),
		TEST(a_child_without_request_has_its_owner_from_its_first_event),
		TEST(a_queued_child_belongs_to_its_listeners_owner),
		TEST(an_unowned_child_is_the_child_of_the_only_listener),
		TEST(a_child_does_not_forget_the_listener_of_its_request),
		TEST(a_request_that_is_rearmed_has_not_ended),
		TEST(a_request_that_expires_ends_once),
		TEST(a_cancelled_request_timer_is_an_end_after_a_while),
		TEST(a_cancelled_timer_of_a_completed_request_is_no_end),
		TEST(a_request_goes_with_its_listener),
		TEST(a_request_has_its_listeners_owner_and_user),
		TEST(a_held_end_is_not_told_twice),
		TEST(a_time_wait_that_is_rearmed_has_not_ended),
		TEST(the_segment_that_ended_a_time_wait_does_not_revive_it),
		TEST(a_dropped_segment_shows_the_late_fin),
		TEST(a_cancelled_time_wait_is_an_end_after_a_while),
		TEST(time_wait_never_goes_back_to_fin_wait2),
		TEST(without_hooks_on_time_wait_it_is_inferred),
		TEST(without_hooks_the_remainder_without_fin_stays_in_fin_wait2),
		TEST(without_hooks_a_reset_leaves_no_time_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
