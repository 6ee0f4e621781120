// SPDX-License-Identifier: GPL-2.0-or-later
/* A write buffer in front of a file descriptor. */
#include "base/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"

void output_init(struct output *output, int fd)
{
	struct stat status;

	*output = (struct output){ .fd = fd };
	output->waits = fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
}

void output_done(struct output *output)
{
	free(output->data);
	output->data = NULL;
	output->start = output->len = output->capacity = 0;
}

size_t output_pending(const struct output *output)
{
	return output->len - output->start;
}

int output_append(struct output *output, const char *data, size_t len)
{
	if (output->start) {
		memmove(output->data, output->data + output->start, output_pending(output));
		output->len -= output->start;
		output->start = 0;
	}
	if (output->len + len > output->capacity) {
		size_t capacity = output->capacity ? output->capacity * 2 : 64 << 10;
		char *larger;

		while (capacity < output->len + len)
			capacity *= 2;
		larger = realloc(output->data, capacity);
		if (!larger)
			return -ENOMEM;
		output->data = larger;
		output->capacity = capacity;
	}
	if (len)
		memcpy(output->data + output->len, data, len);
	output->len += len;
	return 0;
}

static long long now_ms(void)
{
	return (long long)(clock_monotonic_ns() / NSEC_PER_MSEC);
}

/* 1: there is room; 0: not in time; -1: stop. */
static int wait_for_room(const struct output *output, long long deadline_ms, int stop_fd)
{
	struct pollfd fds[] = {
		{ .fd = output->fd, .events = POLLOUT },
		{ .fd = stop_fd, .events = POLLIN },
	};
	long long left_ms = deadline_ms - now_ms();
	int r = poll(fds, 2, left_ms > 0 ? (int)left_ms : 0);

	if (r > 0 && fds[0].revents)
		return 1;
	if (r > 0 && fds[1].revents)
		return -1;
	return 0;
}

int output_flush(struct output *output, int timeout_ms, int stop_fd)
{
	long long deadline_ms = now_ms() + timeout_ms;

	while (output_pending(output)) {
		size_t len = output_pending(output);
		ssize_t n;

		if (output->waits) {
			/* A pipe that is said to be writable has room for this much (pipe(7)). */
			if (len > PIPE_BUF)
				len = PIPE_BUF;
			if (wait_for_room(output, deadline_ms, stop_fd) <= 0)
				return -EAGAIN;
		}
		n = write(output->fd, output->data + output->start, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		output->start += n;
	}
	output->start = output->len = 0;
	return 0;
}

int output_finish(struct output *output, int stop_fd)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
	int r;

	if (output->ending)
		return output_flush(output, OUTPUT_FINISH_MS, -1);
	do
		r = output_flush(output, OUTPUT_FINISH_MS, stop_fd);
	while (r == -EAGAIN && poll(&stop, 1, 0) <= 0);
	return r;
}
