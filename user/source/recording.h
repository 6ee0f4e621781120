/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings: the stream of records in a file, in the order in which they were processed. */
#pragma once

#include <stdint.h>

#include "sockwatch/record.h"

#define RECORDING_MAGIC "SOCKWTCH"
#define RECORDING_VERSION 1

/* The file's first bytes; records follow. A reader of version N reads all versions up to N. */
struct recording_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size; /* of this struct: it may grow */
	uint32_t byte_order;  /* 0x01020304 as the writer sees it */
	uint32_t reserved;
};

struct recording_writer;
struct recording_reader;

/* Makes the file anew with file_create_private(), whose negative errnos it returns; or 0. */
int recording_writer_open(const char *path, struct recording_writer **ret_writer);
int recording_write(struct recording_writer *writer, const struct sw_header *record);
int recording_flush(struct recording_writer *writer);
/* Flushes; the result says whether everything reached the file. Accepts NULL. */
int recording_writer_close(struct recording_writer *writer);

/*
 * "-" is standard input. 0; -ENOMSG if it is no recording, -EPROTONOSUPPORT if it is a newer
 * version or another machine's byte order; other negative errno.
 */
int recording_reader_open(const char *path, struct recording_reader **ret_reader);
void recording_reader_close(struct recording_reader *reader);

/*
 * The next record, valid until the next call. 1; 0 at the end of a recording that was closed in
 * order; -ENODATA if the file ends before that; -EBADMSG if it is damaged here.
 */
int recording_read(struct recording_reader *reader, const struct sw_header **ret_record);
/* Bytes of the file that have been read, up to the record that is bad. */
uint64_t recording_offset(const struct recording_reader *reader);
