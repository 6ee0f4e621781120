// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model/conn_table.c and its parts: records in, transitions out. What came out is compared as a
 * trail, one event a line: "cookie.generation OLD>NEW ~ (reason) @owner by pid", where ~ marks what
 * was inferred and (-) an end without a reason.
 */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "model/conn_table.h"
#include "model/decode.h"
#include "records.h"

#define NO_LIMIT 100000
#define LISTENER 1 /* cookie */

/* How long events wait for what completes them. */
#define HOLD_PORT_NS NSEC_PER_SEC
#define HOLD_WHY_NS (2 * NSEC_PER_MSEC)
#define HOLD_END_NS (50 * NSEC_PER_MSEC)

struct bench {
	struct process_table *processes;
	struct conn_table *table;
	uint64_t now_ns;
	uint64_t begin_ns; /* of the look */
	size_t len;
	char trail[8192];
};

static void apply_result(struct bench *bench, const void *record, int result)
{
	const struct sw_header *header = record, *decoded;

	expect_ok(decode_record(record, header->size, &decoded));
	assert_int_equal(conn_table_apply(bench->table, decoded), result);
}

static void apply(struct bench *bench, const void *record)
{
	apply_result(bench, record, 0);
}

/* Each record is a microsecond younger than the one before. */
static uint64_t next_ns(struct bench *bench)
{
	return bench->now_ns += NSEC_PER_USEC;
}

static void start(struct bench *bench, uint32_t features)
{
	struct sw_start record = record_start(next_ns(bench), features);

	apply(bench, &record);
}

static struct bench *bench_new(size_t max)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->now_ns = NSEC_PER_SEC;
	bench->processes = process_table_new();
	assert_non_null(bench->processes);
	bench->table = conn_table_new(bench->processes, max);
	assert_non_null(bench->table);
	start(bench, RECORD_ALL_FEATURES);
	return bench;
}

static void bench_free(struct bench *bench)
{
	conn_table_free(bench->table);
	process_table_free(bench->processes);
	free(bench);
}

static int open_bench(void **state)
{
	*state = bench_new(NO_LIMIT);
	return 0;
}

static int close_bench(void **state)
{
	bench_free(*state);
	return 0;
}

/* ---- records in ------------------------------------------------------------------------------ */

static struct sw_state step(struct bench *bench, uint64_t cookie, uint8_t old_state,
			    uint8_t new_state)
{
	struct sw_state record = record_state(next_ns(bench), cookie, old_state, new_state);

	if (new_state == SW_TCP_LISTEN)
		record.ends.rport = 0;
	return record;
}

/* A full socket goes through these states: the first is where it comes from. */
static void walk(struct bench *bench, uint64_t cookie, const char *states)
{
	char words[128], *next = words, *word;
	uint8_t old_state = SW_TCP_NONE;

	snprintf(words, sizeof(words), "%s", states);
	while ((word = strsep(&next, " "))) {
		uint8_t new_state = (uint8_t)conn_state_parse(word);
		struct sw_state record;

		assert_int_not_equal(new_state, SW_TCP_NONE);
		if (old_state != SW_TCP_NONE) {
			record = step(bench, cookie, old_state, new_state);
			apply(bench, &record);
		}
		old_state = new_state;
	}
}

static void walk_owned(struct bench *bench, uint64_t cookie, uint8_t old_state, uint8_t new_state,
		       uint32_t pid)
{
	struct sw_state record = step(bench, cookie, old_state, new_state);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "owner");
	apply(bench, &record);
}

static void close_as(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error,
		     uint32_t flags)
{
	struct sw_state record = step(bench, cookie, old_state, SW_TCP_CLOSE);

	record.error = error;
	record.flags = flags;
	apply(bench, &record);
}

static void close_with(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error)
{
	close_as(bench, cookie, old_state, error, 0);
}

/* PORT, CHILD, RESET_IN, RESET_OUT, DESTROY */
static void note(struct bench *bench, uint16_t kind, uint64_t cookie)
{
	struct sw_socket record = record_socket(next_ns(bench), kind, cookie);

	apply(bench, &record);
}

static void error_reported(struct bench *bench, uint64_t cookie, uint16_t error)
{
	struct sw_socket record = record_socket(next_ns(bench), SW_RECORD_ERROR, cookie);

	record.error = error;
	apply(bench, &record);
}

