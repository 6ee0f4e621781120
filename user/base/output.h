/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard output that never blocks us for long: a buffer, written when the reader has room. A
 * reader that stops must not keep us from draining the ring, nor from ending at Ctrl-C.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define OUTPUT_FINISH_MS 5000

struct output {
	int fd; /* not owned */
	char *data;
	size_t start, len, capacity;
	bool waits;  /* a pipe, socket or terminal: ask before writing */
	bool ending; /* the caller's: no reader has more than OUTPUT_FINISH_MS from now on */
};

void output_init(struct output *output, int fd);
void output_done(struct output *output);

/* 0 or -ENOMEM. */
int output_append(struct output *output, const char *data, size_t len);

/*
 * Write what the reader takes within `timeout_ms` (0: only what goes at once). 0 when everything
 * is out, -EAGAIN if some is left, other negative errno if it cannot be written: -EPIPE when the
 * reader has gone. Stops with -EAGAIN as soon as `stop_fd` is readable (-1: none).
 */
int output_flush(struct output *output, int timeout_ms, int stop_fd);

/*
 * Write everything, however long the reader takes, but no longer than OUTPUT_FINISH_MS if we are
 * `ending`. 0, -EAGAIN after that time or when `stop_fd` (-1: none) is readable, or as above.
 */
int output_finish(struct output *output, int stop_fd);

/* Bytes that wait. */
size_t output_pending(const struct output *output);
