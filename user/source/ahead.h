/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a descriptor ahead of whoever wants its bytes: the kernel makes the rows of an iterator
 * within read(), on one processor, while their reader works on another.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ahead;

/* `fd` stays the caller's, and open until ahead_free(). At most 4 MiB are kept. 0 or -ENOMEM. */
int ahead_new(int fd, struct ahead **ret_ahead);
/* Ends the thread, if there is one, after the read() that it is in. Accepts NULL. */
void ahead_free(struct ahead *ahead);

/*
 * Begin to read in a thread. Without this one begins when there turns out to be much to read. Does
 * nothing if everything was read already, or no thread is to be had.
 */
void ahead_start(struct ahead *ahead);
/* Before that: read in the calling thread, until the end, or there is no room, or it is to stop. */
void ahead_fill(struct ahead *ahead, const atomic_bool *stop);

/* The next bytes, valid until the next call. Their number; 0: the end; or negative errno. */
ssize_t ahead_next(struct ahead *ahead, const char **ret_bytes);
