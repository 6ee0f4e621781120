// SPDX-License-Identifier: GPL-2.0-or-later
/* Options and failures of the generators. */
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static const struct arg *find(const struct arg *args, size_t count, const char *option)
{
	for (size_t i = 0; i < count; i++)
		if (option[0] == '-' && option[1] == args[i].letter && !option[2])
			return &args[i];
	return NULL;
}

void args_parse(int argc, char **argv, const struct arg *args, size_t count)
{
	for (int i = 1; i < argc; i += 2) {
		const struct arg *arg = find(args, count, argv[i]);
		char *end = NULL;
		long value = arg && argv[i + 1] ? strtol(argv[i + 1], &end, 10) : -1;

		if (!end || *end || value < 0 || value > arg->max) {
			fprintf(stderr, "%s: not an option, or out of its bounds: %s\n", argv[0],
				argv[i]);
			exit(2);
		}
		*arg->value = value;
	}
}

void args_allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("setrlimit");
}