static void accepted_by(struct bench *bench, uint64_t cookie, uint32_t pid)
{
	struct sw_socket record = record_socket(next_ns(bench), SW_RECORD_ACCEPT, cookie);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "acceptor");
	apply(bench, &record);
}

static void request(struct bench *bench, uint64_t cookie)
{
	struct sw_request record =
		record_request(next_ns(bench), SW_RECORD_REQUEST, cookie, LISTENER);

	apply(bench, &record);
}

static void request_end(struct bench *bench, uint64_t cookie, bool expired, bool final)
{
	struct sw_request record = record_request(next_ns(bench), SW_RECORD_REQUEST_END, cookie, 0);

	record.expired = expired;
	record.final = final;
	apply(bench, &record);
}

static void timewait(struct bench *bench, uint64_t cookie, uint8_t substate)
{
	struct sw_timewait record =
		record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT, cookie, substate);

	apply(bench, &record);
}

static void timewait_end(struct bench *bench, uint64_t cookie, uint8_t substate, bool final)
{
	struct sw_timewait record =
		record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT_END, cookie, substate);

	record.final = final;
	apply(bench, &record);
}

static void connect_returned(struct bench *bench, uint64_t cookie, int32_t result)
{
	struct sw_connect record = record_connect(next_ns(bench), cookie, result);

	apply(bench, &record);
}

/* ... and left the socket closed. */
static void connect_failed(struct bench *bench, uint64_t cookie, int error)
{
	struct sw_connect record = record_connect(next_ns(bench), cookie, -error);

	record.state = SW_TCP_CLOSE;
	record.owner = record_task(10, "client");
	apply(bench, &record);
}

static void tick(struct bench *bench, uint64_t ns)
{
	struct sw_header record;

	bench->now_ns += ns;
	record = record_header(bench->now_ns, SW_RECORD_TICK, sizeof(record));
	apply(bench, &record);
}

static void lost(struct bench *bench, uint64_t count)
{
	struct sw_lost record = record_lost(next_ns(bench), count);

	apply(bench, &record);
}

static void end(struct bench *bench)
{
	struct sw_header record =
		record_header(next_ns(bench), SW_RECORD_END, sizeof(struct sw_header));

	apply(bench, &record);
}

static void look_begins(struct bench *bench, uint32_t cause)
{
	struct sw_look record =
		record_look(next_ns(bench), SW_RECORD_LOOK_BEGIN, cause, bench->now_ns);

	bench->begin_ns = bench->now_ns;
	apply(bench, &record);
}

static void look_visits(struct bench *bench, uint32_t netns)
{
	struct sw_look_netns record = record_look_netns(next_ns(bench), netns);

	apply(bench, &record);
}

static void look_ends(struct bench *bench, uint32_t cause)
{
	struct sw_look record =
		record_look(next_ns(bench), SW_RECORD_LOOK_END, cause, bench->begin_ns);

	apply(bench, &record);
}

static void look_finds(struct bench *bench, uint64_t cookie, uint8_t state)
{
	struct sw_state record = record_found(next_ns(bench), cookie, state, 0);

	if (state == SW_TCP_LISTEN)
		record.ends.rport = 0;
	apply(bench, &record);
}

static void look_finds_mini(struct bench *bench, uint64_t cookie, uint8_t state)
{
	struct sw_state record = record_found(next_ns(bench), cookie, state, SW_SOCKET_MINI);

	apply(bench, &record);
}

static void look_finds_holder(struct bench *bench, uint64_t cookie, uint32_t pid)
{
	struct sw_holder record = record_holder(next_ns(bench), cookie, record_task(pid, "holder"));

	apply(bench, &record);
}

static void exits(struct bench *bench, uint32_t pid, const char *comm)
{
	struct sw_exit record = record_exit(next_ns(bench), record_task(pid, comm));

	apply(bench, &record);
}

/* Long enough that a look does not take a row for too young. */
static void age(struct bench *bench)
{
	tick(bench, NSEC_PER_SEC);
}

/* ---- events out ------------------------------------------------------------------------------ */

static void put(struct bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	bench->len += vsnprintf(bench->trail + bench->len, sizeof(bench->trail) - bench->len,
				format, arguments);
	va_end(arguments);
	assert_true(bench->len < sizeof(bench->trail));
}

