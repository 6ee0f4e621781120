/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -e, -i, -s and -r show, in every format. */
#pragma once

#include "cli/netstat_options.h"
#include "view/json.h"

struct netstat_system;

/* NULL on lack of memory. Keeps the last counters, to show what has changed since. */
struct netstat_system *netstat_system_new(const struct netstat_options *options);
/* Accepts NULL. */
void netstat_system_free(struct netstat_system *system);

/*
 * Read and append to `out` whole lines for what `options` asks for, in its format. `display` counts
 * from 1; from the second on, statistics also tell their change. `ts` is the RFC 3339 time: if
 * options->repeated, JSON has the keys `display` and `ts` first, and text begins with them. 0, or
 * negative errno, explained on standard error.
 */
int netstat_system_show(struct netstat_system *system, unsigned int display, const char *ts,
			struct json *out);
