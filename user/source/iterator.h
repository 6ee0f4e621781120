/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the records that a BPF iterator writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sockwatch/record.h"

/* decode_record() or decode_row(): what the records must be. */
typedef int iterator_decode(const void *bytes, size_t size, const struct sw_header **ret_record);

/* Something that records must wait for. */
struct iterator_gate {
	bool (*is_open)(void *data); /* asked after each read */
	int (*wait)(void *data);     /* until it is; negative errno ends the run */
	void *data;
};

/*
 * Read this iterator to its end, and call `visit` for each record. 0; the first negative result of
 * `visit`; -EBADMSG if the bytes are no whole records; or negative errno, `fd` if it is one. While
 * what the visits need is still being made by another thread, the records are read and kept, a few
 * megabytes of them: the gate (NULL: none) is open when it returns 0.
 */
int iterator_read(int fd, iterator_decode *decode, const struct iterator_gate *gate,
		  int (*visit)(void *data, const struct sw_header *record), void *data);

/* The same with one made anew from its link, and no gate. */
int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data);
