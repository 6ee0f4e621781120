// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model/conn_table.c: rows and events. What is held until it is complete, the order of what comes
 * out, the generations of a cookie, and the limits.
 */
#include "expect.h"

#include <errno.h>

#include "base/util.h"
#include "conn_bench.h"
#include "records.h"

/* ---- the late port --------------------------------------------------------------------------- */

static struct sw_state connecting(struct bench *bench, uint64_t cookie)
{
	struct sw_state record = step(bench, cookie, SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	record.ends.lport = 0;
	memset(record.ends.laddr, 0, sizeof(record.ends.laddr));
	return record;
}

static void syn_sent_waits_for_its_port(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = connecting(bench, 5);
	struct event event;

	apply(bench, &record);
	assert_true(conn_table_holds(bench->table));
	expect_trail(bench, "");
	note(bench, SW_RECORD_PORT, 5);
	next_event(bench, &event);
	assert_int_equal(event.conn.ends.lport, 40005);
	assert_int_equal(event.conn.ends.laddr[0], 10);
	assert_int_equal(event.conn.ends.uid, 1000);
	assert_int_equal(event.ts_ns, record.header.ts_ns);
	conn_table_done(bench->table, &event);
	assert_false(conn_table_holds(bench->table));
}

static void the_next_transition_tells_the_port_too(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = connecting(bench, 5);
	struct event event;

	apply(bench, &record);
	walk(bench, 5, "SYN_SENT CLOSE");
	next_event(bench, &event);
	assert_int_equal(event.new_state, SW_TCP_SYN_SENT);
	assert_int_equal(event.conn.ends.lport, 40005);
	conn_table_done(bench->table, &event);
}

static void a_port_that_never_comes_is_not_waited_for_long(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = connecting(bench, 5);

	apply(bench, &record);
	tick(bench, HOLD_PORT_NS - 1);
	expect_trail(bench, "");
	tick(bench, 1);
	expect_trail(bench, "5.1 CLOSE>SYN_SENT\n");
	assert_false(conn_table_holds(bench->table));
}

static void without_the_port_hook_a_known_port_is_not_waited_for(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = step(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	start(bench, 0);
	apply(bench, &record);
	expect_trail(bench, "5.1 CLOSE>SYN_SENT\n");
}

static void after_a_loss_the_look_has_the_port(void **state)
{
	struct bench *bench = *state;
	struct sw_state record;
	struct event event;

	lost(bench, 1);
	expect_trail(bench, "lost 1\n");
	record = connecting(bench, 5);
	apply(bench, &record);
	tick(bench, NSEC_PER_SEC);
	expect_trail(bench, "");
	look_begins(bench, SW_LOOK_LOST);
	look_finds(bench, 5, SW_TCP_SYN_SENT);
	next_event(bench, &event);
	assert_int_equal(event.conn.ends.lport, 40005);
	conn_table_done(bench->table, &event);
	look_ends(bench, SW_LOOK_LOST);
	expect_trail(bench, "resync +0 ~0 -0\n");
}

static void after_a_loss_the_end_of_the_look_ends_the_wait(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = connecting(bench, 5);

	apply(bench, &record);
	lost(bench, 1);
	look_begins(bench, SW_LOOK_LOST);
	look_ends(bench, SW_LOOK_LOST);
	expect_whole_trail(bench, "5.1 CLOSE>SYN_SENT\n"
				  "lost 1\n"
				  "resync +0 ~0 -0\n");
	lost(bench, 1);
	record = connecting(bench, 6);
	apply(bench, &record);
	end(bench);
	expect_whole_trail(bench, "lost 1\n6.1 CLOSE>SYN_SENT\n");
}

/* ---- order ----------------------------------------------------------------------------------- */

static void a_held_event_holds_back_those_of_others(void **state)
{
	struct sw_state record = connecting(*state, 5);

	apply(*state, &record);
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 6);
	expect_trail(*state, "");
	note(*state, SW_RECORD_PORT, 5);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "1.1 CLOSE>LISTEN\n"
			     "6.1 LISTEN>SYN_RECV\n");
}

static void an_end_waits_for_its_reason_until_the_tick(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)trail(bench);
	walk(bench, 5, "ESTABLISHED CLOSE");
	walk(bench, LISTENER, "CLOSE LISTEN");
	tick(bench, HOLD_WHY_NS - 2 * NSEC_PER_USEC);
	expect_trail(bench, "");
	assert_true(conn_table_holds(bench->table));
	tick(bench, NSEC_PER_USEC);
	expect_trail(bench, "5.1 ESTABLISHED>CLOSE (unknown)\n"
			    "1.1 CLOSE>LISTEN\n");
	assert_false(conn_table_holds(bench->table));
}

