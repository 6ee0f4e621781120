// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model/conn_apply.c: what each record means. Lives as the kernel tells them, what no hook showed,
 * and what a connection knows of its times and counters.
 */
#include "expect.h"

#include <errno.h>

#include "base/util.h"
#include "conn_bench.h"

/* ---- canonical lives ------------------------------------------------------------------------- */

static void an_active_connection_closed_by_the_peer(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT");
	note(*state, SW_RECORD_PORT, 5);
	walk(*state, 5, "SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "5.1 SYN_SENT>ESTABLISHED\n"
			     "5.1 ESTABLISHED>CLOSE_WAIT\n"
			     "5.1 CLOSE_WAIT>LAST_ACK\n"
			     "5.1 LAST_ACK>CLOSE (fin-remote)\n");
	assert_int_equal(rows(*state), 0);
	assert_int_equal(conn_table_stats(((struct bench *)*state)->table)->connections, 1);
	assert_int_equal(conn_table_stats(((struct bench *)*state)->table)->transitions, 5);
	assert_int_equal(conn_table_stats(((struct bench *)*state)->table)->inferred, 0);
}

static void a_connection_closed_here_first_ends_with_its_time_wait(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	walk(*state, 5, "FIN_WAIT2 CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "5.1 SYN_SENT>ESTABLISHED\n"
			     "5.1 ESTABLISHED>FIN_WAIT1\n"
			     "5.1 FIN_WAIT1>FIN_WAIT2\n"
			     "5.1 FIN_WAIT2>TIME_WAIT\n");
	assert_int_equal(rows(*state), 1);
	tick(*state, 60 * NSEC_PER_SEC);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	assert_int_equal(rows(*state), 0);
}

static void the_remainder_in_fin_wait2_goes_on_to_time_wait(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	walk(*state, 5, "FIN_WAIT2 CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	(void)trail(*state);
	assert_int_equal(rows(*state), 1);
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.1 FIN_WAIT2>TIME_WAIT\n"
			     "5.1 TIME_WAIT>CLOSE (fin-local)\n");
}

static void a_remainder_that_the_peer_never_closed_ends_in_fin_wait2(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	walk(*state, 5, "FIN_WAIT2 CLOSE");
	(void)trail(*state);
	timewait_end(*state, 5, SW_TCP_FIN_WAIT2, true);
	expect_trail(*state, "5.1 FIN_WAIT2>CLOSE (fin-local)\n");
}

static void the_fin_that_only_the_end_shows_is_inferred(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	walk(*state, 5, "FIN_WAIT2 CLOSE");
	(void)trail(*state);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.1 FIN_WAIT2>TIME_WAIT ~\n"
			     "5.1 TIME_WAIT>CLOSE (fin-local)\n");
}

/* Some kernels run no program while one of their own tasks is current, and count nothing. */
static void steps_that_no_hook_showed_are_inferred_one_by_one(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	walk(*state, 6, "CLOSE SYN_SENT");
	note(*state, SW_RECORD_PORT, 6);
	walk(*state, 6, "LAST_ACK CLOSE");
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>ESTABLISHED\n"
				   "5.1 ESTABLISHED>FIN_WAIT1\n"
				   "5.1 FIN_WAIT1>FIN_WAIT2 ~\n"
				   "5.1 FIN_WAIT2>TIME_WAIT\n"
				   "6.1 CLOSE>SYN_SENT\n"
				   "6.1 SYN_SENT>ESTABLISHED ~\n"
				   "6.1 ESTABLISHED>CLOSE_WAIT ~\n"
				   "6.1 CLOSE_WAIT>LAST_ACK ~\n"
				   "6.1 LAST_ACK>CLOSE (fin-remote)\n");
	assert_true(conn_table_wants_look(((struct bench *)*state)->table));
}

/* bpf/transition.bpf.c: the second copy of the program cannot always tell what the first has done.
 */
static void a_transition_told_twice_is_one(void **state)
{
	struct sw_state record = step(*state, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	apply(*state, &record);
	record.flags |= SW_SOCKET_AGAIN;
	apply(*state, &record);
	note(*state, SW_RECORD_PORT, 5);
	record = step(*state, 5, SW_TCP_SYN_SENT, SW_TCP_CLOSE);
	apply(*state, &record);
	record.flags |= SW_SOCKET_AGAIN;
	apply(*state, &record);
	/* The first copy did not run: the next life of the cookie. */
	record = step(*state, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	record.flags |= SW_SOCKET_AGAIN;
	apply(*state, &record);
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>CLOSE (unknown)\n"
				   "5.2 CLOSE>SYN_SENT\n");
}

static void a_step_to_where_no_way_leads_is_a_single_one(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT");
	note(*state, SW_RECORD_PORT, 5);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	(void)trail(*state);
	walk(*state, 5, "FIN_WAIT2 CLOSE");
	expect_whole_trail(*state, "5.1 CLOSE_WAIT>FIN_WAIT2 ~\n"
				   "5.1 FIN_WAIT2>CLOSE (fin-remote)\n");
}

static void a_simultaneous_close_is_nobodys_first(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 CLOSING");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	walk(*state, 5, "CLOSING CLOSE");
	note(*state, SW_RECORD_DESTROY, 5);
	(void)trail(*state);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-both)\n");
}