static void put_event(struct bench *bench, const struct event *event)
{
	const char *reason = conn_reason_name(event->reason);

	if (event->kind == EVENT_LOST) {
		put(bench, "lost %u\n", (unsigned int)event->count);
		return;
	}
	if (event->kind == EVENT_RESYNC) {
		put(bench, "resync +%u ~%u -%u\n", (unsigned int)event->resync.added,
		    (unsigned int)event->resync.changed, (unsigned int)event->resync.removed);
		return;
	}
	put(bench, "%u.%u ", (unsigned int)event->conn.ends.cookie, event->conn.gen);
	if (event->kind == EVENT_FAILED)
		put(bench, "failed");
	else if (event->kind == EVENT_EXISTS)
		put(bench, "exists %s", conn_state_name(event->new_state));
	else if (event->kind == EVENT_OWNER)
		put(bench, "owner %u to", event->previous_owner ? event->previous_owner->pid : 0);
	else
		put(bench, "%s>%s", conn_state_name(event->old_state),
		    conn_state_name(event->new_state));
	if (event->inferred)
		put(bench, " ~");
	if (event->last)
		put(bench, " (%s)", reason ? reason : "-");
	if (event->conn.owner)
		put(bench, " @%u", event->conn.owner->pid);
	if (event->acted)
		put(bench, " by %u", event->actor.pid);
	put(bench, "\n");
}

/* What has come out since the last call. */
static const char *trail(struct bench *bench)
{
	struct event event;

	bench->len = 0;
	bench->trail[0] = '\0';
	while (conn_table_next(bench->table, &event)) {
		assert_int_equal(event.last,
				 event.kind == EVENT_FAILED || (event.kind == EVENT_STATE &&
								event.new_state == SW_TCP_CLOSE));
		assert_true(event.last || !event.failed);
		assert_true(event.last || event.reason == CONN_REASON_NONE);
		put_event(bench, &event);
		conn_table_done(bench->table, &event);
	}
	return bench->trail;
}

#define expect_trail(bench, text) expect_text(trail(bench), (text))

/* With all that was held. */
static const char *whole_trail(struct bench *bench)
{
	tick(bench, NSEC_PER_SEC);
	trail(bench);
	assert_false(conn_table_holds(bench->table));
	return bench->trail;
}

#define expect_whole_trail(bench, text) expect_text(whole_trail(bench), (text))

static void next_event(struct bench *bench, struct event *ret_event)
{
	assert_true(conn_table_next(bench->table, ret_event));
}

static size_t rows(const struct bench *bench)
{
	size_t cursor = 0, count = 0;

	while (conn_table_iterate(bench->table, &cursor))
		count++;
	return count;
}

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

static void time_wait_never_goes_back_to_fin_wait2(void **state)
{
	walk(*state, 5, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(*state, 5, SW_TCP_TIME_WAIT);
	(void)trail(*state);
	timewait(*state, 5, SW_TCP_FIN_WAIT2);
	timewait_end(*state, 5, SW_TCP_FIN_WAIT2, true);
	expect_trail(*state, "5.1 TIME_WAIT>CLOSE (fin-local)\n");
}

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

/* ---- the end of TIME_WAIT -------------------------------------------------------------------- */

static void enter_time_wait(struct bench *bench, uint64_t cookie)
{
	walk(bench, cookie, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, cookie, SW_TCP_TIME_WAIT);
	walk(bench, cookie, "FIN_WAIT2 CLOSE");
	(void)trail(bench);
}

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
	assert_null(conn_table_find(((struct bench *)*state)->table, 5));
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
	assert_null(conn_table_find(((struct bench *)*state)->table, 5));
}

static void an_idle_processor_is_not_waited_for_long(void **state)
{
	orphan_is_reset(*state, 5);
	expect_whole_trail(*state, "5.1 FIN_WAIT1>CLOSE (rst-received)\n");
	assert_null(conn_table_find(((struct bench *)*state)->table, 5));
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

/* ---- connects that fail ---------------------------------------------------------------------- */

/* No port is left: connect() had entered SYN_SENT, and knows better than the socket why it left. */
static void an_end_within_connect_waits_for_its_result(void **state)
{
	struct bench *bench = *state;
	struct event event;

	walk(bench, 5, "CLOSE SYN_SENT");
	close_as(bench, 5, SW_TCP_SYN_SENT, 0, ACT | SW_SOCKET_CALLED | SW_SOCKET_SILENT);
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

/* ---- any order ------------------------------------------------------------------------------- */

#define COOKIES 40
#define GENERATIONS 8192

struct chains {
	uint8_t (*states)[GENERATIONS]; /* by cookie and generation; 0: not begun, or over */
	size_t events, ends, inferred;
};

static uint32_t random_below(uint64_t *seed, uint32_t limit)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32) % limit;
}

