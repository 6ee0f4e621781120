/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit statuses, and what the commands' options share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_LOST = 3,	       /* events were lost, and --strict was given */
	EXIT_REFUSED = 77,     /* privilege or kernel lacks what is needed */
	EXIT_CANNOT_RUN = 126, /* trace -- COMMAND: as env(1) has it */
	EXIT_NOT_FOUND = 127,
	EXIT_INTERRUPTED = 130, /* the second Ctrl-C */
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct trace_options {
	bool json;
	bool existing;
	bool failed;
	bool strict;
	bool no_sandbox;
	bool ancestors;
	bool peers;
	bool help;
	enum when color;
	uint32_t mode; /* enum sw_mode; SW_MODE_NONE: by probing */
	uint32_t ring_bytes;
	unsigned int verify_s; /* 0: not given */
	const char *write_path;
	const char *read_path;
	int filter_count;
	char **filter_words;
	char **command; /* NULL-terminated; NULL: none */
};

/* Explains what is wrong on standard error. EXIT_OK or EXIT_USAGE. */
int trace_options_parse(int argc, char **argv, struct trace_options *ret_options);
void trace_options_help(void);

int cli_trace(int argc, char **argv);
int cli_doctor(int argc, char **argv);

/* For output on this descriptor: --color beats NO_COLOR beats isatty(3). */
bool color_wanted(enum when color, int fd);
