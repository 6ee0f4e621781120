/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several commands explain on standard error in the same words; each gives the exit status. */
#pragma once

struct filter;

/* `r` is what writing to standard output has come to. A reader that has gone is no failure. */
int explain_output(int r);
/* Parse a filter: EXIT_OK and ret_filter, or the status after an explanation. */
int explain_filter(int count, char *const words[], struct filter **ret_filter);
