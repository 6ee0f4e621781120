// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The values of a filter's terms. Names of services and users are looked up here, while parsing and
 * never while matching; saying what was expected is the parser's.
 */
#include "cli/filter_tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/conn.h"

#define STATE_NAME_MAX 32 /* the longest is "unconnected" */
#define HOST_MAX 64	  /* INET6_ADDRSTRLEN, brackets, /128 */

#define STATE(name) (1u << SW_TCP_##name)
#define UNCONN_STATE (1u << CONN_UNCONN)
#define ALL_STATES ((1u << CONN_STATES) - 2)
#define BUCKET_STATES (STATE(SYN_RECV) | STATE(TIME_WAIT))
#define CONNECTED_STATES \
	(ALL_STATES & ~(STATE(LISTEN) | STATE(CLOSE) | STATE(BOUND_INACTIVE) | UNCONN_STATE))

static int parse_number(const char *text, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > max)
			return -EINVAL;
	}
	*ret_number = (uint32_t)number;
	return 0;
}

static int parse_port(const char *text, uint32_t *ret_port)
{
	const struct servent *service;

	if (parse_number(text, UINT16_MAX, ret_port) == 0)
		return 0;
	service = *text ? getservbyname(text, NULL) : NULL;
	if (!service)
		return -EINVAL;
	*ret_port = ntohs((uint16_t)service->s_port);
	return 0;
}

/* ss's groups (ss(8), STATE-FILTER), or one state; 0 if it is neither. */
static uint32_t parse_state(const char *name)
{
	unsigned int state;

	if (!strcasecmp(name, "all"))
		return ALL_STATES;
	if (!strcasecmp(name, "connected"))
		return CONNECTED_STATES;
	if (!strcasecmp(name, "synchronized"))
		return CONNECTED_STATES & ~STATE(SYN_SENT);
	if (!strcasecmp(name, "bucket"))
		return BUCKET_STATES;
	if (!strcasecmp(name, "big"))
		return ALL_STATES & ~BUCKET_STATES;
	state = conn_state_parse(name);
	return state ? 1u << state : 0;
}

int filter_value_states(const char *text, struct filter_node *node, struct filter_span *bad)
{
	uint32_t states = 0;
	size_t start = 0;

	for (;;) {
		size_t len = strcspn(text + start, ",");
		char name[STATE_NAME_MAX] = "";
		uint32_t mask;

		if (len < sizeof(name))
			memcpy(name, text + start, len);
		mask = parse_state(name);
		if (!mask) {
			*bad = (struct filter_span){ start, len };
			return -EINVAL;
		}
		states |= mask;
		if (!text[start + len])
			break;
		start += len + 1;
	}
	node->states = states;
	return 0;
}

int filter_value_port(const char *text, struct filter_node *node, struct filter_span *bad)
{
	(void)bad;
	return parse_port(text + (*text == ':'), &node->number);
}

/* "10/8" is 10.0.0.0/8, as ss has it; without a prefix it would be a riddle. */
static int parse_ipv4(const char *host, bool has_prefix, uint8_t address[16])
{
	char full[HOST_MAX + 8];
	size_t len = strlen(host);
	int dots = 0;

	memcpy(full, host, len + 1);
	for (size_t i = 0; i < len; i++)
		dots += host[i] == '.';
	while (has_prefix && dots++ < 3) {
		memcpy(full + len, ".0", 3);
		len += 2;
	}
	return inet_pton(AF_INET, full, address) == 1 ? 0 : -EINVAL;
}

/* ADDRESS[/PREFIX], without brackets. Nothing and * are any address. */
static int parse_host(char *host, struct filter_node *node)
{
	char *slash = strchr(host, '/');
	uint32_t prefix = 0, bits;

	if (slash)
		*slash = '\0';
	if (!slash && (!*host || !strcmp(host, "*"))) {
		node->family = 0;
		return 0;
	}
	node->family = strchr(host, ':') ? SW_FAMILY_INET6 : SW_FAMILY_INET;
	bits = node->family == SW_FAMILY_INET6 ? 128 : 32;
	if (node->family == SW_FAMILY_INET6) {
		if (inet_pton(AF_INET6, host, node->address) != 1)
			return -EINVAL;
	} else if (parse_ipv4(host, slash, node->address) < 0) {
		return -EINVAL;
	}
	if (slash && parse_number(slash + 1, bits, &prefix) < 0)
		return -EINVAL;
	node->prefix = (uint8_t)(slash ? prefix : bits);
	return 0;
}

/*
 * Cut "[::1]/64:80" and its like into "::1/64" and "80". ret_port is NULL if there is no port. A
 * bare address with several colons is IPv6 without port.
 */
static int split_endpoint(char *text, char **ret_port)
{
	char *colon = strchr(text, ':');

	if (*text == '[') {
		char *close = strchr(text, ']'), *rest;

		if (!close || !colon || colon > close)
			return -EINVAL;
		rest = close - 1;
		memmove(text, text + 1, (size_t)(rest - text));
		memmove(rest, close + 1, strlen(close + 1) + 1);
		if (*rest && *rest != ':' && *rest != '/')
			return -EINVAL;
		colon = strchr(rest, ':');
	} else if (colon && strchr(colon + 1, ':')) {
		colon = NULL;
	}
	*ret_port = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	return 0;
}

int filter_value_address(const char *text, struct filter_node *node, struct filter_span *bad)
{
	char host[HOST_MAX], *port;

	(void)bad;
	if (!*text || strlen(text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, strlen(text) + 1);
	if (split_endpoint(host, &port) < 0 || parse_host(host, node) < 0)
		return -EINVAL;
	if (!port || !strcmp(port, "*"))
		return 0;
	node->has_port = true;
	return parse_port(port, &node->number);
}

int filter_value_number(const char *text, struct filter_node *node, struct filter_span *bad)
{
	(void)bad;
	return parse_number(text, UINT32_MAX, &node->number);
}

int filter_value_user(const char *text, struct filter_node *node, struct filter_span *bad)
{
	const struct passwd *user;

	(void)bad;
	if (parse_number(text, UINT32_MAX, &node->number) == 0)
		return 0;
	user = *text ? getpwnam(text) : NULL;
	if (!user)
		return -EINVAL;
	node->number = user->pw_uid;
	return 0;
}

int filter_value_pattern(const char *text, struct filter_node *node, struct filter_span *bad)
{
	(void)bad;
	node->pattern = strdup(text);
	return node->pattern ? 0 : -ENOMEM;
}

int filter_value_proto(const char *text, struct filter_node *node, struct filter_span *bad)
{
	(void)bad;
	if (strncasecmp(text, "tcp", 3) == 0)
		node->number = SW_PROTO_TCP;
	else if (strncasecmp(text, "udp", 3) == 0)
		node->number = SW_PROTO_UDP;
	else
		return -EINVAL;
	node->family = text[3] ? SW_FAMILY_INET6 : 0;
	return !text[3] || !strcasecmp(text + 3, "v6") ? 0 : -EINVAL;
}

int filter_value_family(const char *text, struct filter_node *node, struct filter_span *bad)
{
	(void)bad;
	if (!strcasecmp(text, "inet") || !strcmp(text, "4"))
		node->family = SW_FAMILY_INET;
	else if (!strcasecmp(text, "inet6") || !strcmp(text, "6"))
		node->family = SW_FAMILY_INET6;
	else
		return -EINVAL;
	return 0;
}
