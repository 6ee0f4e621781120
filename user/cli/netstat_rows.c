// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rows are shown, in which order, under which names. How they look is the table's. */
#include "cli/netstat_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/interrupt.h"
#include "cli/netstat_columns.h"
#include "model/peers.h"
#include "model/proc_pid.h"
#include "source/live.h"
#include "system/stack_process.h"

#define WINDOW 1024			  /* rows that are looked at together */
#define NAMES_MS 2000			  /* for all names of a display together */
#define RESOLVERS 8			  /* questions under way */
#define PROC_TICK_NS (10 * NSEC_PER_MSEC) /* the start times in /proc are multiples of it */

/* A row that waits, with what it points to. */
struct kept {
	struct socket_row row;
	char *path;		    /* owned; row.path points to it */
	struct socket_holder *held; /* owned, with references; row.held_by points to it */
};

struct netstat_rows {
	struct netstat_rows_setup setup;
	struct table table;
	struct resolver *resolver; /* NULL: numbers only */
	struct sw_task own;	   /* with a resolver: we, who are no traffic of this machine */
	struct netstat_sort sort;
	struct kept *kept;
	size_t count, capacity;
	uint64_t fresh_since_ns;
	uint64_t names_until_ns;
	const struct conn_table *watched; /* or NULL */
	const struct stack_book *stacks;  /* or NULL */
	bool begun;			  /* the heading of this display is out */
};

/* Who we are, as the table of processes has it; nobody if /proc does not tell. */
static void read_own(struct sw_task *ret_own)
{
	CLEANUP_FILE FILE *file = fopen("/proc/self/stat", "re");
	struct proc_pid own;
	char text[1024];
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[len] = '\0';
	if (proc_pid_parse_stat(text, &own) == 0)
		*ret_own = own.task;
}

int netstat_rows_new(const struct netstat_rows_setup *setup, struct netstat_rows **ret_rows)
{
	const struct netstat_options *options = setup->options;
	struct netstat_rows *rows = calloc(1, sizeof(*rows));
	int status;

	if (!rows) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	rows->setup = *setup;
	status = netstat_columns_choose(options, &rows->table);
	if (status == EXIT_OK)
		status = netstat_sort_parse(options->sort, &rows->sort);
	if (status == EXIT_OK && (!options->numeric || options->fqdn) &&
	    (options->format == FORMAT_TEXT || options->format == FORMAT_XP))
		rows->resolver = resolver_new(RESOLVERS);
	if (rows->resolver)
		read_own(&rows->own);
	if (status != EXIT_OK) {
		netstat_rows_free(rows);
		return status;
	}
	*ret_rows = rows;
	return EXIT_OK;
}

static void release(struct netstat_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct kept *kept = &rows->kept[i];

		process_unref(rows->setup.processes, kept->row.conn.owner);
		process_unref(rows->setup.processes, kept->row.conn.creator);
		for (uint32_t j = 0; j < kept->row.held_count; j++)
			process_unref(rows->setup.processes, kept->held[j].process);
		free(kept->held);
		free(kept->path);
	}
	rows->count = 0;
}

void netstat_rows_free(struct netstat_rows *rows)
{
	if (!rows)
		return;
	release(rows);
	free(rows->kept);
	resolver_free(rows->resolver);
	table_done(&rows->table);
	free(rows);
}

void netstat_rows_use(struct netstat_rows *rows, struct process_table *processes)
{
	rows->setup.processes = processes;
}

void netstat_rows_watch(struct netstat_rows *rows, const struct conn_table *conns)
{
	rows->watched = conns;
}

void netstat_rows_show_stacks(struct netstat_rows *rows, const struct stack_book *stacks)
{
	rows->stacks = stacks;
}

struct table *netstat_rows_table(struct netstat_rows *rows)
{
	return &rows->table;
}

/* ---- which ----------------------------------------------------------------------------------- */

