// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of the bare command: a filter, and how often. */
#include "cli/netstat_words.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/filter.h"
#include "cli/netstat_options.h"

#define INTERVAL_MAX (86400u * 365) /* seconds of a year */

/* Meant as one, if perhaps no good one: 5, 0, -1, 1.5, 5s. */
static bool is_like_number(const char *word)
{
	char first = word[strspn(word, "+-.")];

	return first >= '0' && first <= '9';
}

static int read_number(const char *what, const char *word, unsigned int max, unsigned int *ret)
{
	unsigned long long number = strtoull(word, NULL, 10); /* ULLONG_MAX when it overflows */

	if (word[strspn(word, "0123456789")] || number < 1 || number > max) {
		log_error("%s: '%s' is not a whole number from 1 to %u", what, word, max);
		return EXIT_USAGE;
	}
	*ret = (unsigned int)number;
	return EXIT_OK;
}

static int read_numbers(int count, char **words, struct netstat_options *options)
{
	int r = EXIT_OK;

	if (count > 2) {
		log_error("'%s' is one number too many: only INTERVAL and COUNT may end the line",
			  words[2]);
		return EXIT_USAGE;
	}
	if (count > 0) {
		options->repeated = true;
		r = read_number("INTERVAL in seconds", words[0], INTERVAL_MAX,
				&options->interval_s);
	}
	if (r == EXIT_OK && count > 1)
		r = read_number("COUNT", words[1], UINT_MAX, &options->count);
	return r;
}

/* Lack of memory is no matter of the words: whoever needs the filter will tell. */
static bool is_filter(int count, char **words, struct filter_error *ret_error)
{
	struct filter *filter = NULL;
	int r = filter_parse(count, words, &filter, ret_error);

	filter_free(filter);
	return r != -EINVAL;
}

/* How many words the filter has: all up to where its parser stumbles, if that is a number. */
static int split_filter(int count, char **words, int *ret_filter_count)
{
	struct filter_error error, of_beginning;
	int filter_count;

	if (is_filter(count, words, &error)) {
		*ret_filter_count = count;
		return EXIT_OK;
	}
	filter_count = (int)error.word;
	for (int i = filter_count; i < count; i++) {
		if (!is_like_number(words[i])) {
			log_error("%s", error.message);
			return EXIT_USAGE;
		}
	}
	if (!is_filter(filter_count, words, &of_beginning)) {
		log_error("%s", error.message);
		return EXIT_USAGE;
	}
	*ret_filter_count = filter_count;
	return EXIT_OK;
}

int netstat_words_split(struct netstat_options *options)
{
	char **words = options->filter_words;
	int filter_count, r;

	if (!options->sockets && options->filter_count && !is_like_number(words[0])) {
		log_error("'%s': a filter goes with sockets only, not with -e, -i, -r or -s",
			  words[0]);
		return EXIT_USAGE;
	}
	r = split_filter(options->filter_count, words, &filter_count);
	if (r != EXIT_OK)
		return r;
	options->interval_s = 1; /* of -c alone */
	r = read_numbers(options->filter_count - filter_count, words + filter_count, options);
	options->filter_count = filter_count;
	return r;
}
