// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/netstat_options.c, cli/netstat_words.c: the idioms of netstat's users, and what is refused.
 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/netstat_options.h"

#define WORDS_MAX 32
#define MEANING_SIZE 512

/* A command line and what was read from it, which points into it. */
struct parsed {
	char text[256];
	char *argv[WORDS_MAX];
	int argc;
	struct netstat_options options;
};

/* Words are separated by single spaces; '' is an empty one. */
static int parse(const char *line, struct parsed *ret)
{
	char *rest = ret->text;

	assert_true(snprintf(ret->text, sizeof(ret->text), "sockwatch%s%s", *line ? " " : "",
			     line) < (int)sizeof(ret->text));
	ret->argc = 0;
	while (rest) {
		char *word = strsep(&rest, " ");

		assert_true(ret->argc < WORDS_MAX - 1);
		ret->argv[ret->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	ret->argv[ret->argc] = NULL;
	return netstat_options_parse(ret->argc, ret->argv, &ret->options);
}

/* ---- what was read, in words ------------------------------------------------------------------
 */

static const struct {
	const char *name;
	size_t flag;
} flags[] = {
	{ "all", offsetof(struct netstat_options, all) },
	{ "listening", offsetof(struct netstat_options, listening) },
	{ "pid", offsetof(struct netstat_options, pid) },
	{ "programs", offsetof(struct netstat_options, programs) },
	{ "executable", offsetof(struct netstat_options, executable) },
	{ "components", offsetof(struct netstat_options, components) },
	{ "verbose", offsetof(struct netstat_options, verbose) },
	{ "timers", offsetof(struct netstat_options, timers) },
	{ "extended", offsetof(struct netstat_options, extended) },
	{ "numeric", offsetof(struct netstat_options, numeric) },
	{ "fqdn", offsetof(struct netstat_options, fqdn) },
	{ "wide", offsetof(struct netstat_options, wide) },
	{ "peers", offsetof(struct netstat_options, peers) },
	{ "no_header", offsetof(struct netstat_options, no_header) },
	{ "no_sandbox", offsetof(struct netstat_options, no_sandbox) },
	{ "help", offsetof(struct netstat_options, help) },
};

static const char *const socket_names[] = {
	"tcp4", "tcp6", "udp4", "udp6", "raw4", "raw6", "unix"
};
static const char *const statistics_names[] = { "ip",  "ipv6",	"icmp", "icmpv6",
						"tcp", "tcpv6", "udp",	"udpv6" };

__attribute__((format(printf, 2, 3))) static void say(char out[MEANING_SIZE], const char *format,
						      ...)
{
	size_t len = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	assert_in_range(vsnprintf(out + len, MEANING_SIZE - len, format, arguments), 0,
			MEANING_SIZE - len - 1);
	va_end(arguments);
}

static void say_bits(char out[MEANING_SIZE], unsigned int mask, const char *const *names,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mask & 1u << i)
			say(out, " %s", names[i]);
}

static void say_tables(char out[MEANING_SIZE], const struct netstat_options *options)
{
	assert_int_not_equal(options->socket_mask, 0);
	assert_int_not_equal(options->statistics_mask, 0);
	if (options->sockets && options->socket_mask == (1 << 4) - 1)
		say(out, " tcp udp");
	else if (options->sockets)
		say_bits(out, options->socket_mask, socket_names, 7);
	if (options->ethernet)
		say(out, " ethernet");
	if (options->interfaces)
		say(out, " interfaces");
	if (options->routes)
		say(out, " routes");
	if (options->statistics) {
		say(out, " statistics:");
		if (options->statistics_mask == STATISTICS_ALL)
			say(out, " every");
		else
			say_bits(out, options->statistics_mask, statistics_names, 8);
	}
	if (!options->ipv4 || !options->ipv6)
		say(out, " only%s%s", options->ipv4 ? " ipv4" : "", options->ipv6 ? " ipv6" : "");
}

/* Every field, but those that are at rest: text, no colour of its own, once, no filter. */
static void describe(const struct netstat_options *options, char out[MEANING_SIZE])
{
	static const char *const styles[] = { "auto", "xp", "linux" };
	static const char *const formats[] = { "text", "json", "csv", "xp" };
	static const char *const whens[] = { "auto", "always", "never" };

	out[0] = '\0';
	say(out, "%s:", styles[options->style]);
	say_tables(out, options);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (*((const bool *)((const char *)options + flags[i].flag)))
			say(out, " %s", flags[i].name);
	if (options->format != FORMAT_TEXT)
		say(out, " format=%s", formats[options->format]);
	if (options->color != WHEN_AUTO)
		say(out, " color=%s", whens[options->color]);
	if (options->columns)
		say(out, " columns=%s", options->columns);
	if (options->sort)
		say(out, " sort=%s", options->sort);
	if (options->netns)
		say(out, " netns=%s", options->netns);
	if (options->repeated)
		say(out, " every %us", options->interval_s);
	if (options->count)
		say(out, " %u times", options->count);
	for (int i = 0; i < options->filter_count; i++)
		say(out, "%s%s", i ? " " : " filter ", options->filter_words[i]);
}

struct idiom {
	const char *line;
	const char *means;
};

static void check_idioms(const struct idiom *idioms, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct parsed parsed;
		char read[MEANING_SIZE];

		if (parse(idioms[i].line, &parsed) != EXIT_OK)
			fail_msg("refused: %s", idioms[i].line);
		describe(&parsed.options, read);
		if (strcmp(read, idioms[i].means) != 0)
			fail_msg("'%s' means '%s', was read as '%s'", idioms[i].line,
				 idioms[i].means, read);
		assert_true(parsed.options.interval_s >= 1);
	}
}

