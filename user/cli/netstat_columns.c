// SPDX-License-Identifier: GPL-2.0-or-later
/* Which columns the switches ask for, and what --columns and --sort say. */
#include "cli/netstat_columns.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "source/netns.h"

static void add_all(struct table *table, const char *const *names)
{
	for (; *names; names++)
		(void)table_column_add(table, *names);
}

/* What a row of JSON has, in a fixed order. */
static void choose_csv(const struct netstat_options *options, struct table *table)
{
	static const char *const repeated[] = { "ts", "display", NULL };
	static const char *const always[] = { "proto", "family", "laddr",  "lport",	"raddr",
					      "rport", "state",	 "pid",	   "comm",	"exe",
					      "uid",   "netns",	 "cgroup", "container", "cookie",
					      "gen",   "recv_q", "send_q", "inode",	"holders",
					      NULL };
	static const char *const counters[] = {
		"rx_bytes",	"tx_bytes",	"rx_segs",	"tx_segs",	"rx_data_segs",
		"tx_data_segs", "rtt_us",	"retrans",	"unread_bytes", "unacked_bytes",
		"connect_us",	"handshake_us", "state_age_us", "age_us",	NULL,
	};
	static const char *const gone[] = { "gone",   "opened",	     "closed",
					    "reason", "duration_us", NULL };

	if (options->repeated)
		add_all(table, repeated);
	add_all(table, always);
	if (options->extended)
		add_all(table, counters);
	if (options->repeated)
		add_all(table, gone);
}

static bool has_more_namespaces(const struct netstat_options *options)
{
	struct netns_list list;
	bool more;

	if (options->netns || netns_list_read(&list) < 0)
		return false;
	more = list.count > 1;
	netns_list_done(&list);
	return more;
}

bool netstat_wants_owners(const struct netstat_options *options)
{
	return options->pid || options->programs || options->executable || options->columns ||
	       options->sort || options->filter_count || options->extended ||
	       options->format == FORMAT_JSON || options->format == FORMAT_CSV ||
	       !options->numeric || options->fqdn;
}

static void choose_text(const struct netstat_options *options, struct table *table)
{
	static const char *const always[] = { "protocol", "recv_q", "send_q", "local",
					      "remote",	  "state",  NULL };
	static const char *const extended[] = { "uid",	    "inode",	"cookie",  "holders",
						"rx_bytes", "tx_bytes", "rx_segs", "tx_segs",
						"rtt_us",   "retrans",	NULL };
	/* What only the tracer knows. */
	static const char *const ages[] = { "handshake_us", "state_age", "age", NULL };
	static const char *const places[] = { "netns", "cgroup", NULL };

	add_all(table, always);
	if (options->programs)
		(void)table_column_add(table, "program");
	else if (options->pid || options->executable)
		(void)table_column_add(table, "pid");
	if (options->extended)
		add_all(table, extended);
	if (options->extended && options->repeated)
		add_all(table, ages);
	if (options->extended)
		add_all(table, places);
	if (options->timers)
		(void)table_column_add(table, "timers");
	if (!has_more_namespaces(options))
		return;
	(void)table_column_add(table, "netns");
	if (netstat_wants_owners(options))
		(void)table_column_add(table, "contained");
}

static int complain(const char *option, const char *word, size_t len)
{
	log_error("--%s: '%.*s' is no column (see sockwatch --columns=help)", option, (int)len,
		  word);
	return EXIT_USAGE;
}

int netstat_columns_choose(const struct netstat_options *options, struct table *ret_table)
{
	static const enum table_format formats[] = {
		[FORMAT_TEXT] = TABLE_TEXT,
		[FORMAT_JSON] = TABLE_JSON,
		[FORMAT_CSV] = TABLE_CSV,
		[FORMAT_XP] = TABLE_XP,
	};
	const char *bad;
	size_t len;

	table_init(ret_table, formats[options->format]);
	ret_table->header = !options->no_header;
	ret_table->color = color_wanted(options->color, STDOUT_FILENO);
	ret_table->marks = isatty(STDOUT_FILENO);
	ret_table->executable = options->executable;
	ret_table->ancestors = options->components;
	ret_table->counters = options->extended;
	ret_table->peers = options->peers;
	/* JSON has all that applies, but what is added or taken away needs a list to start from. */
	if (options->format == FORMAT_CSV ||
	    (options->format == FORMAT_JSON && options->columns && strchr("+-", *options->columns)))
		choose_csv(options, ret_table);
	else if (options->format == FORMAT_TEXT)
		choose_text(options, ret_table);
	else if (options->format == FORMAT_XP && (options->pid || options->executable))
		(void)table_column_add(ret_table, "pid");
	if (options->columns && table_columns_parse(ret_table, options->columns, &bad, &len) < 0) {
		table_done(ret_table);
		return complain("columns", bad, len);
	}
	return EXIT_OK;
}

int netstat_sort_parse(const char *text, struct netstat_sort *ret_sort)
{
	ret_sort->count = 0;
	for (const char *word = text; word; word++) {
		size_t len = strcspn(word, ",");
		bool descending = *word == '-';
		const struct field *field = table_column_find(word + descending, len - descending);

		if (!field || ret_sort->count == NETSTAT_SORT_MAX)
			return complain("sort", word, len);
		ret_sort->keys[ret_sort->count].field = field;
		ret_sort->keys[ret_sort->count++].descending = descending;
		word += len;
		if (!*word)
			break;
	}
	return EXIT_OK;
}

static int compare_text(const struct value *left, const struct value *right)
{
	size_t shorter = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->text, right->text, shorter);

	return order ? order : (left->len > right->len) - (left->len < right->len);
}

static int compare_known(const struct value *left, const struct value *right)
{
	if (left->kind == VALUE_TEXT && right->kind == VALUE_TEXT)
		return compare_text(left, right);
	return (left->number > right->number) - (left->number < right->number);
}

int netstat_sort_compare(const struct netstat_sort *sort, const struct table *table,
			 const struct socket_row *left, const struct socket_row *right)
{
	const struct table_row a = { .socket = left }, b = { .socket = right };

	for (size_t i = 0; i < sort->count; i++) {
		struct value first = { 0 }, second = { 0 };
		int order;

		table_value(table, sort->keys[i].field, &a, &first);
		table_value(table, sort->keys[i].field, &b, &second);
		/* What is unknown comes last, in either direction. */
		if (first.kind == VALUE_NONE || second.kind == VALUE_NONE)
			order = (first.kind == VALUE_NONE) - (second.kind == VALUE_NONE);
		else
			order = compare_known(&first, &second) *
				(sort->keys[i].descending ? -1 : 1);
		if (order)
			return order;
	}
	return 0;
}
