/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many stacks there were, and why some are incomplete: a line on standard error. */
#pragma once

#include "model/conn_table.h"

void stack_summary_print(const struct conn_table_stats *stats, uint64_t dropped);
