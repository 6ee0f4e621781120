// SPDX-License-Identifier: GPL-2.0-or-later
/* From the bytes of an iterator to records. */
#include "source/iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

#define READ_SIZE (64 << 10) /* one read() of an iterator gives at most 8 pages */
#define KEPT_MAX (8 << 20)   /* 65,000 sockets: about as long as their holders take */

struct reader {
	int fd;
	iterator_decode *decode;
	int (*visit)(void *data, const struct sw_header *record);
	void *data;
	const struct iterator_gate *gate; /* NULL: open */
	char *bytes;
	size_t used, size;
};

static int grow(struct reader *reader, size_t size)
{
	char *bytes = realloc(reader->bytes, size);

	if (!bytes)
		return -ENOMEM;
	reader->bytes = bytes;
	reader->size = size;
	return 0;
}

/* The whole records that are there. The programs write such, but read() may cut them. */
static int visit_records(struct reader *reader)
{
	const struct sw_header *record;
	size_t at = 0;
	int r;

	while ((r = reader->decode(reader->bytes + at, reader->used - at, &record)) == 0) {
		at += record->size;
		r = reader->visit(reader->data, record);
		if (r < 0)
			return r;
	}
	if (r != -EAGAIN)
		return r;
	reader->used -= at;
	memmove(reader->bytes, reader->bytes + at, reader->used);
	return 0;
}

static int wait_for_gate(struct reader *reader)
{
	int r = reader->gate ? reader->gate->wait(reader->gate->data) : 0;

	reader->gate = NULL;
	return r < 0 ? r : 0;
}

static int make_room(struct reader *reader)
{
	int r;

	if (reader->size - reader->used >= READ_SIZE / 2)
		return 0;
	if (reader->gate && reader->size < KEPT_MAX)
		return grow(reader, reader->size * 2);
	r = wait_for_gate(reader);
	if (r == 0)
		r = visit_records(reader);
	return r == 0 && reader->used == reader->size ? -EBADMSG : r;
}

/* Returns what read() does, or negative errno. */
static ssize_t read_more(struct reader *reader)
{
	ssize_t n;

	do
		n = read(reader->fd, reader->bytes + reader->used, reader->size - reader->used);
	while (n < 0 && (errno == EAGAIN || errno == EINTR));
	if (n < 0)
		return -errno;
	reader->used += (size_t)n;
	return n;
}

static int run(struct reader *reader)
{
	ssize_t n;
	int r;

	while ((n = read_more(reader)) > 0) {
		if (reader->gate && reader->gate->is_open(reader->gate->data))
			reader->gate = NULL;
		r = reader->gate ? 0 : visit_records(reader);
		if (r == 0)
			r = make_room(reader);
		if (r < 0)
			return r;
	}
	r = n < 0 ? (int)n : wait_for_gate(reader);
	if (r == 0)
		r = visit_records(reader);
	return r == 0 && reader->used ? -EBADMSG : r;
}

int iterator_read(int fd, iterator_decode *decode, const struct iterator_gate *gate,
		  int (*visit)(void *data, const struct sw_header *record), void *data)
{
	struct reader reader = {
		.fd = fd, .decode = decode, .visit = visit, .data = data, .gate = gate
	};
	int r;

	if (fd < 0)
		return fd;
	r = grow(&reader, READ_SIZE);
	if (r == 0)
		r = run(&reader);
	free(reader.bytes);
	return r;
}

int iterator_run(int link_fd, iterator_decode *decode,
		 int (*visit)(void *data, const struct sw_header *record), void *data)
{
	CLEANUP_FD int fd = bpf_iter_create(link_fd);

	return fd < 0 ? -errno : iterator_read(fd, decode, NULL, visit, data);
}
