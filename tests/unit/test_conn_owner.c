// SPDX-License-Identifier: GPL-2.0-or-later
/* Who owns a connection, who made it and who holds it, as records and looks tell. */
#include "expect.h"

#include <errno.h>

#include "base/util.h"
#include "conn_bench.h"
#include "records.h"

/* ---- owners ---------------------------------------------------------------------------------- */

static void accept_gives_the_connection_to_the_acceptor(void **state)
{
	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	request(*state, 5);
	walk(*state, 5, "LISTEN SYN_RECV ESTABLISHED");
	accepted_by(*state, 5, 20);
	walk(*state, 5, "ESTABLISHED CLOSE_WAIT");
	expect_trail(*state, "1.1 CLOSE>LISTEN @10\n"
			     "5.1 LISTEN>SYN_RECV @10\n"
			     "5.1 SYN_RECV>ESTABLISHED @10\n"
			     "5.1 owner 10 to @20\n"
			     "5.1 ESTABLISHED>CLOSE_WAIT @20\n");
}

static void accept_by_the_listeners_owner_changes_nothing(void **state)
{
	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	request(*state, 5);
	walk(*state, 5, "LISTEN SYN_RECV ESTABLISHED");
	(void)trail(*state);
	accepted_by(*state, 5, 10);
	expect_trail(*state, "");
}

/* In mode N the socket's own note stays the listener's. */
static void the_sockets_note_does_not_override_the_acceptor(void **state)
{
	walk_owned(*state, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	request(*state, 5);
	walk_owned(*state, 5, SW_TCP_SYN_RECV, SW_TCP_ESTABLISHED, 10);
	accepted_by(*state, 5, 20);
	(void)trail(*state);
	walk_owned(*state, 5, SW_TCP_ESTABLISHED, SW_TCP_CLOSE_WAIT, 10);
	expect_trail(*state, "5.1 ESTABLISHED>CLOSE_WAIT @20\n");
}

static void the_first_owner_is_no_change(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT");
	walk_owned(*state, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED, 10);
	expect_trail(*state, "5.1 CLOSE>SYN_SENT\n"
			     "5.1 SYN_SENT>ESTABLISHED @10\n");
}

static void who_acted_is_told_when_it_is_not_the_owner(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = step(bench, 5, SW_TCP_ESTABLISHED, SW_TCP_FIN_WAIT1);

	record.flags = SW_SOCKET_OWNED | SW_SOCKET_ACTED;
	record.owner = record_task(10, "owner");
	record.actor = (struct sw_actor){ .pid = 10, .tid = 10, .comm = "renamed" };
	apply(bench, &record);
	record = step(bench, 5, SW_TCP_FIN_WAIT1, SW_TCP_FIN_WAIT2);
	record.flags = SW_SOCKET_ACTED;
	record.actor = (struct sw_actor){ .pid = 10, .tid = 11, .comm = "owner" };
	apply(bench, &record);
	record = step(bench, 5, SW_TCP_FIN_WAIT2, SW_TCP_CLOSING);
	record.flags = SW_SOCKET_ACTED;
	record.actor = (struct sw_actor){ .pid = 10, .tid = 11, .comm = "worker" };
	apply(bench, &record);
	record = step(bench, 5, SW_TCP_CLOSING, SW_TCP_CLOSE);
	record.flags = SW_SOCKET_ACTED;
	record.error = ECONNABORTED;
	record.actor = (struct sw_actor){ .pid = 30, .tid = 30, .comm = "ss" };
	apply(bench, &record);
	expect_whole_trail(bench, "5.1 ESTABLISHED>FIN_WAIT1 @10\n"
				  "5.1 FIN_WAIT1>FIN_WAIT2 @10\n"
				  "5.1 FIN_WAIT2>CLOSING @10 by 10\n"
				  "5.1 CLOSING>CLOSE (killed) @10 by 30\n");
}

static void a_process_that_is_gone_keeps_its_name_for_time_wait(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk(bench, 5, "SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, 5, SW_TCP_TIME_WAIT);
	walk(bench, 5, "FIN_WAIT2 CLOSE");
	(void)trail(bench);
	exits(bench, 10, "owner");
	assert_null(process_table_find(bench->processes, 10));
	timewait_end(bench, 5, SW_TCP_TIME_WAIT, true);
	next_event(bench, &event);
	expect_text(event.conn.owner->comm, "owner");
	assert_true(event.conn.owner->exited);
	assert_int_equal(process_table_count(bench->processes), 1);
	conn_table_done(bench->table, &event);
	assert_int_equal(process_table_count(bench->processes), 0);
}

static void the_exit_of_an_owner_wants_a_look(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	assert_false(conn_table_wants_look(bench->table));
	exits(bench, 11, "other");
	assert_false(conn_table_wants_look(bench->table));
	exits(bench, 10, "owner");
	assert_true(conn_table_wants_look(bench->table));
}

static void the_fork_of_an_owner_wants_a_look(void **state)
{
	struct bench *bench = *state;
	struct sw_fork record =
		record_fork(next_ns(bench), record_task(20, "child"), record_task(10, "owner"));

	apply(bench, &record);
	assert_false(conn_table_wants_look(bench->table));
	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	apply(bench, &record);
	assert_true(conn_table_wants_look(bench->table));
}

/* ---- what looks tell of holders -------------------------------------------------------------- */

static void a_socket_whose_owner_let_go_is_handed_over(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	(void)trail(bench);
	exits(bench, 10, "owner");
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 20);
	look_finds_holder(bench, 5, 30);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 owner 10 to ~ @20\n");
	/* The dead one has made the connection, and stays for that. */
	assert_int_equal(process_table_count(bench->processes), 3);
	walk_owned(bench, 5, SW_TCP_ESTABLISHED, SW_TCP_CLOSE_WAIT, 10);
	expect_trail(bench, "5.1 ESTABLISHED>CLOSE_WAIT @20\n");
}

static void a_socket_that_its_owner_still_holds_is_not_handed_over(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 20);
	look_finds_holder(bench, 5, 10);
	look_finds(bench, 5, SW_TCP_SYN_SENT);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "");
}

