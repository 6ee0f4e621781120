// SPDX-License-Identifier: GPL-2.0-or-later
#include "conn_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/decode.h"
#include "records.h"

void apply_result(struct bench *bench, const void *record, int result)
{
	const struct sw_header *header = record, *decoded;

	expect_ok(decode_record(record, header->size, &decoded));
	assert_int_equal(conn_table_apply(bench->table, decoded), result);
}

void apply(struct bench *bench, const void *record)
{
	apply_result(bench, record, 0);
}

uint64_t next_ns(struct bench *bench)
{
	return bench->now_ns += NSEC_PER_USEC;
}

void start(struct bench *bench, uint32_t features)
{
	struct sw_start record = record_start(next_ns(bench), features);

	apply(bench, &record);
}

struct bench *bench_new(size_t max)
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

void bench_free(struct bench *bench)
{
	conn_table_free(bench->table);
	process_table_free(bench->processes);
	free(bench);
}

int open_bench(void **state)
{
	*state = bench_new(NO_LIMIT);
	return 0;
}

int close_bench(void **state)
{
	bench_free(*state);
	return 0;
}

/* ---- records in ------------------------------------------------------------------------------ */

void walk(struct bench *bench, uint64_t cookie, const char *states)
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

void walk_owned(struct bench *bench, uint64_t cookie, uint8_t old_state, uint8_t new_state,
		uint32_t pid)
{
	struct sw_state record = step(bench, cookie, old_state, new_state);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "owner");
	apply(bench, &record);
}

void close_as(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error,
	      uint32_t flags)
{
	struct sw_state record = step(bench, cookie, old_state, SW_TCP_CLOSE);

	record.error = error;
	record.flags = flags;
	apply(bench, &record);
}

void close_with(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error)
{
	close_as(bench, cookie, old_state, error, 0);
}

void note(struct bench *bench, uint16_t kind, uint64_t cookie)
{
	struct sw_socket record = record_socket(next_ns(bench), kind, cookie);

	apply(bench, &record);
}

void error_reported(struct bench *bench, uint64_t cookie, uint16_t error)
{
	struct sw_socket record = record_socket(next_ns(bench), SW_RECORD_ERROR, cookie);

	record.error = error;
	apply(bench, &record);
}

void accepted_by(struct bench *bench, uint64_t cookie, uint32_t pid)
{
	struct sw_socket record = record_socket(next_ns(bench), SW_RECORD_ACCEPT, cookie);

	record.flags = SW_SOCKET_OWNED;
	record.owner = record_task(pid, "acceptor");
	apply(bench, &record);
}

void request(struct bench *bench, uint64_t cookie)
{
	struct sw_request record =
		record_request(next_ns(bench), SW_RECORD_REQUEST, cookie, LISTENER);

	apply(bench, &record);
}

void request_end(struct bench *bench, uint64_t cookie, bool expired, bool final)
{
	struct sw_request record = record_request(next_ns(bench), SW_RECORD_REQUEST_END, cookie, 0);

	record.expired = expired;
	record.final = final;
	apply(bench, &record);
}

void timewait(struct bench *bench, uint64_t cookie, uint8_t substate)
{
	struct sw_timewait record =
		record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT, cookie, substate);

	apply(bench, &record);
}

void timewait_end(struct bench *bench, uint64_t cookie, uint8_t substate, bool final)
{
	struct sw_timewait record =
		record_timewait(next_ns(bench), SW_RECORD_TIMEWAIT_END, cookie, substate);

	record.final = final;
	apply(bench, &record);
}

void connect_returned(struct bench *bench, uint64_t cookie, int32_t result)
{
	struct sw_connect record = record_connect(next_ns(bench), cookie, result);

	apply(bench, &record);
}

void connect_failed(struct bench *bench, uint64_t cookie, int error)
{
	struct sw_connect record = record_connect(next_ns(bench), cookie, -error);

	record.state = SW_TCP_CLOSE;
	record.owner = record_task(10, "client");
	apply(bench, &record);
}

void tick(struct bench *bench, uint64_t ns)
{
	struct sw_header record;

	bench->now_ns += ns;
	record = record_header(bench->now_ns, SW_RECORD_TICK, sizeof(record));
	apply(bench, &record);
}

void lost(struct bench *bench, uint64_t count)
{
	struct sw_lost record = record_lost(next_ns(bench), count);

	apply(bench, &record);
}

void look_begins(struct bench *bench, uint32_t cause)
{
	struct sw_look record =
		record_look(next_ns(bench), SW_RECORD_LOOK_BEGIN, cause, bench->now_ns);

	bench->begin_ns = bench->now_ns;
	apply(bench, &record);
}

void look_visits(struct bench *bench, uint32_t netns)
{
	struct sw_look_netns record = record_look_netns(next_ns(bench), netns);

	apply(bench, &record);
}

void look_ends(struct bench *bench, uint32_t cause)
{
	struct sw_look record =
		record_look(next_ns(bench), SW_RECORD_LOOK_END, cause, bench->begin_ns);

	apply(bench, &record);
}

void look_finds(struct bench *bench, uint64_t cookie, uint8_t state)
{
	struct sw_state record = record_found(next_ns(bench), cookie, state, 0);

	if (state == SW_TCP_LISTEN)
		record.ends.rport = 0;
	apply(bench, &record);
}

void look_finds_mini(struct bench *bench, uint64_t cookie, uint8_t state)
{
	struct sw_state record = record_found(next_ns(bench), cookie, state, SW_SOCKET_MINI);

	apply(bench, &record);
}

void look_finds_holder(struct bench *bench, uint64_t cookie, uint32_t pid)
{
	struct sw_holder record = record_holder(next_ns(bench), cookie, record_task(pid, "holder"));

	apply(bench, &record);
}

void exits(struct bench *bench, uint32_t pid, const char *comm)
{
	struct sw_exit record = record_exit(next_ns(bench), record_task(pid, comm));

	apply(bench, &record);
}

void age(struct bench *bench)
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

const char *trail(struct bench *bench)
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

const char *whole_trail(struct bench *bench)
{
	tick(bench, NSEC_PER_SEC);
	trail(bench);
	assert_false(conn_table_holds(bench->table));
	return bench->trail;
}

void next_event(struct bench *bench, struct event *ret_event)
{
	assert_true(conn_table_next(bench->table, ret_event));
}

struct conn found(const struct bench *bench, uint64_t cookie)
{
	struct conn conn;

	assert_true(conn_table_find(bench->table, cookie, &conn));
	return conn;
}

bool is_gone(const struct bench *bench, uint64_t cookie)
{
	struct conn conn;

	return !conn_table_find(bench->table, cookie, &conn);
}

size_t rows(const struct bench *bench)
{
	size_t cursor = 0, count = 0;
	struct conn conn;

	while (conn_table_iterate(bench->table, &cursor, &conn))
		count++;
	return count;
}

void enter_time_wait(struct bench *bench, uint64_t cookie)
{
	walk(bench, cookie, "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2");
	timewait(bench, cookie, SW_TCP_TIME_WAIT);
	walk(bench, cookie, "FIN_WAIT2 CLOSE");
	(void)trail(bench);
}
