// SPDX-License-Identifier: GPL-2.0-or-later
/* A ring of pieces between one that fills them, the caller or a thread, and one that takes them. */
#include "source/ahead.h"

#include <errno.h>
#include <semaphore.h>
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
	size_t made;  /* pieces, by whoever reads */
	size_t taken; /* pieces; the last one is still the caller's */
	int end;      /* of the last one taken */
	struct piece pieces[PIECES];
	char *first;  /* PIECE_SIZE, which is enough for most */
	char *others; /* the same for each other piece; NULL: room for one at a time */
};

static char *bytes_of(const struct ahead *ahead, size_t i)
{
	return i % PIECES && ahead->others ? ahead->others + (i % PIECES - 1) * PIECE_SIZE
					   : ahead->first;
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

/* There is room for it. */
static void make_piece(struct ahead *ahead)
{
	fill(ahead, ahead->made++);
	sem_post(&ahead->filled);
}

static bool is_all_made(const struct ahead *ahead)
{
	return ahead->made && ahead->pieces[(ahead->made - 1) % PIECES].end;
}

static void *read_ahead(void *data)
{
	struct ahead *ahead = data;

	while (!is_all_made(ahead)) {
		wait_for(&ahead->room);
		if (atomic_load(&ahead->stopped))
			break;
		make_piece(ahead);
	}
	return NULL;
}

int ahead_new(int fd, struct ahead **ret_ahead)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (ahead)
		ahead->first = malloc(PIECE_SIZE);
	if (!ahead || !ahead->first) {
		free(ahead);
		return -ENOMEM;
	}
	ahead->fd = fd;
	ahead->others = malloc((size_t)(PIECES - 1) * PIECE_SIZE); /* touched as it is needed */
	sem_init(&ahead->room, 0, ahead->others ? PIECES : 1);
	sem_init(&ahead->filled, 0, 0);
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
	}
	sem_destroy(&ahead->room);
	sem_destroy(&ahead->filled);
	free(ahead->others);
	free(ahead->first);
	free(ahead);
}

/* Without one, it goes on as it is. */
void ahead_start(struct ahead *ahead)
{
	if (!ahead->threaded && !is_all_made(ahead) && ahead->others)
		ahead->threaded = thread_start(&ahead->thread, NULL, read_ahead, ahead) == 0;
}

void ahead_fill(struct ahead *ahead, const atomic_bool *stop)
{
	while (!atomic_load(stop) && !is_all_made(ahead) && sem_trywait(&ahead->room) == 0)
		make_piece(ahead);
}

/* The next piece, filled; the one before is given back. */
static size_t take(struct ahead *ahead)
{
	if (ahead->taken)
		sem_post(&ahead->room);
	if (!ahead->threaded && ahead->made == ahead->taken) {
		wait_for(&ahead->room);
		make_piece(ahead);
	}
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
	if (i == 0 && !ahead->end)
		ahead_start(ahead); /* there is much to read */
	if (!piece->len && ahead->end < 0)
		return ahead->end;
	return (ssize_t)piece->len;
}
