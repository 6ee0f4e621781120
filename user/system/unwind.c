// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks from frame to frame by call frame information. */
#include "system/unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static const struct unwind_map *find_map(const struct unwind_input *input, uint64_t address)
{
	for (size_t i = 0; i < input->map_count; i++)
		if (address >= input->maps[i].start && address < input->maps[i].end)
			return &input->maps[i];
	return NULL;
}

/* Where the address is. The frame may be filled in part if it cannot be unwound. */
static enum sw_stack_end locate(const struct unwind_input *input, uint64_t address, bool exact,
				struct unwind_frame *ret_frame)
{
	struct unwind_frame frame = { .address = address, .map = find_map(input, address) };

	*ret_frame = frame;
	if (!frame.map)
		return SW_STACK_DAMAGED;
	if (!frame.map->file)
		return SW_STACK_JIT;
	frame.elf = input->find(input->data, frame.map->file);
	if (!frame.elf)
		return SW_STACK_NO_FILE;
	if (!unwind_elf_address(frame.elf, address - frame.map->start + frame.map->offset,
				&frame.in_file))
		return SW_STACK_DAMAGED;
	/* Behind a call that does not return there may be another function. */
	frame.lookup = frame.in_file - !exact;
	*ret_frame = frame;
	return SW_STACK_COMPLETE;
}

static uint64_t pc_of(const struct unwind_input *input)
{
	return input->registers[input->machine == SW_MACHINE_ARM64 ? 32 : 16];
}

#ifdef SOCKWATCH_LIBDW

#include <elfutils/libdw.h>

#include "system/unwind_expression.h"

/* The state of a frame: registers by their DWARF numbers. */
struct walk {
	struct unwind_scene scene; /* first, so that the callbacks find the rest */
	const struct unwind_input *input;
	uint64_t registers[SW_STACK_REGISTERS];
	uint64_t known; /* bits */
};

static unsigned int stack_pointer(const struct unwind_input *input)
{
	return input->machine == SW_MACHINE_ARM64 ? 31 : 7;
}

static bool get_register(const struct unwind_scene *scene, uint64_t number, uint64_t *ret)
{
	const struct walk *walk = (const struct walk *)scene;

	if (number >= SW_STACK_REGISTERS || !(walk->known >> number & 1))
		return false;
	*ret = walk->registers[number];
	return true;
}

static bool read_memory(const struct unwind_scene *scene, uint64_t address, unsigned int size,
			uint64_t *ret)
{
	const struct unwind_input *input = ((const struct walk *)scene)->input;
	uint64_t at = address - input->stack_at, value = 0;

	if (at >= input->bytes || input->bytes - at < size)
		return false;
	memcpy(&value, input->stack + at, size); /* both machines are little-endian */
	*ret = value;
	return true;
}

/* What the caller had in a register. 1: known, 0: not, or negative errno. */
static int recover(const struct walk *walk, Dwarf_Frame *frame, unsigned int number, uint64_t *ret)
{
	Dwarf_Op memory[3], *operations;
	uint64_t value;
	size_t count;
	bool is_value;
	int r;

	if (dwarf_frame_register(frame, (int)number, memory, &operations, &count) < 0)
		return -EINVAL;
	if (!count && operations)
		return 0;
	if (!count)
		return get_register(&walk->scene, number, ret);
	r = unwind_expression_run(&walk->scene, operations, count, &value, &is_value);
	if (r < 0)
		return r;
	if (!is_value && !read_memory(&walk->scene, value, sizeof(value), &value))
		return -EFAULT;
	*ret = value;
	return 1;
}

static int find_cfa(struct walk *walk, Dwarf_Frame *frame)
{
	Dwarf_Op *operations;
	size_t count;
	bool is_value;
	int r;

	walk->scene.cfa_known = false;
	if (dwarf_frame_cfa(frame, &operations, &count) < 0 || !count)
		return -EINVAL;
	r = unwind_expression_run(&walk->scene, operations, count, &walk->scene.cfa, &is_value);
	walk->scene.cfa_known = r == 0;
	return r;
}

/* Addresses may be signed in their upper bits (arm64's pointer authentication). */
static uint64_t plain_address(const struct unwind_input *input, uint64_t address)
{
	return input->machine == SW_MACHINE_ARM64 ? address & ((1ull << 48) - 1) : address;
}

