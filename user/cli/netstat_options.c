// SPDX-License-Identifier: GPL-2.0-or-later
/* From the command line of the bare command to what is shown. Its words are netstat_words.c's. */
#include "cli/netstat_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/netstat_words.h"
#include "cli/option_table.h"

/* On the line with one of these, -e and -o are meant as Linux has them. */
#define LINUX_LETTERS "tulci46wxW"

#define KEY_WORD 1 /* getopt's, for a word that is no option; our own rows begin at 256 */

#define SOCKETS_IPV4 (SOCKETS_TCP4 | SOCKETS_UDP4 | SOCKETS_RAW4)
#define SOCKETS_IPV6 (SOCKETS_TCP6 | SOCKETS_UDP6 | SOCKETS_RAW6)
/* Raw and unix sockets would bury the others: only when asked for, whatever the style. */
#define SOCKETS_USUAL (SOCKETS_TCP4 | SOCKETS_TCP6 | SOCKETS_UDP4 | SOCKETS_UDP6)
#define STATISTICS_OF_IPV4 (STATISTICS_IP | STATISTICS_ICMP | STATISTICS_TCP | STATISTICS_UDP)

enum {
	OPT_PROTO = 256,
	OPT_PROGRAMS,
	OPT_TIMERS,
	OPT_EXTEND,
	OPT_FORMAT,
	OPT_COLUMNS,
	OPT_SORT,
	OPT_COLOR,
	OPT_STYLE,
	OPT_NO_SANDBOX,
	OPT_VERIFY,
	OPT_PEERS
};

static const struct option_row rows[] = {
	{ .help = "Which sockets (TCP and UDP, no listeners, unless told otherwise):" },
	{ "all", NULL, 'a', false, "listeners too" },
	{ "listening", NULL, 'l', false, "only listeners" },
	{ NULL, NULL, 'p', false, "before a PROTO as --proto, else as --programs" },
	{ "proto", "PROTO", OPT_PROTO, false, "tcp udp tcpv6 udpv6; with -s ip ipv6 icmp icmpv6" },
	{ "tcp", NULL, 't', false, "TCP, both families" },
	{ "udp", NULL, 'u', false, "UDP, both families" },
	{ "raw", NULL, 'w', false, "raw sockets, which are not shown unasked" },
	{ "unix", NULL, 'x', false, "unix sockets, likewise" },
	{ "ipv4", NULL, '4', false, "only IPv4, of routes and statistics too" },
	{ "ipv6", NULL, '6', false, "only IPv6" },
	{ "netns", "NETNS", 'N', false, "of one network namespace: its name, a PID or self" },
	{ .help = "What of them:" },
	{ "programs", NULL, OPT_PROGRAMS, false, "PID and name of the owner" },
	{ "executable", NULL, 'b', false, "the owner's full path, on a line of its own" },
	{ "verbose", NULL, 'v', false, "with -b also what led to it; with -r all tables" },
	{ NULL, NULL, 'o', false, "PID of the owner, perhaps --timers too: see below" },
	{ "timers", NULL, OPT_TIMERS, false, "what the kernel waits for, and how long" },
	{ "peers", NULL, OPT_PEERS, false, "whom UDP sockets talk to, while we watch" },
	{ "extend", NULL, OPT_EXTEND, false, "user, inode, cookie, holders, counters, cgroup" },
	{ "numeric", NULL, 'n', false, "numbers instead of names" },
	{ "fqdn", NULL, 'f', false, "full host names" },
	{ .help = "Something else instead of sockets:" },
	{ NULL, NULL, 'e', false, "totals of the interfaces, or --extend: see below" },
	{ "interfaces", NULL, 'i', false, "a line for each interface" },
	{ "routes", NULL, 'r', false, "the routing tables" },
	{ "statistics", NULL, 's', false, "the kernel's counters, by protocol" },
	{ .help = "How:" },
	{ "json", NULL, 'j', false, "one JSON object a line" },
	{ "format", "FORMAT", OPT_FORMAT, false, "text, json, csv, or xp: as Windows XP has it" },
	{ "columns", "A,B,...", OPT_COLUMNS, false, "these; --columns=help lists them" },
	{ "sort", "COLUMN", OPT_SORT, false, "by this column" },
	{ "no-header", NULL, 'H', false, "rows only" },
	{ "wide", NULL, 'W', false, "as wide as it takes" },
	{ "color", "WHEN", OPT_COLOR, true, "auto, always or never" },
	{ "style", "STYLE", OPT_STYLE, false, "xp or linux: whose -e, -o, -p; xp: its layout" },
	{ "no-sandbox", NULL, OPT_NO_SANDBOX, false, "keep all privileges, to debug" },
	{ "help", NULL, 'h', false, "this text" },
	{ .help = "How often:" },
	{ "continuous", NULL, 'c', false, "every second, or every INTERVAL seconds" },
	{ "verify", "SECONDS", OPT_VERIFY, false, "meanwhile compare with the kernel so often" },
};