#define expect_meanings(...)                                \
	check_idioms((const struct idiom[]){ __VA_ARGS__ }, \
		     sizeof((const struct idiom[]){ __VA_ARGS__ }) / sizeof(struct idiom))

static void windows_idioms_are_read(void **state)
{
	(void)state;
	expect_meanings({ "", "xp: tcp udp" }, { "-a", "xp: tcp udp all" },
			{ "-ano", "xp: tcp udp all pid numeric" },
			{ "-abno", "xp: tcp udp all pid executable numeric" },
			{ "-anb", "xp: tcp udp all executable numeric" },
			{ "-bv", "xp: tcp udp executable components verbose" },
			{ "-e", "xp: ethernet" }, { "-es", "xp: ethernet statistics: every" },
			{ "-s", "xp: statistics: every" }, { "-s -p tcp", "xp: statistics: tcp" },
			{ "-p ICMPv6 -s", "xp: statistics: icmpv6" },
			{ "-s -p ip -p udpv6", "xp: statistics: ip udpv6" },
			{ "-n 1 3", "xp: tcp udp numeric every 1s 3 times" },
			{ "-n 5", "xp: tcp udp numeric every 5s" }, { "-r", "xp: routes" },
			{ "-rv", "xp: routes verbose" }, { "-rs", "xp: routes statistics: every" },
			{ "-b 5", "xp: tcp udp executable every 5s" },
			{ "-b 2 3", "xp: tcp udp executable every 2s 3 times" },
			{ "-f", "xp: tcp udp fqdn" }, { "-nf", "xp: tcp udp numeric fqdn" });
}

