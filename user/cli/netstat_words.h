/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in [FILTER] [INTERVAL [COUNT]] the filter ends. */
#pragma once

struct netstat_options;

/*
 * The longest beginning of options->filter_words that is a filter remains one: a number may end it
 * ("pid 812"). What follows sets repeated, interval_s and count. Reads `sockets` and `repeated`
 * (-c: interval_s is 1 without INTERVAL). EXIT_OK, or EXIT_USAGE after a line on standard error.
 */
int netstat_words_split(struct netstat_options *options);
