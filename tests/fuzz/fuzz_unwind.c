// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what reads hostile files and stacks (system/unwind*.c, stack_answer.c, stack_record.c).
 * The input is the length of an ELF file (4 bytes, little-endian), the file, the registers, and
 * the stack. The file is mapped at MAP_AT, the stack is at STACK_AT. What comes of it must pass the
 * checks that the tracer makes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "model/decode.h"
#include "system/stack_child.h"
#include "system/stack_message.h"
#include "system/stack_record.h"

#define MAP_AT 0x400000
#define STACK_AT 0x7ff000

static struct unwind_elf *find(void *data, uint32_t file)
{
	return file == 1 ? data : NULL;
}

static void check_answer(const void *answer, size_t size, struct unwind_map *map)
{
	struct stack_file item = { .fd = -1, .path = (char *)"/lib/fuzzed.so" };
	const struct stack_files files = { .items = &item, .count = 1 };
	const struct stack_process process = { .maps = map, .count = 1 };
	struct sw_stack_copy *copy = calloc(1, sizeof(*copy));
	const struct sw_header *decoded;
	struct sw_stack *record;

	if (!copy)
		return;
	copy->ends = (struct sw_endpoints){ .cookie = 1, .family = SW_FAMILY_INET };
	copy->call = SW_CALL_CONNECT;
	record = stack_record_of_answer(copy, answer, size, &process, &files);
	if (record && decode_record(record, record->header.size, &decoded) < 0)
		abort();
	free(record);
	free(copy);
}

static void unwind_with(struct unwind_elf *elf, size_t elf_size, const uint8_t *data, size_t size)
{
	static uint64_t message[STACK_WORK_SIZE / 8 + 1], answer[STACK_ANSWER_SIZE / 8 + 1];
	struct stack_work *work = (void *)message;
	struct unwind_map map = { .start = MAP_AT, .end = MAP_AT + elf_size, .file = 1 };
	size_t registers = size < sizeof(work->registers) ? size : sizeof(work->registers);
	size_t bytes = size - registers, lie = size < sizeof(answer) ? size : sizeof(answer);

	*work = (struct stack_work){ .message.kind = STACK_MESSAGE_WORK,
				     .machine = SW_MACHINE_X86_64,
				     .map_count = 1,
				     .stack_at = STACK_AT };
	if (bytes > SW_STACK_BYTES)
		bytes = SW_STACK_BYTES;
	work->bytes = (uint32_t)bytes;
	memcpy(work->registers, data, registers);
	memcpy(work + 1, &map, sizeof(map));
	memcpy((uint8_t *)(work + 1) + sizeof(map), data + registers, bytes);
	size = stack_child_answer(work, sizeof(*work) + sizeof(map) + bytes, find, elf, answer);
	if (!size || size > STACK_ANSWER_SIZE)
		abort();
	check_answer(answer, size, &map);
	/* A child that lies. */
	memcpy(answer, data, lie);
	check_answer(answer, lie, &map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_elf *elf = NULL;
	uint32_t elf_size;
	int fd;

	if (size < sizeof(elf_size))
		return 0;
	memcpy(&elf_size, data, sizeof(elf_size));
	data += sizeof(elf_size);
	size -= sizeof(elf_size);
	if (elf_size > size)
		elf_size = (uint32_t)size;
	fd = memfd_create("elf", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, elf_size) != (ssize_t)elf_size) {
		util_close_fd(&fd);
		return 0;
	}
	if (unwind_elf_open(fd, &elf) == 0)
		unwind_with(elf, elf_size, data + elf_size, size - elf_size);
	unwind_elf_close(elf);
	return 0;
}
