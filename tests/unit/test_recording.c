// SPDX-License-Identifier: GPL-2.0-or-later
/* source/recording.c: what was written is read, and what was cut or damaged is said to be. */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"
#include "source/recording.h"

#define HEADER sizeof(struct recording_header)

struct scratch {
	char directory[32];
	char path[64];
};

static int open_scratch(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	*state = scratch;
	if (!scratch)
		return -1;
	strcpy(scratch->directory, "/tmp/sockwatch-test.XXXXXX");
	if (!mkdtemp(scratch->directory))
		return -1;
	snprintf(scratch->path, sizeof(scratch->path), "%s/recording", scratch->directory);
	return 0;
}

static int close_scratch(void **state)
{
	struct scratch *scratch = *state;

	unlink(scratch->path);
	rmdir(scratch->directory);
	free(scratch);
	return 0;
}

/* `count` LOST records, which count from 1, and an END if wanted. */
static void record(const struct scratch *scratch, uint64_t count, bool end)
{
	const struct sw_header last = record_header(count + 1, SW_RECORD_END, sizeof(last));
	struct recording_writer *writer;

	expect_ok(recording_writer_open(scratch->path, &writer));
	for (uint64_t i = 1; i <= count; i++) {
		struct sw_lost lost = record_lost(i, i);

		expect_ok(recording_write(writer, &lost.header));
	}
	if (end)
		expect_ok(recording_write(writer, &last));
	expect_ok(recording_flush(writer));
	expect_ok(recording_writer_close(writer));
}

static size_t file_size(const struct scratch *scratch)
{
	struct stat status;

	expect_ok(stat(scratch->path, &status));
	return (size_t)status.st_size;
}

static void poke(const struct scratch *scratch, size_t offset, const void *bytes, size_t len)
{
	int fd = open(scratch->path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, (off_t)offset), len);
	close(fd);
}

static void poke_u32(const struct scratch *scratch, size_t offset, uint32_t value)
{
	poke(scratch, offset, &value, sizeof(value));
}

struct reading {
	uint64_t records;
	uint64_t offset;
	int result;
};

static struct reading read_all(const struct scratch *scratch)
{
	struct reading reading = { 0 };
	struct recording_reader *reader;
	const struct sw_header *header;

	expect_ok(recording_reader_open(scratch->path, &reader));
	while ((reading.result = recording_read(reader, &header)) == 1) {
		if (header->kind != SW_RECORD_LOST)
			continue;
		reading.records++;
		assert_int_equal(((const struct sw_lost *)header)->count, reading.records);
	}
	reading.offset = recording_offset(reader);
	recording_reader_close(reader);
	return reading;
}

static void expect_reading(const struct scratch *scratch, uint64_t records, int result)
{
	struct reading reading = read_all(scratch);

	assert_int_equal(reading.records, records);
	assert_int_equal(reading.result, result);
}

static void expect_refused(const struct scratch *scratch, int result)
{
	struct recording_reader *reader = NULL;

	assert_int_equal(recording_reader_open(scratch->path, &reader), result);
	assert_null(reader);
}

static void what_was_written_is_read(void **state)
{
	struct reading reading;

	record(*state, 3, true);
	reading = read_all(*state);
	assert_int_equal(reading.records, 3);
	assert_int_equal(reading.result, 0);
	assert_int_equal(reading.offset, file_size(*state));
}

static void a_recording_larger_than_the_buffer_is_read(void **state)
{
	record(*state, 100000, true);
	assert_true(file_size(*state) > 2000000);
	expect_reading(*state, 100000, 0);
}

static void the_largest_records_are_read(void **state)
{
	const struct scratch *scratch = *state;
	size_t size = 64 << 10;
	struct sw_process *large = calloc(1, size);
	struct recording_writer *writer;
	struct recording_reader *reader;
	const struct sw_header *header;

	assert_non_null(large);
	large->header = record_header(1, SW_RECORD_PROCESS, size);
	((char *)large)[size - 1] = 'x';
	expect_ok(recording_writer_open(scratch->path, &writer));
	for (int i = 0; i < 10; i++)
		expect_ok(recording_write(writer, &large->header));
	expect_ok(recording_writer_close(writer));
	expect_ok(recording_reader_open(scratch->path, &reader));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(recording_read(reader, &header), 1);
		assert_memory_equal(header, large, size);
	}
	assert_int_equal(recording_read(reader, &header), -ENODATA);
	recording_reader_close(reader);
	free(large);
}

static void without_an_end_the_recording_was_cut(void **state)
{
	record(*state, 3, false);
	expect_reading(*state, 3, -ENODATA);
	record(*state, 0, false);
	expect_reading(*state, 0, -ENODATA);
	record(*state, 0, true);
	expect_reading(*state, 0, 0);
}

static void whole_records_before_a_cut_are_delivered(void **state)
{
	const struct scratch *scratch = *state;
	size_t size;

	record(scratch, 3, true);
	for (size = file_size(scratch) - 1; size >= HEADER; size--) {
		size_t records = (size - HEADER) / sizeof(struct sw_lost);

		expect_ok(truncate(scratch->path, (off_t)size));
		expect_reading(scratch, records > 3 ? 3 : records, -ENODATA);
	}
	expect_ok(truncate(scratch->path, (off_t)size));
	expect_refused(scratch, -ENOMSG);
}

