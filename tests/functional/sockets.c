// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads rows of sockwatch and of ss, and tells what differs. */
#define _GNU_SOURCE
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "display.h"
#include "jsonline.h"
#include "suite.h"

#define TOLD_MAX 10 /* differences that are printed */
#define STATE_BYTES 32

/* A row as words, whoever wrote them. */
struct cells {
	char proto[8], recv_q[16], send_q[16], local[80], remote[80], state[STATE_BYTES];
	int family;
};

static struct socket_line *add(struct socket_lines *lines)
{
	if (lines->count == lines->capacity) {
		lines->capacity = lines->capacity ? lines->capacity * 2 : 1024;
		lines->items = realloc(lines->items, lines->capacity * sizeof(*lines->items));
		if (!lines->items)
			fail_msg("no memory for %zu rows", lines->capacity);
	}
	lines->items[lines->count] = (struct socket_line){ 0 };
	return &lines->items[lines->count++];
}

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct socket_line *)left)->text,
		      ((const struct socket_line *)right)->text);
}

static void sort(struct socket_lines *lines)
{
	if (lines->count > 0)
		qsort(lines->items, lines->count, sizeof(*lines->items), compare);
}

void socket_lines_done(struct socket_lines *lines)
{
	free(lines->items);
	*lines = (struct socket_lines){ 0 };
}

/* 127.0.0.1:80, 127.0.0.53%lo:53, [::1]:80, *:80 (an IPv6 socket for both), 0.0.0.0:* */
static void write_end(const char *word, char out[96])
{
	const char *colon = strrchr(word, ':');
	const char *address = word + (*word == '[');
	size_t len = strcspn(address, "]%"), most = colon ? (size_t)(colon - address) : 0;
	bool any = *word == '*';

	snprintf(out, 96, "%.*s %s", any ? 2 : (int)(len < most ? len : most), any ? "::" : address,
		 !colon || colon[1] == '*' ? "0" : colon + 1);
}

static struct socket_line *put(struct socket_lines *lines, const char *row,
			       const struct cells *cells)
{
	struct socket_line *line = add(lines);
	char local[96], remote[96];

	write_end(cells->local, local);
	write_end(cells->remote, remote);
	line->origin = row;
	snprintf(line->text, sizeof(line->text), "%s %d %s %s %s %s %s", cells->proto,
		 cells->family, local, remote, cells->state, cells->recv_q, cells->send_q);
	return line;
}

/* ---- sockwatch ------------------------------------------------------------------------------- */

struct reading {
	long long netns;
	struct socket_lines *lines;
};

static long long number_of(const char *row, const char *key)
{
	long long number;

	return jsonline_number(row, key, &number) ? number : -1;
}

static void read_object(const char *row, void *arg)
{
	struct reading *reading = arg;
	struct cells cells = { .family = (int)number_of(row, "family") };
	struct socket_line *line;
	char address[64] = "";

	if (!jsonline_is_object(row))
		fail_msg("no JSON object: %s", row);
	if (number_of(row, "netns") != reading->netns)
		return;
	jsonline_string(row, "proto", cells.proto, sizeof(cells.proto));
	jsonline_string(row, "state", cells.state, sizeof(cells.state));
	jsonline_string(row, "laddr", address, sizeof(address));
	snprintf(cells.local, sizeof(cells.local), "[%.50s]:%d", address,
		 (int)number_of(row, "lport"));
	jsonline_string(row, "raddr", address, sizeof(address));
	snprintf(cells.remote, sizeof(cells.remote), "[%.50s]:%d", address,
		 (int)number_of(row, "rport"));
	snprintf(cells.recv_q, sizeof(cells.recv_q), "%d", (int)number_of(row, "recv_q"));
	snprintf(cells.send_q, sizeof(cells.send_q), "%d", (int)number_of(row, "send_q"));
	line = put(reading->lines, row, &cells);
	line->pids[0] = (pid_t)number_of(row, "pid");
	line->holders = number_of(row, "holders");
}

void sockets_of_json(char *output, long long netns, struct socket_lines *ret_lines)
{
	struct reading reading = { netns, ret_lines };

	*ret_lines = (struct socket_lines){ 0 };
	display_walk(output, read_object, &reading);
	sort(ret_lines);
}

static void read_table_row(const char *row, void *arg)
{
	struct cells cells;

	if (sscanf(row, "%7s %15s %15s %79s %79s %31s", cells.proto, cells.recv_q, cells.send_q,
		   cells.local, cells.remote, cells.state) != 6)
		fail_msg("what is this row: %s", row);
	/* tcp6 is tcp of the family 6. */
	cells.family = strchr(cells.proto, '6') ? 6 : 4;
	cells.proto[strcspn(cells.proto, "6")] = '\0';
	put(arg, row, &cells);
}

