/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets that are there now, each once, with their processes: through iterators (light
 * skeletons of their own, so that it starts in milliseconds); without privilege, or where no
 * processes are wanted, through sock_diag and /proc. Rows stream: what is kept are the holders, and
 * a few megabytes that are read ahead.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/process.h"
#include "model/socket_row.h"

struct doors;
struct snapshot;

struct snapshot_options {
	unsigned int kinds; /* bits 1 << enum socket_kind */
	bool ipv4, ipv6;
	bool owners;	/* find out who holds them: costs a walk over all descriptors */
	bool places;	/* and where these run: cgroup, container, pid namespace */
	uint32_t netns; /* inode number of the only namespace wanted; 0: all */
};

/*
 * 0, or negative errno. Without the privilege for iterators it falls back to sock_diag by itself;
 * that is no error: see snapshot_missing().
 */
int snapshot_open(const struct snapshot_options *options, struct snapshot **ret_snapshot);
/* Accepts NULL. */
void snapshot_close(struct snapshot *snapshot);

/* What cannot be shown for want of privilege or kernel, in a sentence with the cure; or NULL. */
const char *snapshot_missing(const struct snapshot *snapshot);

/* Was nothing refused so far? Then tracing may be allowed too. */
bool snapshot_is_privileged(const struct snapshot *snapshot);

/*
 * What a walk opens in each namespace: ahead, or by an opener. Does it enter others? Does it read
 * the files of other users' processes, since there is no iterator that tells of them?
 */
struct doors *snapshot_doors(const struct snapshot *snapshot);
bool snapshot_enters(const struct snapshot *snapshot);
bool snapshot_reads_processes(const struct snapshot *snapshot);

/*
 * Call `visit` for each socket; stops at its first negative result and returns it. The row, its
 * path, owner and holders are valid during the call; owners live in `processes`. Also counts
 * namespaces that could not be entered in ret_unseen. 0 or negative errno.
 */
int snapshot_walk(struct snapshot *snapshot, struct process_table *processes,
		  int (*visit)(void *data, const struct socket_row *row), void *data,
		  unsigned int *ret_unseen);
