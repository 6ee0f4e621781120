// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_reason.c: why a connection ended. */
#include "expect.h"

#include <errno.h>

#include "base/util.h"
#include "conn_bench.h"
#include "records.h"

/* ---- reasons --------------------------------------------------------------------------------- */

#define ACT SW_SOCKET_ACTED

static void why_a_full_socket_was_closed(void **state)
{
	static const struct {
		const char *lives; /* from CLOSE; the last is where it is closed */
		uint16_t before;   /* a record before the end, or 0 */
		uint16_t after;
		uint16_t error;
		enum conn_reason reason;
		uint32_t flags;
	} cases[] = {
		{ "CLOSE SYN_SENT", SW_RECORD_RESET_IN, 0, ECONNREFUSED, CONN_REASON_REFUSED, 0 },
		{ "CLOSE SYN_SENT", 0, 0, ECONNREFUSED, CONN_REASON_REFUSED, 0 }, /* ICMP */
		{ "CLOSE SYN_SENT", 0, 0, ETIMEDOUT, CONN_REASON_TIMEOUT, 0 },
		{ "CLOSE SYN_SENT", 0, 0, EHOSTUNREACH, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT", 0, 0, ENETUNREACH, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT", 0, 0, EACCES, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT", 0, 0, EADDRNOTAVAIL, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT", 0, SW_RECORD_RESET_OUT, ECONNABORTED, CONN_REASON_KILLED, ACT },
		/* close() before there was an answer. */
		{ "CLOSE SYN_SENT", 0, 0, 0, CONN_REASON_ABORTED, ACT },
		{ "CLOSE SYN_SENT", 0, 0, 0, CONN_REASON_UNKNOWN, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", SW_RECORD_RESET_IN, 0, ECONNRESET,
		  CONN_REASON_RST_RECEIVED, 0 },
		/* It came while a task held the socket. */
		{ "CLOSE SYN_SENT ESTABLISHED", SW_RECORD_RESET_IN, 0, ECONNRESET,
		  CONN_REASON_RST_RECEIVED, ACT },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, ECONNRESET, CONN_REASON_RST_RECEIVED, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT", SW_RECORD_RESET_IN, 0, EPIPE,
		  CONN_REASON_RST_RECEIVED, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, ETIMEDOUT, CONN_REASON_TIMEOUT, 0 },
		/* Keepalive: the reset is the kernel's last word. */
		{ "CLOSE SYN_SENT ESTABLISHED", SW_RECORD_RESET_OUT, 0, ETIMEDOUT,
		  CONN_REASON_TIMEOUT, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, EHOSTUNREACH, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, ECONNREFUSED, CONN_REASON_UNREACHABLE, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", SW_RECORD_RESET_OUT, 0, ECONNABORTED,
		  CONN_REASON_KILLED, ACT },
		/* close() with SO_LINGER 0 or unread bytes, connect() to nobody. */
		{ "CLOSE SYN_SENT ESTABLISHED", 0, SW_RECORD_RESET_OUT, 0, CONN_REASON_ABORTED,
		  ACT },
		{ "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT", 0, SW_RECORD_RESET_OUT, 0,
		  CONN_REASON_ABORTED, ACT },
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2", 0, SW_RECORD_RESET_OUT, 0,
		  CONN_REASON_ABORTED, ACT },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, 0, CONN_REASON_ABORTED, ACT },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, SW_RECORD_RESET_OUT, 0, CONN_REASON_RST_SENT,
		  0 },
		/* Data after close(): tcp_reset() first, then the answer. */
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1", SW_RECORD_RESET_IN, SW_RECORD_RESET_OUT,
		  ECONNRESET, CONN_REASON_RST_SENT, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2", SW_RECORD_RESET_OUT, 0, 0,
		  CONN_REASON_RST_SENT, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED", 0, 0, 0, CONN_REASON_UNKNOWN, 0 },
		{ "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK", 0, 0, 0, CONN_REASON_FIN_REMOTE,
		  0 },
		{ "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK", 0, 0, 0, CONN_REASON_FIN_REMOTE,
		  ACT },
		/* No room for a time-wait socket. */
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2", 0, 0, 0, CONN_REASON_FIN_LOCAL,
		  0 },
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 CLOSING", 0, 0, 0, CONN_REASON_FIN_BOTH,
		  0 },
		{ "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1", 0, 0, ETIMEDOUT, CONN_REASON_TIMEOUT, 0 },
		{ "CLOSE LISTEN", 0, 0, 0, CONN_REASON_NONE, 0 },
		{ "CLOSE LISTEN", 0, 0, EADDRNOTAVAIL, CONN_REASON_NONE, ACT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench *bench = bench_new(NO_LIMIT);
		const char *last = strrchr(cases[i].lives, ' ') + 1;
		struct event event;

		walk(bench, 5, cases[i].lives);
		(void)whole_trail(bench);
		if (cases[i].before)
			note(bench, cases[i].before, 5);
		close_as(bench, 5, (uint8_t)conn_state_parse(last), cases[i].error, cases[i].flags);
		if (cases[i].after)
			note(bench, cases[i].after, 5);
		note(bench, SW_RECORD_DESTROY, 5);
		tick(bench, HOLD_WHY_NS);
		next_event(bench, &event);
		if (event.reason != cases[i].reason)
			fail_msg("%s, error %u: %s", cases[i].lives, cases[i].error,
				 conn_reason_name(event.reason));
		assert_int_equal(event.conn.error, cases[i].error);
		conn_table_done(bench->table, &event);
		bench_free(bench);
	}
}

