// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's iterators: loads them, reads what they write. */
#include "source/snapshot_bpf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "model/decode.h"
#include "model/row_record.h"
#include "source/iterator.h"
#include "rows_holder.lskel.h"
#include "rows_inet.lskel.h"
#include "rows_unix.lskel.h"

struct holder_walk {
	int link_fd;
	struct process_table *processes;
	struct holder_map *holders;
	struct process *last; /* counted; descriptors of a process come one after the other */
	int result;
};

struct snapshot_bpf {
	const struct snapshot_options *options; /* while it is being opened */
	struct rows_holder *holder;
	struct rows_inet *inet;	     /* NULL: not wanted, or not to be had here */
	struct rows_unix *unix_rows; /* NULL: same; `unix` is a macro of GNU C */
	struct holder_walk walk;
	pthread_t walker;
	bool walking; /* `walk` is the walker's */
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

static void *load_rows(void *data)
{
	struct snapshot_bpf *bpf = data;

	if (wants(bpf->options, SOCKET_TCP) || wants(bpf->options, SOCKET_UDP))
		bpf->inet = load_inet(bpf->options);
	if (wants(bpf->options, SOCKET_UNIX))
		bpf->unix_rows = load_unix();
	return NULL;
}

/* The kernel takes milliseconds to check each of them: two threads do so at the same time. */
static int load(struct snapshot_bpf *bpf)
{
	pthread_t loader;
	bool helped = pthread_create(&loader, NULL, load_rows, bpf) == 0;
	int r = load_holder(bpf);

	if (helped)
		pthread_join(loader, NULL);
	else
		load_rows(bpf);
	return r;
}

int snapshot_bpf_open(const struct snapshot_options *options, struct snapshot_bpf **ret_bpf)
{
	struct snapshot_bpf *bpf = calloc(1, sizeof(*bpf));
	int r;

	if (!bpf)
		return -ENOMEM;
	bpf->options = options;
	r = load(bpf);
	bpf->options = NULL;
	if (r < 0) {
		snapshot_bpf_close(bpf);
		return r;
	}
	*ret_bpf = bpf;
	return 0;
}

void snapshot_bpf_close(struct snapshot_bpf *bpf)
{
	if (!bpf)
		return;
	(void)snapshot_bpf_wait(bpf);
	rows_inet__destroy(bpf->inet);
	rows_unix__destroy(bpf->unix_rows);
	rows_holder__destroy(bpf->holder);
	free(bpf);
}

/* ---- reading --------------------------------------------------------------------------------- */

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

static int finish_walk(struct snapshot_bpf *bpf)
{
	bpf->walking = false;
	return bpf->walk.result;
}

int snapshot_bpf_wait(struct snapshot_bpf *bpf)
{
	if (bpf->walking)
		pthread_join(bpf->walker, NULL);
	return finish_walk(bpf);
}

static int wait_for_holders(void *data)
{
	return snapshot_bpf_wait(data);
}

/* Once it has gone wrong, it stays closed: then wait() tells. */
static bool holders_are_there(void *data)
{
	struct snapshot_bpf *bpf = data;

	if (bpf->walking && pthread_tryjoin_np(bpf->walker, NULL) != 0)
		return false;
	return finish_walk(bpf) == 0;
}

int snapshot_bpf_link(const struct snapshot_bpf *bpf, enum socket_kind kind)
{
	if (kind == SOCKET_TCP && bpf->inet)
		return bpf->inet->links.show_tcp_fd;
	if (kind == SOCKET_UDP && bpf->inet)
		return bpf->inet->links.show_udp_fd;
	if (kind == SOCKET_UNIX && bpf->unix_rows)
		return bpf->unix_rows->links.show_unix_fd;
	return -1;
}

int snapshot_bpf_rows(struct snapshot_bpf *bpf, int fd, const struct row_sink *sink)
{
	const struct iterator_gate gate = { holders_are_there, wait_for_holders, bpf };

	return iterator_read(fd, decode_row, bpf->walking ? &gate : NULL, put_row, (void *)sink);
}

/* ---- holders --------------------------------------------------------------------------------- */

struct process_walk {
	struct process_table *processes;
	struct doors *doors;
};

static int put_process(void *data, const struct sw_header *record)
{
	const struct sw_process *process = (const struct sw_process *)record;
	const struct process_walk *walk = data;
	int r;

	if (record->kind != SW_RECORD_PROCESS)
		return 0;
	r = doors_expect(walk->doors, process->netns);
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

static void *walk_holders(void *data)
{
	struct holder_walk *walk = data;

	walk->result = iterator_run(walk->link_fd, decode_row, put_holder, walk);
	process_unref(walk->processes, TAKE_PTR(walk->last));
	return NULL;
}

int snapshot_bpf_holders(struct snapshot_bpf *bpf, struct process_table *processes,
			 struct doors *doors, struct holder_map *holders)
{
	struct process_walk walk = { processes, doors };
	int r = iterator_run(bpf->holder->links.show_process_row_fd, decode_row, put_process,
			     &walk);

	if (r < 0)
		return r;
	bpf->walk = (struct holder_walk){ .link_fd = bpf->holder->links.show_holder_row_fd,
					  .processes = processes,
					  .holders = holders };
	bpf->walking = pthread_create(&bpf->walker, NULL, walk_holders, &bpf->walk) == 0;
	if (!bpf->walking)
		walk_holders(&bpf->walk);
	return bpf->walk.result < 0 && !bpf->walking ? bpf->walk.result : 0;
}