static void linux_idioms_are_read(void **state)
{
	(void)state;
	expect_meanings(
		{ "-rn", "xp: routes numeric" },
		{ "-tulpen", "linux: tcp udp listening programs extended numeric" },
		{ "-plunt", "linux: tcp udp listening programs numeric" },
		{ "-tunap", "linux: tcp udp all programs numeric" },
		{ "-antup", "linux: tcp udp all programs numeric" },
		{ "-tuna -o", "linux: tcp udp all pid timers numeric" },
		{ "-anp", "linux: tcp udp all programs numeric" }, { "-i", "linux: interfaces" },
		{ "-ie", "linux: interfaces extended" }, { "-l", "linux: tcp udp listening" },
		{ "-la", "linux: tcp udp all" }, { "-t", "linux: tcp4 tcp6" },
		{ "-u", "linux: udp4 udp6" }, { "-w", "linux: raw4 raw6" }, { "-x", "linux: unix" },
		{ "-xt", "linux: tcp4 tcp6 unix" }, { "-4", "linux: tcp4 udp4 only ipv4" },
		{ "-6", "linux: tcp6 udp6 only ipv6" }, { "-46", "linux: tcp udp" },
		{ "-t6w", "linux: tcp6 raw6 only ipv6" }, { "-x4", "linux: unix only ipv4" },
		{ "-r6", "linux: routes only ipv6" }, { "-st", "linux: statistics: tcp tcpv6" },
		{ "-sw", "linux: statistics: ip ipv6 icmp icmpv6" },
		{ "-s4", "linux: statistics: ip icmp tcp udp only ipv4" },
		{ "-W", "linux: tcp udp wide" }, { "-tc", "linux: tcp4 tcp6 every 1s" },
		{ "-c 5", "linux: tcp udp every 5s" },
		{ "-tc 5 2", "linux: tcp4 tcp6 every 5s 2 times" });
}

static void p_takes_a_protocol_that_follows(void **state)
{
	(void)state;
	expect_meanings(
		{ "-anp tcp", "xp: tcp4 all numeric" }, { "-p TCPv6", "xp: tcp6" },
		{ "-p udp", "xp: udp4" }, { "-p udpv6", "xp: udp6" }, { "-ptcp", "xp: tcp4" },
		{ "-anpudp", "xp: udp4 all numeric" }, { "-p tcp -p tcpv6", "xp: tcp4 tcp6" },
		{ "-p tcp -u", "linux: tcp4 udp4 udp6" }, { "--proto=tcp", "xp: tcp4" },
		{ "--proto Tcp", "xp: tcp4" }, { "-p tcp 5", "xp: tcp4 every 5s" },
		{ "-p tcp -e", "xp: ethernet" }, { "pid 1 -p tcp", "xp: tcp4 filter pid 1" },
		{ "-p -n", "linux: tcp udp programs numeric" },
		{ "-p 5", "linux: tcp udp programs every 5s" },
		{ "-pn dport 22", "linux: tcp udp programs numeric filter dport 22" },
		{ "-pe", "linux: ethernet programs" },
		{ "-p state established", "linux: tcp udp programs filter state established" });
}

static void a_filter_ends_before_the_interval(void **state)
{
	(void)state;
	expect_meanings({ "state established", "xp: tcp udp filter state established" },
			{ "state established 5", "xp: tcp udp every 5s filter state established" },
			{ "pid 812", "xp: tcp udp filter pid 812" },
			{ "pid 812 5", "xp: tcp udp every 5s filter pid 812" },
			{ "pid 812 5 2", "xp: tcp udp every 5s 2 times filter pid 812" },
			{ "sport 22 5", "xp: tcp udp every 5s filter sport 22" },
			{ "dport 1 or pid 2", "xp: tcp udp filter dport 1 or pid 2" },
			{ "dport = 22 -n 1", "xp: tcp udp numeric every 1s filter dport = 22" },
			{ "pid -n 812 -a 5", "xp: tcp udp all numeric every 5s filter pid 812" },
			{ "-n -- pid 812 5", "xp: tcp udp numeric every 5s filter pid 812" },
			{ "-n pid -- 812 5", "xp: tcp udp numeric every 5s filter pid 812" },
			{ "-c pid 812", "linux: tcp udp every 1s filter pid 812" },
			{ "31536000 4294967295", "xp: tcp udp every 31536000s 4294967295 times" },
			{ "007", "xp: tcp udp every 7s" },
			{ "-s 1 3", "xp: statistics: every every 1s 3 times" },
			{ "-r 5", "xp: routes every 5s" });
}

