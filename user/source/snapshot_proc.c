// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/net of a network namespace: where there is no iterator, and no sock_diag. */
#include "source/snapshot_proc.h"

#include <fcntl.h>
#include <string.h>

#include "base/util.h"
#include "model/proc_net.h"
#include "model/row_record.h"

/* Of the thread: it may be visiting another namespace than its process. */
const char *const snapshot_proc_files[SOCKET_KINDS][2] = {
	[SOCKET_TCP] = { "/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6" },
	[SOCKET_UDP] = { "/proc/thread-self/net/udp", "/proc/thread-self/net/udp6" },
	[SOCKET_RAW] = { "/proc/thread-self/net/raw", "/proc/thread-self/net/raw6" },
	[SOCKET_UNIX] = { "/proc/thread-self/net/unix" },
};

static int parse(char *line, enum socket_kind kind, uint16_t family, struct socket_row *row)
{
	return kind == SOCKET_UNIX ? proc_net_parse_unix(line, row)
				   : proc_net_parse(line, family, row);
}

static int read_rows(int fd, enum socket_kind kind, uint16_t family, const struct row_sink *sink)
{
	CLEANUP_FD int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	CLEANUP_FILE FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	CLEANUP_FREE char *line = NULL;
	struct socket_row row;
	size_t size = 0;
	int r = 0;

	if (file)
		(void)TAKE_FD(copy);
	while (file && r >= 0 && getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		row_init(kind, sink->netns, &row);
		if (parse(line, kind, family, &row) == 0)
			r = sink->put(sink->data, &row);
	}
	return r < 0 ? r : 0;
}

int snapshot_proc_rows(enum socket_kind kind, const int fds[2], const struct row_sink *sink)
{
	int r = read_rows(fds[0], kind, SW_FAMILY_INET, sink);

	return r < 0 ? r : read_rows(fds[1], kind, SW_FAMILY_INET6, sink);
}