static unsigned int mask_of(enum socket_kind kind, const struct sw_endpoints *ends)
{
	bool v6 = ends->family == SW_FAMILY_INET6;

	switch (kind) {
	case SOCKET_TCP:
		return v6 ? SOCKETS_TCP6 : SOCKETS_TCP4;
	case SOCKET_UDP:
		return v6 ? SOCKETS_UDP6 : SOCKETS_UDP4;
	case SOCKET_RAW:
		return v6 ? SOCKETS_RAW6 : SOCKETS_RAW4;
	case SOCKET_UNIX:
		return SOCKETS_UNIX;
	case SOCKET_KINDS:
		break;
	}
	return 0;
}

/* What netstat calls a server: it waits for anybody. */
static bool listens(const struct socket_row *row)
{
	if (row->kind == SOCKET_TCP || row->kind == SOCKET_UNIX)
		return row->conn.state == SW_TCP_LISTEN;
	return row->conn.state == SW_TCP_CLOSE;
}

/* In a PID namespace somebody else has our number, but is not as old. */
static bool is_ours(const struct netstat_rows *rows, const struct conn *conn)
{
	const struct process *owner = conn->owner;

	return rows->resolver && owner && owner->pid == rows->own.pid &&
	       owner->start_ns - rows->own.start_ns < PROC_TICK_NS;
}

/* A server without -a, but one that is seen to talk, which is what --peers is about. */
static bool talks(const struct netstat_rows *rows, const struct conn *conn)
{
	return rows->setup.options->peers && conn->peers;
}

static bool is_wanted(const struct netstat_rows *rows, const struct socket_row *row)
{
	const struct netstat_options *options = rows->setup.options;

	if (!(options->socket_mask & mask_of(row->kind, &row->conn.ends)))
		return false;
	/* Our questions for names are no traffic of this machine. */
	if (is_ours(rows, &row->conn))
		return false;
	if (options->listening ? !listens(row)
			       : !options->all && listens(row) && !talks(rows, &row->conn))
		if (!filter_names_states(rows->setup.filter))
			return false;
	return filter_matches(rows->setup.filter, &row->conn,
			      row->kind != SOCKET_TCP && row->conn.state == SW_TCP_CLOSE
				      ? FILTER_STATE_UNCONN
				      : row->conn.state);
}

static bool was_established(const struct event *event)
{
	return event->old_state != SW_TCP_SYN_SENT && event->old_state != SW_TCP_SYN_RECV &&
	       event->old_state != SW_TCP_LISTEN && event->old_state != CONN_UNCONN;
}

static enum socket_kind kind_of(const struct event *event)
{
	return event->conn.ends.protocol == SW_PROTO_UDP ? SOCKET_UDP : SOCKET_TCP;
}

bool netstat_rows_wants_gone(const struct netstat_rows *rows, const struct event *event)
{
	const struct netstat_options *options = rows->setup.options;
	bool listener = event->old_state == SW_TCP_LISTEN || event->old_state == CONN_UNCONN;

	if (!(options->socket_mask & mask_of(kind_of(event), &event->conn.ends)) ||
	    is_ours(rows, &event->conn))
		return false;
	if (options->listening ? !listener
			       : !options->all && listener && !talks(rows, &event->conn))
		if (!filter_names_states(rows->setup.filter))
			return false;
	/* What a filter says of states is true of a connection if it was in one of them. */
	return filter_matches(rows->setup.filter, &event->conn, event->old_state) ||
	       (was_established(event) &&
		filter_matches(rows->setup.filter, &event->conn, SW_TCP_ESTABLISHED));
}

static void count_peers(struct socket_row *row)
{
	struct sw_datagrams total = peers_total(row->conn.peers);

	row->conn.counters.rx_bytes = total.rx_bytes;
	row->conn.counters.tx_bytes = total.tx_bytes;
	row->conn.counted = true;
}

/*
 * What only the tracer knows: whose a connection without holders is, who made it, and since when it
 * is there.
 */