static void one_quoted_word_is_a_filter(void **state)
{
	char *argv[] = { (char *)"sockwatch", (char *)"pid 812 or pid 1", (char *)"5", NULL };
	struct netstat_options options;

	(void)state;
	assert_int_equal(netstat_options_parse(3, argv, &options), EXIT_OK);
	assert_int_equal(options.filter_count, 1);
	expect_text(options.filter_words[0], "pid 812 or pid 1");
	assert_int_equal(options.interval_s, 5);
}

static void long_options_are_read(void **state)
{
	(void)state;
	expect_meanings(
		{ "--all --numeric --executable --verbose",
		  "xp: tcp udp all executable components verbose numeric" },
		{ "--interfaces", "linux: interfaces" }, { "--extend", "xp: tcp udp extended" },
		{ "--timers", "xp: tcp udp timers" }, { "--peers", "xp: tcp udp peers" },
		{ "-un --peers 5", "linux: udp4 udp6 numeric peers every 5s" },
		{ "--programs", "linux: tcp udp programs" }, { "--routes", "xp: routes" },
		{ "--statistics", "xp: statistics: every" },
		{ "--listening --tcp", "linux: tcp4 tcp6 listening" },
		{ "--continuous --udp", "linux: udp4 udp6 every 1s" },
		{ "--raw --unix --ipv4", "linux: raw4 unix only ipv4" },
		{ "--ipv6 --wide", "linux: tcp6 udp6 only ipv6 wide" },
		{ "--fqdn", "xp: tcp udp fqdn" }, { "--json", "xp: tcp udp format=json" },
		{ "-jH", "xp: tcp udp no_header format=json" },
		{ "--no-header", "xp: tcp udp no_header" },
		{ "--no-sandbox", "xp: tcp udp no_sandbox" },
		{ "--format=csv", "xp: tcp udp format=csv" }, { "--format=text", "xp: tcp udp" },
		{ "--format xp", "xp: tcp udp format=xp" },
		{ "--json --format=csv", "xp: tcp udp format=csv" },
		{ "--columns=pid,comm --sort=pid", "xp: tcp udp columns=pid,comm sort=pid" },
		{ "--columns=help", "xp: tcp udp columns=help" },
		{ "--color", "xp: tcp udp color=always" },
		{ "--color=never", "xp: tcp udp color=never" }, { "--color=auto", "xp: tcp udp" },
		{ "--netns=self", "xp: tcp udp netns=self" }, { "-N 812", "xp: tcp udp netns=812" },
		{ "-Nblue -r", "xp: routes netns=blue" });
}

static void a_forced_style_settles_e_o_and_p(void **state)
{
	(void)state;
	expect_meanings({ "--style=xp", "xp: tcp udp format=xp" },
			{ "--style=xp -j", "xp: tcp udp format=json" },
			{ "--format=text --style=xp", "xp: tcp udp" },
			{ "--style=xp -to", "xp: tcp4 tcp6 pid format=xp" },
			{ "-te --style=xp", "xp: ethernet format=xp" },
			{ "-anp tcp --style=xp", "xp: tcp4 all numeric format=xp" },
			{ "--style=xp --columns=help", "xp: tcp udp format=xp columns=help" },
			{ "--style=linux", "linux: tcp udp" },
			{ "-e --style=linux", "linux: tcp udp extended" },
			{ "-o --style=linux", "linux: tcp udp pid timers" },
			{ "--style=linux -anp", "linux: tcp udp all programs numeric" },
			{ "--style=linux --proto=tcp", "linux: tcp4" },
			{ "--style=xp --style=linux", "linux: tcp udp" });
}

