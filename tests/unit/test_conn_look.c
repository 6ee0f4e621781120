// SPDX-License-Identifier: GPL-2.0-or-later
/* model/conn_look.c: looks at the kernel's tables; repairs and verification by them. */
#include "expect.h"

#include "conn_bench.h"
#include "records.h"

/* ---- looks ----------------------------------------------------------------------------------- */

static void the_first_look_shows_what_exists(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds(bench, LISTENER, SW_TCP_LISTEN);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_finds_mini(bench, 6, SW_TCP_NEW_SYN_RECV);
	look_finds_mini(bench, 7, SW_TCP_TIME_WAIT);
	look_finds_mini(bench, 8, SW_TCP_FIN_WAIT2);
	look_finds(bench, 9, SW_TCP_CLOSE);
	look_finds(bench, 10, SW_TCP_BOUND_INACTIVE);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_START);
	expect_trail(bench, "1.1 exists LISTEN\n"
			    "5.1 exists ESTABLISHED\n"
			    "6.1 exists SYN_RECV\n"
			    "7.1 exists TIME_WAIT\n"
			    "8.1 exists FIN_WAIT2\n");
	assert_int_equal(rows(bench), 5);
}

static void what_exists_lives_on_from_its_state(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_finds_mini(bench, 6, SW_TCP_NEW_SYN_RECV);
	look_finds_mini(bench, 7, SW_TCP_TIME_WAIT);
	look_ends(bench, SW_LOOK_START);
	(void)trail(bench);
	walk(bench, 5, "ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE");
	walk(bench, 6, "SYN_RECV ESTABLISHED");
	timewait_end(bench, 7, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(bench, "5.1 ESTABLISHED>CLOSE_WAIT\n"
				  "5.1 CLOSE_WAIT>LAST_ACK\n"
				  "5.1 LAST_ACK>CLOSE (fin-remote)\n"
				  "6.1 SYN_RECV>ESTABLISHED\n"
				  "7.1 TIME_WAIT>CLOSE (unknown)\n");
}

static void who_closed_first_is_known_of_a_socket_found_half_closed(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds(bench, 5, SW_TCP_CLOSE_WAIT);
	look_finds(bench, 6, SW_TCP_FIN_WAIT2);
	look_ends(bench, SW_LOOK_START);
	(void)trail(bench);
	walk(bench, 5, "CLOSE_WAIT LAST_ACK CLOSE");
	timewait(bench, 6, SW_TCP_TIME_WAIT);
	timewait_end(bench, 6, SW_TCP_TIME_WAIT, true);
	expect_whole_trail(bench, "5.1 CLOSE_WAIT>LAST_ACK\n"
				  "5.1 LAST_ACK>CLOSE (fin-remote)\n"
				  "6.1 FIN_WAIT2>TIME_WAIT\n"
				  "6.1 TIME_WAIT>CLOSE (fin-local)\n");
}

static void a_socket_that_the_hooks_showed_first_does_not_exist_again(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_ends(bench, SW_LOOK_START);
	expect_whole_trail(bench, "5.1 CLOSE>SYN_SENT\n"
				  "5.1 SYN_SENT>ESTABLISHED\n");
}

static void what_moved_during_the_first_look_is_told_as_a_transition_only(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	walk(bench, 5, "ESTABLISHED CLOSE_WAIT");
	look_finds(bench, 5, SW_TCP_CLOSE_WAIT);
	look_finds(bench, 6, SW_TCP_ESTABLISHED);
	walk(bench, 6, "ESTABLISHED CLOSE_WAIT");
	look_ends(bench, SW_LOOK_START);
	expect_trail(bench, "5.1 ESTABLISHED>CLOSE_WAIT\n"
			    "6.1 ESTABLISHED>CLOSE_WAIT\n");
}

static void what_exists_is_told_with_its_holder(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_finds_holder(bench, 5, 10);
	look_ends(bench, SW_LOOK_START);
	expect_trail(bench, "5.1 exists ESTABLISHED @10\n");
}

static void a_look_after_loss_repairs_the_table(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED");
	walk(bench, 7, "CLOSE SYN_SENT ESTABLISHED");
	(void)trail(bench);
	age(bench);
	lost(bench, 9);
	look_begins(bench, SW_LOOK_LOST);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_finds(bench, 6, SW_TCP_CLOSE_WAIT);
	look_finds(bench, 8, SW_TCP_ESTABLISHED);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_LOST);
	expect_trail(bench, "lost 9\n"
			    "6.1 ESTABLISHED>CLOSE_WAIT ~\n"
			    "8.1 CLOSE>ESTABLISHED ~\n"
			    "7.1 ESTABLISHED>CLOSE ~ (unknown)\n"
			    "resync +1 ~1 -1\n");
	assert_int_equal(rows(bench), 3);
}

