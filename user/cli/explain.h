/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several commands explain on standard error in the same words; each gives the exit status. */
#pragma once

#include <stddef.h>

struct filter;

/* `r` is what writing to standard output has come to. A reader that has gone is no failure. */
int explain_output(int r);
/* Its reader did not take the rest in time. */
int explain_waiting(size_t pending);
/* container_names_new() has failed with this errno. */
int explain_names(int error);
/* Flush what stdio has for it. */
int explain_stdout(void);
/* Parse a filter: EXIT_OK and ret_filter, or the status after an explanation. */
int explain_filter(int count, char *const words[], struct filter **ret_filter);
