/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From switches to columns and to an order of rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/netstat_options.h"
#include "view/table.h"

#define NETSTAT_SORT_MAX 8

struct netstat_sort {
	struct {
		const struct field *field;
		bool descending;
	} keys[NETSTAT_SORT_MAX];
	size_t count;
};

/* Does anything that is shown or asked for come from the owner? */
bool netstat_wants_owners(const struct netstat_options *options);

/* Initializes the table. EXIT_OK, or EXIT_USAGE after an explanation that names the column. */
int netstat_columns_choose(const struct netstat_options *options, struct table *ret_table);

/* "field,-field": a minus reverses. NULL: no order. EXIT_OK or EXIT_USAGE, as above. */
int netstat_sort_parse(const char *text, struct netstat_sort *ret_sort);
/* As strcmp(3). Numbers by value, what is unknown comes last. */
int netstat_sort_compare(const struct netstat_sort *sort, const struct table *table,
			 const struct socket_row *left, const struct socket_row *right);
