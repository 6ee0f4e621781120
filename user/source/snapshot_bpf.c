// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's iterators: loads them, reads what they write. */
#include "source/snapshot_bpf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/util.h"
#include "model/decode.h"
#include "model/row_record.h"
#include "sockwatch/holding.h"
#include "source/ahead.h"
#include "source/iterator.h"
#include "rows_holder.lskel.h"
#include "rows_inet.lskel.h"
#include "rows_process.lskel.h"
#include "rows_program.lskel.h"

struct holder_walk {
	struct process_table *processes;
	struct holder_map *holders; /* NULL: found already, or not wanted */
	struct process *last;	    /* counted; descriptors of a process come one after the other */
};

struct snapshot_bpf {
	struct rows_process *process; /* NULL unless it is asked where they run; */
	struct rows_program *program; /* NULL if it is */
	struct rows_holder *holder;
	struct sw_holdings *found; /* mapped, shared with the program; NULL: not yet */
	struct rows_inet *inet;	   /* NULL: not wanted, or not to be had here */
	struct holder_walk walk;
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

static int map_holdings(struct snapshot_bpf *bpf)
{
	void *found = mmap(NULL, sizeof(*bpf->found), PROT_READ | PROT_WRITE, MAP_SHARED,
			   bpf->holder->maps.holdings.map_fd, 0);

	if (found == MAP_FAILED)
		return -errno;
	bpf->found = found;
	return 0;
}

static int load_holder(struct snapshot_bpf *bpf)
{
	int r;

	bpf->holder = rows_holder__open();
	if (!bpf->holder)
		return -ENOMEM;
	r = rows_holder__load(bpf->holder);
	if (r == 0)
		r = rows_holder__attach(bpf->holder);
	return r < 0 ? r : map_holdings(bpf);
}

static bool wants(const struct snapshot_options *options, enum socket_kind kind)
{
	return options->kinds & 1u << kind;
}

static int load_process(struct snapshot_bpf *bpf)
{
	int r;

	bpf->process = rows_process__open();
	if (!bpf->process)
		return -ENOMEM;
	r = rows_process__load(bpf->process);
	return r < 0 ? r : rows_process__attach(bpf->process);
}

static int load_program(struct snapshot_bpf *bpf)
{
	int r;

	bpf->program = rows_program__open();
	if (!bpf->program)
		return -ENOMEM;
	r = rows_program__load(bpf->program);
	return r < 0 ? r : rows_program__attach(bpf->program);
}

/* The holder's first: it searches least for types, under a lock that the other thread wants. */
static int load_owners(struct snapshot_bpf *bpf, const struct snapshot_options *options)
{
	int r = load_holder(bpf);

	if (r < 0)
		return r;
	return options->places ? load_process(bpf) : load_program(bpf);
}

static void *load_inet_beside(void *options)
{
	return load_inet(options);
}

/* Most of a small snapshot's time: on two processors, if there are two. */
static int load(struct snapshot_bpf *bpf, const struct snapshot_options *options)
{
	void *inet = NULL;
	pthread_t thread;
	int r;

	if (!wants(options, SOCKET_TCP) && !wants(options, SOCKET_UDP))
		return load_owners(bpf, options);
	if (thread_start(&thread, NULL, load_inet_beside, (void *)options) < 0) {
		bpf->inet = load_inet(options);
		return load_owners(bpf, options);
	}
	r = load_owners(bpf, options);
	pthread_join(thread, &inet);
	bpf->inet = inet;
	return r;
}

int snapshot_bpf_open(const struct snapshot_options *options, struct snapshot_bpf **ret_bpf)
{
	struct snapshot_bpf *bpf = calloc(1, sizeof(*bpf));
	int r;

	if (!bpf)
		return -ENOMEM;
	r = load(bpf, options);
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
	rows_inet__destroy(bpf->inet);
	if (bpf->found)
		munmap(bpf->found, sizeof(*bpf->found));
	rows_holder__destroy(bpf->holder);
	rows_program__destroy(bpf->program);
	rows_process__destroy(bpf->process);
	free(bpf);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int put_row(void *data, const struct sw_header *record)
{
	const struct row_sink *sink = data;
	struct socket_row row;

	if (record->kind != SW_RECORD_ROW)
		return 0;
	row_from_socket((const struct sw_row *)record, sink->netns, &row);
	return sink->put(sink->data, &row);
}

int snapshot_bpf_link(const struct snapshot_bpf *bpf, enum socket_kind kind)
{
	if (kind == SOCKET_TCP && bpf->inet)
		return bpf->inet->links.show_tcp_fd;
	if (kind == SOCKET_UDP && bpf->inet)
		return bpf->inet->links.show_udp_fd;
	return -1;
}

/* Who holds what is found while a thread reads on. */
int snapshot_bpf_rows(struct snapshot_bpf *bpf, int fd, const struct row_sink *sink)
{
	struct ahead *ahead;
	int r;

	if (fd < 0)
		return fd;
	r = ahead_new(fd, bpf->walk.holders != NULL, &ahead);
	if (r < 0)
		return r;
	r = snapshot_bpf_find_holders(bpf);
	if (r == 0)
		r = iterator_visit(ahead, decode_row, put_row, (void *)sink);
	ahead_free(ahead);
	return r;
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

static int enter_holding(struct holder_walk *walk, const struct sw_holdings *found,
			 const struct sw_holding *holding)
{
	struct process *process = walk->last;
	const struct sw_task *task;

	if (holding->task >= SW_HOLDING_TASKS || !holding->inode)
		return 0;
	task = &found->tasks[holding->task];
	if (!task->pid)
		return 0;
	if (!process || process->pid != task->pid || process->start_ns != task->start_ns)
		process = process_table_get(walk->processes, task);
	if (!process)
		return -ENOMEM;
	if (process != walk->last) {
		process_ref(process);
		process_unref(walk->processes, walk->last);
		walk->last = process;
	}
	return holder_map_add(walk->holders, holding->inode, holding->socket, process,
			      (int32_t)holding->fd);
}

/* What the program has found since the last time; it runs within read() only. */
static int take_holdings(struct snapshot_bpf *bpf)
{
	struct sw_holdings *found = bpf->found;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < found->count && i < SW_HOLDINGS; i++)
		r = enter_holding(&bpf->walk, found, &found->holdings[i]);
	found->count = found->task_count = 0;
	return r;
}

/* The iterator writes nothing; EAGAIN says that there is more to find. */
static int walk_descriptors(struct snapshot_bpf *bpf)
{
	CLEANUP_FD int fd = bpf_iter_create(bpf->holder->links.find_holdings_fd);
	ssize_t n;
	char byte;
	int r;

	if (fd < 0)
		return -errno;
	bpf->found->next_pid = 0;
	do {
		n = read(fd, &byte, sizeof(byte));
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		r = take_holdings(bpf);
	} while (r == 0 && n < 0);
	return r;
}

int snapshot_bpf_find_holders(struct snapshot_bpf *bpf)
{
	struct holder_walk *walk = &bpf->walk;
	int r;

	if (!walk->holders)
		return 0;
	r = walk_descriptors(bpf);
	process_unref(walk->processes, walk->last);
	*walk = (struct holder_walk){ 0 };
	return r;
}

int snapshot_bpf_processes(struct snapshot_bpf *bpf, struct process_table *processes,
			   struct doors *doors, struct holder_map *holders)
{
	struct process_walk walk = { processes, doors };
	int fd = bpf->process ? bpf->process->links.show_process_row_fd
			      : bpf->program->links.show_program_fd;
	int r = iterator_run(fd, decode_row, put_process, &walk);

	if (r == 0)
		bpf->walk = (struct holder_walk){ .processes = processes, .holders = holders };
	return r;
}
