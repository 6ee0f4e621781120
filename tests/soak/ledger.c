// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps the books of a trace: reads `sockwatch trace -j --existing` from standard input, and writes
 * to FILE, at each SIGUSR1 and at the end, what the stream says by then:
 *   count NETNS active N passive N failed N reset N timewait N inferred N
 *   row NETNS STATE LADDR LPORT RADDR RPORT
 *   sum lost N resync N end LOST VERIFIED DRIFT
 * FILE appears in one piece. What the kernel says to that is for tests/soak/run to compare.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../functional/jsonline.h"

#define LINE_MAX_BYTES (64 * 1024)
#define BUFFER_BYTES (1 << 20)
#define NAMESPACES_MAX 4096
#define ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */
#define STATE_SIZE 16

/* What a line tells; keys that are absent or null leave zeroes. */
struct told {
	char event[STATE_SIZE], old[STATE_SIZE], new[STATE_SIZE], state[STATE_SIZE];
	char laddr[ADDRESS_SIZE], raddr[ADDRESS_SIZE];
	unsigned long long cookie, netns, gen, lport, rport, count, lost, verified, drift;
	bool inferred;
};

struct row {
	unsigned long long cookie, gen, netns;
	char state[STATE_SIZE]; /* "": a free place */
	char laddr[ADDRESS_SIZE], raddr[ADDRESS_SIZE];
	uint16_t lport, rport;
};

struct count {
	unsigned long long netns, active, passive, failed, reset, timewait, inferred;
};

struct ledger {
	const char *path;
	struct row
		*rows; /* open addressing, a power of two of places, at most half of them taken */
	size_t places, taken;
	struct count counts[NAMESPACES_MAX];
	size_t count;
	unsigned long long lost, resync, bad;
	struct told end;
	bool ended;
};

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
	(void)number;
	asked = 1;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		perror("ledger");
		exit(EXIT_FAILURE);
	}
	return memory;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* A string without escapes, as states and addresses are. */
static void take_text(const char *value, char *out, size_t size)
{
	size_t len = *value == '"' ? strcspn(value + 1, "\"") : 0;

	if (len >= size)
		len = size - 1;
	memcpy(out, value + 1, len);
	out[len] = '\0';
}

static void take_pair(const char *key, size_t key_len, const char *value, void *arg)
{
	struct told *told = arg;
	const struct {
		const char *key;
		char *text;
		size_t size;
		unsigned long long *number;
	} keys[] = {
		{ "event", told->event, sizeof(told->event) },
		{ "old", told->old, sizeof(told->old) },
		{ "new", told->new, sizeof(told->new) },
		{ "state", told->state, sizeof(told->state) },
		{ "laddr", told->laddr, sizeof(told->laddr) },
		{ "raddr", told->raddr, sizeof(told->raddr) },
		{ "cookie", .number = &told->cookie },
		{ "netns", .number = &told->netns },
		{ "gen", .number = &told->gen },
		{ "lport", .number = &told->lport },
		{ "rport", .number = &told->rport },
		{ "count", .number = &told->count },
		{ "lost", .number = &told->lost },
		{ "verified", .number = &told->verified },
		{ "drift", .number = &told->drift },
	};

	if (key_len == 8 && memcmp(key, "inferred", 8) == 0)
		told->inferred = *value == 't';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].key) != key_len || memcmp(keys[i].key, key, key_len) != 0)
			continue;
		if (keys[i].number)
			*keys[i].number = strtoull(value, NULL, 10);
		else
			take_text(value, keys[i].text, keys[i].size);
	}
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static struct row *find(const struct ledger *ledger, unsigned long long cookie,
			unsigned long long gen)
{
	size_t at = (cookie * 0x9e3779b97f4a7c15ull + gen) & (ledger->places - 1);

	while (ledger->rows[at].state[0] &&
	       (ledger->rows[at].cookie != cookie || ledger->rows[at].gen != gen))
		at = (at + 1) & (ledger->places - 1);
	return &ledger->rows[at];
}

static void grow(struct ledger *ledger)
{
	struct row *old = ledger->rows;
	size_t places = ledger->places;

	ledger->places = places ? places * 2 : 1024;
	ledger->rows = allocate(ledger->places, sizeof(*ledger->rows));
	for (size_t i = 0; i < places; i++)
		if (old[i].state[0])
			*find(ledger, old[i].cookie, old[i].gen) = old[i];
	free(old);
}

/* Those behind it close the gap, or they would not be found any more. */
static void drop(struct ledger *ledger, struct row *row)
{
	size_t mask = ledger->places - 1, at = (size_t)(row - ledger->rows);

	row->state[0] = '\0';
	ledger->taken--;
	for (at = (at + 1) & mask; ledger->rows[at].state[0]; at = (at + 1) & mask) {
		struct row moved = ledger->rows[at];

		ledger->rows[at].state[0] = '\0';
		*find(ledger, moved.cookie, moved.gen) = moved;
	}
}

