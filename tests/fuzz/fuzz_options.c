// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes cli/netstat_options.c, cli/netstat_words.c and cli/trace_options.c: the first byte chooses
 * the command, the others are words separated by NUL. What is accepted must keep what the
 * headers promise.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/netstat_options.h"

#define WORDS_MAX 32

static void check_netstat(int argc, char **argv)
{
	struct netstat_options options;

	if (netstat_options_parse(argc, argv, &options) != EXIT_OK || options.help)
		return;
	if (!options.socket_mask || !options.statistics_mask || options.style == STYLE_AUTO)
		abort();
	if (options.filter_count < 0 || options.filter_count >= argc)
		abort();
	if (options.repeated && !options.interval_s)
		abort();
}

static void check_trace(int argc, char **argv)
{
	struct trace_options options;

	if (trace_options_parse(argc, argv, &options) != EXIT_OK)
		return;
	if (options.ring_bytes & (options.ring_bytes - 1) || options.filter_count < 0)
		abort();
	if (options.read_path && (options.write_path || options.command))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "sockwatch";
	char *argv[WORDS_MAX + 2] = { name };
	static FILE *nowhere;
	FILE *talk = stderr;
	char *text;
	int argc = 1;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	text = size && nowhere ? malloc(size) : NULL;
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	for (char *word = text; word < text + size && argc <= WORDS_MAX; word += strlen(word) + 1)
		argv[argc++] = word;
	stderr = nowhere; /* what is wrong with each of a million lines */
	if (data[0] & 1)
		check_trace(argc, argv);
	else
		check_netstat(argc, argv);
	stderr = talk;
	free(text);
	return 0;
}