static void a_self_connect_is_one_socket(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 CLOSING");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	walk(*state, 5, "CLOSING CLOSE");
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>SYN_RECV\n"
				   "5.1 SYN_RECV>ESTABLISHED\n"
				   "5.1 ESTABLISHED>FIN_WAIT1\n"
				   "5.1 FIN_WAIT1>CLOSING\n"
				   "5.1 CLOSING>TIME_WAIT\n"
				   "5.1 TIME_WAIT>CLOSE (fin-both)\n");
}

static void a_listener_that_fails_to_bind_ends_without_reason(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN CLOSE");
	note(*state, SW_RECORD_DESTROY, LISTENER);
	expect_trail(*state, "1.1 CLOSE>LISTEN\n"
			     "1.1 LISTEN>CLOSE (-)\n");
}

static void close_without_open_is_told_of_a_socket_that_existed(void **state)
{
	struct event event;

	walk(*state, 5, "LAST_ACK CLOSE");
	tick(*state, NSEC_PER_SEC);
	next_event(*state, &event);
	assert_int_equal(event.old_state, SW_TCP_LAST_ACK);
	assert_true(event.conn.existed);
	conn_table_done(((struct bench *)*state)->table, &event);
}

static void records_about_unknown_sockets_are_ignored(void **state)
{
	static const uint16_t kinds[] = { SW_RECORD_PORT,     SW_RECORD_ACCEPT,
					  SW_RECORD_RESET_IN, SW_RECORD_RESET_OUT,
					  SW_RECORD_ERROR,    SW_RECORD_RETRANSMIT,
					  SW_RECORD_DESTROY };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		note(*state, kinds[i], 5);
	connect_returned(*state, 5, -ECONNREFUSED);
	request_end(*state, 5, true, true);
	timewait_end(*state, 5, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(*state, "");
	assert_int_equal(rows(*state), 0);
}

/* ---- what was missed ------------------------------------------------------------------------- */

static void a_missed_step_is_filled_in(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT");
	walk(*state, 5, "ESTABLISHED FIN_WAIT1");
	walk(*state, 5, "LAST_ACK CLOSE");
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>ESTABLISHED ~\n"
				   "5.1 ESTABLISHED>FIN_WAIT1\n"
				   "5.1 FIN_WAIT1>LAST_ACK ~\n"
				   "5.1 LAST_ACK>CLOSE (fin-local)\n");
}

static void a_missed_end_shows_when_the_socket_is_freed(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	note(*state, SW_RECORD_DESTROY, 5);
	expect_whole_trail(*state, "5.1 CLOSE>SYN_SENT\n"
				   "5.1 SYN_SENT>ESTABLISHED\n"
				   "5.1 ESTABLISHED>CLOSE ~ (unknown)\n");
	assert_int_equal(rows(*state), 0);
}

static void an_unknown_time_wait_socket_existed(void **state)
{
	struct bench *bench = *state;

	timewait(bench, 5, SW_TCP_TIME_WAIT);
	expect_trail(bench, "5.1 FIN_WAIT2>TIME_WAIT\n");
	assert_true(conn_table_wants_look(bench->table));
}

static void loss_is_told(void **state)
{
	struct bench *bench = *state;

	lost(bench, 17);
	lost(bench, 3);
	expect_trail(bench, "lost 17\nlost 3\n");
	assert_int_equal(conn_table_stats(bench->table)->lost, 20);
}

/* ---- times and counters ---------------------------------------------------------------------- */

static void the_handshake_is_timed_where_both_its_ends_were_seen(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	tick(bench, 30 * NSEC_PER_MSEC);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	assert_int_equal(found(bench, 5).handshake_ns, 30 * NSEC_PER_MSEC + NSEC_PER_USEC);
	walk(bench, 6, "CLOSE SYN_SENT");
	walk(bench, 6, "ESTABLISHED CLOSE_WAIT"); /* nobody saw it become that */
	assert_int_equal(found(bench, 6).handshake_ns, 0);
	assert_int_equal(found(bench, 6).entered_ns, bench->now_ns);
	walk(bench, 7, "SYN_RECV ESTABLISHED"); /* its request was not seen */
	assert_int_equal(found(bench, 7).handshake_ns, 0);
	(void)whole_trail(bench);
}