static void the_environment_forces_a_style(void **state)
{
	(void)state;
	setenv("SOCKWATCH_STYLE", "linux", 1);
	expect_meanings({ "-e", "linux: tcp udp extended" },
			{ "-e --style=xp", "xp: ethernet format=xp" });
	setenv("SOCKWATCH_STYLE", "xp", 1);
	expect_meanings({ "-to", "xp: tcp4 tcp6 pid format=xp" },
			{ "-to --style=linux", "linux: tcp4 tcp6 pid timers" },
			{ "-j", "xp: tcp udp format=json" });
	setenv("SOCKWATCH_STYLE", "", 1);
	expect_meanings({ "-to", "linux: tcp4 tcp6 pid timers" });
	setenv("SOCKWATCH_STYLE", "bogus", 1);
	expect_meanings({ "-e --style=xp", "xp: ethernet format=xp" });
}

static void help_is_asked_for_in_three_ways(void **state)
{
	static const char *const lines[] = { "-h", "--help", "-?", "-anh", "--help bogus words" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct parsed parsed;

		assert_int_equal(parse(lines[i], &parsed), EXIT_OK);
		assert_true(parsed.options.help);
	}
}

static void arguments_are_moved_but_never_lost(void **state)
{
	static const char *const line = "pid -a 812 -p tcp or pid -- 7 5";
	struct parsed parsed;
	size_t len = 0;

	(void)state;
	assert_int_equal(parse(line, &parsed), EXIT_OK);
	assert_int_equal(parsed.options.filter_count, 5);
	for (int i = 0; i < parsed.argc; i++)
		len += strlen(parsed.argv[i]) + 1;
	assert_int_equal(len, strlen("sockwatch ") + strlen(line) + 1);
}

/* ---- what is refused ---------------------------------------------------------------------------
 */

/* What is written to a descriptor between begin and end. */
struct capture {
	int fd, saved_fd;
	FILE *file;
};

static void capture_begin(struct capture *capture, int fd)
{
	capture->fd = fd;
	capture->saved_fd = dup(fd);
	capture->file = tmpfile();
	assert_true(capture->saved_fd >= 0);
	assert_non_null(capture->file);
	fflush(NULL);
	assert_int_equal(dup2(fileno(capture->file), fd), fd);
}

static void capture_end(struct capture *capture, char *out, size_t size)
{
	fflush(NULL);
	dup2(capture->saved_fd, capture->fd);
	close(capture->saved_fd);
	rewind(capture->file);
	out[fread(out, 1, size - 1, capture->file)] = '\0';
	fclose(capture->file);
}

struct refused {
	const char *line;
	const char *said; /* the word, as it is named */
};

static void check_refused(const struct refused *refused)
{
	struct capture data, talk;
	struct parsed parsed;
	struct netstat_options untouched;
	char out[512], err[2048];
	int status;

	memset(&parsed.options, 0x5a, sizeof(parsed.options));
	untouched = parsed.options;
	capture_begin(&data, STDOUT_FILENO);
	capture_begin(&talk, STDERR_FILENO);
	status = parse(refused->line, &parsed);
	capture_end(&talk, err, sizeof(err));
	capture_end(&data, out, sizeof(out));
	if (status != EXIT_USAGE)
		fail_msg("%s: status %d", refused->line, status);
	if (!strstr(err, refused->said))
		fail_msg("%s: \"%s\" lacks \"%s\"", refused->line, err, refused->said);
	if (strncmp(err, "sockwatch: ", 11) != 0 || strchr(err, '\n') != err + strlen(err) - 1)
		fail_msg("%s: not one line: \"%s\"", refused->line, err);
	expect_text(out, "");
	assert_memory_equal(&parsed.options, &untouched, sizeof(untouched));
}

#define expect_refused(...)                                                   \
	do {                                                                  \
		static const struct refused cases[] = { __VA_ARGS__ };        \
                                                                              \
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) \
			check_refused(&cases[i]);                             \
	} while (0)

