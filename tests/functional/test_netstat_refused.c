// SPDX-License-Identifier: GPL-2.0-or-later
/* Malformed command lines and filters: status 2, one line that names the word, no output. */
#define _GNU_SOURCE
#include <string.h>

#include "display.h"
#include "suite.h"

#define EXIT_USAGE 2

struct refusal {
	const char *words; /* separated by single spaces */
	const char *named;
};

static const struct refusal switches[] = {
	{ "--nonsense", "'--nonsense'" },
	{ "-anQ", "-Q" },
	{ "-n -1", "-1" },
	{ "--json=yes", "--json=yes" },
	{ "--format", "--format" },
	{ "--format=yaml", "'yaml'" },
	{ "--style=vista", "'vista'" },
	{ "--color=purple", "'purple'" },
	{ "--proto=sctp", "'sctp'" },
	{ "--netns=/nonexistent", "'/nonexistent'" },
	{ "--netns=no-such-name", "'no-such-name'" },
	{ "--netns=99999999", "'99999999'" },
	{ "--netns=", "--netns=" },
	{ "--columns=nonsense", "'nonsense'" },
	{ "--columns=pid,nonsense,comm", "'nonsense'" },
	{ "--columns=pid,,comm", "''" },
	{ "--columns=", "--columns=" },
	{ "--sort=nonsense", "'nonsense'" },
	{ "--sort=lport,nonsense", "'nonsense'" },
	{ "-r --columns=dst", "--columns=dst" },
	{ "-s --sort=name", "--sort=name" },
	{ "--style=xp --columns=pid", "--columns=pid" },
	{ "--style=xp -anp", "-anp" },
	{ "--style=linux -p tcp", "-p tcp" },
	{ "-p icmp", "'icmp'" },
	{ "-4 -p tcpv6", "'tcpv6'" },
	{ "-n 0", "'0'" },
	{ "-n 1.5", "'1.5'" },
	{ "-n 5s", "'5s'" },
	{ "-n 1 0", "'0'" },
	{ "-n 1 2 3", "'3'" },
	{ "-n 99999999999999999999", "'99999999999999999999'" },
	{ "-s established", "'established'" },
	{ "-j trace", "'trace'" },
	{ NULL, NULL },
};

static const struct refusal filters[] = {
	{ "flurb", "'flurb'" },
	{ "-an flurb 1", "'flurb'" },
	{ "port = x", "'x'" },
	{ "port = 70000", "'70000'" },
	{ "sport >= :https:", "':https:'" },
	{ "state nonsense", "'nonsense'" },
	{ "pid abc", "'abc'" },
	{ "uid -1", "-1" },
	{ "user no-such-user", "'no-such-user'" },
	{ "dst 300.0.0.1", "'300.0.0.1'" },
	{ "dst 10.0.0.0/33", "'10.0.0.0/33'" },
	{ "src [::1", "'[::1'" },
	{ "family 5", "'5'" },
	{ "proto gopher", "'gopher'" },
	{ "netns no-such-name", "'no-such-name'" },
	{ "( pid 1", "'('" },
	{ "pid 1 )", "')'" },
	{ "pid 1 and", "'and'" },
	{ "and pid 1", "'and'" },
	{ "pid 1 or or pid 2", "'or'" },
	{ "not", "'not'" },
	{ "exe", "exe: " },
	{ "state established 1 2 3", "'3'" },
	{ NULL, NULL },
};

static bool is_refused(struct suite *suite, const struct refusal *refusal)
{
	struct program_result result;
	bool right;

	display_run(suite, refusal->words, &result);
	right = result.status == EXIT_USAGE && count_lines(result.err) == 1 &&
		strstr(result.err, refusal->named) && result.out_len == 0;
	if (!right)
		print_error("sockwatch %s: status %d, %s expected, stderr %s, stdout %.200s\n",
			    refusal->words, result.status, refusal->named, result.err, result.out);
	program_result_done(&result);
	return right;
}

static void refuse_all(struct suite *suite, const struct refusal *refusals)
{
	size_t wrong = 0;

	for (; refusals->words; refusals++)
		wrong += !is_refused(suite, refusals);
	assert_int_equal(wrong, 0);
}

static void malformed_switches_name_the_word(struct suite *suite)
{
	refuse_all(suite, switches);
}

static void malformed_filters_name_the_word(struct suite *suite)
{
	refuse_all(suite, filters);
}

const struct test tests_netstat_refused[] = {
	{ .name = "malformed_switches_name_the_word", .run = malformed_switches_name_the_word },
	{ .name = "malformed_filters_name_the_word", .run = malformed_filters_name_the_word },
	{ .name = NULL },
};
