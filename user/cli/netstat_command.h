/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the bare command share: netstat.c, netstat_watch.c. Nobody else includes it. */
#pragma once

#include <errno.h>

#include "base/output.h"
#include "cli/netstat_rows.h"
#include "cli/netstat_system.h"
#include "cli/watch.h"
#include "source/snapshot.h"
#include "system/container_names.h"

struct netstat {
	struct netstat_options options;
	struct filter *filter;
	struct process_table *processes;
	struct conn_table *conns; /* made by netstat_watch() */
	struct netstat_rows *rows;
	struct snapshot *snapshot;
	struct container_names *names; /* NULL: not wanted, or too slow */
	struct netstat_system *system;
	struct json text;     /* of the other tables */
	unsigned int display; /* which one they are for */
	struct output output;
	uint32_t netns; /* the only namespace that is shown; 0: all */
	int signals;
	bool unseen_told;
	struct opener *opener;
};

/* What went wrong was explained already. No errno of the calls here. */
#define NETSTAT_EXPLAINED (-ECANCELED)

/*
 * Give away the privileges that are not needed from here on; `watch` is attached, or NULL. An exit
 * status, explained if it is no EXIT_OK.
 */
int netstat_confine(struct netstat *netstat, const struct watch *watch);

/* What stopped the displays, as an exit status, explained if it was a failure. */
int netstat_explain(const struct netstat *netstat, int r);

/* One display of the sockets. `fresh_since_ns` as in netstat_rows_begin(). 0 or negative errno. */
int netstat_show_sockets(struct netstat *netstat, uint64_t fresh_since_ns);
/* One display of the other tables. */
int netstat_show_tables(struct netstat *netstat, unsigned int display);

/*
 * Sleep until a time has passed or `wake_fd` (-1: none) is readable. True: a signal ends us, or the
 * reader has gone.
 */
bool netstat_sleep(struct netstat *netstat, int timeout_ms, int wake_fd);

/*
 * Displays with the tracer attached: each is the table now, then what closed since the last one.
 * The exit status.
 */
int netstat_watch(struct netstat *netstat);