static void a_child_that_nobody_accepted_goes_with_its_listener(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	request(*state, 6);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	walk(*state, 6, "SYN_RECV ESTABLISHED");
	accepted_by(*state, 6, 10);
	walk(*state, LISTENER, "LISTEN CLOSE");
	(void)whole_trail(*state);
	walk(*state, 5, "ESTABLISHED CLOSE");
	note(*state, SW_RECORD_RESET_OUT, 5);
	walk(*state, 6, "ESTABLISHED CLOSE");
	note(*state, SW_RECORD_RESET_OUT, 6);
	expect_whole_trail(*state, "5.1 ESTABLISHED>CLOSE (listener-closed)\n"
				   "6.1 ESTABLISHED>CLOSE (rst-sent) @10\n");
}

/* IP_RECVERR: the error is reported, the connection lives on. */
static void an_error_that_the_connection_survived_is_not_its_end(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	error_reported(*state, 5, EHOSTUNREACH);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT LAST_ACK");
	(void)whole_trail(*state);
	walk(*state, 5, "LAST_ACK CLOSE");
	expect_whole_trail(*state, "5.1 LAST_ACK>CLOSE (fin-remote)\n");
}

/* In SYN_SENT, an ACK for something else is answered by a reset. */
static void a_reset_that_the_connection_survived_is_not_its_end(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT");
	note(*state, SW_RECORD_RESET_OUT, 5);
	walk(*state, 5, "SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK");
	(void)whole_trail(*state);
	walk(*state, 5, "LAST_ACK CLOSE");
	expect_whole_trail(*state, "5.1 LAST_ACK>CLOSE (fin-remote)\n");
}

/* Accepted through io_uring, say, where no hook was: but the socket has a file. */
static void a_child_with_a_file_does_not_go_with_its_listener(void **state)
{
	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	walk(*state, LISTENER, "LISTEN CLOSE");
	(void)whole_trail(*state);
	close_as(*state, 5, SW_TCP_ESTABLISHED, 0, SW_SOCKET_ACTED | SW_SOCKET_HELD);
	note(*state, SW_RECORD_RESET_OUT, 5);
	expect_whole_trail(*state, "5.1 ESTABLISHED>CLOSE (aborted)\n");
}

/* getsockopt(SO_ERROR) on another processor, just before the end. */
static void an_error_that_was_taken_away_before_the_end_is_its_reason(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	error_reported(*state, 5, ETIMEDOUT);
	walk(*state, 5, "ESTABLISHED CLOSE");
	walk(*state, 6, "CLOSE SYN_SENT ESTABLISHED");
	error_reported(*state, 6, EHOSTUNREACH); /* IP_RECVERR: it went on for a while */
	tick(*state, 10 * NSEC_PER_MSEC);
	(void)trail(*state);
	walk(*state, 6, "ESTABLISHED CLOSE");
	expect_whole_trail(*state, "6.1 ESTABLISHED>CLOSE (unknown)\n");
}

/* tcp_disconnect() sets ECONNRESET when all is over. */
static void an_error_after_the_end_is_not_its_reason(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	close_as(bench, 5, SW_TCP_ESTABLISHED, 0, SW_SOCKET_ACTED);
	note(bench, SW_RECORD_RESET_OUT, 5);
	error_reported(bench, 5, ECONNRESET);
	note(bench, SW_RECORD_DESTROY, 5);
	next_event(bench, &event);
	assert_int_equal(event.reason, CONN_REASON_ABORTED);
	assert_int_equal(event.conn.error, 0);
	conn_table_done(bench->table, &event);
}

