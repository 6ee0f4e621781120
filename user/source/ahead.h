/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a descriptor ahead of whoever wants its bytes: the kernel makes the rows of an iterator
 * within read(), on one processor, while their reader works on another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ahead;

/*
 * `fd` stays the caller's, and open until ahead_free(). `at_once`: a thread begins now, because the
 * caller has other work to do first; else it begins when there turns out to be much to read. At
 * most 4 MiB are kept. 0 or -ENOMEM.
 */
int ahead_new(int fd, bool at_once, struct ahead **ret_ahead);
/* Ends the thread after the read() that it is in. Accepts NULL. */
void ahead_free(struct ahead *ahead);

/* The next bytes, valid until the next call. Their number; 0: the end; or negative errno. */
ssize_t ahead_next(struct ahead *ahead, const char **ret_bytes);
