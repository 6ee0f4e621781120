/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that keeps what it takes to enter network namespaces, and does only that: asked by one
 * byte, it opens descriptors there and sends them. It decodes nothing that comes from sockets.
 */
#pragma once

#include <stddef.h>

#include "source/doors.h"

struct opener;

/*
 * Fork it, for these sets of doors, which are asked through it from now on: at most 8. It has our
 * links that it needs, and closes everything else; it ends when we do. To be called by a process
 * with one thread. 0 or negative errno.
 */
int opener_start(struct doors *const sets[], size_t count, struct opener **ret_opener);
/* Ends it, and waits for that: it holds links. Its doors cannot be visited any more. Accepts NULL.
 */
void opener_free(struct opener *opener);

/* doors_visit() for one of its sets. */
int opener_visit(struct opener *opener, unsigned int set, doors_visitor *visit, void *data,
		 size_t *ret_hidden);
