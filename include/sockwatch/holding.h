/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a walk over the descriptors of all processes finds, in memory that the BPF program and its
 * loader share: a process may have a million sockets, and an iterator tells eight pages of each
 * object at the most.
 */
#pragma once

#include "sockwatch/record.h"

#define SW_HOLDINGS 8192
#define SW_HOLDING_TASKS 1024

/* A descriptor of a socket of any family. */
struct sw_holding {
	__u64 socket; /* address of the kernel's struct socket */
	__u64 inode;  /* number of its file */
	__u32 fd;
	__u32 task; /* index in `tasks` */
};

struct sw_holdings {
	/* Counts, which the loader sets to 0 when it has read what they count. */
	__u32 count;
	__u32 task_count;
	/* The task that is not done, and how far it came; 0 before a walk. */
	__u32 next_pid;
	__u32 next_fd;
	struct sw_task tasks[SW_HOLDING_TASKS];
	struct sw_holding holdings[SW_HOLDINGS];
};

SW_ASSERT_SIZE(sw_holding, 24);
SW_ASSERT_SIZE(sw_holdings, 229392);
