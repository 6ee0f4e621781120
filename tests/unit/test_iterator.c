// SPDX-License-Identifier: GPL-2.0-or-later
/* source/iterator.c: records come whole, wherever read() has cut them. */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/decode.h"
#include "records.h"
#include "source/iterator.h"

#define ROWS 5000 /* 800 KB: a dozen pieces, none of which ends with a record */
#define REST 7	  /* bytes behind the last one */

struct stream {
	int fds[2];
	size_t rest;
	pthread_t writer;
};

struct visit {
	uint64_t rows;
	uint64_t stop_at; /* 0: never */
};

static struct sw_row row_number(uint64_t number)
{
	return (struct sw_row){
		.header = record_header(0, SW_RECORD_ROW, sizeof(struct sw_row)),
		.ends = { .cookie = number, .family = SW_FAMILY_INET },
		.state = SW_TCP_LISTEN,
	};
}

/* Ends early if nobody reads any more. */
static void *write_rows(void *data)
{
	struct stream *stream = data;
	struct sw_row row;
	bool open = true;

	for (uint64_t i = 1; open && i <= ROWS; i++) {
		row = row_number(i);
		open = write(stream->fds[1], &row, sizeof(row)) == sizeof(row);
	}
	if (open && stream->rest && write(stream->fds[1], &row, stream->rest) < 0)
		open = false;
	close(stream->fds[1]);
	return NULL;
}

static int count_row(void *data, const struct sw_header *record)
{
	const struct sw_row *row = (const struct sw_row *)record;
	struct visit *visit = data;

	assert_int_equal(row->ends.cookie, ++visit->rows);
	return visit->rows == visit->stop_at ? -ECANCELED : 0;
}

static int read_rows(size_t rest, struct visit *visit)
{
	struct stream stream = { .rest = rest };
	int r;

	expect_ok(pipe2(stream.fds, O_CLOEXEC));
	expect_ok(pthread_create(&stream.writer, NULL, write_rows, &stream));
	r = iterator_read(stream.fds[0], decode_row, count_row, visit);
	close(stream.fds[0]);
	pthread_join(stream.writer, NULL);
	return r;
}

static void cut_records_are_made_whole(void **state)
{
	struct visit visit = { 0 };

	(void)state;
	expect_ok(read_rows(0, &visit));
	assert_int_equal(visit.rows, ROWS);
}

static void what_is_left_over_is_an_error(void **state)
{
	struct visit visit = { 0 };

	(void)state;
	assert_int_equal(read_rows(REST, &visit), -EBADMSG);
	assert_int_equal(visit.rows, ROWS);
}

static void a_visit_may_end_it(void **state)
{
	struct visit visit = { .stop_at = 1000 };

	(void)state;
	assert_int_equal(read_rows(0, &visit), -ECANCELED);
	assert_int_equal(visit.rows, 1000);
}

static void an_error_instead_of_an_iterator_is_returned(void **state)
{
	struct visit visit = { 0 };

	(void)state;
	assert_int_equal(iterator_read(-EMFILE, decode_row, count_row, &visit), -EMFILE);
	assert_int_equal(visit.rows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_records_are_made_whole),
		cmocka_unit_test(what_is_left_over_is_an_error),
		cmocka_unit_test(a_visit_may_end_it),
		cmocka_unit_test(an_error_instead_of_an_iterator_is_returned),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
