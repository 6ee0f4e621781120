/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table of rows for a command's options: what getopt_long wants and --help both come from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct option;

struct option_row {
	const char *name;  /* NULL: a letter only; without a key too: a heading of the help */
	const char *value; /* NULL: takes none */
	int key;	   /* below 256 it is the letter too */
	bool optional;	   /* the value */
	const char *help;
};

#define OPTION_LETTER_SIZE 3 /* a letter and two colons */

/*
 * Appends to ret_letters, a string with room for OPTION_LETTER_SIZE more bytes a row, and fills
 * ret_options, which has count + 1 entries, the last for the end.
 */
void option_table_getopt(const struct option_row *rows, size_t count, char *ret_letters,
			 struct option *ret_options);

/* To standard output, a line a row. */
void option_table_help(const struct option_row *rows, size_t count);

/*
 * The index of `value` in `names`. EXIT_OK, or EXIT_USAGE after a line on standard error that
 * names `option` as it is written, and the choice.
 */
int option_choice(const char *option, const char *value, const char *const *names,
		  unsigned int count, unsigned int *ret_index);

/* From one second to a day. EXIT_OK, or EXIT_USAGE after a line on standard error. */
int option_seconds(const char *option, const char *value, unsigned int *ret_seconds);