/* Each transition begins where the one before it in the same life has ended. */
static void check_chains(struct bench *bench, struct chains *chains)
{
	struct event event;

	while (conn_table_next(bench->table, &event)) {
		uint64_t cookie = event.conn.ends.cookie;
		uint32_t gen = event.conn.gen;
		uint8_t *at;

		if (event.kind == EVENT_LOST || event.kind == EVENT_RESYNC)
			continue;
		assert_true(gen >= 1 && gen < GENERATIONS);
		at = &chains->states[cookie][gen];
		assert_int_not_equal(event.new_state, SW_TCP_NONE);
		assert_int_equal(event.new_state, event.conn.state);
		if (*at && event.old_state != *at && event.kind != EVENT_EXISTS)
			fail_msg("%u.%u: %s>%s after %s", (unsigned int)cookie, gen,
				 conn_state_name(event.old_state), conn_state_name(event.new_state),
				 conn_state_name(*at));
		if (event.kind != EVENT_OWNER)
			*at = event.last ? SW_TCP_NONE : event.new_state;
		chains->events++;
		chains->ends += event.last;
		chains->inferred += event.inferred;
		conn_table_done(bench->table, &event);
	}
}

static struct chains chains_new(size_t cookies)
{
	struct chains chains = { .states = calloc(cookies, sizeof(*chains.states)) };

	assert_non_null(chains.states);
	return chains;
}

static uint8_t random_state(uint64_t *seed)
{
	return (uint8_t)(1 + random_below(seed, SW_TCP_CLOSING));
}

static void apply_random_socket(struct bench *bench, uint64_t *seed, uint64_t cookie)
{
	static const uint16_t kinds[] = { SW_RECORD_PORT,	SW_RECORD_CHILD,
					  SW_RECORD_ACCEPT,	SW_RECORD_RESET_IN,
					  SW_RECORD_RESET_OUT,	SW_RECORD_ERROR,
					  SW_RECORD_RETRANSMIT, SW_RECORD_DESTROY };
	struct sw_socket record =
		record_socket(bench->now_ns, kinds[random_below(seed, ARRAY_SIZE(kinds))], cookie);

	record.flags = random_below(seed, 128);
	record.owner = record_task(random_below(seed, 8), "task");
	record.error = (uint16_t)random_below(seed, 120);
	apply(bench, &record);
}

static void apply_random_state(struct bench *bench, uint64_t *seed, uint64_t cookie)
{
	uint8_t old_state = random_state(seed);
	uint8_t new_state = (uint8_t)(1 + (old_state + random_below(seed, 10)) % SW_TCP_CLOSING);
	struct sw_state record = record_state(bench->now_ns, cookie, old_state, new_state);

	record.flags = random_below(seed, 128);
	record.owner = record_task(random_below(seed, 8), "task");
	record.error = (uint16_t)random_below(seed, 200);
	if (random_below(seed, 4) == 0)
		record.ends.lport = 0;
	if (random_below(seed, 4) == 0)
		record.header.kind = SW_RECORD_SOCKET;
	apply(bench, &record);
}

static void apply_random_mini(struct bench *bench, uint64_t *seed, uint64_t cookie)
{
	bool final = random_below(seed, 2);
	uint8_t substate = (uint8_t)(SW_TCP_FIN_WAIT2 + random_below(seed, 2));

	switch (random_below(seed, 6)) {
	case 0:
		request(bench, cookie);
		break;
	case 1:
		request_end(bench, cookie, random_below(seed, 2), final);
		break;
	case 2:
		timewait(bench, cookie, substate);
		break;
	case 3:
		timewait_end(bench, cookie, substate, final);
		break;
	case 4:
		connect_failed(bench, cookie * random_below(seed, 2), (int)random_below(seed, 600));
		break;
	default:
		connect_returned(bench, cookie, -(int32_t)random_below(seed, 600));
		break;
	}
}