static void unknown_switches_are_named(void **state)
{
	(void)state;
	expect_refused({ "-q", "-q: there is no switch -q (see sockwatch --help)" },
		       { "-anqo", "-anqo: there is no switch -q" },
		       { "-n -Z", "-Z: there is no switch -Z" }, { "-1", "-1: there is no switch" },
		       { "-n -5", "-5: there is no switch" }, { "-V", "-V: there is no switch" },
		       { "-n\033", "-n\\x1b: there is no switch -\\x1b" },
		       { "--bogus", "unknown or ambiguous option '--bogus'" }, { "--co", "'--co'" },
		       { "--all=yes", "--all=yes: this option takes no value" },
		       { "---a", "'---a'" });
}

static void bad_values_are_named(void **state)
{
	(void)state;
	expect_refused(
		{ "-N", "-N needs a value" }, { "-anN", "-anN needs a value" },
		{ "--netns", "--netns needs a value" }, { "--netns=", "--netns= needs a value" },
		{ "--format", "--format needs a value" },
		{ "--columns", "--columns needs a value" },
		{ "--columns=", "--columns= needs a value" },
		{ "--sort=", "--sort= needs a value" }, { "--sort ''", "--sort= needs a value" },
		{ "--format=", "--format: '' is not one of: text json csv xp" },
		{ "--format=xml", "--format: 'xml' is not" }, { "--format=JSON", "'JSON'" },
		{ "--color=", "--color: '' is not one of: auto always never" },
		{ "--color=red", "--color: 'red'" }, { "--style=", "--style: '' is not" },
		{ "--style=mac", "--style: 'mac' is not one of: xp linux" },
		{ "--proto=sctp", "--proto: 'sctp' is not one of: tcp udp tcpv6 udpv6 ip" },
		{ "--proto=", "--proto: ''" }, { "--proto", "--proto needs a value" });
}

static void bad_intervals_are_named(void **state)
{
	(void)state;
	expect_refused({ "0", "INTERVAL in seconds: '0' is not a whole number from 1 to 31536000" },
		       { "-c 0", "'0'" }, { "-- -5", "INTERVAL in seconds: '-5'" },
		       { "+5", "'+5'" }, { "31536001", "'31536001'" },
		       { "99999999999999999999999", "'99999999999999999999999'" },
		       { "1.5", "'1.5'" }, { ".5", "'.5'" }, { "5s", "'5s'" }, { "0x10", "'0x10'" },
		       { "5 0", "COUNT: '0' is not a whole number from 1 to 4294967295" },
		       { "5 4294967296", "COUNT: '4294967296'" }, { "5 3x", "COUNT: '3x'" },
		       { "0 0", "INTERVAL in seconds: '0'" },
		       { "pid 812 0", "INTERVAL in seconds: '0'" },
		       { "1 2 3", "'3' is one number too many" },
		       { "pid 1 2 3 4", "'4' is one number too" },
		       { "-r 1 2 3", "'3' is one number too many" });
}

static void bad_filters_are_explained(void **state)
{
	(void)state;
	expect_refused(
		{ "bogus", "'bogus' is no filter word" }, { "-an tcp", "'tcp' is no filter word" },
		{ "-p sctp", "'sctp' is no filter word" }, { "-", "'-' is no filter word" },
		{ "dport", "dport: a port (0 to 65535) or a known service is missing" },
		{ "dport 99999", "dport: '99999' is not a port" }, { "pid abc 5", "pid: 'abc'" },
		{ "state bogus 5", "state: 'bogus'" }, { "( pid 1", "'('" },
		{ "pid 1 or 5", "'5' is no filter word" }, { "5 pid 1", "'5' is no filter word" },
		{ "pid 1 5 bogus", "'5' is no filter word" },
		{ "-- -p tcp", "'-p' is no filter word" });
}

