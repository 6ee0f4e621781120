/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter is inside: shared by its parser, its values and its evaluation; nobody else's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_GT,
	FILTER_GE,
	FILTER_LT,
	FILTER_LE,
};

enum filter_field {
	FILTER_NOTHING, /* not a term */
	FILTER_STATE,
	FILTER_SPORT,
	FILTER_DPORT,
	FILTER_PORT,
	FILTER_SRC,
	FILTER_DST,
	FILTER_HOST,
	FILTER_PID,
	FILTER_UID,
	FILTER_NETNS,
	FILTER_COMM,
	FILTER_EXE,
	FILTER_CGROUP,
	FILTER_CONTAINER,
	FILTER_POD,
	FILTER_UNIT,
	FILTER_PROTO,
	FILTER_FAMILY,
};

enum filter_node_kind {
	FILTER_TERM,
	FILTER_AND,
	FILTER_OR,
};

struct filter_node {
	enum filter_node_kind kind;
	bool negated;
	struct filter_node *first;     /* AND, OR: the members */
	struct filter_node *next;      /* of the same AND or OR */
	struct filter_node *made_next; /* all nodes of the filter, to free them */
	/* Of a term: */
	enum filter_field field;
	enum filter_op op;
	uint32_t states; /* 1 << enum sw_tcp_state */
	uint32_t number; /* port, pid, uid, netns, protocol */
	bool has_port;	 /* `number` belongs to an address */
	uint16_t family; /* SW_FAMILY_*; 0: any */
	uint8_t prefix;	 /* bits of `address` that count */
	uint8_t address[16];
	char *pattern; /* owned */
};

struct filter {
	struct filter_node *root; /* NULL: matches everything */
	struct filter_node *made;
};

/* The part of a value that is wrong. */
struct filter_span {
	size_t start;
	size_t len;
};

/*
 * A value's text into its node. 0; -EINVAL, and bad (the whole text before the call) may have been
 * narrowed; or -ENOMEM.
 */
int filter_value_states(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_port(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_address(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_number(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_user(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_pattern(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_proto(const char *text, struct filter_node *node, struct filter_span *bad);
int filter_value_family(const char *text, struct filter_node *node, struct filter_span *bad);
