// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses where a snapshot comes from, and joins its rows with the processes that hold them. */
#include "source/snapshot.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/util.h"
#include "source/doors.h"
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

	struct doors *doors;
	/* Which of them: of each kind its iterator and its files; DOORS_MAX: not opened. */
	size_t iterators[SOCKET_KINDS], files[SOCKET_KINDS][2], diag;
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
 * for the descriptors of processes, of which a program reads 20 while /proc reads one.
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

/* Is it enough to look around where we are? */
static bool stays_home(const struct snapshot *snapshot)
{
	uint32_t wanted = snapshot->options.netns;

	return wanted == snapshot->home || (!snapshot->may_enter && !wanted);
}

static void add_files(struct snapshot *snapshot, unsigned int kind)
{
	const bool wanted[2] = { kind == SOCKET_UNIX || snapshot->options.ipv4,
				 kind != SOCKET_UNIX && snapshot->options.ipv6 };

	for (size_t i = 0; i < 2; i++) {
		const struct door door = { .kind = DOOR_FILE,
					   .path = snapshot_proc_files[kind][i] };

		if (wanted[i])
			snapshot->files[kind][i] = doors_add(snapshot->doors, &door);
	}
}

/*
 * An iterator; or sock_diag, and files where the kernel has no module for that. The kernel's
 * iterator over AF_UNIX sockets is of no use: of 8,300 it showed 7,500, as it forgets the rest of a
 * hash bucket whenever a read() ends in it (6.18).
 */
static void add_kind(struct snapshot *snapshot, unsigned int kind)
{
	struct door iterator = { .kind = DOOR_ITERATOR, .link_fd = -1 };
	const struct door diag = { .kind = DOOR_SOCK_DIAG };

	if (snapshot->bpf)
		iterator.link_fd = snapshot_bpf_link(snapshot->bpf, (enum socket_kind)kind);
	if (iterator.link_fd >= 0) {
		snapshot->iterators[kind] = doors_add(snapshot->doors, &iterator);
		return;
	}
	if (kind != SOCKET_RAW && snapshot->diag == DOORS_MAX)
		snapshot->diag = doors_add(snapshot->doors, &diag);
	add_files(snapshot, kind);
}

static int add_doors(struct snapshot *snapshot)
{
	enum doors_where where = stays_home(snapshot) ? DOORS_AT_HOME : DOORS_EVERYWHERE;

	snapshot->doors = doors_new(where, snapshot->options.netns);
	if (!snapshot->doors)
		return -ENOMEM;
	snapshot->diag = DOORS_MAX;
	for (unsigned int kind = 0; kind < SOCKET_KINDS; kind++) {
		snapshot->iterators[kind] = DOORS_MAX;
		snapshot->files[kind][0] = snapshot->files[kind][1] = DOORS_MAX;
		if (snapshot->options.kinds & 1u << kind)
			add_kind(snapshot, kind);
	}
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
	if (r == 0)
		r = add_doors(snapshot);
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
	doors_free(snapshot->doors);
	snapshot_bpf_close(snapshot->bpf);
	free(snapshot);
}

const char *snapshot_missing(const struct snapshot *snapshot)
{
	return snapshot->missing[0] ? snapshot->missing : NULL;
}

bool snapshot_is_privileged(const struct snapshot *snapshot)
{
	return snapshot->bpf || (snapshot->may_enter && !snapshot->options.owners);
}

struct doors *snapshot_doors(const struct snapshot *snapshot)
{
	return snapshot->doors;
}

bool snapshot_enters(const struct snapshot *snapshot)
{
	return !stays_home(snapshot);
}

bool snapshot_reads_processes(const struct snapshot *snapshot)
{
	return snapshot->options.owners && !snapshot->bpf;
}

/* ---- walking --------------------------------------------------------------------------------- */

static int put_row(void *data, struct socket_row *row)
{
	struct walk *walk = data;
	struct holder holder;
	int r;

	if (walk->holders && row->inode &&
	    holder_map_find(walk->holders, row->inode, row->socket, &holder)) {
		row->conn.owner = holder.owner;
		row->holders = holder.processes;
		row->fd = holder.fd;
		row->held_by = holder.list;
		row->held_count = holder.listed;
	}
	r = walk->visit(walk->data, row);
	walk->stopped = r < 0;
	return r;
}

/* From the best source that has them; the next one is asked if this one has none at all. */
static int visit_kind(const struct walk *walk, unsigned int kind, const int *fds,
		      const struct row_sink *sink)
{
	const struct snapshot *snapshot = walk->snapshot;
	int files[2] = { -1, -1 };
	int r;

	if (snapshot->iterators[kind] < DOORS_MAX)
		return snapshot_bpf_rows(snapshot->bpf, fds[snapshot->iterators[kind]], sink);
	/* What these give is joined with its holders at once. */
	if (snapshot->bpf && (r = snapshot_bpf_find_holders(snapshot->bpf)) < 0)
		return r;
	r = -ENOENT;
	if (kind != SOCKET_RAW)
		r = snapshot_diag_rows(&snapshot->options, (enum socket_kind)kind,
				       fds[snapshot->diag], sink);
	if (r != -ENOENT || walk->stopped)
		return r;
	for (size_t i = 0; i < 2; i++)
		if (snapshot->files[kind][i] < DOORS_MAX)
			files[i] = fds[snapshot->files[kind][i]];
	return snapshot_proc_rows((enum socket_kind)kind, files, sink);
}

static int visit_netns(void *data, uint32_t inode, const int *fds)
{
	const struct walk *walk = data;
	const struct snapshot_options *options = &walk->snapshot->options;
	struct row_sink sink = { .netns = inode, .put = put_row, .data = data };
	int r = 0;

	for (unsigned int kind = 0; kind < SOCKET_KINDS && r >= 0; kind++)
		if (options->kinds & 1u << kind)
			r = visit_kind(walk, kind, fds, &sink);
	return r;
}

static int find_holders(const struct snapshot *snapshot, struct process_table *processes,
			struct holder_map *holders)
{
	if (snapshot->bpf)
		return snapshot_bpf_processes(snapshot->bpf, processes, snapshot->doors, holders);
	return snapshot_proc_holders(processes, holders);
}

int snapshot_walk(struct snapshot *snapshot, struct process_table *processes,
		  int (*visit)(void *data, const struct socket_row *row), void *data,
		  unsigned int *ret_unseen)
{
	struct walk walk = { .snapshot = snapshot, .visit = visit, .data = data };
	size_t unseen = 0;
	int r = 0;

	if (snapshot->options.owners && !(walk.holders = holder_map_new(processes)))
		return -ENOMEM;
	if (walk.holders)
		r = find_holders(snapshot, processes, walk.holders);
	if (r >= 0)
		r = doors_visit(snapshot->doors, visit_netns, &walk, &unseen);
	if (r >= 0 && snapshot->bpf) /* there may have been nothing to visit */
		r = snapshot_bpf_find_holders(snapshot->bpf);
	*ret_unseen = stays_home(snapshot) || snapshot->options.netns ? 0 : (unsigned int)unseen;
	holder_map_free(walk.holders);
	return r < 0 ? r : 0;
}
