// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bare command: the sockets now, as netstat shows them, and the other tables of netstat, once
 * or again and again. With INTERVAL the tracer stays attached (netstat_watch.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/util.h"
#include "cli/confine.h"
#include "cli/explain.h"
#include "cli/interrupt.h"
#include "cli/netstat_columns.h"
#include "cli/netstat_command.h"
#include "source/doors.h"
#include "source/live.h"
#include "source/netns.h"
#include "source/opener.h"

#define DAY_S 86400
#define NAMES_MS 500 /* for the names of all containers; a disk takes 1 or 2 */

static unsigned int kinds_of(const struct netstat_options *options)
{
	unsigned int mask = options->socket_mask, kinds = 0;

	if (mask & (SOCKETS_TCP4 | SOCKETS_TCP6))
		kinds |= 1u << SOCKET_TCP;
	if (mask & (SOCKETS_UDP4 | SOCKETS_UDP6))
		kinds |= 1u << SOCKET_UDP;
	if (mask & (SOCKETS_RAW4 | SOCKETS_RAW6))
		kinds |= 1u << SOCKET_RAW;
	if (mask & SOCKETS_UNIX)
		kinds |= 1u << SOCKET_UNIX;
	return kinds;
}

static int resolve_netns(const char *text, uint32_t *ret_inode)
{
	int r = text ? netns_resolve(text, ret_inode) : 0;

	if (r == 0 && text)
		r = netns_try(*ret_inode);
	if (r >= 0)
		return EXIT_OK;
	if (r == -EACCES || r == -EPERM) {
		log_error("--netns: '%s' is not ours to enter: run it with sudo, or from inside",
			  text);
		return EXIT_REFUSED;
	}
	log_error(
		"--netns: '%s' is no network namespace: give a name (ip netns), a PID, an inode number or self",
		text);
	return EXIT_USAGE;
}

/* Is there something to compare, or to show, that may be any field? */
static bool wants_any_field(const struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;

	return options->filter_count || options->sort ||
	       (options->format == FORMAT_JSON && !netstat_rows_table(netstat->rows)->column_count);
}

/* What containers are called. */
static bool wants_names(const struct netstat *netstat)
{
	static const char *const fields[] = { "contained", "container_name", "pod" };
	const struct table *table = netstat_rows_table(netstat->rows);

	for (size_t i = 0; i < table->column_count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(fields); j++)
			if (strcmp(table->columns[i]->name, fields[j]) == 0)
				return true;
	return wants_any_field(netstat);
}

/* Where processes run. With the tracer, of all: it tells what its own looks do not find. */
static bool wants_places(const struct netstat *netstat)
{
	const struct table *table = netstat_rows_table(netstat->rows);

	for (size_t i = 0; i < table->column_count; i++)
		if (field_tells_place(table->columns[i]))
			return true;
	return netstat->options.repeated || netstat->options.peers || wants_any_field(netstat);
}

static int open_sockets(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	struct snapshot_options wanted = {
		.kinds = kinds_of(options),
		.ipv4 = options->socket_mask & (SOCKETS_TCP4 | SOCKETS_UDP4 | SOCKETS_RAW4),
		.ipv6 = options->socket_mask & (SOCKETS_TCP6 | SOCKETS_UDP6 | SOCKETS_RAW6),
		.owners = netstat_wants_owners(options),
		.places = wants_places(netstat),
		.netns = netstat->netns,
	};
	int r = snapshot_open(&wanted, &netstat->snapshot);

	if (r < 0) {
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
		return EXIT_FAILED;
	}
	if (snapshot_missing(netstat->snapshot))
		log_error("%s", snapshot_missing(netstat->snapshot));
	return EXIT_OK;
}

/* A row on its way, to tell an output that cannot be written from a kernel that cannot be read. */
struct row_visit {
	struct netstat *netstat;
	bool failed;
};

/* What the containers are called that have come up. The tracer has its own way (watch.c). */
static int name_containers(struct netstat *netstat)
{
	struct container_table *containers = process_table_containers(netstat->processes);
	uint64_t until_ns = clock_monotonic_ns() + NAMES_MS * NSEC_PER_MSEC;
	uint64_t now_ns = clock_monotonic_ns();
	const struct sw_container *record;
	int r = 0;

	if (!netstat->names || !container_table_nameless(containers))
		return 0;
	container_names_ask(netstat->names, containers);
	for (; r == 0 && now_ns < until_ns; now_ns = clock_monotonic_ns()) {
		record = container_names_take(netstat->names,
					      (unsigned int)((until_ns - now_ns) / NSEC_PER_MSEC));
		if (!record)
			break;
		r = container_table_name(containers, record);
		container_names_ask(netstat->names, containers);
	}
	if (now_ns >= until_ns) { /* a dead disk: later displays must not wait for it as well */
		container_names_free(netstat->names);
		netstat->names = NULL;
	}
	return r;
}

static int visit_row(void *data, const struct socket_row *row)
{
	struct row_visit *visit = data;
	int r = name_containers(visit->netstat);

	if (r == 0)
		r = netstat_rows_visit(visit->netstat->rows, row);
	visit->failed = r < 0;
	return r;
}

int netstat_show_sockets(struct netstat *netstat, uint64_t fresh_since_ns)
{
	struct row_visit visit = { .netstat = netstat };
	unsigned int unseen = 0;
	int r;

	netstat_rows_begin(netstat->rows, fresh_since_ns);
	r = snapshot_walk(netstat->snapshot, netstat->processes, visit_row, &visit, &unseen);
	if (r < 0 && !visit.failed && r != -ENOMEM) {
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
		return NETSTAT_EXPLAINED;
	}
	if (r == 0)
		r = netstat_rows_end(netstat->rows);
	if (unseen && !netstat->unseen_told)
		log_error("%u network namespaces could not be entered: their sockets are missing",
			  unseen);
	netstat->unseen_told |= unseen > 0;
	return r;
}

static int read_tables(void *data, uint32_t inode)
{
	struct netstat *netstat = data;
	char time[FORMAT_TIME_SIZE];

	if (netstat->netns && netstat->netns != inode)
		return 0;
	format_time(clock_realtime_ns(), time);
	return netstat_system_show(netstat->system, netstat->display, time, &netstat->text);
}

/* The tables are those of the namespace that we are in: go where they are wanted from. */
static int read_tables_there(struct netstat *netstat)
{
	struct netns_list list;
	int r = netns_list_read(&list);

	if (r < 0)
		return r;
	r = netns_list_visit(&list, read_tables, netstat);
	netns_list_done(&list);
	return r;
}

int netstat_show_tables(struct netstat *netstat, unsigned int display)
{
	struct json *out = &netstat->text;
	int shown, r;

	netstat->display = display;
	shown = netstat->netns ? read_tables_there(netstat) : read_tables(netstat, 0);
	if (shown == -ENOMEM || out->failed)
		return -ENOMEM;
	/* A table that could not be read was explained: the others are worth showing. */
	r = output_append(&netstat->output, out->data, out->len);
	json_reset(out);
	if (r == 0)
		r = interrupt_finish(netstat->signals, &netstat->output);
	return r == 0 && shown < 0 ? NETSTAT_EXPLAINED : r;
}

bool netstat_sleep(struct netstat *netstat, int timeout_ms, int wake_fd)
{
	const struct output *output = &netstat->output;
	struct pollfd fds[] = {
		{ .fd = netstat->signals, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
		{ .fd = output->waits ? output->fd : -1 },
	};
	struct signalfd_siginfo info;

	if (output->ending)
		return true;
	(void)poll(fds, ARRAY_SIZE(fds), timeout_ms);
	if (fds[2].revents & (POLLERR | POLLHUP))
		return true;
	if (!(fds[0].revents & POLLIN) || read(netstat->signals, &info, sizeof(info)) <= 0)
		return false;
	return info.ssi_signo != SIGCHLD;
}

static bool wants_tables(const struct netstat_options *options)
{
	return options->ethernet || options->interfaces || options->statistics || options->routes;
}

/* Nobody tells us which of the processes have ended: each display begins with none. */
static int forget_processes(struct netstat *netstat)
{
	process_table_free(netstat->processes);
	netstat->processes = process_table_new();
	if (!netstat->processes)
		return -ENOMEM;
	netstat_rows_use(netstat->rows, netstat->processes);
	return 0;
}

static int repeat_sockets(struct netstat *netstat, unsigned int display)
{
	struct table *table = netstat_rows_table(netstat->rows);
	int r = display > 1 ? forget_processes(netstat) : 0;

	table->display = netstat->options.repeated ? display : 0;
	table->ts_ns = clock_monotonic_ns();
	table->realtime_offset_ns = clock_realtime_offset_ns(NULL);
	return r == 0 ? netstat_show_sockets(netstat, 0) : r;
}

/* An interval may be longer than poll(2) can wait. */
static bool sleep_interval(struct netstat *netstat)
{
	bool ends = false;

	for (unsigned int left = netstat->options.interval_s, part; left && !ends; left -= part) {
		part = left < DAY_S ? left : DAY_S;
		ends = netstat_sleep(netstat, (int)part * 1000, -1);
	}
	return ends;
}

/* Displays without a tracer: what happens in between is not known, and nobody claims it is. */
static int repeat_plain(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	int r = 0;

	for (unsigned int display = 1; r == 0; display++) {
		if (options->sockets)
			r = repeat_sockets(netstat, display);
		if (r == 0 && wants_tables(options))
			r = netstat_show_tables(netstat, display);
		if (!options->repeated || display == options->count)
			break;
		if (r == 0 && sleep_interval(netstat))
			break;
	}
	return r;
}

int netstat_explain(const struct netstat *netstat, int r)
{
	if (r >= 0)
		return EXIT_OK;
	if (r == -EAGAIN)
		return explain_waiting(output_pending(&netstat->output));
	if (r == NETSTAT_EXPLAINED)
		return EXIT_FAILED;
	if (r == -ENOMEM) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	return explain_output(r);
}

/* The other tables are read in the namespace that they are of. */
static unsigned int needs_of(const struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	unsigned int needs = SANDBOX_NOTHING;

	if (options->sockets && !options->numeric)
		needs |= SANDBOX_NAMES;
	if (netstat->snapshot && snapshot_reads_processes(netstat->snapshot))
		needs |= SANDBOX_PROCESSES;
	/* What their interpreters run. */
	if (options->sockets && options->components)
		needs |= options->repeated ? SANDBOX_STACKS : SANDBOX_PROCESSES;
	if (netstat->netns && wants_tables(options))
		needs |= SANDBOX_NAMESPACES;
	return needs;
}

/* One display opens what it needs before it gives away the right to; a child costs more. */
int netstat_confine(struct netstat *netstat, const struct watch *watch)
{
	bool wanted = !netstat->options.no_sandbox;
	struct doors *doors[2];
	size_t count = watch ? watch_doors(watch, doors) : 0;
	int r = 0;

	if (netstat->snapshot && snapshot_enters(netstat->snapshot) && netstat->options.repeated)
		doors[count++] = snapshot_doors(netstat->snapshot);
	else if (netstat->snapshot && wanted)
		r = doors_open_ahead(snapshot_doors(netstat->snapshot));
	if (r < 0) {
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
		return EXIT_FAILED;
	}
	return confine(wanted, needs_of(netstat), doors, count, &netstat->opener);
}

static int run(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	const struct netstat_rows_setup setup = { .options = options,
						  .filter = netstat->filter,
						  .processes = netstat->processes,
						  .output = &netstat->output,
						  .stop_fd = netstat->signals };
	int status = resolve_netns(options->netns, &netstat->netns);

	if (status == EXIT_OK && options->sockets)
		status = netstat_rows_new(&setup, &netstat->rows);
	/* While there are few files and no threads to fork. */
	if (status == EXIT_OK && options->sockets && wants_names(netstat)) {
		netstat->names = container_names_new("", !options->no_sandbox);
		if (!netstat->names)
			status = explain_names(errno);
	}
	if (status == EXIT_OK && options->sockets)
		status = open_sockets(netstat);
	if (status != EXIT_OK)
		return status;
	if (options->sockets && options->components && !options->repeated &&
	    (options->format == FORMAT_TEXT || options->format == FORMAT_XP))
		log_error(
			"-v: stacks are those of connections made while we watch: give an INTERVAL for them, as in sockwatch -b -v 5");
	/* Without the privilege to trace, the displays are still worth something. */
	if (options->sockets && (options->repeated || options->peers)) {
		if (snapshot_is_privileged(netstat->snapshot))
			return netstat_watch(netstat);
		if (options->peers)
			log_error(
				"peers are not known without the privilege to trace: --peers shows none");
		if (options->repeated)
			log_error("what comes and goes between the displays is not shown either");
	}
	status = netstat_confine(netstat, NULL);
	if (status != EXIT_OK)
		return status;
	return netstat_explain(netstat, repeat_plain(netstat));
}

static int columns_help(void)
{
	struct json out;

	json_init(&out);
	table_columns_help(&out);
	fwrite(out.data, 1, out.len, stdout);
	json_done(&out);
	return explain_stdout();
}

static void done(struct netstat *netstat)
{
	netstat_rows_free(netstat->rows);
	opener_free(netstat->opener);
	snapshot_close(netstat->snapshot);
	container_names_free(netstat->names);
	netstat_system_free(netstat->system);
	conn_table_free(netstat->conns);
	process_table_free(netstat->processes);
	filter_free(netstat->filter);
	json_done(&netstat->text);
	output_done(&netstat->output);
	util_close_fd(&netstat->signals);
}

int cli_netstat(int argc, char **argv)
{
	struct netstat netstat = { .signals = -1 };
	struct netstat_options *options = &netstat.options;
	int status = netstat_options_parse(argc, argv, options);

	if (status != EXIT_OK)
		return status;
	if (options->help) {
		netstat_options_help();
		return explain_stdout();
	}
	if (options->columns && strcmp(options->columns, "help") == 0)
		return columns_help();
	status = explain_filter(options->filter_count, options->filter_words, &netstat.filter);
	if (status != EXIT_OK)
		return status;
	netstat.signals = interrupt_catch();
	output_init(&netstat.output, STDOUT_FILENO);
	json_init(&netstat.text);
	netstat.processes = process_table_new();
	netstat.system = netstat_system_new(options);
	if (!netstat.processes || !netstat.system) {
		log_error("out of memory");
		status = EXIT_FAILED;
	} else {
		status = run(&netstat);
	}
	done(&netstat);
	return status;
}
