// SPDX-License-Identifier: GPL-2.0-or-later
/* One line, with a reason only where there are such stacks. */
#include "cli/stack_summary.h"

#include <stdio.h>

#include "model/stack.h"

void stack_summary_print(const struct conn_table_stats *stats, uint64_t dropped)
{
	const char *separator = " (";

	fprintf(stderr, "sockwatch: %llu stacks, %llu incomplete",
		(unsigned long long)stats->stacks, (unsigned long long)stats->stacks_incomplete);
	for (unsigned int end = SW_STACK_COMPLETE + 1; end < SW_STACK_ENDS; end++) {
		if (!stats->stack_ends[end])
			continue;
		fprintf(stderr, "%s%llu %s", separator, (unsigned long long)stats->stack_ends[end],
			stack_end_name(end));
		separator = ", ";
	}
	fprintf(stderr, "%s, %llu found no room\n", stats->stacks_incomplete ? ")" : "",
		(unsigned long long)dropped);
}
