// SPDX-License-Identifier: GPL-2.0-or-later
/* Who holds a socket that the table has no row of: what looks find out first (model/conn_look.c).
 */
#include "expect.h"

#include "conn_bench.h"
#include "records.h"

/* A look that could not enter all namespaces. */
static void look_ends_incomplete(void **state, uint32_t cause)
{
	struct bench *bench = *state;
	struct sw_look record =
		record_look(next_ns(bench), SW_RECORD_LOOK_END, cause, bench->begin_ns);

	record.incomplete = 1;
	apply(bench, &record);
}

static void a_repair_names_the_owners_of_what_was_missed(void **state)
{
	look_begins(*state, SW_LOOK_LOST);
	look_finds_holder(*state, 5, 20);
	look_finds_holder(*state, 5, 10); /* older */
	look_finds(*state, 5, SW_TCP_ESTABLISHED);
	look_ends(*state, SW_LOOK_LOST);
	expect_trail(*state, "5.1 CLOSE>ESTABLISHED ~ @10\n"
			     "resync +1 ~0 -0\n");
}

static void a_socket_that_no_look_shows_has_an_owner_when_it_changes(void **state)
{
	look_begins(*state, SW_LOOK_START);
	look_finds_holder(*state, 5, 10);
	look_finds_holder(*state, LISTENER, 20);
	look_ends_incomplete(state, SW_LOOK_START);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	request(*state, 6);
	expect_trail(*state, "5.1 ESTABLISHED>CLOSE_WAIT @10\n"
			     "6.1 LISTEN>SYN_RECV @20\n");
}

static void it_is_still_known_while_the_next_look_is_under_way(void **state)
{
	look_begins(*state, SW_LOOK_START);
	look_finds_holder(*state, 5, 10);
	look_finds_holder(*state, 6, 10);
	look_ends_incomplete(state, SW_LOOK_START);
	look_begins(*state, SW_LOOK_DRIFT);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	look_finds_holder(*state, 6, 20);
	look_ends_incomplete(state, SW_LOOK_DRIFT);
	walk(*state, 6, "ESTABLISHED CLOSE_WAIT");
	expect_trail(*state, "5.1 ESTABLISHED>CLOSE_WAIT @10\n"
			     "6.1 ESTABLISHED>CLOSE_WAIT @20\n");
}

/* Then what it has not shown is over. */
static void a_complete_look_keeps_no_holders(void **state)
{
	look_begins(*state, SW_LOOK_START);
	look_finds_holder(*state, 5, 10);
	look_ends(*state, SW_LOOK_START);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	expect_trail(*state, "5.1 ESTABLISHED>CLOSE_WAIT\n");
}

/* Process 10 has accepted it in this state. */
static void accepted(void **state, uint64_t cookie, uint8_t tcp_state)
{
	struct sw_socket record = record_socket(next_ns(*state), SW_RECORD_ACCEPT, cookie);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(10, "owner");
	record.state = tcp_state;
	apply(*state, &record);
}

static void what_is_accepted_unseen_has_its_owner_from_then_on(void **state)
{
	accepted(state, 5, SW_TCP_ESTABLISHED);
	walk(*state, 5, "ESTABLISHED FIN_WAIT1");
	expect_trail(*state, "5.1 ESTABLISHED>FIN_WAIT1 @10\n");
	accepted(state, 6, SW_TCP_CLOSE);
	assert_int_equal(rows(*state), 1);
}

static void what_fast_open_accepts_unseen_begins_there(void **state)
{
	accepted(state, 5, SW_TCP_SYN_RECV);
	walk(*state, 5, "SYN_RECV ESTABLISHED");
	expect_trail(*state, "5.1 LISTEN>SYN_RECV ~\n"
			     "5.1 SYN_RECV>ESTABLISHED @10\n");
}

/* Accepted before the first look has come that far. */
static void what_is_accepted_during_the_first_look_exists(void **state)
{
	look_begins(*state, SW_LOOK_START);
	accepted(state, 5, SW_TCP_ESTABLISHED);
	look_finds(*state, 5, SW_TCP_ESTABLISHED);
	look_ends(*state, SW_LOOK_START);
	expect_trail(*state, "5.1 exists ESTABLISHED @10\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_repair_names_the_owners_of_what_was_missed),
		TEST(a_socket_that_no_look_shows_has_an_owner_when_it_changes),
		TEST(it_is_still_known_while_the_next_look_is_under_way),
		TEST(a_complete_look_keeps_no_holders),
		TEST(what_is_accepted_unseen_has_its_owner_from_then_on),
		TEST(what_fast_open_accepts_unseen_begins_there),
		TEST(what_is_accepted_during_the_first_look_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