void sockets_of_table(char *output, struct socket_lines *ret_lines)
{
	*ret_lines = (struct socket_lines){ 0 };
	display_walk(output, read_table_row, ret_lines);
	sort(ret_lines);
}

/* ---- ss -------------------------------------------------------------------------------------- */

/* ESTAB is the only name that ss shortens; for the rest it writes - where others write _. */
static void correct_state(char state[STATE_BYTES])
{
	if (strcmp(state, "ESTAB") == 0)
		snprintf(state, STATE_BYTES, "ESTABLISHED");
	for (char *p = state; *p; p++)
		if (*p == '-')
			*p = '_';
	if (strcmp(state, "FIN_WAIT_1") == 0 || strcmp(state, "FIN_WAIT_2") == 0)
		memmove(state + 8, state + 9, 2);
}

/* users:(("cat",pid=12,fd=3),("cat",pid=13,fd=3)): a process may have several descriptors. */
static void read_users(const char *users, struct socket_line *line)
{
	for (const char *at = users; at && (at = strstr(at, ",pid=")); at++) {
		pid_t pid = (pid_t)strtol(at + 5, NULL, 10);
		long long i = 0;

		while (i < line->holders && line->pids[i] != pid)
			i++;
		if (i == line->holders && i < SOCKET_PIDS)
			line->pids[line->holders++] = pid;
	}
}

struct ss_reading {
	const char *proto;
	struct socket_lines *lines;
};

static void read_ss(const char *row, void *arg)
{
	struct ss_reading *reading = arg;
	struct cells cells;

	if (sscanf(row, "%31s %15s %15s %79s %79s", cells.state, cells.recv_q, cells.send_q,
		   cells.local, cells.remote) != 5)
		fail_msg("what does ss mean by: %s", row);
	correct_state(cells.state);
	snprintf(cells.proto, sizeof(cells.proto), "%s", reading->proto);
	/* An IPv6 address is in brackets, or * for both families. */
	cells.family = strchr("[*", cells.local[0]) ? 6 : 4;
	read_users(strstr(row, "users:("), put(reading->lines, row, &cells));
}

void sockets_of_ss(char *output, const char *proto, struct socket_lines *lines)
{
	struct ss_reading reading = { proto, lines };

	display_walk(output, read_ss, &reading);
	sort(lines);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Walks both in their order; `both` (or NULL) is told of each row that is in both. */
static size_t merge(const struct socket_lines *ours, const struct socket_lines *theirs, bool tell,
		    void (*both)(const struct socket_line *, const struct socket_line *, void *),
		    void *arg)
{
	size_t i = 0, j = 0, differences = 0;

	while (i < ours->count || j < theirs->count) {
		int order = i == ours->count	 ? 1
			    : j == theirs->count ? -1
						 : compare(&ours->items[i], &theirs->items[j]);

		if (order == 0 && both)
			both(&ours->items[i], &theirs->items[j], arg);
		if (order != 0 && differences++ < TOLD_MAX && tell)
			print_error("only %s: %s\n", order < 0 ? "sockwatch" : "ss",
				    order < 0 ? ours->items[i].text : theirs->items[j].text);
		i += order <= 0;
		j += order >= 0;
	}
	return differences;
}

size_t sockets_differ(const struct socket_lines *ours, const struct socket_lines *theirs, bool tell)
{
	return merge(ours, theirs, tell, NULL, NULL);
}

struct owner_check {
	bool ss_is_blind, tell;
	size_t wrong;
};

static bool is_owned_alike(const struct socket_line *ours, const struct socket_line *theirs,
			   bool ss_is_blind)
{
	if (theirs->holders == 0)
		return ss_is_blind || (ours->pids[0] == -1 && ours->holders == -1);
	if (ours->holders != theirs->holders)
		return false;
	for (long long i = 0; i < theirs->holders; i++)
		if (theirs->pids[i] == ours->pids[0])
			return true;
	return false;
}

static void check_owner(const struct socket_line *ours, const struct socket_line *theirs, void *arg)
{
	struct owner_check *check = arg;

	if (is_owned_alike(ours, theirs, check->ss_is_blind))
		return;
	if (check->wrong++ < TOLD_MAX && check->tell)
		print_error("owned otherwise:\n  %s\n  %s\n", ours->origin, theirs->origin);
}

size_t sockets_owned_otherwise(const struct socket_lines *ours, const struct socket_lines *theirs,
			       bool ss_is_blind, bool tell)
{
	struct owner_check check = { .ss_is_blind = ss_is_blind, .tell = tell };

	merge(ours, theirs, false, check_owner, &check);
	return check.wrong;
}
