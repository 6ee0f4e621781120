/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter grammar, after ss(8): which connections a command shows.
 *
 *   expression = term { ["or"|"|"|"||"] term } ...   "and" (or nothing, "&", "&&") binds tighter
 *                than "or"; "not" or "!" binds tightest; parentheses group
 *   term = "state" [OP] STATES | "exclude" [OP] STATES
 *        | "sport"|"dport"|"port" [OP] [":"]PORT
 *        | "src"|"dst"|"host" [OP] ADDRESS[/PREFIX][:PORT] | "pid" [OP] N | "uid" [OP] N
 *        | "comm"|"exe"|"cgroup"|"container"|"pod"|"unit" [OP] GLOB | "user" [OP] NAME
 *        | "netns" [OP] N
 *        | "proto" [OP] NAME | "family" [OP] ("inet"|"inet6"|4|6)
 *   OP = "=" "==" "eq" | "!=" "ne" | ">" "gt" | ">=" "ge" | "<" "lt" | "<=" "le"
 *
 * Only = and != go with what is no number. STATES is a name (conn_state_parse) or one of ss's
 * groups (all connected synchronized bucket big), or several with commas between. PORT is a number
 * or a service name. ADDRESS is IPv4, IPv6 (brackets needed before a port), * or nothing; 10/8 is
 * 10.0.0.0/8. An IPv4 address also matches its v4-mapped form. NAME of a protocol: tcp and udp mean
 * both families, tcpv6 and udpv6 IPv6 sockets. GLOB is fnmatch(3)'s, * spans slashes; one without a
 * slash also matches the last name of an exe, or a pod's without its namespace. A container is also
 * the beginning of its id, from 4 digits on; a unit may lack its ".service". Words may touch
 * operators ("sport=:22"); a value with spaces, "&" or "|" stands in quotes of its own.
 *
 * pid, uid, user, comm, exe, cgroup, container, pod and unit are the owner's: without one they
 * match nothing, with != neither. "port" and "host" mean either end, with != neither end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sockwatch/settings.h"

struct conn;
struct filter;

struct filter_error {
	char message[180]; /* one line, names the word and what was expected; no newline */
	size_t word;	   /* index of the argument it is in */
	size_t column;	   /* byte in that argument */
};

/*
 * Parse the words of a command line (one quoted word or several). No words: a filter that matches
 * everything. 0 and a new filter, or -EINVAL with ret_error filled, or -ENOMEM.
 */
int filter_parse(int count, char *const words[], struct filter **ret_filter,
		 struct filter_error *ret_error);
void filter_free(struct filter *filter);

/* Of a row that is shown as UNCONN: ss calls that close too, so both words mean it. */
#define FILTER_STATE_UNCONN 31

/*
 * `state` is compared with the state words: for a transition, its new state. No filter (NULL)
 * matches everything.
 */
bool filter_matches(const struct filter *filter, const struct conn *conn, unsigned int state);

/* Does it speak of states? Then it decides about listeners, whatever the switches say. */
bool filter_names_states(const struct filter *filter);

/*
 * What every connection that matches has in common, for the kernel to decide: fields that stay 0
 * are not settled by the filter. A remote port, the family and the network namespace can be; a
 * local port is not known yet when a connection begins, and its owner may change.
 */
void filter_wanted(const struct filter *filter, struct sw_wanted *ret_wanted);
