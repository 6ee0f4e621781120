/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc as a source: the text files of the protocols, and the descriptors of processes. */
#pragma once

#include "source/snapshot.h"
#include "source/snapshot_source.h"

/* Of each kind, IPv4's and IPv6's: those of the namespace that the thread is in when it opens. */
extern const char *const snapshot_proc_files[SOCKET_KINDS][2];

/*
 * The sockets in these files, open or negative: one that is not there (no IPv6) or not wanted has
 * no rows. 0, or the first negative result of the sink.
 */
int snapshot_proc_rows(enum socket_kind kind, const int fds[2], const struct row_sink *sink);

/*
 * Enter the processes that hold sockets, as far as we may look, and their ancestors into the table;
 * what they hold into the map. 0 or -ENOMEM.
 */
int snapshot_proc_holders(struct process_table *processes, struct holder_map *holders);
