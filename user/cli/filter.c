// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a connection passes a filter. How filters are written is filter_parse.c's. */
#include "cli/filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filter_tree.h"
#include "model/conn.h"
#include "model/process.h"

#define ID_PREFIX_MIN 4

void filter_free(struct filter *filter)
{
	struct filter_node *next;

	if (!filter)
		return;
	for (struct filter_node *node = filter->made; node; node = next) {
		next = node->made_next;
		free(node->pattern);
		free(node);
	}
	free(filter);
}

static bool compare(const struct filter_node *node, uint32_t value)
{
	switch (node->op) {
	case FILTER_EQ:
		return value == node->number;
	case FILTER_NE:
		return value != node->number;
	case FILTER_GT:
		return value > node->number;
	case FILTER_GE:
		return value >= node->number;
	case FILTER_LT:
		return value < node->number;
	case FILTER_LE:
		return value <= node->number;
	}
	return false;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return !rest || !((a[bytes] ^ b[bytes]) >> (8 - rest));
}

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address, mapped, sizeof(mapped));
}

static bool same_end(const struct filter_node *node, unsigned int family, const uint8_t address[16],
		     uint16_t port)
{
	if (node->has_port && port != node->number)
		return false;
	if (!node->family)
		return true;
	if (node->family == family)
		return same_prefix(node->address, address, node->prefix);
	/* An IPv4 address is meant in its v4-mapped form too, but not the other way round. */
	return node->family == SW_FAMILY_INET && is_mapped(address) &&
	       same_prefix(node->address, address + 12, node->prefix);
}

static bool match_address(const struct filter_node *node, const struct sw_endpoints *ends)
{
	bool same = false;

	if (node->field != FILTER_DST)
		same = same_end(node, ends->family, ends->laddr, ends->lport);
	if (!same && node->field != FILTER_SRC)
		same = same_end(node, ends->family, ends->raddr, ends->rport);
	return same == (node->op == FILTER_EQ);
}

static bool match_any_port(const struct filter_node *node, const struct sw_endpoints *ends)
{
	if (node->op == FILTER_NE) /* neither is it, as for "not port" */
		return compare(node, ends->lport) && compare(node, ends->rport);
	return compare(node, ends->lport) || compare(node, ends->rport);
}

static bool match_states(const struct filter_node *node, unsigned int state)
{
	uint32_t mask;

	if (state == SW_TCP_NEW_SYN_RECV)
		state = SW_TCP_SYN_RECV;
	mask = state < 32 ? 1u << state : 0;
	if (state == FILTER_STATE_UNCONN)
		mask = 1u << CONN_UNCONN | 1u << SW_TCP_CLOSE;
	return !!(node->states & mask) == (node->op == FILTER_EQ);
}

static bool match_kind(const struct filter_node *node, const struct sw_endpoints *ends)
{
	bool same = (!node->family || node->family == ends->family) &&
		    (node->field == FILTER_FAMILY || node->number == ends->protocol);

	return same == (node->op == FILTER_EQ);
}

/* What is not known is neither equal nor different. */
static bool match_text(const struct filter_node *node, const char *text)
{
	bool same;

	if (!text)
		return false;
	same = fnmatch(node->pattern, text, 0) == 0;
	if (!same && node->field == FILTER_EXE && !strchr(node->pattern, '/')) {
		const char *slash = strrchr(text, '/');

		same = slash && fnmatch(node->pattern, slash + 1, 0) == 0;
	}
	return same == (node->op == FILTER_EQ);
}

static bool matches(const struct filter_node *node, const char *text)
{
	return text && fnmatch(node->pattern, text, 0) == 0;
}

/* The name, the id, or the id's beginning, which must be long enough not to be a name's. */
static bool is_container(const struct filter_node *node, const struct container *container)
{
	size_t len = strlen(node->pattern);

	return matches(node, container->name) || matches(node, container->id) ||
	       (len >= ID_PREFIX_MIN && strspn(node->pattern, "0123456789abcdef") == len &&
		strncmp(container->id, node->pattern, len) == 0);
}

/* "namespace/name", or the name alone. */
static bool is_pod(const struct filter_node *node, const char *pod)
{
	const char *slash = pod ? strchr(pod, '/') : NULL;

	return matches(node, pod) ||
	       (slash && !strchr(node->pattern, '/') && matches(node, slash + 1));
}

