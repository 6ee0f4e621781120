// SPDX-License-Identifier: GPL-2.0-or-later
/* From the arguments to the command. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/options.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "trace", cli_trace, "every transition as it happens" },
	{ "doctor", cli_doctor, "what this kernel lets us see, through which hook" },
};

static int help(FILE *to)
{
	fputs("Usage: sockwatch COMMAND [OPTIONS]\n\nThe life of every TCP connection of this machine, with the process that owns it.\n\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\nsockwatch COMMAND --help tells more; sockwatch --version tells the version.\n",
	      to);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help(stdout);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("sockwatch " SOCKWATCH_VERSION);
		return EXIT_OK;
	}
	if (!*name)
		log_error("which command? (see sockwatch --help)");
	else
		log_error("'%s' is no command (see sockwatch --help)", name);
	return EXIT_USAGE;
}
