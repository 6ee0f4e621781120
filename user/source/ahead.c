// SPDX-License-Identifier: GPL-2.0-or-later
/* A ring of pieces between one thread that fills them and one that takes them. */
#include "source/ahead.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/util.h"

#define PIECE_SIZE (64 << 10)
#define READ_SIZE (32 << 10) /* what one read() of an iterator gives, with pages of 4 KiB */
#define PIECES 64

struct piece {
	size_t len;
	int end; /* 1: the last one; negative errno: behind it, read() failed */
};

struct ahead {
	int fd;
	bool threaded;
	pthread_t thread;
	sem_t room, filled; /* pieces */
	atomic_bool stopped;
	size_t taken; /* pieces; the last one is still the caller's */
	int end;      /* of the last one taken */
	struct piece pieces[PIECES];
	char *first;  /* PIECE_SIZE, which is enough for most */
	char *others; /* the same for each other piece; NULL: no thread */
};

static char *bytes_of(const struct ahead *ahead, size_t i)
{
	return i % PIECES ? ahead->others + (i % PIECES - 1) * PIECE_SIZE : ahead->first;
}

static void fill(struct ahead *ahead, size_t i)
{
	struct piece *piece = &ahead->pieces[i % PIECES];
	ssize_t n;

	*piece = (struct piece){ 0 };
	while (!piece->end && !atomic_load(&ahead->stopped) &&
	       PIECE_SIZE - piece->len >= READ_SIZE) {
		n = read(ahead->fd, bytes_of(ahead, i) + piece->len, PIECE_SIZE - piece->len);
		if (n > 0)
			piece->len += (size_t)n;
		else if (n == 0)
			piece->end = 1;
		else if (errno != EAGAIN && errno != EINTR)
			piece->end = -errno;
	}
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

static void *read_ahead(void *data)
{
	struct ahead *ahead = data;

	for (size_t i = ahead->taken;; i++) {
		wait_for(&ahead->room);
		if (atomic_load(&ahead->stopped))
			break;
		fill(ahead, i);
		sem_post(&ahead->filled);
		if (ahead->pieces[i % PIECES].end)
			break;
	}
	return NULL;
}

/* Without one, it goes on as it is, with one piece. */
static void start_thread(struct ahead *ahead)
{
	ahead->others = malloc((size_t)(PIECES - 1) * PIECE_SIZE); /* touched as it is needed */
	if (!ahead->others)
		return;
	sem_init(&ahead->room, 0, (unsigned int)(PIECES - ahead->taken));
	sem_init(&ahead->filled, 0, 0);
	ahead->threaded = thread_start(&ahead->thread, NULL, read_ahead, ahead) == 0;
	if (ahead->threaded)
		return;
	sem_destroy(&ahead->room);
	sem_destroy(&ahead->filled);
	free(TAKE_PTR(ahead->others));
}

int ahead_new(int fd, bool at_once, struct ahead **ret_ahead)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (ahead)
		ahead->first = malloc(PIECE_SIZE);
	if (!ahead || !ahead->first) {
		free(ahead);
		return -ENOMEM;
	}
	ahead->fd = fd;
	if (at_once)
		start_thread(ahead);
	*ret_ahead = ahead;
	return 0;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	if (ahead->threaded) {
		atomic_store(&ahead->stopped, true);
		sem_post(&ahead->room);
		pthread_join(ahead->thread, NULL);
		sem_destroy(&ahead->room);
		sem_destroy(&ahead->filled);
	}
	free(ahead->others);
	free(ahead->first);
	free(ahead);
}

/* The next piece, filled; the one before is given back. */
static size_t take(struct ahead *ahead)
{
	if (!ahead->threaded) {
		fill(ahead, 0);
		ahead->taken = 1;
		return 0;
	}
	if (ahead->taken)
		sem_post(&ahead->room);
	wait_for(&ahead->filled);
	return ahead->taken++;
}

ssize_t ahead_next(struct ahead *ahead, const char **ret_bytes)
{
	const struct piece *piece;
	size_t i;

	if (ahead->end)
		return ahead->end < 0 ? ahead->end : 0;
	i = take(ahead);
	piece = &ahead->pieces[i % PIECES];
	ahead->end = piece->end;
	*ret_bytes = bytes_of(ahead, i);
	if (!ahead->threaded && !ahead->end)
		start_thread(ahead); /* there is much to read */
	if (!piece->len && ahead->end < 0)
		return ahead->end;
	return (ssize_t)piece->len;
}
