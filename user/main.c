// SPDX-License-Identifier: GPL-2.0-or-later
/* From the arguments to the command: a verb, or netstat's switches. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/explain.h"
#include "cli/netstat_options.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "trace", cli_trace },
	{ "doctor", cli_doctor },
	{ "states", cli_states },
};

/* Or what we open would take their numbers, and be written to. Each of these fails when used. */
static void fill_closed_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What a burst took goes back to the system, not into holes of the heap (mallopt(3)). */
static void give_back_large_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	give_back_large_memory();
	fill_closed_descriptors();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("sockwatch " SOCKWATCH_VERSION);
		return explain_stdout();
	}
	return cli_netstat(argc, argv);
}
