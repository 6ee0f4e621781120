/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's iterators as a source of rows. The only place that knows their light skeletons. */
#pragma once

#include "source/doors.h"
#include "source/snapshot.h"
#include "source/snapshot_source.h"

struct snapshot_bpf;

/*
 * Load the iterators over processes and holders, and those over the kinds of sockets that are
 * wanted as far as the kernel has them: one that is missing takes no other down. 0, or negative
 * errno, -EPERM if it is not allowed.
 */
int snapshot_bpf_open(const struct snapshot_options *options, struct snapshot_bpf **ret_bpf);
/* Accepts NULL. */
void snapshot_bpf_close(struct snapshot_bpf *bpf);

/*
 * Enter all processes into the table, and have the doors expect their namespaces. The holders of
 * sockets are entered into the map later: with the first rows, or when they are asked for.
 */
int snapshot_bpf_processes(struct snapshot_bpf *bpf, struct process_table *processes,
			   struct doors *doors, struct holder_map *holders);

/* Unless that is done already. 0 or negative errno; both must still be there. */
int snapshot_bpf_find_holders(struct snapshot_bpf *bpf);

/* The link of the iterator over a kind of sockets; -1: there is none, and never for raw ones. */
int snapshot_bpf_link(const struct snapshot_bpf *bpf, enum socket_kind kind);
/*
 * The sockets that an iterator of such a link has, once the holders are there. 0; the first
 * negative result of the sink; or negative errno, `fd` if it is one.
 */
int snapshot_bpf_rows(struct snapshot_bpf *bpf, int fd, const struct row_sink *sink);