static void apply_random_rest(struct bench *bench, uint64_t *seed, uint64_t cookie)
{
	struct sw_task task = record_task(1 + random_below(seed, 7), "task");
	uint32_t cause = random_below(seed, 4);
	struct sw_fork child;

	switch (random_below(seed, 9)) {
	case 0:
		look_begins(bench, cause);
		break;
	case 1:
		look_ends(bench, cause);
		break;
	case 2:
		look_visits(bench, RECORD_NETNS + random_below(seed, 2));
		break;
	case 3:
		lost(bench, 1);
		break;
	case 4:
		start(bench, random_below(seed, 256));
		break;
	case 5:
		exits(bench, task.pid, "task");
		break;
	case 6:
		child = record_fork(next_ns(bench), record_task(task.pid % 7 + 1, "task"), task);
		apply(bench, &child);
		break;
	case 7:
		look_finds_holder(bench, cookie, task.pid);
		break;
	default:
		tick(bench, random_below(seed, 200) * NSEC_PER_MSEC);
		break;
	}
}

static void apply_random(struct bench *bench, uint64_t *seed)
{
	uint64_t cookie = 1 + random_below(seed, COOKIES - 1);
	uint32_t what = random_below(seed, 100);

	bench->now_ns += random_below(seed, 300) * NSEC_PER_USEC;
	if (what < 40)
		apply_random_state(bench, seed, cookie);
	else if (what < 65)
		apply_random_mini(bench, seed, cookie);
	else if (what < 90)
		apply_random_socket(bench, seed, cookie);
	else
		apply_random_rest(bench, seed, cookie);
}

static void any_records(struct bench *bench, uint64_t seed, unsigned int count)
{
	struct chains chains = chains_new(COOKIES);

	while (count--) {
		apply_random(bench, &seed);
		if (random_below(&seed, 4) == 0)
			check_chains(bench, &chains);
	}
	end(bench);
	tick(bench, NSEC_PER_SEC);
	check_chains(bench, &chains);
	assert_false(conn_table_holds(bench->table));
	assert_true(chains.ends > 1000);
	free(chains.states);
}

static void any_records_make_unbroken_chains(void **state)
{
	any_records(*state, 88172645463325252ull, 100000);
}

