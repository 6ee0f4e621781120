// SPDX-License-Identifier: GPL-2.0-or-later
/* From rows of options to getopt_long's tables and to the text of --help. */
#include "cli/option_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"

#define LEFT_SIZE 40 /* the longest option with its value, and room to spare */
#define SECONDS_MAX 86400

static bool has_letter(const struct option_row *row)
{
	return row->key > 0 && row->key < 256;
}

void option_table_getopt(const struct option_row *rows, size_t count, char *ret_letters,
			 struct option *ret_options)
{
	char *end = ret_letters + strlen(ret_letters);

	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = &rows[i];
		int takes = !row->value	    ? no_argument
			    : row->optional ? optional_argument
					    : required_argument;

		if (has_letter(row)) {
			*end++ = (char)row->key;
			for (int colons = 0; colons < takes; colons++)
				*end++ = ':'; /* required_argument is 1, optional_argument 2 */
		}
		if (row->name)
			*ret_options++ = (struct option){ row->name, takes, NULL, row->key };
	}
	*end = '\0';
	*ret_options = (struct option){};
}

static void print_row(const struct option_row *row)
{
	char letter[4] = "", name[LEFT_SIZE] = "";

	if (has_letter(row))
		snprintf(letter, sizeof(letter), "-%c%s", row->key, row->name ? "," : "");
	if (row->name)
		snprintf(name, sizeof(name), "--%s%s%s%s", row->name,
			 row->value ? row->optional ? "[=" : "=" : "", row->value ? row->value : "",
			 row->optional ? "]" : "");
	printf("  %-3s %-20s %s\n", letter, name, row->help);
}

void option_table_help(const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].key)
			print_row(&rows[i]);
		else
			printf("\n%s\n", rows[i].help);
	}
}

int option_choice(const char *option, const char *value, const char *const *names,
		  unsigned int count, unsigned int *ret_index)
{
	char expected[128] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(value, names[i]) == 0) {
			*ret_index = i;
			return EXIT_OK;
		}
		if (len < sizeof(expected))
			len += (size_t)snprintf(expected + len, sizeof(expected) - len, " %s",
						names[i]);
	}
	log_error("%s: '%s' is not one of:%s", option, value, expected);
	return EXIT_USAGE;
}

int option_seconds(const char *option, const char *value, unsigned int *ret_seconds)
{
	char *end;
	unsigned long seconds = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || !seconds || seconds > SECONDS_MAX) {
		log_error("%s: '%s' is not a number of seconds from 1 to %d", option, value,
			  SECONDS_MAX);
		return EXIT_USAGE;
	}
	*ret_seconds = (unsigned int)seconds;
	return EXIT_OK;
}
