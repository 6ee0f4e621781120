/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the statistics of protocols look: -s. */
#pragma once

#include <stdbool.h>

#include "model/statistic.h"
#include "view/json.h"
#include "view/record.h"

/*
 * One object or CSV row for each counter; `name` is the kernel's. `family` is unknown where the
 * kernel counts both together, `proto` where we do not know the group. With `delta` its change.
 */
void statistic_view_rows(const struct record_style *style, const struct statistic_list *list,
			 bool delta, struct json *out);

/*
 * A section for each protocol that `list` has counters of, with their labels, values and, where
 * it is known, their change: "(+3)". `xp`: the lines of Windows XP's "netstat -s", all of them,
 * "-" where Linux has no such counter. Otherwise all that the kernel has, under its own name where
 * we have no label; of what is not in XP's lines only what is not 0, unless `zeros`.
 */
void statistic_view_sections(const struct statistic_list *list, bool xp, bool zeros,
			     struct json *out);
