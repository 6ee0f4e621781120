// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's iterators: loads them, reads what they write. */
#include "source/snapshot_bpf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "model/decode.h"
#include "model/row_record.h"
#include "source/iterator.h"
#include "rows_holder.lskel.h"
#include "rows_inet.lskel.h"
#include "rows_unix.lskel.h"

struct snapshot_bpf {
	struct rows_holder *holder;
	struct rows_inet *inet;	     /* NULL: not wanted, or not to be had here */
	struct rows_unix *unix_rows; /* NULL: same; `unix` is a macro of GNU C */
};

/* ---- opening --------------------------------------------------------------------------------- */

/* A jiffy: the resolution of the coarse clocks. */
static uint64_t tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_sec * NSEC_PER_SEC + tick.tv_nsec;
}

static struct rows_inet *load_inet(const struct snapshot_options *options)
{
	struct rows_inet *inet = rows_inet__open();

	if (!inet)
		return NULL;
	inet->rodata->tick_ns = tick_ns();
	inet->rodata->skip_ipv4 = !options->ipv4;
	inet->rodata->skip_ipv6 = !options->ipv6;
	if (rows_inet__load(inet) == 0 && rows_inet__attach(inet) == 0)
		return inet;
	rows_inet__destroy(inet);
	return NULL;
}

static struct rows_unix *load_unix(void)
{
	struct rows_unix *unix_rows = rows_unix__open();

	if (!unix_rows)
		return NULL;
	if (rows_unix__load(unix_rows) == 0 && rows_unix__attach(unix_rows) == 0)
		return unix_rows;
	rows_unix__destroy(unix_rows);
	return NULL;
}

static int load_holder(struct snapshot_bpf *bpf)
{
	int r;

	bpf->holder = rows_holder__open();
	if (!bpf->holder)
		return -ENOMEM;
	r = rows_holder__load(bpf->holder);
	return r < 0 ? r : rows_holder__attach(bpf->holder);
}

static bool wants(const struct snapshot_options *options, enum socket_kind kind)
{
	return options->kinds & 1u << kind;
}

int snapshot_bpf_open(const struct snapshot_options *options, struct snapshot_bpf **ret_bpf)
{
	struct snapshot_bpf *bpf = calloc(1, sizeof(*bpf));
	int r;

	if (!bpf)
		return -ENOMEM;
	r = load_holder(bpf);
	if (r < 0) {
		snapshot_bpf_close(bpf);
		return r;
	}
	if (wants(options, SOCKET_TCP) || wants(options, SOCKET_UDP))
		bpf->inet = load_inet(options);
	if (wants(options, SOCKET_UNIX))
		bpf->unix_rows = load_unix();
	*ret_bpf = bpf;
	return 0;
}

void snapshot_bpf_close(struct snapshot_bpf *bpf)
{
	if (!bpf)
		return;
	rows_inet__destroy(bpf->inet);
	rows_unix__destroy(bpf->unix_rows);
	rows_holder__destroy(bpf->holder);
	free(bpf);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int run_iterator(int link_fd, int (*visit)(void *data, const struct sw_header *record),
			void *data)
{
	return iterator_run(link_fd, decode_row, visit, data);
}

static int put_row(void *data, const struct sw_header *record)
{
	const struct row_sink *sink = data;
	struct socket_row row;

	if (record->kind == SW_RECORD_ROW)
		row_from_socket((const struct sw_row *)record, sink->netns, &row);
	else if (record->kind == SW_RECORD_UNIX)
		row_from_unix((const struct sw_unix *)record, sink->netns, &row);
	else
		return 0;
	return sink->put(sink->data, &row);
}

int snapshot_bpf_rows(const struct snapshot_bpf *bpf, enum socket_kind kind,
		      const struct row_sink *sink)
{
	if (kind == SOCKET_TCP && bpf->inet)
		return run_iterator(bpf->inet->links.show_tcp_fd, put_row, (void *)sink);
	if (kind == SOCKET_UDP && bpf->inet)
		return run_iterator(bpf->inet->links.show_udp_fd, put_row, (void *)sink);
	if (kind == SOCKET_UNIX && bpf->unix_rows)
		return run_iterator(bpf->unix_rows->links.show_unix_fd, put_row, (void *)sink);
	return -ENOTSUP;
}

/* ---- holders --------------------------------------------------------------------------------- */

struct holder_walk {
	struct process_table *processes;
	struct netns_list *namespaces;
	struct holder_map *holders;
	struct process *last; /* counted; descriptors of a process come one after the other */
};

static int put_process(void *data, const struct sw_header *record)
{
	const struct sw_process *process = (const struct sw_process *)record;
	const struct holder_walk *walk = data;
	int r;

	if (record->kind != SW_RECORD_PROCESS)
		return 0;
	r = netns_list_expect(walk->namespaces, process->netns);
	return r < 0 ? r : process_table_exec(walk->processes, process);
}

static int put_holder(void *data, const struct sw_header *record)
{
	const struct sw_row_holder *holder = (const struct sw_row_holder *)record;
	struct holder_walk *walk = data;
	struct process *process = walk->last;

	if (record->kind != SW_RECORD_ROW_HOLDER || !holder->task.pid)
		return 0;
	if (!process || process->pid != holder->task.pid ||
	    process->start_ns != holder->task.start_ns)
		process = process_table_get(walk->processes, &holder->task);
	if (!process)
		return -ENOMEM;
	if (process != walk->last) {
		process_ref(process);
		process_unref(walk->processes, walk->last);
		walk->last = process;
	}
	return holder_map_add(walk->holders, holder->inode, holder->cookie, process,
			      (int32_t)holder->fd);
}

int snapshot_bpf_holders(const struct snapshot_bpf *bpf, struct process_table *processes,
			 struct netns_list *namespaces, struct holder_map *holders)
{
	struct holder_walk walk = { .processes = processes,
				    .namespaces = namespaces,
				    .holders = holders };
	int r = run_iterator(bpf->holder->links.show_process_row_fd, put_process, &walk);

	if (r < 0)
		return r;
	r = run_iterator(bpf->holder->links.show_holder_row_fd, put_holder, &walk);
	process_unref(processes, walk.last);
	return r;
}