static void a_socket_without_owner_gets_its_holder(void **state)
{
	struct bench *bench = *state;

	walk(bench, 5, "CLOSE SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 20);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_ends(bench, SW_LOOK_DRIFT);
	walk(bench, 5, "ESTABLISHED CLOSE_WAIT");
	expect_trail(bench, "5.1 ESTABLISHED>CLOSE_WAIT @20\n");
}

static void an_heir_of_a_look_that_was_cut_does_not_inherit_later(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 20);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds(bench, 5, SW_TCP_SYN_SENT);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "");
}

static void a_connection_that_is_over_has_no_new_owner(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	close_with(bench, 5, SW_TCP_SYN_SENT, ETIMEDOUT);
	(void)whole_trail(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 20);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "");
}

/* ---- who made it, and who has it next -------------------------------------------------------- */

static void hand(struct bench *bench, uint16_t kind, uint64_t cookie, uint32_t pid)
{
	struct sw_socket record = record_socket(next_ns(bench), kind, cookie);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "hand");
	apply(bench, &record);
}

static uint32_t creator_of(const struct bench *bench, uint64_t cookie)
{
	const struct process *creator = found(bench, cookie).creator;

	return creator ? creator->pid : 0;
}

static void who_connects_is_the_creator_whoever_owns_it_later(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk_owned(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED, 11);
	assert_int_equal(found(bench, 5).owner->pid, 11);
	assert_int_equal(creator_of(bench, 5), 10);
	walk(bench, 5, "ESTABLISHED CLOSE");
	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 12);
	assert_int_equal(creator_of(bench, 5), 12); /* another life */
	(void)whole_trail(bench);
}

static void who_accepts_is_the_creator_not_who_listens(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, LISTENER, SW_TCP_CLOSE, SW_TCP_LISTEN, 10);
	request(bench, 5);
	walk_owned(bench, 5, SW_TCP_SYN_RECV, SW_TCP_ESTABLISHED, 10);
	assert_int_equal(creator_of(bench, LISTENER), 10);
	assert_int_equal(creator_of(bench, 5), 0);
	accepted_by(bench, 5, 20);
	assert_int_equal(creator_of(bench, 5), 20);
	(void)whole_trail(bench);
}