/* Switches that say just one thing. */
static const struct {
	int key;
	size_t flag; /* offset of a bool in struct netstat_options */
} flags[] = {
	{ 'a', offsetof(struct netstat_options, all) },
	{ 'b', offsetof(struct netstat_options, executable) },
	{ 'c', offsetof(struct netstat_options, repeated) },
	{ 'f', offsetof(struct netstat_options, fqdn) },
	{ 'h', offsetof(struct netstat_options, help) },
	{ 'H', offsetof(struct netstat_options, no_header) },
	{ 'i', offsetof(struct netstat_options, interfaces) },
	{ 'l', offsetof(struct netstat_options, listening) },
	{ 'n', offsetof(struct netstat_options, numeric) },
	{ 'r', offsetof(struct netstat_options, routes) },
	{ 's', offsetof(struct netstat_options, statistics) },
	{ 'v', offsetof(struct netstat_options, verbose) },
	{ 'W', offsetof(struct netstat_options, wide) },
	{ '4', offsetof(struct netstat_options, ipv4) },
	{ '6', offsetof(struct netstat_options, ipv6) },
	{ OPT_PROGRAMS, offsetof(struct netstat_options, programs) },
	{ OPT_PEERS, offsetof(struct netstat_options, peers) },
	{ OPT_TIMERS, offsetof(struct netstat_options, timers) },
	{ OPT_EXTEND, offsetof(struct netstat_options, extended) },
	{ OPT_NO_SANDBOX, offsetof(struct netstat_options, no_sandbox) },
};

/* What -p PROTO and the letters choose, of sockets and of statistics. */
static const struct protocol {
	const char *name;
	int letter;
	unsigned int sockets;
	unsigned int statistics;
} protocols[] = {
	{ "tcp", 0, SOCKETS_TCP4, STATISTICS_TCP },
	{ "udp", 0, SOCKETS_UDP4, STATISTICS_UDP },
	{ "tcpv6", 0, SOCKETS_TCP6, STATISTICS_TCPV6 },
	{ "udpv6", 0, SOCKETS_UDP6, STATISTICS_UDPV6 },
	{ "ip", 0, 0, STATISTICS_IP },
	{ "ipv6", 0, 0, STATISTICS_IPV6 },
	{ "icmp", 0, 0, STATISTICS_ICMP },
	{ "icmpv6", 0, 0, STATISTICS_ICMPV6 },
	{ NULL, 't', SOCKETS_TCP4 | SOCKETS_TCP6, STATISTICS_TCP | STATISTICS_TCPV6 },
	{ NULL, 'u', SOCKETS_UDP4 | SOCKETS_UDP6, STATISTICS_UDP | STATISTICS_UDPV6 },
	/* As net-tools has it: what raw sockets speak. */
	{ NULL, 'w', SOCKETS_RAW4 | SOCKETS_RAW6,
	  STATISTICS_IP | STATISTICS_IPV6 | STATISTICS_ICMP | STATISTICS_ICMPV6 },
	{ NULL, 'x', SOCKETS_UNIX, 0 },
};

#define SOCKET_PROTOCOLS "tcp udp tcpv6 udpv6"
#define ALL_PROTOCOLS SOCKET_PROTOCOLS " ip ipv6 icmp icmpv6"

/* The line as far as it is read, before it is settled what -e, -o and -p mean. */
struct line {
	struct netstat_options options;
	int argc;
	char **argv;
	int at;				  /* the argument that getopt is in */
	int attached_at;		  /* one whose end was read as the PROTO of its -p, or 0 */
	unsigned int sockets, statistics; /* protocols asked for, or 0 */
	const char *protocol;		  /* the last PROTO, as it is written, or NULL */
	const char *statistics_protocol;  /* the last one that has no sockets, or NULL */
	bool e, o;
	bool p, p_protocol;	     /* -p without a PROTO, and with one */
	const char *p_word, *p_next; /* the bundle of the former; what is behind it, or NULL */
	bool linux_letter;
	bool format_given;
};

