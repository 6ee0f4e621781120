/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of `sockwatch -an` and those of ss(8) in one form, to be compared. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SOCKET_PIDS 8 /* as many holders as our sockets have at most */

struct socket_line {
	/* "tcp 4 127.0.0.1 80 127.0.0.1 40000 ESTABLISHED 0 0": the last are the queues. */
	char text[320];
	pid_t pids[SOCKET_PIDS]; /* sockwatch: the owner alone; ss: all it names, each once */
	long long holders;	 /* of sockwatch; ss: how many pids it names */
	const char *origin;	 /* what was read, NUL-terminated */
};

/* Sorted by text. */
struct socket_lines {
	struct socket_line *items;
	size_t count, capacity;
};

/* Of this network namespace only. `output` is cut into lines and must outlive ret_lines. */
void sockets_of_json(char *output, long long netns, struct socket_lines *ret_lines);
/* `sockwatch -anH` of one namespace: there are no owners, and no column that tells namespaces. */
void sockets_of_table(char *output, struct socket_lines *ret_lines);
/* `ss -tan[p]H` (proto "tcp") or `ss -uan[p]H` ("udp"): added to what is there, and sorted. */
void sockets_of_ss(char *output, const char *proto, struct socket_lines *lines);
void socket_lines_done(struct socket_lines *lines);

/* How many rows only one of them has, doubles included. The first few are printed if `tell`. */
size_t sockets_differ(const struct socket_lines *ours, const struct socket_lines *theirs,
		      bool tell);
/*
 * How many rows that both have are owned otherwise: our owner is not among ss's, we count other
 * holders, or name an owner where ss has none (unless `ss_is_blind`: it may not look everywhere).
 */
size_t sockets_owned_otherwise(const struct socket_lines *ours, const struct socket_lines *theirs,
			       bool ss_is_blind, bool tell);