static void a_row_younger_than_the_look_is_left_alone(void **state)
{
	struct bench *bench = *state;
	struct sw_state record;

	look_begins(bench, SW_LOOK_LOST);
	record = record_found(next_ns(bench), 5, SW_TCP_SYN_SENT, 0);
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED");
	apply(bench, &record);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_LOST);
	expect_trail(bench, "5.1 CLOSE>SYN_SENT\n"
			    "5.1 SYN_SENT>ESTABLISHED\n"
			    "6.1 CLOSE>SYN_SENT\n"
			    "6.1 SYN_SENT>ESTABLISHED\n"
			    "resync +0 ~0 -0\n");
}

static void a_held_socket_of_an_unvisited_netns_stays(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED");
	(void)trail(bench);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 10);
	look_visits(bench, RECORD_NETNS + 1);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "6.1 ESTABLISHED>CLOSE ~ (unknown)\n");
	assert_int_equal(rows(bench), 1);
}

/* The kernel keeps it until the namespace is deleted, and a hook will tell. */
static void what_needs_no_holder_stays_in_an_unvisited_netns(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, 5, SW_TCP_TIME_WAIT);
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1");
	(void)trail(bench);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_visits(bench, RECORD_NETNS + 1);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "");
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, true);
	expect_trail(bench, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
	look_begins(bench, SW_LOOK_LOST);
	look_visits(bench, RECORD_NETNS + 1);
	look_ends(bench, SW_LOOK_LOST);
	expect_trail(bench, "6.1 FIN_WAIT1>CLOSE ~ (unknown)\nresync +0 ~0 -1\n");
}

static void a_look_that_never_began_is_ignored(void **state)
{
	look_finds(*state, 5, SW_TCP_ESTABLISHED);
	look_finds_holder(*state, 5, 10);
	look_visits(*state, RECORD_NETNS);
	look_ends(*state, SW_LOOK_LOST);
	expect_whole_trail(*state, "");
}

static void a_lost_destruction_is_noticed_after_a_loss(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED CLOSE");
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_LOST);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_LOST);
	(void)trail(bench);
	walk(bench, 5, "CLOSE SYN_SENT");
	expect_whole_trail(bench, "5.1 CLOSE>SYN_SENT\n"); /* the cookie is as new again */
}

static void a_look_tells_two_lives_of_a_cookie_apart(void **state)
{
	struct bench *bench = *state;

	enter_time_wait(bench, 5);
	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_finds_mini(bench, 5, SW_TCP_TIME_WAIT);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "");
	assert_int_equal(rows(bench), 2);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 TIME_WAIT>CLOSE ~ (fin-local)\n");
	assert_int_equal(rows(bench), 1);
}

static void a_full_socket_beside_its_time_wait_is_another_life(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds_mini(bench, 5, SW_TCP_TIME_WAIT);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_ends(bench, SW_LOOK_START);
	expect_trail(bench, "5.1 exists TIME_WAIT\n"
			    "5.2 exists ESTABLISHED\n");
}

