// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_end.c: ends that are told late, and connects that fail. */
#include "expect.h"

#include <errno.h>

#include "base/util.h"
#include "conn_bench.h"
#include "records.h"

/* ---- orphans --------------------------------------------------------------------------------- */

/* The socket of an orphan is freed within tcp_reset(). */
static void orphan_is_reset(struct bench *bench, uint64_t cookie)
{
	walk(bench, cookie, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1");
	(void)whole_trail(bench);
	note(bench, SW_RECORD_RESET_IN, cookie);
	close_as(bench, cookie, SW_TCP_FIN_WAIT1, ECONNRESET, SW_SOCKET_ORPHAN);
	note(bench, SW_RECORD_DESTROY, cookie);
	tick(bench, 10 * HOLD_WHY_NS); /* another processor was faster */
	expect_trail(bench, "");
}

static void an_orphan_answers_when_its_socket_is_gone(void **state)
{
	orphan_is_reset(*state, 5);
	note(*state, SW_RECORD_RESET_OUT, 5);
	expect_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-sent)\n");
	assert_true(is_gone(*state, 5));
}

/* Data and the acknowledgement of its FIN in one segment. */
static void an_orphan_in_fin_wait2_answers_too(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	(void)whole_trail(*state);
	close_as(*state, 5, SW_TCP_FIN_WAIT2, 0, SW_SOCKET_ORPHAN);
	note(*state, SW_RECORD_DESTROY, 5);
	note(*state, SW_RECORD_RESET_OUT, 5);
	expect_trail(*state, "5.1 FIN_WAIT2>CLOSE (rst-sent)\n");
}

static void an_orphan_that_was_reset_does_not_answer(void **state)
{
	struct sw_socket elsewhere;

	orphan_is_reset(*state, 5);
	elsewhere = record_socket(next_ns(*state), SW_RECORD_DESTROY, 6);
	elsewhere.header.cpu = 1;
	apply(*state, &elsewhere);
	expect_trail(*state, "");
	note(*state, SW_RECORD_DESTROY, 6);
	expect_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-received)\n");
	assert_true(is_gone(*state, 5));
}

/* Made in user space, at any time: it says nothing about what a processor does. */
static void a_name_that_is_read_meanwhile_ends_no_wait(void **state)
{
	struct {
		struct sw_container container;
		char text[8];
	} record = { .container = { .id_len = 1, .runtime_len = 6 }, .text = "adocker" };

	orphan_is_reset(*state, 5);
	record.container.header =
		record_header(next_ns(*state), SW_RECORD_CONTAINER, sizeof(record));
	apply(*state, &record);
	expect_trail(*state, "");
	note(*state, SW_RECORD_RESET_OUT, 5);
	expect_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-sent)\n");
}

static void an_idle_processor_is_not_waited_for_long(void **state)
{
	orphan_is_reset(*state, 5);
	expect_whole_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-received)\n");
	assert_true(is_gone(*state, 5));
}

static void another_orphan_ends_the_wait_for_the_first(void **state)
{
	struct sw_state record;

	walk(*state, 6, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1");
	orphan_is_reset(*state, 5);
	note(*state, SW_RECORD_RESET_IN, 6);
	record = step(*state, 6, SW_TCP_FIN_WAIT1, SW_TCP_CLOSE);
	record.flags = SW_SOCKET_ORPHAN;
	record.header.cpu = 1;
	apply(*state, &record);
	expect_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-received)\n");
	note(*state, SW_RECORD_RESET_OUT, 6);
	expect_trail(*state, "6.1 FIN_WAIT1>CLOSE (rst-sent)\n");
}

/* ---- connect(2) ------------------------------------------------------------------------------ */

static void a_refused_connect_is_told_with_its_error_at_once(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT");
	(void)whole_trail(bench);
	note(bench, SW_RECORD_RESET_IN, 5);
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	error_reported(bench, 5, ECONNREFUSED);
	assert_false(conn_table_next(bench->table, &event));
	connect_returned(bench, 5, -ECONNREFUSED);
	next_event(bench, &event);
	assert_int_equal(event.reason, CONN_REASON_REFUSED);
	assert_int_equal(event.conn.error, ECONNREFUSED);
	assert_int_equal(event.conn.connect_ns, 250000);
	conn_table_done(bench->table, &event);
	expect_trail(bench, "");
}

