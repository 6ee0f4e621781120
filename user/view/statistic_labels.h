/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's counters are called by people: XP's words where XP has the counter, and then
 * those of the kernel's own counters that one asks for when something is wrong. Their meaning:
 * Documentation/networking/snmp_counter.rst, include/uapi/linux/snmp.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/statistic.h"

struct statistic_label {
	const char *label;
	const char *name; /* of the counter; NULL: Linux has none */
	const char *sent; /* its counterpart, in sections with two columns */
};

struct statistic_section {
	const char *title;
	const char *note; /* below it, or NULL */
	const struct statistic_label *labels;
	size_t count;
	size_t xp_count;  /* so many of them, the first, are XP's lines, in XP's order */
	bool two_columns; /* Received and Sent */
	int xp_width;	  /* of the label */
};

const struct statistic_section *statistic_section(enum statistic_protocol protocol);