static void looks_go_on_while_something_lives_that_no_hook_shows(void **state)
{
	struct bench *bench = *state;

	start(bench, RECORD_ALL_FEATURES & ~SW_SEES_REQUEST_END);
	request(bench, 5);
	assert_true(conn_table_wants_look(bench->table));
	look_begins(bench, SW_LOOK_DRIFT);
	assert_false(conn_table_wants_look(bench->table));
	look_finds_mini(bench, 5, SW_TCP_NEW_SYN_RECV);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	assert_true(conn_table_wants_look(bench->table));
	(void)trail(bench);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 SYN_RECV>CLOSE ~ (unknown)\n");
	assert_false(conn_table_wants_look(bench->table));
	assert_int_equal(rows(bench), 0);
}

/* ---- verification ---------------------------------------------------------------------------- */

static void verify(struct bench *bench, uint64_t cookie, uint8_t state)
{
	age(bench);
	look_begins(bench, SW_LOOK_VERIFY);
	look_visits(bench, RECORD_NETNS);
	look_finds(bench, cookie, state);
	look_ends(bench, SW_LOOK_VERIFY);
}

static void expect_verified(const struct bench *bench, unsigned int verified, unsigned int drift)
{
	assert_int_equal(conn_table_stats(bench->table)->verified, verified);
	assert_int_equal(conn_table_stats(bench->table)->drift, drift);
}

static void a_verification_without_drift_says_nothing(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)trail(bench);
	verify(bench, 5, SW_TCP_ESTABLISHED);
	expect_trail(bench, "");
	expect_verified(bench, 1, 0);
}

static void a_verification_tells_and_repairs_drift(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	walk(bench, 6, "CLOSE SYN_SENT ESTABLISHED");
	(void)trail(bench);
	verify(bench, 5, SW_TCP_CLOSE_WAIT);
	expect_trail(bench, "5.1 ESTABLISHED>CLOSE_WAIT ~\n"
			    "6.1 ESTABLISHED>CLOSE ~ (unknown)\n"
			    "resync +0 ~1 -1\n");
	expect_verified(bench, 1, 2);
	verify(bench, 7, SW_TCP_ESTABLISHED);
	expect_verified(bench, 2, 4); /* 7 is new, and 5 is gone */
}

/* Tracepoint mode before Linux 6.11: nobody told, so nobody was wrong. */
static void what_no_hook_shows_is_no_drift(void **state)
{
	struct bench *bench = *state;

	start(bench, RECORD_ALL_FEATURES & ~(uint32_t)SW_SEES_TIMEWAIT_END);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_mini(bench, 5, SW_TCP_TIME_WAIT);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	(void)trail(bench);
	age(bench);
	look_begins(bench, SW_LOOK_VERIFY);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_VERIFY);
	expect_trail(bench, "5.1 TIME_WAIT>CLOSE ~ (unknown)\n");
	expect_verified(bench, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_look_shows_what_exists),
		TEST(what_exists_lives_on_from_its_state),
		TEST(who_closed_first_is_known_of_a_socket_found_half_closed),
		TEST(a_socket_that_the_hooks_showed_first_does_not_exist_again),
		TEST(what_moved_during_the_first_look_is_told_as_a_transition_only),
		TEST(what_exists_is_told_with_its_holder),
		TEST(a_look_after_loss_repairs_the_table),
		TEST(a_row_younger_than_the_look_is_left_alone),
		TEST(a_held_socket_of_an_unvisited_netns_stays),
		TEST(what_needs_no_holder_stays_in_an_unvisited_netns),
		TEST(a_look_that_never_began_is_ignored),
		TEST(a_lost_destruction_is_noticed_after_a_loss),
		TEST(a_look_tells_two_lives_of_a_cookie_apart),
		TEST(a_full_socket_beside_its_time_wait_is_another_life),
		TEST(looks_go_on_while_something_lives_that_no_hook_shows),
		TEST(a_verification_without_drift_says_nothing),
		TEST(a_verification_tells_and_repairs_drift),
		TEST(what_no_hook_shows_is_no_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
