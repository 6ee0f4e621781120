/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc as a source: the text files of the protocols, and the descriptors of processes. */
#pragma once

#include "source/snapshot.h"
#include "source/snapshot_source.h"

/*
 * The TCP, UDP or raw sockets of the namespace that this thread is in. A file that is not there
 * (no IPv6) has no rows. 0, or the first negative result of the sink.
 */
int snapshot_proc_rows(const struct snapshot_options *options, enum socket_kind kind,
		       const struct row_sink *sink);

/*
 * Enter the processes that hold sockets, as far as we may look, and their ancestors into the table;
 * what they hold into the map. 0 or -ENOMEM.
 */
int snapshot_proc_holders(struct process_table *processes, struct holder_map *holders);
