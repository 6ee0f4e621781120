// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes and reads recordings. What the records mean is not its business. */
#include "source/recording.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "model/decode.h"

#define BYTE_ORDER_MARK 0x01020304u
#define BUFFER_SIZE (256 << 10) /* several of the largest records */

struct recording_writer {
	FILE *file;
};

struct recording_reader {
	FILE *file;
	char *buffer;
	size_t used, at; /* bytes in the buffer, and where the next record begins */
	uint64_t offset;
	bool ended; /* SW_RECORD_END was read */
};

int recording_writer_open(const char *path, struct recording_writer **ret_writer)
{
	const struct recording_header header = {
		.magic = RECORDING_MAGIC,
		.version = RECORDING_VERSION,
		.header_size = sizeof(header),
		.byte_order = BYTE_ORDER_MARK,
	};
	CLEANUP_FREE struct recording_writer *writer = calloc(1, sizeof(*writer));
	CLEANUP_FD int fd = file_create_private(path);

	if (!writer)
		return -ENOMEM;
	if (fd < 0)
		return fd;
	writer->file = fdopen(fd, "w");
	if (!writer->file)
		return -errno;
	(void)TAKE_FD(fd);
	setvbuf(writer->file, NULL, _IOFBF, BUFFER_SIZE);
	if (fwrite(&header, sizeof(header), 1, writer->file) != 1 || fflush(writer->file) != 0) {
		int r = -errno;

		fclose(writer->file);
		return r;
	}
	*ret_writer = TAKE_PTR(writer);
	return 0;
}

int recording_write(struct recording_writer *writer, const struct sw_header *record)
{
	return fwrite(record, record->size, 1, writer->file) == 1 ? 0 : -errno;
}

int recording_flush(struct recording_writer *writer)
{
	return fflush(writer->file) == 0 ? 0 : -errno;
}

int recording_writer_close(struct recording_writer *writer)
{
	int r = 0;

	if (!writer)
		return 0;
	if (fclose(writer->file) != 0)
		r = -errno;
	free(writer);
	return r;
}

void recording_reader_close(struct recording_reader *reader)
{
	if (!reader)
		return;
	if (reader->file && reader->file != stdin)
		fclose(reader->file);
	free(reader->buffer);
	free(reader);
}

static int read_header(struct recording_reader *reader)
{
	struct recording_header header;
	char skipped;

	if (fread(&header, sizeof(header), 1, reader->file) != 1 ||
	    memcmp(header.magic, RECORDING_MAGIC, sizeof(header.magic)) != 0)
		return ferror(reader->file) ? -errno : -ENOMSG;
	if (header.byte_order != BYTE_ORDER_MARK || header.version > RECORDING_VERSION ||
	    header.header_size < sizeof(header) || header.header_size > BUFFER_SIZE)
		return -EPROTONOSUPPORT;
	for (size_t i = sizeof(header); i < header.header_size; i++)
		if (fread(&skipped, 1, 1, reader->file) != 1)
			return -ENOMSG;
	reader->offset = header.header_size;
	return 0;
}

int recording_reader_open(const char *path, struct recording_reader **ret_reader)
{
	struct recording_reader *reader = calloc(1, sizeof(*reader));
	int r = -ENOMEM;

	if (!reader)
		return -ENOMEM;
	reader->buffer = malloc(BUFFER_SIZE);
	if (reader->buffer) {
		reader->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
		r = reader->file ? read_header(reader) : -errno;
	}
	if (r < 0) {
		recording_reader_close(reader);
		return r;
	}
	*ret_reader = reader;
	return 0;
}

/* Move the rest to the front and read on. False at the end of the file. */
static bool refill(struct recording_reader *reader)
{
	size_t n;

	memmove(reader->buffer, reader->buffer + reader->at, reader->used - reader->at);
	reader->used -= reader->at;
	reader->at = 0;
	n = fread(reader->buffer + reader->used, 1, BUFFER_SIZE - reader->used, reader->file);
	reader->used += n;
	return n > 0;
}

int recording_read(struct recording_reader *reader, const struct sw_header **ret_record)
{
	const struct sw_header *record;
	int r;

	for (;;) {
		const void *bytes = reader->buffer + reader->at;

		r = decode_record(bytes, reader->used - reader->at, &record);
		if (r == -EAGAIN) {
			if (refill(reader))
				continue;
			if (ferror(reader->file))
				return -EIO;
			return reader->ended && reader->used == reader->at ? 0 : -ENODATA;
		}
		if (r == -EBADMSG)
			return r;
		record = bytes;
		reader->at += record->size;
		reader->offset += record->size;
		if (r == -ENOTSUP)
			continue;
		if (record->kind == SW_RECORD_END)
			reader->ended = true;
		*ret_record = record;
		return 1;
	}
}

uint64_t recording_offset(const struct recording_reader *reader)
{
	return reader->offset;
}