static void what_is_left_at_the_end_is_given_back(void **state)
{
	uint64_t seed = 2463534242ull;

	for (int i = 0; i < 2000; i++)
		apply_random(*state, &seed);
	/* Events and rows with their owners go with the table: the sanitizer sees the rest. */
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

/*
 * Lives as the kernel writes them. Two letters are a transition: (C)LOSE (S)YN_SENT (E)STABLISHED
 * (F)IN_WAIT1 (G) FIN_WAIT2 CLOSE_(W)AIT (L)AST_ACK CLOSIN(X) SYN_(R)ECV and (N) LISTEN. Small ones
 * are other records: see act(). After a comma another life may go on.
 */
static const char *const life_starts[] = {
	"CSp,SE,k", "CS,p,SE", "CSp,SR,RE", "q,NRRE,yh,a", "q,xq,xq,xh,yRE,a", "hRE,a", "NR,h,RE",
};
static const char *const life_ends[] = {
	",EW,WL,LC,d",
	",EF,FG,6GCd,v",
	",EF,FG,5GCd,6,uv",
	",EF,FG,5GCd,v",
	",EF,FX,6XCd,u6,u6,uv",
	",EF,FG,6,GC,CSp,SE,v,ECod", /* connects again, in the meantime */
	",iEC,d",
	",ECo,d",
	",ECo,CSp,SE,EW,iWC,d",
};
static const char *const life_failures[] = {
	"CSp,iSC,k,d", "CSp,SC,k,CSp,SCk,d", "q,xq,xq,xz", "q,xy", "q,y", "CN,NC,d", "NR,RC,d",
};

struct life {
	char script[64];
	size_t at;
	uint64_t cookie;
	uint16_t lport; /* each connect takes another */
};

static uint8_t state_of_letter(char letter)
{
	static const char letters[] = "?ESRFGTCWLNX";

	return (uint8_t)(strchr(letters, letter) - letters);
}

static void act(struct bench *bench, const struct life *life, char what)
{
	static const char sockets[] = "phaiod";
	static const uint16_t kinds[] = {
		SW_RECORD_PORT,	    SW_RECORD_CHILD,	 SW_RECORD_ACCEPT,
		SW_RECORD_RESET_IN, SW_RECORD_RESET_OUT, SW_RECORD_DESTROY
	};
	const char *socket = strchr(sockets, what);

	if (socket)
		note(bench, kinds[socket - sockets], life->cookie);
	else if (what == 'q')
		request(bench, life->cookie);
	else if (what == 'k')
		connect_returned(bench, life->cookie, -EINPROGRESS);
	else if (what == '5' || what == '6')
		timewait(bench, life->cookie, (uint8_t)(what - '0'));
	else if (what == 'u' || what == 'v')
		timewait_end(bench, life->cookie, SW_TCP_TIME_WAIT, what == 'v');
	else
		request_end(bench, life->cookie, what == 'z', what != 'x'); /* x, y, z */
}

/* Up to the next comma. Returns how many lives have begun. */
static size_t live_on(struct bench *bench, struct life *life)
{
	const char *script = life->script;
	size_t begun = 0;

	while (script[life->at] && script[life->at] != ',') {
		char what = script[life->at++];
		struct sw_state record;

		if (what < 'A' || what > 'Z') {
			act(bench, life, what);
			begun += what == 'q' && life->at == 1;
			begun += what == 'h' && life->at == 1;
			continue;
		}
		record = step(bench, life->cookie, state_of_letter(what),
			      state_of_letter(script[life->at++]));
		apply(bench, &record);
		begun += what == 'C' || (what == 'N' && life->at == 2 && script[0] == 'N');
	}
	if (script[life->at])
		life->at++;
	return begun;
}

static void life_begin(struct life *life, uint64_t *seed, uint64_t cookie)
{
	const char *end = life_ends[random_below(seed, ARRAY_SIZE(life_ends))];

	*life = (struct life){ .cookie = cookie };
	if (random_below(seed, 4) == 0)
		snprintf(life->script, sizeof(life->script), "%s",
			 life_failures[random_below(seed, ARRAY_SIZE(life_failures))]);
	else
		snprintf(life->script, sizeof(life->script), "%s%s",
			 life_starts[random_below(seed, ARRAY_SIZE(life_starts))], end);
}

static void real_lives_are_told_whole_and_without_guesses(void **state)
{
	enum { LIVES = 6000, AT_ONCE = 50 };
	struct bench *bench = *state;
	struct chains chains = chains_new(LIVES + 1);
	struct life lives[AT_ONCE];
	uint64_t seed = 362436069ull, cookies = 0;
	size_t begun = 0, living = 0;

	while (cookies < LIVES || living) {
		struct life *life;

		while (living < AT_ONCE && cookies < LIVES)
			life_begin(&lives[living++], &seed, ++cookies);
		life = &lives[random_below(&seed, (uint32_t)living)];
		begun += live_on(bench, life);
		if (!life->script[life->at])
			*life = lives[--living];
		bench->now_ns += random_below(&seed, 2000) * NSEC_PER_USEC;
		if (random_below(&seed, 8) == 0)
			check_chains(bench, &chains);
	}
	tick(bench, NSEC_PER_SEC);
	check_chains(bench, &chains);
	assert_int_equal(rows(bench), 0);
	assert_int_equal(chains.ends, begun);
	assert_int_equal(conn_table_stats(bench->table)->connections, begun);
	assert_int_equal(conn_table_stats(bench->table)->transitions, chains.events);
	for (uint64_t cookie = 1; cookie <= LIVES; cookie++)
		for (size_t gen = 0; gen < 4; gen++)
			assert_int_equal(chains.states[cookie][gen], SW_TCP_NONE);
	free(chains.states);
}

/* ---- who made it, and how long it takes ------------------------------------------------------ */

static void hand(struct bench *bench, uint16_t kind, uint64_t cookie, uint32_t pid)
{
	struct sw_socket record = record_socket(next_ns(bench), kind, cookie);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "hand");
	apply(bench, &record);
}

static uint32_t creator_of(const struct bench *bench, uint64_t cookie)
{
	const struct conn *conn = conn_table_find(bench->table, cookie);

	assert_non_null(conn);
	return conn->creator ? conn->creator->pid : 0;
}

