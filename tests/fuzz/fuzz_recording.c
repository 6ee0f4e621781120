// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes source/recording.c: the input is a file. What is read from it must be records that the
 * decoder accepts, the offset must never go back, and the end must come.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/decode.h"
#include "source/recording.h"

static void read_all(struct recording_reader *reader, size_t size)
{
	const struct sw_header *record = NULL, *decoded;
	uint64_t before = recording_offset(reader);

	while (recording_read(reader, &record) > 0) {
		if (decode_record(record, record->size, &decoded) < 0)
			abort();
		if (recording_offset(reader) <= before || recording_offset(reader) > size)
			abort();
		before = recording_offset(reader);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct recording_reader *reader = NULL;
	char path[64];

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size && recording_reader_open(path, &reader) == 0)
		read_all(reader, size);
	recording_reader_close(reader);
	close(fd);
	return 0;
}