void netstat_options_help(void)
{
	puts("Usage: sockwatch [SWITCHES] [FILTER] [INTERVAL [COUNT]]\n"
	     "       sockwatch trace [OPTIONS] [FILTER] [-- COMMAND [ARGUMENT ...]]\n"
	     "       sockwatch doctor [-j]\n"
	     "       sockwatch states [-j] [STATE ...]\n"
	     "       sockwatch --version\n"
	     "\n"
	     "The sockets of this machine, as netstat shows them, each with the process that\n"
	     "owns it. trace shows every TCP transition as it happens, doctor what this kernel\n"
	     "lets us see, states what each TCP state means. trace --help tells more.\n"
	     "\n"
	     "  sockwatch -ano              all, in numbers, with PIDs\n"
	     "  sockwatch -tulpn            the listeners and their programs\n"
	     "  sockwatch -b 5              every 5 seconds, with what came and went meanwhile\n"
	     "  sockwatch -s -p tcp         the kernel's TCP counters");
	option_table_help(rows, ARRAY_SIZE(rows));
	puts("  INTERVAL [COUNT]         every INTERVAL seconds until Ctrl-C, or COUNT times\n"
	     "\n"
	     "With one of the Linux switches -" LINUX_LETTERS " on the line, -e and -o mean what\n"
	     "Linux's netstat means. --style settles them and -p whatever else is there; so\n"
	     "does the environment variable SOCKWATCH_STYLE, where --style is not given.\n"
	     "\n"
	     "FILTER is as in ss(8): state established, dport = :443, dst 10.0.0.0/8, pid 812,\n"
	     "comm curl, exe /usr/bin/*, user, netns, container, unit, pod, and, or, not,\n"
	     "parentheses.\n"
	     "\n"
	     "Exit status: 0 done, 1 failure, 2 usage, 77 privilege or kernel lacks what is\n"
	     "needed.");
}

static const struct protocol *find_protocol(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].name && strcasecmp(protocols[i].name, name) == 0)
			return &protocols[i];
	return NULL;
}

static int select_protocol(struct line *line, const char *name)
{
	const struct protocol *protocol = find_protocol(name);

	if (!protocol) {
		log_error("--proto: '%s' is not one of: " ALL_PROTOCOLS, name);
		return EXIT_USAGE;
	}
	line->sockets |= protocol->sockets;
	line->statistics |= protocol->statistics;
	line->protocol = name;
	if (!protocol->sockets)
		line->statistics_protocol = name;
	return EXIT_OK;
}

/*
 * A PROTO is the word after -p, if that is the last letter of its bundle (-anp tcp), or the rest
 * of the bundle (-anptcp), since nobody means -t -c -p -p by that. All other -p show programs.
 */
static int read_p(struct line *line)
{
	bool ends = optind > line->at;
	const char *value = ends ? line->argv[optind] : strchr(line->argv[line->at], 'p') + 1;

	if (!value || !find_protocol(value)) {
		line->p = true;
		line->p_word = line->argv[line->at];
		line->p_next = ends ? value : NULL;
		return EXIT_OK;
	}
	if (ends)
		optind++;
	else
		line->attached_at = line->at;
	line->p_protocol = true;
	return select_protocol(line, value);
}

static int read_style(const char *option, const char *value, struct netstat_options *options)
{
	static const char *const names[] = { "xp", "linux" };
	static const enum netstat_style styles[] = { STYLE_XP, STYLE_LINUX };
	unsigned int choice;
	int r = option_choice(option, value, names, ARRAY_SIZE(names), &choice);

	if (r == EXIT_OK)
		options->style = styles[choice];
	return r;
}

static int read_format(struct line *line, const char *value)
{
	static const char *const names[] = { "text", "json", "csv", "xp" };
	static const enum netstat_format formats[] = { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV,
						       FORMAT_XP };
	unsigned int choice;
	int r = option_choice("--format", value, names, ARRAY_SIZE(names), &choice);

	if (r == EXIT_OK) {
		line->options.format = formats[choice];
		line->format_given = true;
	}
	return r;
}

static int read_color(const char *value, enum when *ret)
{
	static const char *const names[] = { "auto", "always", "never" };
	static const enum when whens[] = { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };
	unsigned int choice = 1; /* --color alone */
	int r = value ? option_choice("--color", value, names, ARRAY_SIZE(names), &choice)
		      : EXIT_OK;

	if (r == EXIT_OK)
		*ret = whens[choice];
	return r;
}