/* "nginx.service", or "nginx", as systemctl has it. */
static bool is_unit(const struct filter_node *node, const struct unit_name *unit)
{
	static const char service[] = ".service";
	char name[UNIT_NAME_LEN + 1];
	size_t len = unit->len, rest = sizeof(service) - 1;

	if (!len || len > UNIT_NAME_LEN)
		return false;
	memcpy(name, unit->text, len);
	name[len] = '\0';
	if (matches(node, name))
		return true;
	if (len <= rest || strcmp(name + len - rest, service) != 0)
		return false;
	name[len - rest] = '\0';
	return matches(node, name);
}

/* No container is known to be no container, and so are pods and units. */
static bool match_place(const struct filter_node *node, const struct process *owner)
{
	const struct container *container = owner->container;
	bool same;

	if (node->field == FILTER_UNIT)
		same = is_unit(node, &owner->unit) || is_unit(node, &owner->user_unit);
	else if (node->field == FILTER_POD)
		same = container && is_pod(node, container->pod);
	else
		same = container && is_container(node, container);
	return same == (node->op == FILTER_EQ);
}

static bool match_owner(const struct filter_node *node, const struct process *owner)
{
	if (!owner)
		return false;
	switch (node->field) {
	case FILTER_PID:
		return compare(node, owner->pid);
	case FILTER_UID:
		return compare(node, owner->uid);
	case FILTER_COMM:
		return match_text(node, owner->comm);
	case FILTER_EXE:
		return match_text(node, owner->exe);
	case FILTER_CGROUP:
		return match_text(node, owner->cgroup);
	case FILTER_CONTAINER:
	case FILTER_POD:
	case FILTER_UNIT:
		return match_place(node, owner);
	default:
		return false;
	}
}

/* A unix socket has no ends that could be equal or different. */
static bool is_about_ends(const struct filter_node *node)
{
	switch (node->field) {
	case FILTER_SPORT:
	case FILTER_DPORT:
	case FILTER_PORT:
	case FILTER_SRC:
	case FILTER_DST:
	case FILTER_HOST:
		return true;
	default:
		return false;
	}
}

static bool match_term(const struct filter_node *node, const struct conn *conn, unsigned int state)
{
	if (conn->ends.family == SW_FAMILY_UNIX && is_about_ends(node))
		return false;
	switch (node->field) {
	case FILTER_STATE:
		return match_states(node, state);
	case FILTER_SPORT:
		return compare(node, conn->ends.lport);
	case FILTER_DPORT:
		return compare(node, conn->ends.rport);
	case FILTER_PORT:
		return match_any_port(node, &conn->ends);
	case FILTER_SRC:
	case FILTER_DST:
	case FILTER_HOST:
		return match_address(node, &conn->ends);
	case FILTER_NETNS:
		return compare(node, conn->ends.netns);
	case FILTER_PROTO:
	case FILTER_FAMILY:
		return match_kind(node, &conn->ends);
	default:
		return match_owner(node, conn->owner);
	}
}

/* Recursion is as deep as the parentheses, which the parser limits. */
static bool match_node(const struct filter_node *node, const struct conn *conn, unsigned int state)
{
	bool matched;

	if (node->kind == FILTER_TERM) {
		matched = match_term(node, conn, state);
	} else {
		bool decisive = node->kind == FILTER_OR;

		matched = !decisive;
		for (const struct filter_node *n = node->first; n && matched != decisive;
		     n = n->next)
			matched = match_node(n, conn, state);
	}
	return matched != node->negated;
}

bool filter_matches(const struct filter *filter, const struct conn *conn, unsigned int state)
{
	return !filter || !filter->root || match_node(filter->root, conn, state);
}

bool filter_names_states(const struct filter *filter)
{
	for (const struct filter_node *node = filter ? filter->made : NULL; node;
	     node = node->made_next)
		if (node->kind == FILTER_TERM && node->field == FILTER_STATE)
			return true;
	return false;
}

static void narrow(const struct filter_node *node, struct sw_wanted *wanted)
{
	if (node->kind != FILTER_TERM || node->negated || node->op != FILTER_EQ)
		return;
	if (node->field == FILTER_DPORT)
		wanted->rport = (uint16_t)node->number;
	else if (node->field == FILTER_FAMILY)
		wanted->family = node->family;
	else if (node->field == FILTER_NETNS)
		wanted->netns = node->number;
}

void filter_wanted(const struct filter *filter, struct sw_wanted *ret_wanted)
{
	const struct filter_node *root = filter ? filter->root : NULL;

	*ret_wanted = (struct sw_wanted){ 0 };
	if (!root || root->negated)
		return;
	narrow(root, ret_wanted);
	if (root->kind == FILTER_AND)
		for (const struct filter_node *node = root->first; node; node = node->next)
			narrow(node, ret_wanted);
}
