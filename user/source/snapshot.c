// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses where a snapshot comes from, and joins its rows with the processes that hold them. */
#include "source/snapshot.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/util.h"
#include "source/netns.h"
#include "source/snapshot_bpf.h"
#include "source/snapshot_diag.h"
#include "source/snapshot_proc.h"

struct snapshot {
	struct snapshot_options options;
	struct snapshot_bpf *bpf; /* NULL: sock_diag and /proc, as not wanted or not allowed */
	uint32_t home;		  /* inode number of our own namespace */
	bool may_enter;		  /* other namespaces */
	char missing[256];	  /* "": nothing */
};

struct walk {
	const struct snapshot *snapshot;
	struct holder_map *holders; /* NULL: not wanted */
	int (*visit)(void *data, const struct socket_row *row);
	void *data;
	bool stopped; /* by visit(), whose results mean nothing to us */
};

/* ---- opening --------------------------------------------------------------------------------- */

/* Entering where we are changes nothing, but takes the same privilege. */
static int look_at_home(struct snapshot *snapshot)
{
	CLEANUP_FD int home = netns_open_home(&snapshot->home);

	if (home < 0)
		return home;
	snapshot->may_enter = setns(home, CLONE_NEWNET) == 0;
	return 0;
}

static void miss_privilege(struct snapshot *snapshot, bool processes, bool namespaces)
{
	if (!processes && !namespaces)
		return;
	snprintf(snapshot->missing, sizeof(snapshot->missing),
		 "without root, %s%s%s are not shown: run it with sudo",
		 processes ? "the processes of other users" : "",
		 processes && namespaces ? " and " : "",
		 namespaces ? "other network namespaces" : "");
}

/*
 * sock_diag shows the same rows, and needs no loading (4 ms). That pays from 10,000 sockets on, or
 * for the descriptors of processes, of which an iterator reads 10 while /proc reads one.
 */
static int open_iterators(struct snapshot *snapshot)
{
	int r = snapshot->options.owners ? snapshot_bpf_open(&snapshot->options, &snapshot->bpf)
					 : 0;

	if (r == -ENOMEM)
		return r;
	if (!snapshot->may_enter)
		miss_privilege(snapshot, r < 0, snapshot->options.netns != snapshot->home);
	else if (r < 0)
		snprintf(
			snapshot->missing, sizeof(snapshot->missing),
			"the kernel refuses BPF iterators (%s): sockets and processes come from sock_diag and /proc, see sockwatch doctor",
			strerror(-r));
	return 0;
}

int snapshot_open(const struct snapshot_options *options, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int r;

	if (!snapshot)
		return -ENOMEM;
	snapshot->options = *options;
	r = look_at_home(snapshot);
	if (r == 0)
		r = open_iterators(snapshot);
	if (r < 0) {
		snapshot_close(snapshot);
		return r;
	}
	*ret_snapshot = snapshot;
	return 0;
}

void snapshot_close(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	snapshot_bpf_close(snapshot->bpf);
	free(snapshot);
}

const char *snapshot_missing(const struct snapshot *snapshot)
{
	return snapshot->missing[0] ? snapshot->missing : NULL;
}

bool snapshot_is_privileged(const struct snapshot *snapshot)
{
	return snapshot->may_enter && (snapshot->bpf || !snapshot->options.owners);
}

/* ---- walking --------------------------------------------------------------------------------- */

static int put_row(void *data, struct socket_row *row)
{
	struct walk *walk = data;
	const struct holder *holder = NULL;
	int r = walk->snapshot->bpf ? snapshot_bpf_wait(walk->snapshot->bpf) : 0;

	if (r < 0)
		return r;
	if (walk->holders && row->inode)
		holder = holder_map_find(walk->holders, row->inode, row->conn.ends.cookie);
	if (holder) {
		row->conn.owner = holder->owner;
		row->holders = holder->processes;
		row->fd = holder->fd;
	}
	r = walk->visit(walk->data, row);
	walk->stopped = r < 0;
	return r;
}

/* From the best source that has them; the next one is asked if this one has none at all. */
static int visit_kind(const struct walk *walk, enum socket_kind kind, const struct row_sink *sink)
{
	const struct snapshot *snapshot = walk->snapshot;
	int r = -ENOTSUP;

	if (kind == SOCKET_RAW)
		return snapshot_proc_rows(&snapshot->options, kind, sink);
	if (snapshot->bpf)
		r = snapshot_bpf_rows(snapshot->bpf, kind, sink);
	if (r == -ENOTSUP && !walk->stopped)
		r = snapshot_diag_rows(&snapshot->options, kind, sink);
	if (r == -ENOENT && !walk->stopped)
		r = snapshot_proc_rows(&snapshot->options, kind, sink);
	return r;
}

static int visit_netns(void *data, uint32_t inode)
{
	const struct walk *walk = data;
	const struct snapshot_options *options = &walk->snapshot->options;
	struct row_sink sink = { .netns = inode, .put = put_row, .data = data };
	int r = 0;

	for (unsigned int kind = 0; kind < SOCKET_KINDS && r >= 0; kind++)
		if (options->kinds & 1u << kind)
			r = visit_kind(walk, (enum socket_kind)kind, &sink);
	return r;
}

static int visit_if_wanted(void *data, uint32_t inode)
{
	const struct walk *walk = data;
	uint32_t wanted = walk->snapshot->options.netns;

	return wanted && wanted != inode ? 0 : visit_netns(data, inode);
}

/* Is it enough to look around where we are? */
static bool stays_home(const struct snapshot *snapshot)
{
	uint32_t wanted = snapshot->options.netns;

	return wanted == snapshot->home || (!snapshot->may_enter && !wanted);
}

static int find_holders(const struct snapshot *snapshot, struct process_table *processes,
			struct netns_list *namespaces, struct holder_map *holders)
{
	if (snapshot->bpf)
		return snapshot_bpf_holders(snapshot->bpf, processes, namespaces, holders);
	return snapshot_proc_holders(processes, holders);
}

static int walk_through(struct walk *walk, struct process_table *processes,
			struct netns_list *namespaces)
{
	const struct snapshot *snapshot = walk->snapshot;
	int r = 0, finished;

	if (walk->holders)
		r = find_holders(snapshot, processes, namespaces, walk->holders);
	if (r < 0)
		return r;
	r = stays_home(snapshot) ? visit_netns(walk, snapshot->home)
				 : netns_list_visit(namespaces, visit_if_wanted, walk);
	finished = snapshot->bpf ? snapshot_bpf_wait(snapshot->bpf) : 0;
	return r < 0 ? r : finished;
}

int snapshot_walk(struct snapshot *snapshot, struct process_table *processes,
		  int (*visit)(void *data, const struct socket_row *row), void *data,
		  unsigned int *ret_unseen)
{
	struct walk walk = { .snapshot = snapshot, .visit = visit, .data = data };
	struct netns_list namespaces = { 0 };
	int r = 0;

	if (snapshot->options.owners && !(walk.holders = holder_map_new(processes)))
		return -ENOMEM;
	if (!stays_home(snapshot))
		r = netns_list_read(&namespaces);
	if (r >= 0)
		r = walk_through(&walk, processes, &namespaces);
	*ret_unseen = stays_home(snapshot) || snapshot->options.netns
			      ? 0
			      : (unsigned int)namespaces.unseen;
	netns_list_done(&namespaces);
	holder_map_free(walk.holders);
	return r < 0 ? r : 0;
}