/* The row has 32 bits for it. */
static void a_handshake_of_more_than_an_hour_is_not_timed_wrongly(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT");
	tick(bench, 4294 * NSEC_PER_SEC);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	assert_int_equal(found(bench, 5).handshake_ns, 4294 * NSEC_PER_SEC + NSEC_PER_USEC);
	walk(bench, 6, "CLOSE SYN_SENT");
	tick(bench, 4295 * NSEC_PER_SEC);
	walk(bench, 6, "SYN_SENT ESTABLISHED");
	assert_int_equal(found(bench, 6).handshake_ns, 0);
	(void)whole_trail(bench);
}

static void a_clock_that_steps_back_turns_no_life_around(void **state)
{
	struct bench *bench = *state;
	struct sw_state record;
	struct event event;
	uint64_t opened_ns;

	walk(bench, LISTENER, "CLOSE LISTEN");
	opened_ns = bench->now_ns;
	(void)whole_trail(bench);
	record = step(bench, LISTENER, SW_TCP_LISTEN, SW_TCP_CLOSE);
	record.header.ts_ns = opened_ns - 272 * NSEC_PER_MSEC;
	apply(bench, &record);
	tick(bench, NSEC_PER_SEC);
	next_event(bench, &event);
	assert_int_equal(event.new_state, SW_TCP_CLOSE);
	assert_int_equal(event.ts_ns, opened_ns);
	conn_table_done(bench->table, &event);
}

static void a_timer_that_starts_again_is_no_new_state(void **state)
{
	struct bench *bench = *state;
	uint64_t entered_ns;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, 5, SW_TCP_TIME_WAIT);
	entered_ns = bench->now_ns;
	tick(bench, NSEC_PER_SEC);
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, false);
	timewait(bench, 5, SW_TCP_TIME_WAIT);
	assert_int_equal(found(bench, 5).entered_ns, entered_ns);
	(void)whole_trail(bench);
}

static void old_recordings_tell_no_traffic(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = step(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	record.flags = SW_SOCKET_COUNTED;
	record.traffic.tx_segs = 7;
	record.header.size = SW_STATE_SIZE_MIN;
	apply(bench, &record);
	assert_true(found(bench, 5).counted);
	assert_false(found(bench, 5).traffic_known);
	record = step(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);
	record.flags = SW_SOCKET_COUNTED;
	record.traffic.tx_segs = 7;
	apply(bench, &record);
	assert_true(found(bench, 5).traffic_known);
	assert_int_equal(found(bench, 5).traffic.tx_segs, 7);
	(void)whole_trail(bench);
}

static void counters_are_those_of_the_last_transition(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = step(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);
	struct event event;

	record.flags = SW_SOCKET_COUNTED;
	record.counters = (struct sw_counters){ .rx_bytes = 1 };
	apply(bench, &record);
	note(bench, SW_RECORD_RETRANSMIT, 5);
	record = step(bench, 5, SW_TCP_ESTABLISHED, SW_TCP_CLOSE);
	record.flags = SW_SOCKET_COUNTED;
	record.counters = (struct sw_counters){ 100, 200, 300, 4 };
	apply(bench, &record);
	tick(bench, NSEC_PER_SEC);
	next_event(bench, &event);
	conn_table_done(bench->table, &event);
	next_event(bench, &event);
	assert_true(event.conn.counted);
	assert_memory_equal(&event.conn.counters, &record.counters, sizeof(record.counters));
	conn_table_done(bench->table, &event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_active_connection_closed_by_the_peer),
		TEST(a_connection_closed_here_first_ends_with_its_time_wait),
		TEST(the_remainder_in_fin_wait2_goes_on_to_time_wait),
		TEST(a_remainder_that_the_peer_never_closed_ends_in_fin_wait2),
		TEST(the_fin_that_only_the_end_shows_is_inferred),
		TEST(steps_that_no_hook_showed_are_inferred_one_by_one),
		TEST(a_transition_told_twice_is_one),
		TEST(a_step_to_where_no_way_leads_is_a_single_one),
		TEST(a_simultaneous_close_is_nobodys_first),
		TEST(a_self_connect_is_one_socket),
		TEST(a_listener_that_fails_to_bind_ends_without_reason),
		TEST(close_without_open_is_told_of_a_socket_that_existed),
		TEST(records_about_unknown_sockets_are_ignored),
		TEST(a_missed_step_is_filled_in),
		TEST(a_missed_end_shows_when_the_socket_is_freed),
		TEST(an_unknown_time_wait_socket_existed),
		TEST(loss_is_told),
		TEST(the_handshake_is_timed_where_both_its_ends_were_seen),
		TEST(a_handshake_of_more_than_an_hour_is_not_timed_wrongly),
		TEST(a_clock_that_steps_back_turns_no_life_around),
		TEST(a_timer_that_starts_again_is_no_new_state),
		TEST(old_recordings_tell_no_traffic),
		TEST(counters_are_those_of_the_last_transition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
