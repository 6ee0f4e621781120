/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection table for tests: records in, transitions out. What came out is compared as a trail,
 * one event a line: "cookie.generation OLD>NEW ~ (reason) @owner by pid", where ~ marks what was
 * inferred and (-) an end without a reason. Each record is a microsecond younger than the last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "expect.h"
#include "model/conn_table.h"
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

/* A table of at most `max` rows that was told of a start with all features; not NULL. */
struct bench *bench_new(size_t max);
void bench_free(struct bench *bench);

/* Each test has a bench of its own, as *state. */
int open_bench(void **state);
int close_bench(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

/* ---- records in ------------------------------------------------------------------------------ */

void apply(struct bench *bench, const void *record);
void apply_result(struct bench *bench, const void *record, int result);

/* The time of the next record. */
uint64_t next_ns(struct bench *bench);

void start(struct bench *bench, uint32_t features);

/* A full socket goes through these states: the first is where it comes from. */
void walk(struct bench *bench, uint64_t cookie, const char *states);
void walk_owned(struct bench *bench, uint64_t cookie, uint8_t old_state, uint8_t new_state,
		uint32_t pid);
void close_as(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error,
	      uint32_t flags);
void close_with(struct bench *bench, uint64_t cookie, uint8_t old_state, uint16_t error);

/* PORT, CHILD, RESET_IN, RESET_OUT, DESTROY */
void note(struct bench *bench, uint16_t kind, uint64_t cookie);
void error_reported(struct bench *bench, uint64_t cookie, uint16_t error);
void accepted_by(struct bench *bench, uint64_t cookie, uint32_t pid);

void request(struct bench *bench, uint64_t cookie);
void request_end(struct bench *bench, uint64_t cookie, bool expired, bool final);
void timewait(struct bench *bench, uint64_t cookie, uint8_t substate);
void timewait_end(struct bench *bench, uint64_t cookie, uint8_t substate, bool final);

/* A whole life up to there; its trail is thrown away. */
void enter_time_wait(struct bench *bench, uint64_t cookie);

void connect_returned(struct bench *bench, uint64_t cookie, int32_t result);
/* ... and left the socket closed. */
void connect_failed(struct bench *bench, uint64_t cookie, int error);

void tick(struct bench *bench, uint64_t ns);
void lost(struct bench *bench, uint64_t count);
void exits(struct bench *bench, uint32_t pid, const char *comm);

void look_begins(struct bench *bench, uint32_t cause);
void look_visits(struct bench *bench, uint32_t netns);
void look_ends(struct bench *bench, uint32_t cause);
void look_finds(struct bench *bench, uint64_t cookie, uint8_t state);
void look_finds_mini(struct bench *bench, uint64_t cookie, uint8_t state);
void look_finds_holder(struct bench *bench, uint64_t cookie, uint32_t pid);

/* Long enough that a look does not take a row for too young. */
void age(struct bench *bench);

/* These two are not in conn_bench.c: libc has a step, the linker an end. */
static inline struct sw_state step(struct bench *bench, uint64_t cookie, uint8_t old_state,
				   uint8_t new_state)
{
	struct sw_state record = record_state(next_ns(bench), cookie, old_state, new_state);

	if (new_state == SW_TCP_LISTEN)
		record.ends.rport = 0;
	return record;
}

static inline void end(struct bench *bench)
{
	struct sw_header record =
		record_header(next_ns(bench), SW_RECORD_END, sizeof(struct sw_header));

	apply(bench, &record);
}

/* ---- events out ------------------------------------------------------------------------------ */

/* What has come out since the last call; the bench's. */
const char *trail(struct bench *bench);

#define expect_trail(bench, text) expect_text(trail(bench), (text))

/* With all that was held. */
const char *whole_trail(struct bench *bench);

#define expect_whole_trail(bench, text) expect_text(whole_trail(bench), (text))

/* There must be one. Give it back with conn_table_done(). */
void next_event(struct bench *bench, struct event *ret_event);

/* The present life of this cookie; there must be one. */
struct conn found(const struct bench *bench, uint64_t cookie);
bool is_gone(const struct bench *bench, uint64_t cookie);

size_t rows(const struct bench *bench);