static void a_connect_that_goes_on_says_nothing_about_its_fate(void **state)
{
	static const int32_t results[] = { 0,	 -EINPROGRESS, -EALREADY, -EISCONN, -EINTR,
					   -512, -513,	       -4096,	  INT32_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct bench *bench = bench_new(NO_LIMIT);

		walk(bench, 5, "CLOSE SYN_SENT");
		(void)whole_trail(bench);
		close_with(bench, 5, SW_TCP_SYN_SENT, ETIMEDOUT);
		connect_returned(bench, 5, results[i]);
		expect_trail(bench, "");
		expect_whole_trail(bench, "5.1 SYN_SENT>CLOSE (timeout)\n");
		bench_free(bench);
	}
	(void)state;
}

/* ---- connects that fail ---------------------------------------------------------------------- */

/* No port is left: connect() had entered SYN_SENT, and knows better than the socket why it left. */
static void an_end_within_connect_waits_for_its_result(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT");
	close_as(bench, 5, SW_TCP_SYN_SENT, 0,
		 SW_SOCKET_ACTED | SW_SOCKET_CALLED | SW_SOCKET_SILENT);
	(void)trail(bench);
	tick(bench, 100 * HOLD_WHY_NS);
	expect_trail(bench, "");
	bench->now_ns -= 100 * HOLD_WHY_NS;
	connect_failed(bench, 5, EADDRNOTAVAIL);
	next_event(bench, &event);
	assert_int_equal(event.reason, CONN_REASON_UNREACHABLE);
	assert_int_equal(event.conn.error, EADDRNOTAVAIL);
	assert_true(event.failed);
	assert_int_equal(conn_attempts(&event.conn), 0);
	conn_table_done(bench->table, &event);
	expect_trail(bench, "");
}

static void a_failed_connect_counts_its_attempts(void **state)
{
	struct bench *bench = *state;
	struct sw_state record;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT");
	(void)whole_trail(bench);
	record = step(bench, 5, SW_TCP_SYN_SENT, SW_TCP_CLOSE);
	record.error = ETIMEDOUT;
	record.counters.retrans = 6;
	apply(bench, &record);
	note(bench, SW_RECORD_DESTROY, 5);
	next_event(bench, &event);
	assert_true(event.failed);
	assert_int_equal(conn_attempts(&event.conn), 7);
	conn_table_done(bench->table, &event);
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	close_with(bench, 6, SW_TCP_ESTABLISHED, ETIMEDOUT);
	note(bench, SW_RECORD_DESTROY, 6);
	next_event(bench, &event);
	assert_false(event.failed);
	conn_table_done(bench->table, &event);
}

static void a_connect_that_never_reached_syn_sent_is_a_connection(void **state)
{
	static const struct {
		int error;
		enum conn_reason reason;
	} cases[] = {
		{ ENETUNREACH, CONN_REASON_UNREACHABLE },
		{ EHOSTUNREACH, CONN_REASON_UNREACHABLE },
		{ EACCES, CONN_REASON_UNREACHABLE },
		{ EPERM, CONN_REASON_UNREACHABLE },
		{ EADDRNOTAVAIL, CONN_REASON_UNREACHABLE },
		{ EINVAL, CONN_REASON_ABORTED },
		{ EAFNOSUPPORT, CONN_REASON_ABORTED },
		{ ENOBUFS, CONN_REASON_ABORTED },
	};
	struct bench *bench = *state;
	struct event event;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		connect_failed(bench, 0, cases[i].error);
		next_event(bench, &event);
		assert_int_equal(event.kind, EVENT_FAILED);
		assert_true(event.last && event.failed);
		assert_int_equal(event.reason, cases[i].reason);
		assert_int_equal(event.conn.error, cases[i].error);
		assert_int_equal(event.conn.gen, 1);
		assert_int_equal(conn_attempts(&event.conn), 0);
		assert_int_equal(event.conn.owner->pid, 10);
		assert_int_equal(event.ts_ns - event.conn.opened_ns, 250000);
		conn_table_done(bench->table, &event);
	}
	assert_int_equal(conn_table_stats(bench->table)->connections, ARRAY_SIZE(cases));
	assert_int_equal(conn_table_stats(bench->table)->transitions, 0);
}

/* Each call is a life of its own, if the socket is known. */
static void a_known_socket_that_fails_again_has_another_life(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT");
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	connect_failed(bench, 5, ECONNREFUSED);
	(void)trail(bench);
	tick(bench, NSEC_PER_MSEC);
	connect_failed(bench, 5, ENETUNREACH);
	tick(bench, NSEC_PER_MSEC);
	connect_failed(bench, 5, EACCES);
	tick(bench, NSEC_PER_MSEC);
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	expect_whole_trail(bench, "5.2 failed (unreachable) @10\n"
				  "5.3 failed (unreachable) @10\n"
				  "5.4 CLOSE>SYN_SENT\n"
				  "5.4 SYN_SENT>ESTABLISHED\n");
}

