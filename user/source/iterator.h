/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the records that a BPF iterator writes. */
#pragma once

#include <stddef.h>

#include "sockwatch/record.h"

/* decode_record() or decode_row(): what the records must be. */
typedef int iterator_decode(const void *bytes, size_t size, const struct sw_header **ret_record);

/*
 * Run the iterator that is attached by this link once, and call `visit` for each record. 0; the
 * first negative result of `visit`; -EBADMSG if the bytes are no whole records; or negative errno.
 */
int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data);
