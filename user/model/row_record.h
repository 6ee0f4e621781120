/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the records of a snapshot's iterators to rows, and what other sources need for it. No I/O.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/socket_row.h"
#include "sockwatch/record.h"

/*
 * The row of a record that decode_row() has accepted, without its owner. `netns` is the inode
 * number of the namespace that was walked. A path stays where it is, in the record.
 */
void row_from_socket(const struct sw_row *record, uint32_t netns, struct socket_row *ret_row);

/* An empty row of a kind: everything that is unknown says so. */
void row_init(enum socket_kind kind, uint32_t netns, struct socket_row *ret_row);

/*
 * What a row's state, timer and inode tell of its body, where the source does not: a request has
 * no file, a time-wait socket only its own timer. Then the user is not known either.
 */
void row_settle_body(struct socket_row *row);

/* The name of an AF_UNIX socket as the kernel has it: paths may end with NUL. It is not copied. */
void row_set_path(const char *path, size_t len, struct socket_row *row);
