// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of `sockwatch trace`. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "sockwatch/record.h"

#define RING_DEFAULT (8u << 20) /* a quarter of a second at the highest rate of one core */
#define RING_MIN (64u << 10)
#define RING_MAX (1u << 30)

enum {
	OPT_WRITE = 256,
	OPT_READ,
	OPT_EXISTING,
	OPT_RING,
	OPT_MODE,
	OPT_STRICT,
	OPT_COLOR,
	OPT_NO_SANDBOX,
	OPT_FAILED,
	OPT_VERIFY,
	OPT_PEERS
};

static const struct option_row rows[] = {
	{ "json", NULL, 'j', false, "one JSON object a line" },
	{ "verbose", NULL, 'v', false, "with parents and stacks: what led to it" },
	{ "existing", NULL, OPT_EXISTING, false, "first the sockets that are there already" },
	{ "failed", NULL, OPT_FAILED, false, "only connects that failed, and why" },
	{ "peers", NULL, OPT_PEERS, false, "count whom UDP sockets talk to, told when they close" },
	{ "write", "FILE", OPT_WRITE, false, "keep the records too, to be read again with --read" },
	{ "read", "FILE", OPT_READ, false,
	  "show a recording (- for standard input); needs no root" },
	{ "ring-size", "SIZE", OPT_RING, false, "of the kernel's buffer, 64K to 1G, default 8M" },
	{ "mode", "MODE", OPT_MODE, false, "auto, trampoline or tracepoint: which hooks to use" },
	{ "strict", NULL, OPT_STRICT, false, "exit with status 3 if events were lost" },
	{ "verify", "SECONDS", OPT_VERIFY, false, "compare the table with the kernel's so often" },
	{ "color", "WHEN", OPT_COLOR, true, "auto, always or never" },
	{ "no-sandbox", NULL, OPT_NO_SANDBOX, false, "keep all privileges, to debug" },
	{ "help", NULL, 'h', false, "this text" },
};

void trace_options_help(void)
{
	puts("Usage: sockwatch trace [OPTIONS] [FILTER] [-- COMMAND [ARGUMENT ...]]\n"
	     "\n"
	     "Every TCP state transition of this machine as it happens, with the process that owns\n"
	     "the connection, and UDP sockets as they come and go. With COMMAND only those of its process tree, until it ends.\n");
	option_table_help(rows, ARRAY_SIZE(rows));
	puts("\n"
	     "FILTER is as in ss(8): state established, dport = :443, dst 10.0.0.0/8, pid 812,\n"
	     "comm curl, exe /usr/bin/*, netns, container, unit, pod, and, or, not, parentheses.\n"
	     "Ctrl-C ends it in order; a second one at once.\n"
	     "Exit status: 0 done, 1 failure, 2 usage, 3 events lost with --strict, 77 privilege or\n"
	     "kernel lacks what is needed, otherwise COMMAND's.");
}

bool color_wanted(enum when color, int fd)
{
	const char *no_color = getenv("NO_COLOR");

	if (color != WHEN_AUTO)
		return color == WHEN_ALWAYS;
	return !(no_color && *no_color) && isatty(fd);
}

static int bad_value(const char *option, const char *value, const char *expected)
{
	log_error("--%s: '%s' is not %s", option, value, expected);
	return EXIT_USAGE;
}

/* The kernel wants a power of two: rounded up. */
static int parse_size(const char *value, uint32_t *ret)
{
	unsigned long long size, factor = 1;
	char *end;

	errno = 0;
	size = strtoull(value, &end, 10);
	if (*end && strchr("kKmMgG", *end)) {
		factor = strchr("kK", *end)   ? 1ull << 10
			 : strchr("mM", *end) ? 1ull << 20
					      : 1ull << 30;
		end++;
	}
	if (errno || *end || value[0] < '0' || value[0] > '9' || size > RING_MAX / factor ||
	    size * factor < RING_MIN)
		return bad_value("ring-size", value, "a size from 64K to 1G (as in 8M)");
	for (*ret = RING_MIN; *ret < size * factor; *ret *= 2)
		;
	return EXIT_OK;
}

static int parse_one(int key, const char *value, struct trace_options *options)
{
	static const char *const modes[] = { "auto", "trampoline", "tracepoint" };
	static const char *const whens[] = { "auto", "always", "never" };
	unsigned int choice = WHEN_ALWAYS;
	int r = EXIT_OK;

	switch (key) {
	case 'j':
		options->json = true;
		break;
	case 'v':
		options->ancestors = true;
		break;
	case 'h':
		options->help = true;
		break;
	case OPT_EXISTING:
		options->existing = true;
		break;
	case OPT_FAILED:
		options->failed = true;
		break;
	case OPT_PEERS:
		options->peers = true;
		break;
	case OPT_STRICT:
		options->strict = true;
		break;
	case OPT_NO_SANDBOX:
		options->no_sandbox = true;
		break;
	case OPT_WRITE:
		options->write_path = value;
		break;
	case OPT_READ:
		options->read_path = value;
		break;
	case OPT_RING:
		return parse_size(value, &options->ring_bytes);
	case OPT_VERIFY:
		return option_seconds("--verify", value, &options->verify_s);
	case OPT_MODE:
		return option_choice("--mode", value, modes, ARRAY_SIZE(modes), &options->mode);
	case OPT_COLOR:
		if (value)
			r = option_choice("--color", value, whens, ARRAY_SIZE(whens), &choice);
		options->color = choice;
		break;
	}
	return r;
}

static int check_together(const struct trace_options *options)
{
	if (options->read_path && options->write_path) {
		log_error("--read and --write do not go together: copy the file instead");
		return EXIT_USAGE;
	}
	if (options->read_path && options->command) {
		log_error("--read does not go with a COMMAND: a recording shows what has been");
		return EXIT_USAGE;
	}
	if (options->read_path && options->verify_s) {
		log_error("--read does not go with --verify: there is no kernel to compare with");
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int complain(int key, char **argv, int last)
{
	if (key == ':')
		log_error("%s needs a value (see sockwatch trace --help)", argv[last]);
	else if (optopt && optopt < 256)
		log_error("unknown option '-%c' (see sockwatch trace --help)", optopt);
	else
		log_error(
			"unknown option '%s', or a value where none goes (see sockwatch trace --help)",
			argv[last]);
	return EXIT_USAGE;
}

/* What follows "--" is the command, wherever options were put before. */
static void split_command(int *argc, char **argv, struct trace_options *options)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		options->command = argv + i + 1;
		*argc = i;
		return;
	}
}

int trace_options_parse(int argc, char **argv, struct trace_options *ret_options)
{
	char letters[2 + ARRAY_SIZE(rows) * OPTION_LETTER_SIZE] = ":";
	struct option long_options[ARRAY_SIZE(rows) + 1];
	struct trace_options options = { .ring_bytes = RING_DEFAULT };
	int key, r;

	option_table_getopt(rows, ARRAY_SIZE(rows), letters, long_options);
	split_command(&argc, argv, &options);
	if (options.command && !options.command[0]) {
		log_error("-- needs a COMMAND to run");
		return EXIT_USAGE;
	}
	opterr = 0;
	optind = 0;
	while ((key = getopt_long(argc, argv, letters, long_options, NULL)) >= 0) {
		if (key == '?' || key == ':')
			return complain(key, argv, optind - 1);
		r = parse_one(key, optarg, &options);
		if (r != EXIT_OK)
			return r;
	}
	options.filter_words = argv + optind;
	options.filter_count = argc - optind;
	r = check_together(&options);
	if (r == EXIT_OK)
		*ret_options = options;
	return r;
}
