/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader's side of BPF_MAP_TYPE_RINGBUF (Documentation/bpf/ringbuf.rst). libbpf's maps the data
 * twice, one copy behind the other, so that no record is seen in two pieces; that doubles what
 * counts as our memory. Records are copied anyway: here, one may come in two pieces.
 */
#pragma once

#include <stddef.h>

struct ring;

/* `size` is that of the map's data. The descriptor stays the caller's. 0 or negative errno. */
int ring_open(int map_fd, size_t size, struct ring **ret_ring);
/* Accepts NULL. */
void ring_close(struct ring *ring);

struct ring_piece {
	const void *bytes;
	size_t len;
};

/*
 * Call `visit` for each record that is there, in two pieces, of which the second may be empty; they
 * are valid during the call. Stops at its first negative result and returns it, else 0.
 */
int ring_consume(struct ring *ring, int (*visit)(void *data, const struct ring_piece pieces[2]),
		 void *data);