static void complete(const struct netstat_rows *rows, struct socket_row *row)
{
	struct conn conn;

	if (!rows->watched || (row->kind != SOCKET_TCP && row->kind != SOCKET_UDP) ||
	    !conn_table_find(rows->watched, row->conn.ends.cookie, &conn))
		return;
	/* Its only holder has it by now, whoever that was at the last look; its descriptor is
	 * known. */
	if (conn.owner && conn.owner != row->conn.owner && row->holders != 1) {
		row->conn.owner = conn.owner;
		row->fd = -1;
	}
	row->conn.gen = conn.gen;
	row->conn.creator = conn.creator;
	row->conn.peers = conn.peers; /* as long as this display lasts */
	if (conn.peers)
		count_peers(row);
	row->conn.opened_ns = conn.opened_ns;
	row->conn.existed = conn.existed;
	row->conn.connect_ns = conn.connect_ns;
	row->conn.handshake_ns = conn.handshake_ns;
	if (conn.state == row->conn.state)
		row->conn.entered_ns = conn.entered_ns;
	/* The full socket's, as it was when it left its remainder. */
	if (row->conn.body == CONN_BODY_TIMEWAIT && conn.counted) {
		row->conn.counted = true;
		row->conn.counters = conn.counters;
		row->conn.traffic_known = conn.traffic_known;
		row->conn.traffic = conn.traffic;
	}
	row->fresh = rows->fresh_since_ns && conn.opened_ns > rows->fresh_since_ns;
}

/* ---- writing --------------------------------------------------------------------------------- */

int netstat_rows_flush(struct netstat_rows *rows)
{
	struct json *out = &rows->table.out;
	int r = out->failed ? -ENOMEM : output_append(rows->setup.output, out->data, out->len);

	json_reset(out);
	if (r == 0)
		r = interrupt_finish(rows->setup.stop_fd, rows->setup.output);
	return r;
}

static const char *service_of(struct netstat_rows *rows, unsigned int port, enum socket_kind kind)
{
	if (!port || rows->setup.options->numeric || (kind != SOCKET_TCP && kind != SOCKET_UDP))
		return NULL;
	return resolver_service(rows->resolver, port,
				kind == SOCKET_TCP ? SW_PROTO_TCP : SW_PROTO_UDP);
}

static void name_ends(struct netstat_rows *rows, const struct sw_endpoints *ends,
		      enum socket_kind kind, struct field_names *ret)
{
	bool fqdn = rows->setup.options->fqdn;

	*ret = (struct field_names){ 0 };
	if (kind == SOCKET_UNIX)
		return;
	ret->lhost = resolver_host(rows->resolver, ends->family, ends->laddr, fqdn);
	ret->rhost = resolver_host(rows->resolver, ends->family, ends->raddr, fqdn);
	ret->lservice = service_of(rows, ends->lport, kind);
	ret->rservice = service_of(rows, ends->rport, kind);
}

/* Ask for the names in the window together, and wait for as long as the display still may. */
static void learn_names(struct netstat_rows *rows)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < rows->count; i++) {
		const struct sw_endpoints *ends = &rows->kept[i].row.conn.ends;

		if (rows->kept[i].row.kind == SOCKET_UNIX)
			continue;
		resolver_ask(rows->resolver, ends->family, ends->laddr);
		resolver_ask(rows->resolver, ends->family, ends->raddr);
	}
	if (now_ns < rows->names_until_ns)
		resolver_wait(rows->resolver,
			      (unsigned int)((rows->names_until_ns - now_ns) / NSEC_PER_MSEC));
}

/* A socket that no table knows is in its first life. */
static const struct sw_stack *stack_of(const struct netstat_rows *rows, const struct conn *conn)
{
	return stack_book_find(rows->stacks, conn->ends.cookie, conn->gen ? conn->gen : 1);
}

/* What runs under the name of an interpreter; asked once, of processes that are there. */
static void learn_script(struct netstat_rows *rows, struct process *owner)
{
	const struct sw_task task = { .pid = owner->pid, .start_ns = owner->start_ns };
	char script[SCRIPT_SIZE];

	if (owner->script_asked || owner->exited)
		return;
	owner->script_asked = true;
	if (stack_process_script(&task, script))
		process_table_script(rows->setup.processes, &task, script, clock_monotonic_ns());
}

static struct table_row row_at(struct netstat_rows *rows, size_t i, struct field_names *names)
{
	const struct socket_row *row = &rows->kept[i].row;

	if (rows->resolver)
		name_ends(rows, &row->conn.ends, row->kind, names);
	return (struct table_row){ .socket = row,
				   .names = rows->resolver ? names : NULL,
				   .stack = stack_of(rows, &row->conn) };
}