static void a_reset_sent_after_the_close_is_its_reason(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED CLOSE");
	note(*state, SW_RECORD_RESET_OUT, 5);
	note(*state, SW_RECORD_DESTROY, 5);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "5.1 SYN_SENT>ESTABLISHED\n"
			     "5.1 ESTABLISHED>CLOSE (rst-sent)\n");
}

static void records_of_the_past_do_not_turn_time_back(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = connecting(bench, 5);

	apply(bench, &record);
	tick(bench, HOLD_PORT_NS);
	record = step(bench, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN);
	record.header.ts_ns = 1;
	apply(bench, &record);
	expect_trail(bench, "5.1 CLOSE>SYN_SENT\n"
			    "1.1 CLOSE>LISTEN\n");
}

/* ---- generations ----------------------------------------------------------------------------- */

static void another_life_may_begin_while_the_former_is_in_time_wait(void **state)
{
	struct bench *bench = *state;
	struct sw_timewait end;
	struct sw_state record;

	enter_time_wait(bench, 5);
	record = step(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	record.ends.lport = 50000;
	apply(bench, &record);
	assert_int_equal(rows(bench), 2);
	record = step(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);
	record.ends.lport = 50000;
	apply(bench, &record);
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(bench, "5.2 CLOSE>SYN_SENT\n"
			    "5.2 SYN_SENT>ESTABLISHED\n"
			    "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(bench), 1);
	walk(bench, 5, "ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	end = record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT, 5, SW_TCP_TIME_WAIT);
	apply(bench, &end);
	walk(bench, 5, "FIN_WAIT2 CLOSE");
	note(bench, SW_RECORD_DESTROY, 5);
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(bench, "5.2 ESTABLISHED>FIN_WAIT1\n"
			    "5.2 FIN_WAIT1>FIN_WAIT2\n"
			    "5.2 FIN_WAIT2>TIME_WAIT\n"
			    "5.2 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(bench), 0);
}

static void the_former_life_outlives_the_later_one(void **state)
{
	enter_time_wait(*state, 5);
	walk(*state, 5, "CLOSE SYN_SENT CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.2 CLOSE>SYN_SENT\n"
			     "5.2 SYN_SENT>CLOSE (unknown)\n"
			     "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(*state), 0);
}

static void the_life_before_the_former_is_not_forgotten(void **state)
{
	enter_time_wait(*state, 5);
	walk(*state, 5, "CLOSE SYN_SENT CLOSE");
	(void)whole_trail(*state);
	walk(*state, 5, "CLOSE SYN_SENT");
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(*state, "5.3 CLOSE>SYN_SENT\n"
				   "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(*state), 1);
}

static void a_tentative_end_of_the_former_life_leaves_the_later_alone(void **state)
{
	enter_time_wait(*state, 5);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, false);
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	expect_whole_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n"
				   "5.2 CLOSE>SYN_SENT\n"
				   "5.2 SYN_SENT>ESTABLISHED\n");
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	expect_trail(*state, "5.2 ESTABLISHED>CLOSE_WAIT\n");
	assert_int_equal(rows(*state), 1);
}

static void a_disconnected_socket_may_connect_again(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED CLOSE");
	note(*state, SW_RECORD_RESET_OUT, 5);
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "5.1 SYN_SENT>ESTABLISHED\n"
			     "5.1 ESTABLISHED>CLOSE (rst-sent)\n"
			     "5.2 CLOSE>SYN_SENT\n"
			     "5.2 SYN_SENT>ESTABLISHED\n"
			     "5.2 ESTABLISHED>CLOSE_WAIT\n"
			     "5.2 CLOSE_WAIT>LAST_ACK\n"
			     "5.2 LAST_ACK>CLOSE (fin-remote)\n");
}

static void a_life_that_begins_ends_the_one_whose_end_was_missed(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	walk(*state, 5, "CLOSE SYN_SENT");
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>ESTABLISHED\n"
				   "5.1 ESTABLISHED>CLOSE ~ (unknown)\n"
				   "5.2 CLOSE>SYN_SENT\n");
}

static void a_life_whose_beginning_was_missed_is_another_generation(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED CLOSE");
	(void)whole_trail(*state);
	walk(*state, 5, "SYN_SENT ESTABLISHED CLOSE_WAIT");
	expect_trail(*state, "5.2 SYN_SENT>ESTABLISHED\n"
			     "5.2 ESTABLISHED>CLOSE_WAIT\n");
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void connections_beyond_the_limit_are_counted(void **state)
{
	struct bench *bench = bench_new(2);
	struct sw_state record;

	(void)state;
	walk(bench, 5, "CLOSE SYN_SENT");
	walk(bench, 6, "CLOSE SYN_SENT");
	record = step(bench, 7, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	apply_result(bench, &record, -ENOSPC);
	expect_whole_trail(bench, "5.1 CLOSE>SYN_SENT\n6.1 CLOSE>SYN_SENT\n");
	assert_int_equal(conn_table_stats(bench->table)->untracked, 1);
	assert_int_equal(conn_table_stats(bench->table)->connections, 2);

	walk(bench, 5, "SYN_SENT CLOSE");
	note(bench, SW_RECORD_DESTROY, 5);
	(void)trail(bench);
	walk(bench, 8, "CLOSE SYN_SENT");
	expect_whole_trail(bench, "8.1 CLOSE>SYN_SENT\n");
	bench_free(bench);
}

static void every_way_in_has_the_same_limit(void **state)
{
	struct bench *bench = bench_new(1);
	struct sw_state found;
	struct sw_request born;
	struct sw_socket child;
	struct sw_timewait remainder;

	(void)state;
	walk(bench, 5, "CLOSE SYN_SENT");
	look_begins(bench, SW_LOOK_LOST);
	found = record_found(next_ns(bench), 6, SW_TCP_ESTABLISHED, 0);
	apply_result(bench, &found, -ENOSPC);
	born = record_request(next_ns(bench), SW_RECORD_REQUEST, 7, LISTENER);
	apply_result(bench, &born, -ENOSPC);
	child = record_socket(next_ns(bench), SW_RECORD_CHILD, 8);
	apply_result(bench, &child, -ENOSPC);
	remainder = record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT, 9, SW_TCP_TIME_WAIT);
	apply_result(bench, &remainder, -ENOSPC);
	found = step(bench, 10, SW_TCP_SYN_RECV, SW_TCP_ESTABLISHED);
	apply_result(bench, &found, -ENOSPC);
	assert_int_equal(conn_table_stats(bench->table)->untracked, 5);
	assert_int_equal(rows(bench), 1);
	bench_free(bench);
}

static void a_full_table_keeps_the_former_life(void **state)
{
	struct bench *bench;
	struct sw_state record;

	(void)state;
	bench = bench_new(1);
	enter_time_wait(bench, 5);
	record = step(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	apply_result(bench, &record, -ENOSPC);
	assert_int_equal(rows(bench), 1);
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(bench, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	bench_free(bench);
}

static void a_full_table_has_room_for_another_life_of_what_it_holds(void **state)
{
	struct bench *bench;

	(void)state;
	bench = bench_new(1);
	walk(bench, 5, "CLOSE SYN_SENT CLOSE");
	(void)whole_trail(bench);
	walk(bench, 5, "CLOSE SYN_SENT");
	expect_whole_trail(bench, "5.2 CLOSE>SYN_SENT\n");
	bench_free(bench);
}

static void an_untracked_connection_counts_once(void **state)
{
	struct bench *bench;
	struct sw_state record;

	(void)state;
	bench = bench_new(1);
	walk(bench, 5, "CLOSE SYN_SENT");
	record = step(bench, 6, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	apply_result(bench, &record, -ENOSPC);
	record = step(bench, 6, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);
	(void)conn_table_apply(bench->table, &record.header);
	assert_int_equal(conn_table_stats(bench->table)->untracked, 1);
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(syn_sent_waits_for_its_port),
		TEST(the_next_transition_tells_the_port_too),
		TEST(a_port_that_never_comes_is_not_waited_for_long),
		TEST(without_the_port_hook_a_known_port_is_not_waited_for),
		TEST(after_a_loss_the_look_has_the_port),
		TEST(after_a_loss_the_end_of_the_look_ends_the_wait),
		TEST(a_held_event_holds_back_those_of_others),
		TEST(an_end_waits_for_its_reason_until_the_tick),
		TEST(a_reset_sent_after_the_close_is_its_reason),
		TEST(records_of_the_past_do_not_turn_time_back),
		TEST(another_life_may_begin_while_the_former_is_in_time_wait),
		TEST(the_former_life_outlives_the_later_one),
		TEST(the_life_before_the_former_is_not_forgotten),
		TEST(a_tentative_end_of_the_former_life_leaves_the_later_alone),
		TEST(a_disconnected_socket_may_connect_again),
		TEST(a_life_that_begins_ends_the_one_whose_end_was_missed),
		TEST(a_life_whose_beginning_was_missed_is_another_generation),
		TEST(connections_beyond_the_limit_are_counted),
		TEST(every_way_in_has_the_same_limit),
		TEST(a_full_table_keeps_the_former_life),
		TEST(a_full_table_has_room_for_another_life_of_what_it_holds),
		TEST(an_untracked_connection_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
