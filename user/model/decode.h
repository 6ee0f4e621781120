/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw bytes to records that can be trusted to be what they say. Pure; fuzzed. */
#pragma once

#include <stddef.h>

#include "sockwatch/record.h"

/*
 * Check the record at the start of `size` bytes, which need not be aligned to more than 8. Behind
 * it: its size fits its kind and the bytes there are, family, states and lengths are in range,
 * names end with NUL. Text in fixed fields may still lack its NUL and may hold any bytes.
 * 0; -EBADMSG if it is malformed; -EAGAIN if `size` ends before it does; -ENOTSUP if it is well
 * formed but of a kind this version does not know: skip it by its size.
 */
int decode_record(const void *bytes, size_t size, const struct sw_header **ret_record);

/*
 * The same for what the iterators of a snapshot write: ROW and PROCESS. The two are apart
 * so that a recording with rows in it, which nobody writes, never reaches the table.
 */
int decode_row(const void *bytes, size_t size, const struct sw_header **ret_record);

/* What the record says of its pid namespace, or NULL: an older recording does not say it. */
const struct sw_inner *decode_inner(const struct sw_process *record);
