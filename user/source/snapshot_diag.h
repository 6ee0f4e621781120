/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NETLINK_SOCK_DIAG as a source of rows: needs no privilege, and knows no processes. */
#pragma once

#include "source/snapshot.h"
#include "source/snapshot_source.h"

/*
 * The sockets of a kind in the namespace that this netlink socket was made in. 0; the first
 * negative result of the sink; -ENOENT if the kernel has no module for them; another negative
 * errno.
 */
int snapshot_diag_rows(const struct snapshot_options *options, enum socket_kind kind, int fd,
		       const struct row_sink *sink);
