// SPDX-License-Identifier: GPL-2.0-or-later
/* Running the bare command, and reading its displays line by line. */
#define _GNU_SOURCE
#include "display.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "suite.h"

void command_make(struct suite *suite, const char *words, struct command *ret_command)
{
	char *rest = ret_command->text;
	size_t count = 0;

	ret_command->program = (struct program){ .timeout_ms = suite_deadline_ms(suite, 20) };
	ret_command->program.args[count++] = suite->sockwatch;
	if (snprintf(ret_command->text, sizeof(ret_command->text), "%s", words) >=
	    (int)sizeof(ret_command->text))
		fail_msg("too long: %s", words);
	while (rest && *rest && count < PROGRAM_ARGS_MAX - 1)
		ret_command->program.args[count++] = strsep(&rest, " ");
}

void display_run(struct suite *suite, const char *words, struct program_result *ret_result)
{
	struct command command;

	command_make(suite, words, &command);
	program_run(&command.program, ret_result);
	if (ret_result->timed_out)
		fail_msg("sockwatch %s does not end: stdout %.1000s, stderr %s", words,
			 ret_result->out, ret_result->err);
}

void display_show(struct suite *suite, const char *words, struct program_result *ret_result)
{
	display_run(suite, words, ret_result);
	if (ret_result->status != 0 || display_complaints(ret_result->err, false))
		fail_msg("sockwatch %s: status %d, stderr %s", words, ret_result->status,
			 ret_result->err);
}

/* Is there a process whose network namespace we are refused? */
static bool is_refused_some(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool refused = false;

	while (proc && !refused && (entry = readdir(proc))) {
		char path[300];
		struct stat status;

		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		refused = isdigit((unsigned char)entry->d_name[0]) && stat(path, &status) < 0 &&
			  (errno == EACCES || errno == EPERM);
	}
	if (proc)
		closedir(proc);
	return refused;
}

static bool is_expected(const char *line, bool repeated)
{
	return (repeated && display_find(line, "sockwatch: |displays;")) ||
	       display_find(line, "sockwatch: -v: stacks are those of") ||
	       (display_find(line, "namespace|could not be") && is_refused_some());
}

unsigned int display_complaints(const char *err, bool repeated)
{
	unsigned int complaints = 0;
	char line[300];

	for (const char *next = err; *next; next += *next == '\n') {
		display_copy_line(next, line, sizeof(line));
		complaints += !is_expected(line, repeated);
		next += strcspn(next, "\n");
	}
	return complaints;
}

static bool has_pieces(const char *line, size_t len, const char *pieces)
{
	const char *at = line;

	while (*pieces) {
		size_t piece = strcspn(pieces, "|");
		const char *found = memmem(at, (size_t)(line + len - at), pieces, piece);

		if (!found)
			return false;
		at = found + piece;
		pieces += piece + (pieces[piece] == '|');
	}
	return true;
}

const char *display_find(const char *text, const char *pieces)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (has_pieces(text, len, pieces))
			return text;
		text += len + (text[len] == '\n');
	}
	return NULL;
}

void display_copy_line(const char *line, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
}

void display_walk(char *text, void (*visit)(const char *line, void *arg), void *arg)
{
	while (*text) {
		char *end = text + strcspn(text, "\n");
		bool last = *end == '\0';

		*end = '\0';
		visit(text, arg);
		text = last ? end : end + 1;
	}
}

bool display_wait(const struct running *running, const char *pieces, int timeout_ms)
{
	uint64_t begin = now_ns();

	for (;;) {
		char *text = program_output(running);
		bool found = text && display_find(text, pieces);

		free(text);
		if (found)
			return true;
		if (now_ns() - begin > (uint64_t)timeout_ms * 1000000)
			return false;
		sleep_ms(20);
	}
}
