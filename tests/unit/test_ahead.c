// SPDX-License-Identifier: GPL-2.0-or-later
/* source/ahead.c: bytes come whole and in order, with the thread and without it. */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "source/ahead.h"

#define MUCH (5 << 20) /* more than is kept */
#define LITTLE 1000

struct source {
	int fds[2];
	size_t size;
	pthread_t writer;
};

static unsigned char byte_at(size_t at)
{
	return (unsigned char)(at * 2654435761u >> 13);
}

/* Ends early if nobody reads any more. */
static void *write_bytes(void *data)
{
	struct source *source = data;
	unsigned char bytes[7777]; /* divides nothing */
	size_t at = 0;

	while (at < source->size) {
		size_t len = source->size - at < sizeof(bytes) ? source->size - at : sizeof(bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = byte_at(at + i);
		if (write(source->fds[1], bytes, len) < 0)
			break;
		at += len;
	}
	close(source->fds[1]);
	return NULL;
}

static void begin(struct source *source, size_t size)
{
	source->size = size;
	expect_ok(pipe2(source->fds, O_CLOEXEC));
	expect_ok(pthread_create(&source->writer, NULL, write_bytes, source));
}

static void end(struct source *source)
{
	close(source->fds[0]);
	pthread_join(source->writer, NULL);
}

static size_t expect_stream(struct ahead *ahead)
{
	const char *bytes;
	size_t at = 0;
	ssize_t n;

	while ((n = ahead_next(ahead, &bytes)) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if ((unsigned char)bytes[i] != byte_at(at))
				fail_msg("byte %zu is not what was written", at);
	assert_int_equal(n, 0);
	assert_int_equal(ahead_next(ahead, &bytes), 0);
	return at;
}

static void expect_all(size_t size, bool at_once)
{
	struct source source;
	struct ahead *ahead;

	begin(&source, size);
	expect_ok(ahead_new(source.fds[0], at_once, &ahead));
	assert_int_equal(expect_stream(ahead), size);
	ahead_free(ahead);
	end(&source);
}

static void all_bytes_come_in_order(void **state)
{
	static const size_t sizes[] = { 0, 1, LITTLE, 64 << 10, (64 << 10) + 1, MUCH };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_all(sizes[i], false);
		expect_all(sizes[i], true);
	}
}

static void nobody_has_to_read_to_the_end(void **state)
{
	struct source source;
	struct ahead *ahead;
	const char *bytes;

	(void)state;
	for (int taken = 0; taken < 4; taken++) {
		begin(&source, MUCH);
		expect_ok(ahead_new(source.fds[0], taken % 2 == 0, &ahead));
		for (int i = 0; i < taken; i++)
			assert_true(ahead_next(ahead, &bytes) > 0);
		ahead_free(ahead);
		end(&source);
	}
	ahead_free(NULL);
}

static void what_read_fails_with_is_told(void **state)
{
	CLEANUP_FD int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ahead *ahead;
	const char *bytes;

	(void)state;
	for (int at_once = 0; at_once < 2; at_once++) {
		expect_ok(ahead_new(directory, at_once, &ahead));
		assert_int_equal(ahead_next(ahead, &bytes), -EISDIR);
		assert_int_equal(ahead_next(ahead, &bytes), -EISDIR);
		ahead_free(ahead);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_come_in_order),
		cmocka_unit_test(nobody_has_to_read_to_the_end),
		cmocka_unit_test(what_read_fails_with_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
