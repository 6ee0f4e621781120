// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps a ring buffer of the kernel once, and reads it. */
#include "source/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER_SIZE BPF_RINGBUF_HDR_SZ
/* How much is read before the kernel may write there again: rarely, as both sides touch the line.
 */
#define GIVE_BACK_PART 16

struct ring {
	size_t page, size;
	volatile uint64_t *consumed; /* ours to write */
	const char *producer;	     /* the kernel's position, and the data one page behind it */
};

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumed)
		munmap((void *)ring->consumed, ring->page);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page + ring->size);
	free(ring);
}

static void *map(int fd, size_t size, int protection, off_t offset)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, offset);

	return memory == MAP_FAILED ? NULL : memory;
}

int ring_open(int map_fd, size_t size, struct ring **ret_ring)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int r;

	if (!ring)
		return -ENOMEM;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = size;
	ring->consumed = map(map_fd, ring->page, PROT_READ | PROT_WRITE, 0);
	if (ring->consumed)
		ring->producer = map(map_fd, ring->page + size, PROT_READ, (off_t)ring->page);
	if (!ring->producer) {
		r = -errno;
		ring_close(ring);
		return r;
	}
	*ret_ring = ring;
	return 0;
}

/* The length at the head of a record; the kernel fills the record before it clears the busy bit. */
static uint32_t head_at(const struct ring *ring, uint64_t at)
{
	const char *data = ring->producer + ring->page;

	return __atomic_load_n((const uint32_t *)(data + (at & (ring->size - 1))),
			       __ATOMIC_ACQUIRE);
}

static void cut(const struct ring *ring, uint64_t at, size_t len, struct ring_piece pieces[2])
{
	const char *data = ring->producer + ring->page;
	size_t start = at & (ring->size - 1);
	size_t first = len < ring->size - start ? len : ring->size - start;

	pieces[0] = (struct ring_piece){ data + start, first };
	pieces[1] = (struct ring_piece){ data, len - first };
}

int ring_consume(struct ring *ring, int (*visit)(void *data, const struct ring_piece pieces[2]),
		 void *data)
{
	const uint64_t *produced = (const uint64_t *)ring->producer;
	uint64_t at = *ring->consumed, told = at;
	struct ring_piece pieces[2];
	int r = 0;

	while (r >= 0 && at < __atomic_load_n(produced, __ATOMIC_ACQUIRE)) {
		uint32_t head = head_at(ring, at);
		size_t len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (head & BPF_RINGBUF_BUSY_BIT)
			break;
		if (len > ring->size)
			r = -EBADMSG;
		cut(ring, at + HEADER_SIZE, len, pieces);
		if (r == 0 && !(head & BPF_RINGBUF_DISCARD_BIT))
			r = visit(data, pieces);
		at += (len + HEADER_SIZE + 7) & ~(uint64_t)7;
		if (at - told > ring->size / GIVE_BACK_PART) {
			__atomic_store_n(ring->consumed, at, __ATOMIC_RELEASE);
			told = at;
		}
	}
	if (at != told)
		__atomic_store_n(ring->consumed, at, __ATOMIC_RELEASE);
	return r < 0 ? r : 0;
}
