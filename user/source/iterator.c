// SPDX-License-Identifier: GPL-2.0-or-later
/* From the bytes of an iterator to records. */
#include "source/iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

#define READ_SIZE (64 << 10) /* one read() of an iterator gives at most 8 pages */

/* Returns how many bytes were used, or the first negative result of `visit`. */
static ssize_t visit_records(const char *bytes, size_t len, iterator_decode *decode,
			     int (*visit)(void *data, const struct sw_header *record), void *data)
{
	const struct sw_header *record;
	size_t at;
	int r;

	for (at = 0; (r = decode(bytes + at, len - at, &record)) == 0; at += record->size) {
		r = visit(data, record);
		if (r < 0)
			return r;
	}
	return r == -EAGAIN ? (ssize_t)at : r;
}

/* The programs write whole records, but read() may cut them where its buffer ends. */
int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data)
{
	CLEANUP_FD int fd = bpf_iter_create(link_fd);
	_Alignas(8) char buffer[READ_SIZE];
	size_t used = 0;
	ssize_t n, done;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer + used, sizeof(buffer) - used)) != 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return -errno;
		used += n;
		done = visit_records(buffer, used, decode, visit, data);
		if (done < 0)
			return (int)done;
		used -= done;
		memmove(buffer, buffer + done, used);
		if (used == sizeof(buffer))
			return -EBADMSG;
	}
	return used ? -EBADMSG : 0;
}