static int read_text(const char *option, const char *value, const char **ret)
{
	if (!*value) {
		log_error("%s= needs a value (see sockwatch --help)", option);
		return EXIT_USAGE;
	}
	*ret = value;
	return EXIT_OK;
}

static int read_value(struct line *line, int key, const char *value)
{
	switch (key) {
	case 'j':
		return read_format(line, "json");
	case 'N':
		return read_text("--netns", value, &line->options.netns);
	case OPT_FORMAT:
		return read_format(line, value);
	case OPT_COLUMNS:
		return read_text("--columns", value, &line->options.columns);
	case OPT_SORT:
		return read_text("--sort", value, &line->options.sort);
	case OPT_COLOR:
		return read_color(value, &line->options.color);
	case OPT_STYLE:
		return read_style("--style", value, &line->options);
	case OPT_VERIFY:
		return option_seconds("--verify", value, &line->options.verify_s);
	case OPT_PROTO:
		return select_protocol(line, value);
	default:
		return EXIT_OK;
	}
}

/* The words gather at the front of argv, in their order. */
static void keep_word(struct line *line, int at)
{
	char **to = &line->options.filter_words[line->options.filter_count++];
	char *word = line->argv[at];

	line->argv[at] = *to;
	*to = word;
}

static int read_one(struct line *line, int key, const char *value)
{
	if (key < 256 && strchr(LINUX_LETTERS, key))
		line->linux_letter = true;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].key == key)
			*((bool *)((char *)&line->options + flags[i].flag)) = true;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].letter == key) {
			line->sockets |= protocols[i].sockets;
			line->statistics |= protocols[i].statistics;
		}
	}
	switch (key) {
	case KEY_WORD:
		keep_word(line, line->at);
		return EXIT_OK;
	case 'e':
		line->e = true;
		return EXIT_OK;
	case 'o':
		line->o = true;
		return EXIT_OK;
	case 'p':
		return read_p(line);
	default:
		return read_value(line, key, value);
	}
}

static int complain(const struct line *line, int key)
{
	const char *word = line->argv[line->at];

	if (key == ':')
		log_error("%s needs a value (see sockwatch --help)", word);
	else if (strncmp(word, "--", 2) != 0)
		log_error("%s: there is no switch -%c (see sockwatch --help)", word, optopt);
	else if (optopt)
		log_error("%s: this option takes no value (see sockwatch --help)", word);
	else
		log_error("unknown or ambiguous option '%s' (see sockwatch --help)", word);
	return EXIT_USAGE;
}

/*
 * In the order of the line, since -p looks at the word that really follows it: "-" makes getopt
 * hand out the words too. It does not permute argv then, so that optind was where it is now.
 */
static int read_line(struct line *line)
{
	char letters[2 + OPTION_LETTER_SIZE * ARRAY_SIZE(rows) + 1] = "-:";
	struct option long_options[ARRAY_SIZE(rows) + 1];
	int key, r;

	option_table_getopt(rows, ARRAY_SIZE(rows), letters, long_options);
	opterr = 0;
	optind = 0; /* forget a bundle that was left half-read, which 1 does not */
	line->at = 1;
	while ((key = getopt_long(line->argc, line->argv, letters, long_options, NULL)) >= 0) {
		if (line->at != line->attached_at) {
			if (key == '?' && optopt == '?') /* how Windows asks for help */
				key = 'h';
			if (key == '?' || key == ':')
				return complain(line, key);
			r = read_one(line, key, optarg);
			if (r != EXIT_OK)
				return r;
		}
		line->at = optind;
	}
	for (int i = optind; i < line->argc; i++)
		keep_word(line, i);
	return EXIT_OK;
}

/* docs/ecosystem.md §1.2: what -e, -o and -p mean. */
static int settle_style(struct line *line)
{
	struct netstat_options *options = &line->options;
	const char *wanted = getenv("SOCKWATCH_STYLE");
	bool as_linux;

	if (options->style == STYLE_AUTO && wanted && *wanted &&
	    read_style("SOCKWATCH_STYLE", wanted, options) != EXIT_OK)
		return EXIT_USAGE;
	if (options->style == STYLE_XP && line->p) {
		log_error("%s%s%s: with style xp -p needs one of: " ALL_PROTOCOLS, line->p_word,
			  line->p_next ? " " : "", line->p_next ? line->p_next : "");
		return EXIT_USAGE;
	}
	if (options->style == STYLE_LINUX && line->p_protocol) {
		log_error("-p %s: with style linux -p shows programs; --proto=%s is what you want",
			  line->protocol, line->protocol);
		return EXIT_USAGE;
	}
	if (options->style == STYLE_XP && !line->format_given)
		options->format = FORMAT_XP;
	as_linux = options->style == STYLE_AUTO ? line->linux_letter
						: options->style == STYLE_LINUX;
	options->ethernet = line->e && !as_linux;
	options->extended |= line->e && as_linux;
	options->pid = line->o;
	options->timers |= line->o && as_linux;
	options->programs |= line->p;
	if (options->style == STYLE_AUTO)
		options->style = as_linux || options->programs ? STYLE_LINUX : STYLE_XP;
	return EXIT_OK;
}