/* The second call only fetches what has become of the first. */
static void a_result_that_is_fetched_later_is_no_second_failure(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT");
	connect_returned(bench, 5, -EINPROGRESS);
	tick(bench, NSEC_PER_MSEC);
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	expect_whole_trail(bench, "5.1 CLOSE>SYN_SENT\n"
				  "5.1 SYN_SENT>CLOSE (refused)\n");
	connect_failed(bench, 5, ECONNREFUSED);
	expect_whole_trail(bench, "");
	connect_failed(bench, 5, ENETUNREACH);
	expect_whole_trail(bench, "5.2 failed (unreachable) @10\n");
}

/* io_uring asks a second time by itself, when the answer is there. */
static void how_long_a_connect_took_is_of_the_call_that_began_it(void **state)
{
	struct bench *bench = *state;
	struct sw_connect again;
	struct conn conn;

	walk(bench, 5, "CLOSE SYN_SENT");
	connect_returned(bench, 5, -EINPROGRESS);
	again = record_connect(bench->now_ns + NSEC_PER_MSEC, 5, 0);
	again.latency_ns = 900;
	apply(bench, &again);
	assert_true(conn_table_find(bench->table, 5, &conn));
	assert_int_equal(conn.connect_ns, 250000);
}

static void so_it_is_of_one_that_fails_before_its_end_is_told(void **state)
{
	struct bench *bench = *state;
	struct sw_connect again;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT");
	connect_returned(bench, 5, -EINPROGRESS);
	(void)whole_trail(bench);
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	again = record_connect(bench->now_ns + 1, 5, -ECONNREFUSED);
	again.state = SW_TCP_CLOSE;
	again.latency_ns = 900;
	apply(bench, &again);
	next_event(bench, &event);
	assert_int_equal(event.conn.connect_ns, 250000);
	conn_table_done(bench->table, &event);
}

static void the_same_is_so_if_what_the_first_call_returned_was_lost(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT");
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	(void)whole_trail(bench);
	tick(bench, NSEC_PER_SEC);
	connect_failed(bench, 5, ECONNREFUSED);
	expect_whole_trail(bench, "");
	tick(bench, NSEC_PER_SEC);
	connect_failed(bench, 5, ECONNREFUSED);
	expect_whole_trail(bench, "5.2 failed (refused) @10\n");
}

/* A busy machine: the end was not held that long. */
static void a_result_that_comes_late_is_no_second_failure(void **state)
{
	struct bench *bench = *state;
	struct sw_connect record;

	walk(bench, 5, "CLOSE SYN_SENT");
	close_with(bench, 5, SW_TCP_SYN_SENT, ECONNREFUSED);
	(void)whole_trail(bench);
	record = record_connect(next_ns(bench), 5, -ECONNREFUSED);
	record.latency_ns = 2 * NSEC_PER_SEC;
	record.state = SW_TCP_CLOSE;
	apply(bench, &record);
	expect_whole_trail(bench, "");
}

static void a_call_that_fails_on_an_open_socket_is_no_failed_connect(void **state)
{
	struct bench *bench = *state;
	struct sw_connect record = record_connect(next_ns(bench), 5, -EINVAL);

	apply(bench, &record); /* as of old recordings */
	record.state = SW_TCP_ESTABLISHED;
	apply(bench, &record);
	connect_failed(bench, 5, EISCONN);
	connect_failed(bench, 5, EALREADY);
	expect_whole_trail(bench, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_orphan_answers_when_its_socket_is_gone),
		TEST(an_orphan_in_fin_wait2_answers_too),
		TEST(an_orphan_that_was_reset_does_not_answer),
		TEST(a_name_that_is_read_meanwhile_ends_no_wait),
		TEST(an_idle_processor_is_not_waited_for_long),
		TEST(another_orphan_ends_the_wait_for_the_first),
		TEST(a_refused_connect_is_told_with_its_error_at_once),
		TEST(a_connect_that_goes_on_says_nothing_about_its_fate),
		TEST(an_end_within_connect_waits_for_its_result),
		TEST(a_failed_connect_counts_its_attempts),
		TEST(a_connect_that_never_reached_syn_sent_is_a_connection),
		TEST(a_known_socket_that_fails_again_has_another_life),
		TEST(a_result_that_is_fetched_later_is_no_second_failure),
		TEST(how_long_a_connect_took_is_of_the_call_that_began_it),
		TEST(so_it_is_of_one_that_fails_before_its_end_is_told),
		TEST(the_same_is_so_if_what_the_first_call_returned_was_lost),
		TEST(a_result_that_comes_late_is_no_second_failure),
		TEST(a_call_that_fails_on_an_open_socket_is_no_failed_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
