/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters that the kernel keeps for each protocol, and their change. Plain data, no I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTIC_NAME_SIZE 64 /* the kernel's longest has 31 characters */

enum statistic_protocol {
	STATISTIC_IP,
	STATISTIC_IPV6,
	STATISTIC_ICMP,
	STATISTIC_ICMPV6,
	STATISTIC_TCP, /* of both families: the kernel does not tell them apart */
	STATISTIC_TCPV6,
	STATISTIC_UDP,
	STATISTIC_UDPV6,
	STATISTIC_OTHER, /* a group that we do not know */
	STATISTIC_PROTOCOLS,
};

struct statistic {
	enum statistic_protocol protocol;
	bool known;    /* false: the kernel gave no number that can be understood */
	bool negative; /* value is an int64_t below 0: only TcpMaxConn, where -1 means no limit */
	bool delta_known;
	uint64_t value;
	int64_t delta;			/* since the last display */
	char name[STATISTIC_NAME_SIZE]; /* the kernel's, group included: printable ASCII */
};

struct statistic_list {
	struct statistic *items;
	size_t count, capacity;
	size_t malformed; /* lines and names that could not be understood */
};

/* 0 or -ENOMEM. */
int statistic_list_add(struct statistic_list *list, const struct statistic *statistic);
/* NULL: there is none. */
const struct statistic *statistic_list_find(const struct statistic_list *list, const char *name);
bool statistic_list_has(const struct statistic_list *list, enum statistic_protocol protocol);
/* Drop all but these protocols: bits, 1 << enum statistic_protocol. */
void statistic_list_keep(struct statistic_list *list, unsigned int protocols);
/* Set the deltas of `list` from the values in `last`. */
void statistic_list_compare(struct statistic_list *list, const struct statistic_list *last);
void statistic_list_done(struct statistic_list *list);