/*
 * To the caller. 1 and its pc; 0 if there is none; or negative errno. The state stays as it is
 * unless the result is 1.
 */
static int step(struct walk *walk, Dwarf_Frame *frame, uint64_t *ret_pc)
{
	int return_column = dwarf_frame_info(frame, NULL, NULL, NULL);
	uint64_t registers[SW_STACK_REGISTERS], known = 0;
	unsigned int sp = stack_pointer(walk->input);
	int r;

	if (return_column < 0 || return_column >= SW_STACK_REGISTERS)
		return -EINVAL;
	r = find_cfa(walk, frame);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < SW_STACK_REGISTERS; i++) {
		r = recover(walk, frame, i, &registers[i]);
		/* Of the others it is enough to know that they are not known. */
		if (r < 0 && i == (unsigned int)return_column)
			return r;
		if (r == 1)
			known |= 1ull << i;
	}
	if (!(known >> return_column & 1))
		return 0;
	if (!(known >> sp & 1) || registers[sp] == walk->registers[sp])
		registers[sp] = walk->scene.cfa;
	known |= 1ull << sp;
	*ret_pc = plain_address(walk->input, registers[return_column]);
	memcpy(walk->registers, registers, sizeof(registers));
	walk->known = known;
	return *ret_pc != 0;
}

static enum sw_stack_end why(int error)
{
	return error == -EFAULT ? SW_STACK_CUT : SW_STACK_DAMAGED;
}

/* One frame is there: leave it. COMPLETE and *ret_pc is 0: it was the last. */
static enum sw_stack_end leave(struct walk *walk, const struct unwind_frame *frame,
			       uint64_t *ret_pc, bool *ret_exact)
{
	CLEANUP_FREE Dwarf_Frame *rules = unwind_elf_frame(frame->elf, frame->lookup);
	uint64_t cfa = walk->scene.cfa_known ? walk->scene.cfa : 0;
	int r;

	*ret_pc = 0;
	if (!rules)
		return SW_STACK_NO_TABLE;
	if (dwarf_frame_info(rules, NULL, NULL, ret_exact) < 0)
		return SW_STACK_DAMAGED;
	r = step(walk, rules, ret_pc);
	if (r < 0)
		return why(r);
	if (r == 0)
		*ret_pc = 0;
	else if (cfa == walk->scene.cfa && *ret_pc == frame->address)
		return SW_STACK_DAMAGED; /* turns on the spot */
	return SW_STACK_COMPLETE;
}

unsigned int unwind(const struct unwind_input *input,
		    struct unwind_frame ret_frames[UNWIND_FRAMES_MAX], size_t *ret_count)
{
	struct walk walk = { .scene = { .get_register = get_register, .read_memory = read_memory },
			     .input = input,
			     .known = (1ull << SW_STACK_REGISTERS) - 1 };
	uint64_t pc = pc_of(input);
	bool exact = true; /* where the process is, and not behind a call */
	enum sw_stack_end end;

	memcpy(walk.registers, input->registers, sizeof(walk.registers));
	for (size_t count = 0; count < UNWIND_FRAMES_MAX;) {
		struct unwind_frame *frame = &ret_frames[count];

		end = locate(input, pc, exact, frame);
		/* Where nothing is mapped, nothing was called from. */
		if (!frame->map && count)
			return end;
		*ret_count = ++count;
		if (end == SW_STACK_COMPLETE && !unwind_elf_is_for(frame->elf, input->machine))
			end = SW_STACK_NO_TABLE;
		if (end == SW_STACK_COMPLETE)
			end = leave(&walk, frame, &pc, &exact);
		if (end != SW_STACK_COMPLETE || !pc)
			return end;
	}
	return SW_STACK_DEEP;
}

#else

/* Where it is, and no more. */
unsigned int unwind(const struct unwind_input *input,
		    struct unwind_frame ret_frames[UNWIND_FRAMES_MAX], size_t *ret_count)
{
	enum sw_stack_end end = locate(input, pc_of(input), true, &ret_frames[0]);

	*ret_count = 1;
	return end == SW_STACK_COMPLETE ? SW_STACK_NO_UNWINDER : end;
}

#endif