/* What goes with what, and what follows from it. */
static void settle_tables(struct netstat_options *options)
{
	options->sockets = !options->ethernet && !options->interfaces && !options->routes &&
			   !options->statistics;
	options->components = options->executable && options->verbose;
	options->listening = options->listening && !options->all; /* as net-tools has it */
	if (!options->ipv4 && !options->ipv6)
		options->ipv4 = options->ipv6 = true;
}

static int settle_protocols(struct line *line)
{
	struct netstat_options *options = &line->options;
	unsigned int sockets = SOCKETS_UNIX | (options->ipv4 ? SOCKETS_IPV4 : 0) |
			       (options->ipv6 ? SOCKETS_IPV6 : 0);
	unsigned int statistics = (options->ipv4 ? STATISTICS_OF_IPV4 : 0) |
				  (options->ipv6 ? STATISTICS_ALL & ~STATISTICS_OF_IPV4 : 0);
	unsigned int socket_mask = sockets & (line->sockets ? line->sockets : SOCKETS_USUAL);
	unsigned int statistics_mask = statistics &
				       (line->statistics ? line->statistics : STATISTICS_ALL);

	if (line->statistics_protocol && !options->statistics) {
		log_error("'%s' has statistics only (-s); of sockets there are: " SOCKET_PROTOCOLS,
			  line->statistics_protocol);
		return EXIT_USAGE;
	}
	/* Each letter has both families: it was a PROTO. */
	if ((options->sockets && !socket_mask) || (options->statistics && !statistics_mask)) {
		log_error(
			"'%s' has nothing of -%c: say tcp, udp, ... for IPv4, tcpv6, ... for IPv6",
			line->protocol, options->ipv4 ? '4' : '6');
		return EXIT_USAGE;
	}
	options->socket_mask = socket_mask ? socket_mask : sockets & SOCKETS_USUAL;
	options->statistics_mask = statistics_mask ? statistics_mask : statistics;
	return EXIT_OK;
}

static int check_peers(const struct netstat_options *options)
{
	if (!options->peers)
		return EXIT_OK;
	if (!options->sockets || !(options->socket_mask & (SOCKETS_UDP4 | SOCKETS_UDP6))) {
		log_error("--peers goes with UDP sockets only: add -u, and none of -e, -i, -r, -s");
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int check_columns(const struct netstat_options *options)
{
	const char *option = options->columns ? "--columns" : "--sort";
	const char *value = options->columns ? options->columns : options->sort;

	if (value && !options->sockets) {
		log_error("%s=%s goes with sockets only, not with -e, -i, -r or -s", option, value);
		return EXIT_USAGE;
	}
	if (options->columns && options->format == FORMAT_XP &&
	    strcmp(options->columns, "help") != 0) {
		log_error("--columns=%s: XP's layout has its own; add --format=text",
			  options->columns);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int check_verify(const struct netstat_options *options)
{
	if (!options->verify_s || (options->repeated && options->sockets))
		return EXIT_OK;
	log_error("--verify goes with repeated displays of sockets: add an INTERVAL");
	return EXIT_USAGE;
}

int netstat_options_parse(int argc, char **argv, struct netstat_options *ret_options)
{
	struct line line = {
		.options = { .filter_words = argv + 1 },
		.argc = argc,
		.argv = argv,
	};
	int r = read_line(&line);

	if (r == EXIT_OK && !line.options.help) {
		r = settle_style(&line);
		if (r != EXIT_OK)
			return r;
		settle_tables(&line.options);
		r = settle_protocols(&line);
		if (r != EXIT_OK)
			return r;
		r = check_peers(&line.options);
		if (r != EXIT_OK)
			return r;
		r = check_columns(&line.options);
		if (r != EXIT_OK)
			return r;
		r = netstat_words_split(&line.options);
		if (r == EXIT_OK)
			r = check_verify(&line.options);
	}
	if (r == EXIT_OK)
		*ret_options = line.options;
	return r;
}
