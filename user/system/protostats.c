// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics of protocols, from the files that the kernel keeps for SNMP agents. */
#include "system/protostats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/util.h"

#define FILE_MAX 262144 /* forty times what the longest of these files has today */

/* A piece of text that is eaten from its start. */
struct span {
	const char *start;
	size_t len;
};

struct group {
	const char *name;
	enum statistic_protocol protocol;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool next_line(struct span *text, struct span *ret_line)
{
	const char *end;

	if (!text->len)
		return false;
	end = memchr(text->start, '\n', text->len);
	ret_line->start = text->start;
	ret_line->len = end ? (size_t)(end - text->start) : text->len;
	text->start += ret_line->len + (end != NULL);
	text->len -= ret_line->len + (end != NULL);
	return true;
}

static bool next_word(struct span *line, struct span *ret_word)
{
	while (line->len && is_blank(*line->start)) {
		line->start++;
		line->len--;
	}
	*ret_word = (struct span){ line->start, 0 };
	while (line->len && !is_blank(*line->start)) {
		line->start++;
		line->len--;
		ret_word->len++;
	}
	return ret_word->len > 0;
}

static bool is_text(const struct span *span, const char *text)
{
	return span->len == strlen(text) && !memcmp(span->start, text, span->len);
}

static bool begins_with(const struct span *span, const char *text)
{
	return span->len >= strlen(text) && !memcmp(span->start, text, strlen(text));
}

/* Decimal, an int64_t if it is negative, else a uint64_t. Anything else stays unknown. */
static void set_value(struct statistic *statistic, const struct span *word)
{
	bool negative = word->len && word->start[0] == '-';
	uint64_t value = 0;

	if (word->len == negative)
		return;
	for (size_t i = negative; i < word->len; i++) {
		unsigned int digit = (unsigned char)word->start[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return;
	}
	if (negative && value > (uint64_t)INT64_MAX)
		return;
	statistic->known = true;
	statistic->negative = negative && value;
	statistic->value = negative ? 0 - value : value;
}

/* Append the name's bytes if they are printable ASCII and fit. */
static bool append_name(struct statistic *statistic, const struct span *part)
{
	size_t len = strlen(statistic->name);

	if (!part->len || part->len >= sizeof(statistic->name) - len)
		return false;
	for (size_t i = 0; i < part->len; i++)
		if (part->start[i] <= ' ' || part->start[i] > '~')
			return false;
	memcpy(statistic->name + len, part->start, part->len);
	return true;
}

static int add(struct statistic_list *list, enum statistic_protocol protocol,
	       const struct span *group, const struct span *name, const struct span *value)
{
	struct statistic statistic = { .protocol = protocol };

	if ((group->len && !append_name(&statistic, group)) || !append_name(&statistic, name)) {
		list->malformed++;
		return 0;
	}
	set_value(&statistic, value);
	return statistic_list_add(list, &statistic);
}

static enum statistic_protocol protocol_of_pair(const struct span *group)
{
	static const struct group groups[] = {
		{ "Ip", STATISTIC_IP },	       { "IpExt", STATISTIC_IP },
		{ "Icmp", STATISTIC_ICMP },    { "IcmpMsg", STATISTIC_ICMP },
		{ "Tcp", STATISTIC_TCP },      { "TcpExt", STATISTIC_TCP },
		{ "MPTcpExt", STATISTIC_TCP }, { "Udp", STATISTIC_UDP },
		{ "UdpLite", STATISTIC_UDP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (is_text(group, groups[i].name))
			return groups[i].protocol;
	return STATISTIC_OTHER;
}

/* The group's name before the colon; false if there is none. */
static bool next_group(struct span *line, struct span *ret_group)
{
	if (!next_word(line, ret_group) || ret_group->start[ret_group->len - 1] != ':')
		return false;
	ret_group->len--;
	return ret_group->len > 0;
}

/* Eat the line of values that belongs to `group`, if it comes next. */
static bool next_values(struct span *text, const struct span *group, struct span *ret_values)
{
	struct span after = *text, line, other;

	if (!next_line(&after, &line) || !next_group(&line, &other) || other.len != group->len ||
	    memcmp(other.start, group->start, group->len) != 0)
		return false;
	*text = after;
	*ret_values = line;
	return true;
}

int protostats_parse_pairs(const char *text, size_t len, struct statistic_list *list)
{
	struct span rest = { text, len }, names, group, name, value;
	int r = 0;

	while (r == 0 && next_line(&rest, &names)) {
		struct span values = { NULL, 0 };

		if (!next_group(&names, &group)) {
			list->malformed++;
			continue;
		}
		if (!next_values(&rest, &group, &values))
			list->malformed++;
		while (r == 0 && next_word(&names, &name)) {
			next_word(&values, &value);
			r = add(list, protocol_of_pair(&group), &group, &name, &value);
		}
		/* A value without a name. */
		if (next_word(&values, &value))
			list->malformed++;
	}
	return r;
}

static enum statistic_protocol protocol_of_snmp6(const struct span *name)
{
	static const struct group groups[] = {
		{ "Ip6", STATISTIC_IPV6 },
		{ "Icmp6", STATISTIC_ICMPV6 },
		{ "Udp6", STATISTIC_UDPV6 },
		{ "UdpLite6", STATISTIC_UDPV6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (begins_with(name, groups[i].name))
			return groups[i].protocol;
	return STATISTIC_OTHER;
}

int protostats_parse_snmp6(const char *text, size_t len, struct statistic_list *list)
{
	struct span rest = { text, len }, line, name, value;
	int r = 0;

	while (r == 0 && next_line(&rest, &line)) {
		struct span none = { NULL, 0 };

		next_word(&line, &name);
		next_word(&line, &value);
		r = add(list, protocol_of_snmp6(&name), &none, &name, &value);
	}
	return r;
}

int protostats_parse_sockstat6(const char *text, size_t len, struct statistic_list *list)
{
	struct span rest = { text, len }, line, group, name, value;

	while (next_line(&rest, &line)) {
		if (!next_group(&line, &group) || !is_text(&group, "TCP6"))
			continue;
		if (!next_word(&line, &name) || !is_text(&name, "inuse")) {
			list->malformed++;
			continue;
		}
		next_word(&line, &value);
		return add(list, STATISTIC_TCPV6, &group, &name, &value);
	}
	return 0;
}

/* The whole file into `buffer` of FILE_MAX bytes. Its length, or negative errno. */
static ssize_t read_file(const char *path, char *buffer)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n && len < FILE_MAX) {
		n = read(fd, buffer + len, FILE_MAX - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	return len < FILE_MAX ? (ssize_t)len : -EFBIG;
}

int protostats_read(struct statistic_list *ret_list)
{
	static const struct {
		const char *path;
		bool optional; /* a kernel without IPv6 does not have it */
		int (*parse)(const char *text, size_t len, struct statistic_list *list);
	} files[] = {
		{ "/proc/net/snmp", false, protostats_parse_pairs },
		{ "/proc/net/netstat", false, protostats_parse_pairs },
		{ "/proc/net/snmp6", true, protostats_parse_snmp6 },
		{ "/proc/net/sockstat6", true, protostats_parse_sockstat6 },
	};
	CLEANUP(statistic_list_done) struct statistic_list list = { 0 };
	CLEANUP_FREE char *buffer = calloc(1, FILE_MAX);

	if (!buffer)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ssize_t len = read_file(files[i].path, buffer);
		int r;

		if (len == -ENOENT && files[i].optional)
			continue;
		r = len < 0 ? (int)len : files[i].parse(buffer, (size_t)len, &list);
		if (r < 0)
			return r;
	}
	*ret_list = list;
	list = (struct statistic_list){ 0 };
	return 0;
}
