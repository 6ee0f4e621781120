// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model/conn_table.c under records in any order, and under many lives at once: each transition
 * begins where the one before it in the same life has ended.
 */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "conn_bench.h"
#include "records.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_records_make_unbroken_chains),
		TEST(what_is_left_at_the_end_is_given_back),
		TEST(real_lives_are_told_whole_and_without_guesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