static void keep_row(struct ledger *ledger, const struct told *told, const char *state)
{
	struct row *row;

	if (ledger->taken * 2 >= ledger->places)
		grow(ledger);
	row = find(ledger, told->cookie, told->gen);
	if (strcmp(state, "CLOSE") == 0) {
		if (row->state[0])
			drop(ledger, row);
		return;
	}
	ledger->taken += !row->state[0];
	*row = (struct row){ .cookie = told->cookie,
			     .gen = told->gen,
			     .netns = told->netns,
			     .lport = (uint16_t)told->lport,
			     .rport = (uint16_t)told->rport };
	memcpy(row->state, state, sizeof(row->state));
	memcpy(row->laddr, told->laddr, sizeof(row->laddr));
	memcpy(row->raddr, told->raddr, sizeof(row->raddr));
}

/* ---- counts -----------------------------------------------------------------------------------
 */

static struct count *count_of(struct ledger *ledger, unsigned long long netns)
{
	static struct count beyond;

	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->counts[i].netns == netns)
			return &ledger->counts[i];
	if (ledger->count == NAMESPACES_MAX)
		return &beyond;
	ledger->counts[ledger->count].netns = netns;
	return &ledger->counts[ledger->count++];
}

/* As net/ipv4/tcp.c counts what include/uapi/linux/snmp.h names. */
static void count_step(struct count *count, const struct told *told)
{
	bool closed = strcmp(told->new, "CLOSE") == 0;

	count->inferred += told->inferred;
	/* Without a port connect() has failed before there was a segment. */
	count->active += strcmp(told->new, "SYN_SENT") == 0 && told->lport;
	count->passive += strcmp(told->old, "SYN_RECV") == 0 &&
			  strcmp(told->new, "ESTABLISHED") == 0;
	count->failed += closed && strcmp(told->old, "SYN_SENT") == 0 && told->lport;
	count->reset += closed && (strcmp(told->old, "ESTABLISHED") == 0 ||
				   strcmp(told->old, "CLOSE_WAIT") == 0);
	count->timewait += strcmp(told->new, "TIME_WAIT") == 0;
}

static void take_line(struct ledger *ledger, const char *line)
{
	struct told told = { 0 };

	if (!jsonline_walk(line, take_pair, &told)) {
		if (!ledger->bad++)
			fprintf(stderr, "ledger: no JSON: %s\n", line);
		return;
	}
	if (strcmp(told.event, "state") == 0) {
		count_step(count_of(ledger, told.netns), &told);
		keep_row(ledger, &told, told.new);
	} else if (strcmp(told.event, "exists") == 0) {
		keep_row(ledger, &told, told.state);
	} else if (strcmp(told.event, "lost") == 0) {
		ledger->lost += told.count;
	} else if (strcmp(told.event, "resync") == 0) {
		ledger->resync++;
	} else if (strcmp(told.event, "end") == 0) {
		ledger->end = told;
		ledger->ended = true;
	}
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static void write_rows(const struct ledger *ledger, FILE *out)
{
	for (size_t i = 0; i < ledger->places; i++) {
		const struct row *row = &ledger->rows[i];

		if (row->state[0])
			fprintf(out, "row %llu %s %s %u %s %u\n", row->netns, row->state,
				row->laddr, row->lport, row->raddr, row->rport);
	}
}

static void write_book(const struct ledger *ledger)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%.4000s.part", ledger->path);
	out = fopen(path, "we");
	if (!out) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < ledger->count; i++) {
		const struct count *count = &ledger->counts[i];

		fprintf(out,
			"count %llu active %llu passive %llu failed %llu reset %llu timewait %llu inferred %llu\n",
			count->netns, count->active, count->passive, count->failed, count->reset,
			count->timewait, count->inferred);
	}
	write_rows(ledger, out);
	fprintf(out, "sum lost %llu resync %llu bad %llu", ledger->lost, ledger->resync,
		ledger->bad);
	if (ledger->ended)
		fprintf(out, " end %llu %llu %llu", ledger->end.lost, ledger->end.verified,
			ledger->end.drift);
	fprintf(out, "\n");
	if (fclose(out) != 0 || rename(path, ledger->path) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct ledger ledger = { .path = argv[argc - 1] };
	char *buffer = allocate(BUFFER_BYTES + LINE_MAX_BYTES, 1);
	size_t used = 0;

	if (argc != 2) {
		fputs("usage: ledger FILE <TRACE\n", stderr);
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGINT, SIG_IGN);
	grow(&ledger);
	for (;;) {
		char *begin = buffer, *end;
		ssize_t got;

		if (asked) {
			asked = 0;
			write_book(&ledger);
		}
		got = read(STDIN_FILENO, buffer + used, BUFFER_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
		for (; (end = memchr(begin, '\n', used - (size_t)(begin - buffer)));
		     begin = end + 1) {
			*end = '\0';
			take_line(&ledger, begin);
		}
		used -= (size_t)(begin - buffer);
		memmove(buffer, begin, used);
		if (used >= LINE_MAX_BYTES)
			used = 0; /* longer than any event: what is left of it will not parse */
	}
	write_book(&ledger);
	free(ledger.rows);
	free(buffer);
	return EXIT_SUCCESS;
}
