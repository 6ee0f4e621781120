/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on standard error behind the one that each command ends with. */
#pragma once

#include "model/conn_table.h"

/* What verifications have found, if there were any. */
void summary_print_verified(const struct conn_table_stats *stats);
/* How many results of connect(2) no hook has shown, if any. */
void summary_print_results(uint64_t missed);
/* How many stacks there were, and why some are incomplete. */
void summary_print_stacks(const struct conn_table_stats *stats, uint64_t dropped);