static void who_made_what_exists_is_not_known(void **state)
{
	struct bench *bench = *state;

	look_begins(bench, SW_LOOK_START);
	look_finds_holder(bench, 5, 10);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_ends(bench, SW_LOOK_START);
	assert_int_equal(creator_of(bench, 5), 0);
	assert_int_equal(found(bench, 5).entered_ns, 0);
	(void)whole_trail(bench);
}

static void a_close_by_the_owner_of_what_others_share_wants_a_look(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	hand(bench, SW_RECORD_RELEASE, 5, 11); /* not the owner */
	hand(bench, SW_RECORD_RELEASE, 6, 10); /* an unknown socket */
	assert_false(conn_table_wants_look(bench->table));
	hand(bench, SW_RECORD_RELEASE, 5, 10);
	assert_true(conn_table_wants_look(bench->table));
	(void)whole_trail(bench);
}

static void a_descriptor_that_was_handed_over_wants_a_look(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	hand(bench, SW_RECORD_RECEIVE, 5, 11);
	assert_true(conn_table_wants_look(bench->table));
	(void)whole_trail(bench);
}

/* The look that follows a close finds it held by these (0: nobody). */
static bool wants_another_look(struct bench *bench, uint32_t holder)
{
	look_begins(bench, SW_LOOK_DRIFT);
	if (holder)
		look_finds_holder(bench, 5, holder);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	return conn_table_wants_look(bench->table);
}

static void a_look_that_was_too_early_is_followed_by_another(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	hand(bench, SW_RECORD_RELEASE, 5, 10);
	assert_true(wants_another_look(bench, 10)); /* the call was not over yet */
	age(bench);
	assert_true(wants_another_look(bench, 0)); /* in a message that nobody has read */
	age(bench);
	assert_false(wants_another_look(bench, 20));
	expect_trail(bench, "5.1 owner 10 to ~ @20\n");
	assert_int_equal(creator_of(bench, 5), 10);
}

static void what_nobody_holds_for_a_minute_is_looked_for_no_more(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	hand(bench, SW_RECORD_RELEASE, 5, 10);
	tick(bench, 61 * NSEC_PER_SEC);
	assert_false(wants_another_look(bench, 0));
}

static void the_heir_is_the_oldest_holder(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	(void)whole_trail(bench);
	age(bench);
	look_begins(bench, SW_LOOK_DRIFT);
	look_finds_holder(bench, 5, 30); /* older the lower the pid is, in these records */
	look_finds_holder(bench, 5, 20);
	look_finds_holder(bench, 5, 40);
	look_finds(bench, 5, SW_TCP_ESTABLISHED);
	look_visits(bench, RECORD_NETNS);
	look_ends(bench, SW_LOOK_DRIFT);
	expect_trail(bench, "5.1 owner 10 to ~ @20\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accept_gives_the_connection_to_the_acceptor),
		TEST(accept_by_the_listeners_owner_changes_nothing),
		TEST(the_sockets_note_does_not_override_the_acceptor),
		TEST(the_first_owner_is_no_change),
		TEST(who_acted_is_told_when_it_is_not_the_owner),
		TEST(a_process_that_is_gone_keeps_its_name_for_time_wait),
		TEST(the_exit_of_an_owner_wants_a_look),
		TEST(the_fork_of_an_owner_wants_a_look),
		TEST(a_socket_whose_owner_let_go_is_handed_over),
		TEST(a_socket_that_its_owner_still_holds_is_not_handed_over),
		TEST(a_socket_without_owner_gets_its_holder),
		TEST(an_heir_of_a_look_that_was_cut_does_not_inherit_later),
		TEST(a_connection_that_is_over_has_no_new_owner),
		TEST(who_connects_is_the_creator_whoever_owns_it_later),
		TEST(who_accepts_is_the_creator_not_who_listens),
		TEST(who_made_what_exists_is_not_known),
		TEST(a_close_by_the_owner_of_what_others_share_wants_a_look),
		TEST(a_descriptor_that_was_handed_over_wants_a_look),
		TEST(a_look_that_was_too_early_is_followed_by_another),
		TEST(what_nobody_holds_for_a_minute_is_looked_for_no_more),
		TEST(the_heir_is_the_oldest_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