static void what_does_not_go_together_is_named(void **state)
{
	(void)state;
	expect_refused({ "-p icmp", "'icmp' has statistics only (-s)" },
		       { "-anp IP", "'IP' has statistics" },
		       { "--proto=icmpv6", "'icmpv6' has statistics only" },
		       { "-r -p ipv6", "'ipv6'" }, { "-p tcp -6", "'tcp' has nothing of -6" },
		       { "-4 -p udpv6", "'udpv6' has nothing of -4" },
		       { "-s -p icmpv6 -4", "'icmpv6' has nothing of -4" },
		       { "-r pid 1", "'pid': a filter goes with sockets only" },
		       { "-s bogus", "'bogus': a filter goes" },
		       { "-e state established", "'state': a filter" },
		       { "-i ''", "'': a filter goes with sockets only" },
		       { "-r --columns=dst", "--columns=dst goes with sockets only" },
		       { "-s --sort=name", "--sort=name goes with sockets only" },
		       { "-t --peers", "--peers goes with UDP sockets only" },
		       { "-r --peers", "--peers goes with UDP sockets only" },
		       { "--style=xp --columns=pid", "--columns=pid: XP's layout" },
		       { "--style=xp -anp", "-anp: with style xp -p needs one of: tcp udp" },
		       { "--style=xp -p sctp", "-p sctp: with style xp" },
		       { "-p -n --style=xp", "-p -n: with" },
		       { "-pn --style=xp", "-pn: with style xp" },
		       { "--style=linux -p tcp", "-p tcp: with style linux -p shows programs" });
}

static void a_bad_style_of_the_environment_is_named(void **state)
{
	(void)state;
	setenv("SOCKWATCH_STYLE", "bogus", 1);
	expect_refused({ "", "SOCKWATCH_STYLE: 'bogus' is not one of: xp linux" });
	setenv("SOCKWATCH_STYLE", "XP", 1);
	expect_refused({ "-an", "SOCKWATCH_STYLE: 'XP'" });
	setenv("SOCKWATCH_STYLE", "xp", 1);
	expect_refused({ "-p", "-p: with style xp" });
}

static void a_refused_bundle_is_forgotten(void **state)
{
	(void)state;
	expect_refused({ "-aqnr", "-q" });
	expect_meanings({ "-o", "xp: tcp udp pid" });
}

static void help_fits_a_terminal_and_names_every_verb(void **state)
{
	static const char *const named[] = {
		"sockwatch trace",  "sockwatch doctor", "sockwatch states",
		"INTERVAL [COUNT]", "FILTER is",	"Exit status",
		"\n  -a, --all ",   "\n  -e   ",	"\n      --color[=WHEN] "
	};
	struct capture data;
	char text[8192];

	(void)state;
	capture_begin(&data, STDOUT_FILENO);
	netstat_options_help();
	capture_end(&data, text, sizeof(text));
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strstr(text, named[i]))
			fail_msg("no \"%s\" in the help", named[i]);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > 80)
			fail_msg("wider than 80 columns: %.100s", line);
}

/* Whoever runs the tests may have a style of their own. */
static int forget_style(void **state)
{
	(void)state;
	return unsetenv("SOCKWATCH_STYLE");
}

#define fact(name) cmocka_unit_test_setup_teardown(name, forget_style, forget_style)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fact(windows_idioms_are_read),
		fact(linux_idioms_are_read),
		fact(p_takes_a_protocol_that_follows),
		fact(a_filter_ends_before_the_interval),
		fact(one_quoted_word_is_a_filter),
		fact(long_options_are_read),
		fact(a_forced_style_settles_e_o_and_p),
		fact(the_environment_forces_a_style),
		fact(help_is_asked_for_in_three_ways),
		fact(arguments_are_moved_but_never_lost),
		fact(unknown_switches_are_named),
		fact(bad_values_are_named),
		fact(bad_intervals_are_named),
		fact(bad_filters_are_explained),
		fact(what_does_not_go_together_is_named),
		fact(a_bad_style_of_the_environment_is_named),
		fact(a_refused_bundle_is_forgotten),
		fact(help_fits_a_terminal_and_names_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
