// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/net of a network namespace: where there is no iterator, and no sock_diag. */
#include "source/snapshot_proc.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "model/proc_net.h"
#include "model/row_record.h"

/* Of the thread: it may be visiting another namespace than its process. */
static const char *const files[SOCKET_KINDS][2] = {
	[SOCKET_TCP] = { "/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6" },
	[SOCKET_UDP] = { "/proc/thread-self/net/udp", "/proc/thread-self/net/udp6" },
	[SOCKET_RAW] = { "/proc/thread-self/net/raw", "/proc/thread-self/net/raw6" },
};

static int read_rows(const char *path, enum socket_kind kind, uint16_t family,
		     const struct row_sink *sink)
{
	CLEANUP_FILE FILE *file = path ? fopen(path, "re") : NULL;
	CLEANUP_FREE char *line = NULL;
	struct socket_row row;
	size_t size = 0;
	int r = 0;

	while (file && r >= 0 && getline(&line, &size, file) >= 0) {
		row_init(kind, sink->netns, &row);
		if (proc_net_parse(line, family, &row) == 0)
			r = sink->put(sink->data, &row);
	}
	return r < 0 ? r : 0;
}

static int read_unix(const struct row_sink *sink)
{
	CLEANUP_FILE FILE *file = fopen("/proc/thread-self/net/unix", "re");
	CLEANUP_FREE char *line = NULL;
	struct socket_row row;
	size_t size = 0;
	int r = 0;

	while (file && r >= 0 && getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		row_init(SOCKET_UNIX, sink->netns, &row);
		if (proc_net_parse_unix(line, &row) == 0)
			r = sink->put(sink->data, &row);
	}
	return r < 0 ? r : 0;
}

int snapshot_proc_rows(const struct snapshot_options *options, enum socket_kind kind,
		       const struct row_sink *sink)
{
	int r = 0;

	if (kind == SOCKET_UNIX)
		return read_unix(sink);
	if (options->ipv4)
		r = read_rows(files[kind][0], kind, SW_FAMILY_INET, sink);
	if (r >= 0 && options->ipv6)
		r = read_rows(files[kind][1], kind, SW_FAMILY_INET6, sink);
	return r;
}