static int compare_kept(const void *left, const void *right, void *data)
{
	struct netstat_rows *rows = data;
	const struct kept *a = left, *b = right;

	return netstat_sort_compare(&rows->sort, &rows->table, &a->row, &b->row);
}

/* Write the rows that wait. */
static int write_window(struct netstat_rows *rows)
{
	struct field_names names;
	int r = 0;

	if (rows->sort.count)
		qsort_r(rows->kept, rows->count, sizeof(*rows->kept), compare_kept, rows);
	if (rows->resolver)
		learn_names(rows);
	for (size_t i = 0; i < rows->count; i++) {
		struct table_row row = row_at(rows, i, &names);

		table_measure(&rows->table, &row);
	}
	if (!rows->begun)
		table_begin(&rows->table);
	rows->begun = true;
	for (size_t i = 0; r == 0 && i < rows->count; i++) {
		struct table_row row = row_at(rows, i, &names);

		table_put(&rows->table, &row);
		if (i % WINDOW == WINDOW - 1)
			r = netstat_rows_flush(rows);
	}
	release(rows);
	return r == 0 ? netstat_rows_flush(rows) : r;
}

static int keep_path(struct kept *kept)
{
	const struct socket_row *row = &kept->row;

	if (!row->path)
		return 0;
	kept->path = malloc(row->path_len + 1);
	if (!kept->path)
		return -ENOMEM;
	memcpy(kept->path, row->path, row->path_len);
	kept->row.path = kept->path;
	return 0;
}

/* With a reference of each. */
static int keep_holders(struct kept *kept)
{
	size_t size = kept->row.held_count * sizeof(*kept->held);

	if (!size)
		return 0;
	kept->held = malloc(size);
	if (!kept->held)
		return -ENOMEM;
	memcpy(kept->held, kept->row.held_by, size);
	kept->row.held_by = kept->held;
	for (uint32_t i = 0; i < kept->row.held_count; i++)
		process_ref(kept->held[i].process);
	return 0;
}

static int keep(struct netstat_rows *rows, const struct socket_row *row)
{
	struct kept *kept;

	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? rows->capacity * 2 : WINDOW;
		void *larger = realloc(rows->kept, capacity * sizeof(*rows->kept));

		if (!larger)
			return -ENOMEM;
		rows->kept = larger;
		rows->capacity = capacity;
	}
	kept = &rows->kept[rows->count];
	*kept = (struct kept){ .row = *row };
	if (keep_path(kept) < 0 || keep_holders(kept) < 0) {
		free(kept->path);
		return -ENOMEM;
	}
	process_ref(kept->row.conn.owner);
	process_ref(kept->row.conn.creator);
	rows->count++;
	return 0;
}

void netstat_rows_begin(struct netstat_rows *rows, uint64_t fresh_since_ns)
{
	rows->fresh_since_ns = fresh_since_ns;
	rows->names_until_ns = clock_monotonic_ns() + NAMES_MS * NSEC_PER_MSEC;
	rows->begun = false;
}

int netstat_rows_visit(void *data, const struct socket_row *row)
{
	struct netstat_rows *rows = data;
	struct socket_row whole = *row;
	int r;

	complete(rows, &whole);
	if (!is_wanted(rows, &whole))
		return 0;
	if (rows->table.ancestors && whole.conn.owner)
		learn_script(rows, whole.conn.owner);
	r = keep(rows, &whole);
	if (r == 0 && !rows->sort.count && rows->count == WINDOW)
		r = write_window(rows);
	return r;
}

int netstat_rows_end(struct netstat_rows *rows)
{
	return write_window(rows);
}

int netstat_rows_put_gone(struct netstat_rows *rows, const struct event *event)
{
	const struct socket_row none = { .kind = kind_of(event), .fd = -1 };
	struct field_names names;
	struct table_row row = { .socket = &none,
				 .gone = event,
				 .stack = stack_of(rows, &event->conn) };

	/* Whoever closed is not worth a wait: what the cache has, is shown. */
	if (rows->resolver) {
		name_ends(rows, &event->conn.ends, none.kind, &names);
		row.names = &names;
	}
	table_put(&rows->table, &row);
	return rows->table.out.len > (1u << 20) ? netstat_rows_flush(rows) : 0;
}
