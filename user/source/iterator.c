// SPDX-License-Identifier: GPL-2.0-or-later
/* From the bytes of an iterator to records. */
#include "source/iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "source/ahead.h"

/* A record that read() has cut: where pages are larger than 4 KiB, more waits than is asked for. */
struct rest {
	char *bytes;
	size_t len;
};

struct visitor {
	iterator_decode *decode;
	int (*visit)(void *data, const struct sw_header *record);
	void *data;
};

/* The whole records that are there. Returns how many bytes they take, or negative errno. */
static ssize_t visit_records(const struct visitor *visitor, const char *bytes, size_t len)
{
	const struct sw_header *record;
	size_t at = 0;
	int r;

	while ((r = visitor->decode(bytes + at, len - at, &record)) == 0) {
		at += record->size;
		r = visitor->visit(visitor->data, record);
		if (r < 0)
			return r;
	}
	return r == -EAGAIN ? (ssize_t)at : r;
}

static int append(struct rest *rest, const char *bytes, size_t len)
{
	char *larger;

	if (!len)
		return 0;
	larger = realloc(rest->bytes, rest->len + len);
	if (!larger)
		return -ENOMEM;
	memcpy(larger + rest->len, bytes, len);
	rest->bytes = larger;
	rest->len += len;
	return 0;
}

static int visit_bytes(const struct visitor *visitor, struct rest *rest, const char *bytes,
		       size_t len)
{
	ssize_t used;

	if (!rest->len) {
		used = visit_records(visitor, bytes, len);
		return used < 0 ? (int)used : append(rest, bytes + used, len - (size_t)used);
	}
	if (append(rest, bytes, len) < 0)
		return -ENOMEM;
	used = visit_records(visitor, rest->bytes, rest->len);
	if (used < 0)
		return (int)used;
	rest->len -= (size_t)used;
	memmove(rest->bytes, rest->bytes + used, rest->len);
	return 0;
}

int iterator_visit(struct ahead *ahead, iterator_decode *decode,
		   int (*visit)(void *data, const struct sw_header *record), void *data)
{
	const struct visitor visitor = { decode, visit, data };
	struct rest rest = { 0 };
	const char *bytes;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = ahead_next(ahead, &bytes)) > 0)
		r = visit_bytes(&visitor, &rest, bytes, (size_t)n);
	if (r == 0)
		r = (int)n;
	free(rest.bytes);
	return r == 0 && rest.len ? -EBADMSG : r;
}

int iterator_read(int fd, iterator_decode *decode,
		  int (*visit)(void *data, const struct sw_header *record), void *data)
{
	struct ahead *ahead;
	int r;

	if (fd < 0)
		return fd;
	r = ahead_new(fd, false, &ahead);
	if (r < 0)
		return r;
	r = iterator_visit(ahead, decode, visit, data);
	ahead_free(ahead);
	return r;
}

int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data)
{
	CLEANUP_FD int fd = bpf_iter_create(link_fd);

	return fd < 0 ? -errno : iterator_read(fd, decode, visit, data);
}
