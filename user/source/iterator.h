/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the records that a BPF iterator writes. */
#pragma once

#include <stddef.h>

#include "sockwatch/record.h"

/* decode_record() or decode_row(): what the records must be. */
typedef int iterator_decode(const void *bytes, size_t size, const struct sw_header **ret_record);

struct ahead;

/*
 * Read the bytes to their end, and call `visit` for each record. 0; the first negative result of
 * `visit`; -EBADMSG if the bytes are no whole records; or negative errno.
 */
int iterator_visit(struct ahead *ahead, iterator_decode *decode,
		   int (*visit)(void *data, const struct sw_header *record), void *data);

/* The same with this iterator, which stays the caller's; returns `fd` if it is negative errno. */
int iterator_read(int fd, iterator_decode *decode,
		  int (*visit)(void *data, const struct sw_header *record), void *data);

/* The same with one made anew from its link. */
int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data);