static void who_connects_is_the_creator_whoever_owns_it_later(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	walk_owned(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED, 11);
	assert_int_equal(conn_table_find(bench->table, 5)->owner->pid, 11);
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
	assert_int_equal(conn_table_find(bench->table, 5)->entered_ns, 0);
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

static void the_handshake_is_timed_where_both_its_ends_were_seen(void **state)
{
	struct bench *bench = *state;

	walk_owned(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT, 10);
	tick(bench, 30 * NSEC_PER_MSEC);
	walk(bench, 5, "SYN_SENT ESTABLISHED");
	assert_int_equal(conn_table_find(bench->table, 5)->handshake_ns,
			 30 * NSEC_PER_MSEC + NSEC_PER_USEC);
	walk(bench, 6, "CLOSE SYN_SENT");
	walk(bench, 6, "ESTABLISHED CLOSE_WAIT"); /* nobody saw it become that */
	assert_int_equal(conn_table_find(bench->table, 6)->handshake_ns, 0);
	assert_int_equal(conn_table_find(bench->table, 6)->entered_ns, bench->now_ns);
	walk(bench, 7, "SYN_RECV ESTABLISHED"); /* its request was not seen */
	assert_int_equal(conn_table_find(bench->table, 7)->handshake_ns, 0);
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
	assert_int_equal(conn_table_find(bench->table, 5)->entered_ns, entered_ns);
	(void)whole_trail(bench);
}

static void old_recordings_tell_no_traffic(void **state)
{
	struct bench *bench = *state;
	struct sw_state record = step(bench, 5, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	const struct conn *conn;

	record.flags = SW_SOCKET_COUNTED;
	record.traffic.tx_segs = 7;
	record.header.size = SW_STATE_SIZE_MIN;
	apply(bench, &record);
	conn = conn_table_find(bench->table, 5);
	assert_true(conn->counted);
	assert_false(conn->traffic_known);
	record = step(bench, 5, SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);
	record.flags = SW_SOCKET_COUNTED;
	record.traffic.tx_segs = 7;
	apply(bench, &record);
	assert_true(conn->traffic_known);
	assert_int_equal(conn->traffic.tx_segs, 7);
	(void)whole_trail(bench);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

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
		TEST(time_wait_never_goes_back_to_fin_wait2),
		TEST(without_hooks_on_time_wait_it_is_inferred),
		TEST(without_hooks_the_remainder_without_fin_stays_in_fin_wait2),
		TEST(without_hooks_a_reset_leaves_no_time_wait),
		TEST(a_passive_connection_is_one_life_from_its_request),
		TEST(a_child_of_an_old_kernel_goes_on_from_its_request),
		TEST(a_syn_cookie_child_has_no_request),
		TEST(a_queued_child_without_request_begins_its_life),
		TEST(an_unknown_child_of_an_old_kernel_was_a_request),
		TEST(a_child_without_request_has_its_owner_from_its_first_event),
		TEST(a_queued_child_belongs_to_its_listeners_owner),
		TEST(an_unowned_child_is_the_child_of_the_only_listener),
		TEST(a_child_does_not_forget_the_listener_of_its_request),
		TEST(a_simultaneous_close_is_nobodys_first),
		TEST(a_self_connect_is_one_socket),
		TEST(a_listener_that_fails_to_bind_ends_without_reason),
		TEST(close_without_open_is_told_of_a_socket_that_existed),
		TEST(records_about_unknown_sockets_are_ignored),
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
		TEST(a_request_that_is_rearmed_has_not_ended),
		TEST(a_request_that_expires_ends_once),
		TEST(a_cancelled_request_timer_is_an_end_after_a_while),
		TEST(a_cancelled_timer_of_a_completed_request_is_no_end),
		TEST(a_request_goes_with_its_listener),
		TEST(a_request_has_its_listeners_owner_and_user),
		TEST(a_time_wait_that_is_rearmed_has_not_ended),
		TEST(the_segment_that_ended_a_time_wait_does_not_revive_it),
		TEST(a_dropped_segment_shows_the_late_fin),
		TEST(a_cancelled_time_wait_is_an_end_after_a_while),
		TEST(another_life_may_begin_while_the_former_is_in_time_wait),
		TEST(the_former_life_outlives_the_later_one),
		TEST(the_life_before_the_former_is_not_forgotten),
		TEST(a_tentative_end_of_the_former_life_leaves_the_later_alone),
		TEST(a_disconnected_socket_may_connect_again),
		TEST(a_life_that_begins_ends_the_one_whose_end_was_missed),
		TEST(a_life_whose_beginning_was_missed_is_another_generation),
		TEST(a_missed_step_is_filled_in),
		TEST(a_missed_end_shows_when_the_socket_is_freed),
		TEST(an_unknown_time_wait_socket_existed),
		TEST(loss_is_told),
		TEST(accept_gives_the_connection_to_the_acceptor),
		TEST(accept_by_the_listeners_owner_changes_nothing),
		TEST(the_sockets_note_does_not_override_the_acceptor),
		TEST(the_first_owner_is_no_change),
		TEST(who_acted_is_told_when_it_is_not_the_owner),
		TEST(a_process_that_is_gone_keeps_its_name_for_time_wait),
		TEST(the_exit_of_an_owner_wants_a_look),
		TEST(the_fork_of_an_owner_wants_a_look),
		TEST(a_refused_connect_is_told_with_its_error_at_once),
		TEST(a_connect_that_goes_on_says_nothing_about_its_fate),
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
		TEST(a_socket_whose_owner_let_go_is_handed_over),
		TEST(a_socket_that_its_owner_still_holds_is_not_handed_over),
		TEST(a_socket_without_owner_gets_its_holder),
		TEST(an_heir_of_a_look_that_was_cut_does_not_inherit_later),
		TEST(a_connection_that_is_over_has_no_new_owner),
		TEST(a_look_that_never_began_is_ignored),
		TEST(a_lost_destruction_is_noticed_after_a_loss),
		TEST(a_look_tells_two_lives_of_a_cookie_apart),
		TEST(a_full_socket_beside_its_time_wait_is_another_life),
		TEST(looks_go_on_while_something_lives_that_no_hook_shows),
		TEST(why_a_full_socket_was_closed),
		TEST(a_child_that_nobody_accepted_goes_with_its_listener),
		TEST(an_error_that_the_connection_survived_is_not_its_end),
		TEST(a_reset_that_the_connection_survived_is_not_its_end),
		TEST(a_child_with_a_file_does_not_go_with_its_listener),
		TEST(an_error_that_was_taken_away_before_the_end_is_its_reason),
		TEST(an_error_after_the_end_is_not_its_reason),
		TEST(a_reset_has_the_kernels_reason),
		TEST(an_orphan_answers_when_its_socket_is_gone),
		TEST(an_orphan_in_fin_wait2_answers_too),
		TEST(an_orphan_that_was_reset_does_not_answer),
		TEST(an_idle_processor_is_not_waited_for_long),
		TEST(another_orphan_ends_the_wait_for_the_first),
		TEST(a_remainder_in_fin_wait2_that_ends_early_was_reset),
		TEST(a_remainder_that_sent_a_reset_says_so),
		TEST(without_its_resets_a_remainder_that_ends_early_has_no_reason),
		TEST(a_time_wait_that_ends_early_was_closed_all_the_same),
		TEST(a_request_that_was_answered_with_a_reset_says_so),
		TEST(an_end_within_connect_waits_for_its_result),
		TEST(a_failed_connect_counts_its_attempts),
		TEST(a_connect_that_never_reached_syn_sent_is_a_connection),
		TEST(a_known_socket_that_fails_again_has_another_life),
		TEST(a_result_that_is_fetched_later_is_no_second_failure),
		TEST(a_result_that_comes_late_is_no_second_failure),
		TEST(a_call_that_fails_on_an_open_socket_is_no_failed_connect),
		TEST(counters_are_those_of_the_last_transition),
		TEST(connections_beyond_the_limit_are_counted),
		TEST(every_way_in_has_the_same_limit),
		TEST(a_full_table_keeps_the_former_life),
		TEST(a_full_table_has_room_for_another_life_of_what_it_holds),
		TEST(an_untracked_connection_counts_once),
		TEST(who_connects_is_the_creator_whoever_owns_it_later),
		TEST(who_accepts_is_the_creator_not_who_listens),
		TEST(who_made_what_exists_is_not_known),
		TEST(a_close_by_the_owner_of_what_others_share_wants_a_look),
		TEST(a_descriptor_that_was_handed_over_wants_a_look),
		TEST(a_look_that_was_too_early_is_followed_by_another),
		TEST(what_nobody_holds_for_a_minute_is_looked_for_no_more),
		TEST(the_heir_is_the_oldest_holder),
		TEST(the_handshake_is_timed_where_both_its_ends_were_seen),
		TEST(a_clock_that_steps_back_turns_no_life_around),
		TEST(a_timer_that_starts_again_is_no_new_state),
		TEST(old_recordings_tell_no_traffic),
		TEST(a_verification_without_drift_says_nothing),
		TEST(a_verification_tells_and_repairs_drift),
		TEST(what_no_hook_shows_is_no_drift),
		TEST(any_records_make_unbroken_chains),
		TEST(what_is_left_at_the_end_is_given_back),
		TEST(a_held_end_is_not_told_twice),
		TEST(real_lives_are_told_whole_and_without_guesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
