/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for one process record: too large for the stack. Who uses it brings a map of it. */
#pragma once

#include "vmlinux.h"

#include "sockwatch/record.h"

#define PROCESS_DATA_SIZE (2 * SW_PATH_LEN)
#define PROCESS_NAME_SIZE 256 /* NAME_MAX and its NUL */
#define PROCESS_ROOM 16384    /* power of two above both together, for the verifier */

struct process_scratch {
	struct sw_process record;
	char data[PROCESS_ROOM];
};