static void records_before_damage_are_delivered(void **state)
{
	size_t second = HEADER + sizeof(struct sw_lost);
	struct reading reading;

	record(*state, 3, true);
	poke_u32(*state, second + offsetof(struct sw_header, size), 7);
	reading = read_all(*state);
	assert_int_equal(reading.records, 1);
	assert_int_equal(reading.result, -EBADMSG);
	assert_int_equal(reading.offset, second);
}

static void damage_does_not_pass_on_the_second_try(void **state)
{
	const struct scratch *scratch = *state;
	struct recording_reader *reader;
	const struct sw_header *header;

	record(scratch, 1, true);
	poke_u32(scratch, HEADER + offsetof(struct sw_header, size), ~0u);
	expect_ok(recording_reader_open(scratch->path, &reader));
	for (int i = 0; i < 3; i++)
		assert_int_equal(recording_read(reader, &header), -EBADMSG);
	recording_reader_close(reader);
}

static void unknown_kinds_are_skipped_by_their_size(void **state)
{
	uint16_t kind = 0x7fff;
	struct reading reading;

	record(*state, 1, true);
	poke(*state, HEADER + offsetof(struct sw_header, kind), &kind, sizeof(kind));
	reading = read_all(*state);
	assert_int_equal(reading.records, 0);
	assert_int_equal(reading.result, 0);
	assert_int_equal(reading.offset, file_size(*state));
}

static void other_files_are_no_recordings(void **state)
{
	const struct scratch *scratch = *state;

	record(scratch, 1, true);
	poke(scratch, 0,
	     "\x7f"
	     "ELF",
	     4);
	expect_refused(scratch, -ENOMSG);
	expect_ok(truncate(scratch->path, 0));
	expect_refused(scratch, -ENOMSG);
	unlink(scratch->path);
	expect_refused(scratch, -ENOENT);
}

static void a_directory_is_no_recording(void **state)
{
	struct recording_reader *reader;

	(void)state;
	assert_int_equal(recording_reader_open("/tmp", &reader), -EISDIR);
}

static void newer_versions_are_not_understood(void **state)
{
	record(*state, 1, true);
	poke_u32(*state, offsetof(struct recording_header, version), RECORDING_VERSION + 1);
	expect_refused(*state, -EPROTONOSUPPORT);
}

static void another_byte_order_is_not_understood(void **state)
{
	record(*state, 1, true);
	poke_u32(*state, offsetof(struct recording_header, byte_order), 0x04030201);
	expect_refused(*state, -EPROTONOSUPPORT);
}

static void hostile_header_sizes_are_not_understood(void **state)
{
	static const uint32_t sizes[] = { 0, 8, 23, 0x7fffffff, ~0u };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		record(*state, 1, true);
		poke_u32(*state, offsetof(struct recording_header, header_size), sizes[i]);
		expect_refused(*state, -EPROTONOSUPPORT);
	}
	record(*state, 1, true);
	poke_u32(*state, offsetof(struct recording_header, header_size), 4096);
	expect_refused(*state, -ENOMSG);
}

static void a_header_that_has_grown_is_skipped(void **state)
{
	record(*state, 1, false);
	/* The first record is more header now. */
	poke_u32(*state, offsetof(struct recording_header, header_size),
		 HEADER + sizeof(struct sw_lost));
	expect_reading(*state, 0, -ENODATA);
}

static void a_new_recording_is_its_owners_alone(void **state)
{
	const struct scratch *scratch = *state;
	struct stat status;

	record(scratch, 1, true);
	expect_ok(stat(scratch->path, &status));
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_recording_over_an_older_file_is_its_owners_alone(void **state)
{
	const struct scratch *scratch = *state;
	struct stat status;

	record(scratch, 5, true);
	expect_ok(chmod(scratch->path, 0644));
	record(scratch, 1, true);
	expect_ok(stat(scratch->path, &status));
	assert_int_equal(status.st_mode & 0777, 0600);
	expect_reading(scratch, 1, 0);
}

static void a_writer_tells_that_it_cannot_write(void **state)
{
	struct recording_writer *writer = NULL;

	(void)state;
	assert_int_equal(recording_writer_open("/nonexistent/recording", &writer), -ENOENT);
	assert_null(writer);
	expect_ok(recording_writer_close(NULL));
	recording_reader_close(NULL);
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(recording_writer_open("/dev/full", &writer), -ENOSPC);
	assert_null(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(a_recording_larger_than_the_buffer_is_read),
		TEST(the_largest_records_are_read),
		TEST(without_an_end_the_recording_was_cut),
		TEST(whole_records_before_a_cut_are_delivered),
		TEST(records_before_damage_are_delivered),
		TEST(damage_does_not_pass_on_the_second_try),
		TEST(unknown_kinds_are_skipped_by_their_size),
		TEST(other_files_are_no_recordings),
		TEST(a_directory_is_no_recording),
		TEST(newer_versions_are_not_understood),
		TEST(another_byte_order_is_not_understood),
		TEST(hostile_header_sizes_are_not_understood),
		TEST(a_header_that_has_grown_is_skipped),
		TEST(a_new_recording_is_its_owners_alone),
		TEST(a_recording_over_an_older_file_is_its_owners_alone),
		TEST(a_writer_tells_that_it_cannot_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
