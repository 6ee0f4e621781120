// SPDX-License-Identifier: GPL-2.0-or-later
/* One line for each subject. */
#include "cli/summary.h"

#include <stdio.h>

#include "model/stack.h"

void summary_print_verified(const struct conn_table_stats *stats)
{
	if (stats->verified)
		fprintf(stderr, "sockwatch: verified %llu times; %llu connections had drifted\n",
			(unsigned long long)stats->verified, (unsigned long long)stats->drift);
}

void summary_print_results(uint64_t missed)
{
	if (missed)
		fprintf(stderr,
			"sockwatch: up to %llu results of connect(2) were not seen: the kernel ran no program for them\n",
			(unsigned long long)missed);
}

/* A reason only where there are such stacks. */
void summary_print_stacks(const struct conn_table_stats *stats, uint64_t dropped)
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
