// SPDX-License-Identifier: GPL-2.0-or-later
/* From the arguments to the command: a verb, or netstat's switches. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/netstat_options.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "trace", cli_trace },
	{ "doctor", cli_doctor },
	{ "states", cli_states },
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("sockwatch " SOCKWATCH_VERSION);
		return EXIT_OK;
	}
	return cli_netstat(argc, argv);
}