static void a_reset_has_the_kernels_reason(void **state)
{
	struct sw_socket reset;
	struct event event;

	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)whole_trail(*state);
	close_as(*state, 5, SW_TCP_ESTABLISHED, 0, SW_SOCKET_ACTED);
	reset = record_socket(next_ns(*state), SW_RECORD_RESET_OUT, 5);
	reset.reset_reason = SW_RESET_TCP_ABORT_ON_CLOSE;
	apply(*state, &reset);
	note(*state, SW_RECORD_DESTROY, 5);
	next_event(*state, &event);
	expect_text(conn_reset_reason_name(event.conn.reset_reason), "TCP_ABORT_ON_CLOSE");
	conn_table_done(((struct bench *)*state)->table, &event);
}

/* ---- what remains, and what was half-open ---------------------------------------------------- */

static void remain(struct bench *bench, uint8_t substate)
{
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, 5, substate);
	walk(bench, 5, "FIN_WAIT2 CLOSE");
	(void)whole_trail(bench);
}

static void remainder_resets(struct bench *bench)
{
	struct sw_socket reset = record_socket(next_ns(bench), SW_RECORD_RESET_OUT, 5);

	reset.flags = SW_SOCKET_MINI;
	reset.state = SW_TCP_TIME_WAIT;
	apply(bench, &reset);
}

static void remainder_ends_early(struct bench *bench, uint8_t substate, bool final)
{
	struct sw_timewait record =
		record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT_END, 5, substate);

	record.final = final;
	record.early = true;
	apply(bench, &record);
}

static void a_remainder_in_fin_wait2_that_ends_early_was_reset(void **state)
{
	remain(*state, SW_TCP_FIN_WAIT2);
	remainder_ends_early(*state, SW_TCP_FIN_WAIT2, true);
	expect_trail(*state, "5.1 FIN_WAIT2>CLOSE (rst-received)\n");
}

static void a_remainder_that_sent_a_reset_says_so(void **state)
{
	remain(*state, SW_TCP_FIN_WAIT2);
	remainder_resets(*state);
	remainder_ends_early(*state, SW_TCP_FIN_WAIT2, false);
	expect_whole_trail(*state, "5.1 FIN_WAIT2>CLOSE (rst-sent)\n");
}

static void without_its_resets_a_remainder_that_ends_early_has_no_reason(void **state)
{
	start(*state, RECORD_ALL_FEATURES & ~SW_SEES_TIMEWAIT_RESET);
	remain(*state, SW_TCP_FIN_WAIT2);
	remainder_ends_early(*state, SW_TCP_FIN_WAIT2, true);
	expect_trail(*state, "5.1 FIN_WAIT2>CLOSE (unknown)\n");
}

/* A new SYN, or a reset: both sides had closed before. */
static void a_time_wait_that_ends_early_was_closed_all_the_same(void **state)
{
	remain(*state, SW_TCP_TIME_WAIT);
	remainder_ends_early(*state, SW_TCP_TIME_WAIT, true);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
}

/* tcp_abort_on_overflow, or a SYN within the window. */
static void a_request_that_was_answered_with_a_reset_says_so(void **state)
{
	struct sw_request end;

	walk(*state, LISTENER, "CLOSE LISTEN");
	request(*state, 5);
	(void)trail(*state);
	end = record_request(next_ns(*state), SW_RECORD_REQUEST_END, 5, 0);
	end.final = end.reset_sent = true;
	apply(*state, &end);
	expect_trail(*state, "5.1 SYN_RECV>CLOSE (rst-sent)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(why_a_full_socket_was_closed),
		TEST(a_child_that_nobody_accepted_goes_with_its_listener),
		TEST(an_error_that_the_connection_survived_is_not_its_end),
		TEST(a_reset_that_the_connection_survived_is_not_its_end),
		TEST(a_child_with_a_file_does_not_go_with_its_listener),
		TEST(an_error_that_was_taken_away_before_the_end_is_its_reason),
		TEST(an_error_after_the_end_is_not_its_reason),
		TEST(a_reset_has_the_kernels_reason),
		TEST(a_remainder_in_fin_wait2_that_ends_early_was_reset),
		TEST(a_remainder_that_sent_a_reset_says_so),
		TEST(without_its_resets_a_remainder_that_ends_early_has_no_reason),
		TEST(a_time_wait_that_ends_early_was_closed_all_the_same),
		TEST(a_request_that_was_answered_with_a_reset_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
