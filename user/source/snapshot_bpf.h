/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's iterators as a source of rows. The only place that knows their light skeletons. */
#pragma once

#include "source/netns.h"
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
 * Enter all processes into the table, with their namespaces into the list; then begin to enter all
 * holders of sockets into the map. That is the work of a thread, half of what a snapshot takes:
 * table and map are its own until snapshot_bpf_wait().
 */
int snapshot_bpf_holders(struct snapshot_bpf *bpf, struct process_table *processes,
			 struct netns_list *namespaces, struct holder_map *holders);

/* Until the holders are there. 0, or what went wrong; also if none were asked for. */
int snapshot_bpf_wait(struct snapshot_bpf *bpf);

/*
 * The sockets of a kind in the namespace that this thread is in, once the holders are there. 0; the
 * first negative result of the sink; -ENOTSUP if there is no iterator for them, and never one for
 * raw sockets.
 */
int snapshot_bpf_rows(struct snapshot_bpf *bpf, enum socket_kind kind, const struct row_sink *sink);
