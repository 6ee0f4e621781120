// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn.c: names of states and reasons. */
#include "expect.h"

#include "model/conn.h"

static void every_state_has_a_name_that_parses(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < CONN_STATES; i++) {
		unsigned int shown = i == SW_TCP_NEW_SYN_RECV ? SW_TCP_SYN_RECV : i;

		assert_non_null(conn_state_name(i));
		assert_int_equal(conn_state_parse(conn_state_name(i)), shown);
	}
}

static void numbers_that_are_no_state_have_no_name(void **state)
{
	(void)state;
	expect_null(conn_state_name(0));
	expect_null(conn_state_name(CONN_STATES));
	expect_null(conn_state_name(255));
	expect_null(conn_state_name(~0u));
}

static void request_sockets_are_shown_as_syn_recv(void **state)
{
	(void)state;
	expect_text(conn_state_name(SW_TCP_NEW_SYN_RECV), "SYN_RECV");
}

static void spellings_of_others_are_understood(void **state)
{
	static const struct {
		const char *name;
		unsigned int state;
	} spellings[] = {
		{ "established", SW_TCP_ESTABLISHED }, { "ESTAB", SW_TCP_ESTABLISHED },
		{ "SYN-SENT", SW_TCP_SYN_SENT },       { "syn_recv", SW_TCP_SYN_RECV },
		{ "SYN_RECEIVED", SW_TCP_SYN_RECV },   { "SYN-RECEIVED", SW_TCP_SYN_RECV },
		{ "FIN_WAIT_1", SW_TCP_FIN_WAIT1 },    { "FIN-WAIT-1", SW_TCP_FIN_WAIT1 },
		{ "fin-wait2", SW_TCP_FIN_WAIT2 },     { "Fin-Wait_2", SW_TCP_FIN_WAIT2 },
		{ "time-wait", SW_TCP_TIME_WAIT },     { "CLOSED", SW_TCP_CLOSE },
		{ "close-wait", SW_TCP_CLOSE_WAIT },   { "LAST-ACK", SW_TCP_LAST_ACK },
		{ "LISTENING", SW_TCP_LISTEN },	       { "listen", SW_TCP_LISTEN },
		{ "closing", SW_TCP_CLOSING },	       { "unconn", CONN_UNCONN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		assert_int_equal(conn_state_parse(spellings[i].name), spellings[i].state);
}

static void other_words_are_no_state(void **state)
{
	static const char *const words[] = { "",	  "-",		"est",	   "established ",
					     "time wait", "TIME__WAIT", "listens", "close-wai",
					     "\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(conn_state_parse(words[i]), SW_TCP_NONE);
}

static void every_reason_but_none_has_a_name(void **state)
{
	(void)state;
	expect_null(conn_reason_name(CONN_REASON_NONE));
	for (int i = 1; i < CONN_REASONS; i++)
		assert_non_null(conn_reason_name((enum conn_reason)i));
	expect_null(conn_reason_name(CONN_REASONS));
	expect_text(conn_reason_name(CONN_REASON_FIN_LOCAL), "fin-local");
	expect_text(conn_reason_name(CONN_REASON_SYN_EXPIRED), "syn-expired");
}

static void every_reset_reason_but_unknown_has_the_kernels_name(void **state)
{
	(void)state;
	expect_null(conn_reset_reason_name(SW_RESET_UNKNOWN));
	for (unsigned int i = 1; i < SW_RESETS; i++)
		assert_non_null(conn_reset_reason_name(i));
	expect_null(conn_reset_reason_name(SW_RESETS));
	expect_null(conn_reset_reason_name(255));
	expect_text(conn_reset_reason_name(SW_RESET_TCP_STATE), "TCP_STATE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_a_name_that_parses),
		cmocka_unit_test(numbers_that_are_no_state_have_no_name),
		cmocka_unit_test(request_sockets_are_shown_as_syn_recv),
		cmocka_unit_test(spellings_of_others_are_understood),
		cmocka_unit_test(other_words_are_no_state),
		cmocka_unit_test(every_reason_but_none_has_a_name),
		cmocka_unit_test(every_reset_reason_but_unknown_has_the_kernels_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
