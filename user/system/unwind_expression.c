// SPDX-License-Identifier: GPL-2.0-or-later
/* A small stack machine: the operations that compilers put into call frame information. */
#ifdef SOCKWATCH_LIBDW

#include "system/unwind_expression.h"

#include <dwarf.h>
#include <errno.h>

#define DEPTH_MAX 64
#define STEPS_MAX 1000

struct machine {
	const struct unwind_scene *scene;
	uint64_t stack[DEPTH_MAX];
	size_t depth;
	int error;
	bool is_value;
};

static void push(struct machine *machine, uint64_t value)
{
	if (machine->depth == DEPTH_MAX)
		machine->error = -EINVAL;
	else
		machine->stack[machine->depth++] = value;
}

static uint64_t pop(struct machine *machine)
{
	if (!machine->depth) {
		machine->error = -EINVAL;
		return 0;
	}
	return machine->stack[--machine->depth];
}

static void push_register(struct machine *machine, uint64_t number, uint64_t offset)
{
	uint64_t value = 0;

	if (!machine->scene->get_register(machine->scene, number, &value))
		machine->error = -EFAULT;
	push(machine, value + offset);
}

static void push_memory(struct machine *machine, uint64_t address, uint64_t size)
{
	uint64_t value = 0;

	if (size < 1 || size > sizeof(value))
		machine->error = -EINVAL;
	else if (!machine->scene->read_memory(machine->scene, address, (unsigned int)size, &value))
		machine->error = -EFAULT;
	push(machine, value);
}

/* From the top: 0. */
static void push_copy(struct machine *machine, uint64_t from_top)
{
	if (from_top >= machine->depth)
		machine->error = -EINVAL;
	else
		push(machine, machine->stack[machine->depth - 1 - from_top]);
}

static void rotate(struct machine *machine, size_t count)
{
	uint64_t top;

	if (machine->depth < count) {
		machine->error = -EINVAL;
		return;
	}
	top = machine->stack[machine->depth - 1];
	for (size_t i = machine->depth - 1; i > machine->depth - count; i--)
		machine->stack[i] = machine->stack[i - 1];
	machine->stack[machine->depth - count] = top;
}

static uint64_t divide(struct machine *machine, uint64_t a, uint64_t b, bool rest)
{
	if (!b || (a == 1ull << 63 && b == UINT64_MAX)) {
		machine->error = -EINVAL;
		return 0;
	}
	return rest ? a % b : (uint64_t)((int64_t)a / (int64_t)b);
}

static uint64_t shift_arithmetically(uint64_t a, uint64_t b)
{
	return (uint64_t)((int64_t)a >> (b < 63 ? b : 63));
}

/* False: it is none of these. `a` is below `b` on the stack. */
static bool run_binary(struct machine *machine, uint8_t atom)
{
	uint64_t b, a;

	if (atom != DW_OP_and && atom != DW_OP_or && atom != DW_OP_xor &&
	    (atom < DW_OP_div || atom > DW_OP_shra || atom == DW_OP_neg || atom == DW_OP_not ||
	     atom == DW_OP_plus_uconst) &&
	    (atom < DW_OP_eq || atom > DW_OP_ne))
		return false;
	b = pop(machine);
	a = pop(machine);
	switch (atom) {
	case DW_OP_and:
		a &= b;
		break;
	case DW_OP_or:
		a |= b;
		break;
	case DW_OP_xor:
		a ^= b;
		break;
	case DW_OP_div:
		a = divide(machine, a, b, false);
		break;
	case DW_OP_mod:
		a = divide(machine, a, b, true);
		break;
	case DW_OP_minus:
		a -= b;
		break;
	case DW_OP_mul:
		a *= b;
		break;
	case DW_OP_plus:
		a += b;
		break;
	case DW_OP_shl:
		a = b < 64 ? a << b : 0;
		break;
	case DW_OP_shr:
		a = b < 64 ? a >> b : 0;
		break;
	case DW_OP_shra:
		a = shift_arithmetically(a, b);
		break;
	case DW_OP_eq:
		a = a == b;
		break;
	case DW_OP_ne:
		a = a != b;
		break;
	case DW_OP_lt:
		a = (int64_t)a < (int64_t)b;
		break;
	case DW_OP_le:
		a = (int64_t)a <= (int64_t)b;
		break;
	case DW_OP_gt:
		a = (int64_t)a > (int64_t)b;
		break;
	case DW_OP_ge:
		a = (int64_t)a >= (int64_t)b;
		break;
	}
	push(machine, a);
	return true;
}

/* Constants, registers and memory. False: it is none of these. */
static bool run_source(struct machine *machine, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31) {
		push(machine, op->atom - DW_OP_lit0);
		return true;
	}
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		push_register(machine, op->atom - DW_OP_breg0, op->number);
		return true;
	}
	if (op->atom >= DW_OP_const1u && op->atom <= DW_OP_consts) {
		push(machine, op->number);
		return true;
	}
	switch (op->atom) {
	case DW_OP_bregx:
		push_register(machine, op->number, op->number2);
		return true;
	case DW_OP_deref:
		push_memory(machine, pop(machine), sizeof(uint64_t));
		return true;
	case DW_OP_deref_size:
		push_memory(machine, pop(machine), op->number);
		return true;
	case DW_OP_call_frame_cfa:
		if (!machine->scene->cfa_known)
			machine->error = -EINVAL;
		push(machine, machine->scene->cfa);
		return true;
	}
	return false;
}

/* A register itself is a location; what is wanted of it is its value. */
static bool run_register(struct machine *machine, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
		push_register(machine, op->atom - DW_OP_reg0, 0);
	else if (op->atom == DW_OP_regx)
		push_register(machine, op->number, 0);
	else
		return false;
	machine->is_value = true;
	return true;
}

static void run_one(struct machine *machine, const Dwarf_Op *op)
{
	uint64_t value;

	if (run_source(machine, op) || run_binary(machine, op->atom) || run_register(machine, op))
		return;
	switch (op->atom) {
	case DW_OP_nop:
		break;
	case DW_OP_dup:
		push_copy(machine, 0);
		break;
	case DW_OP_over:
		push_copy(machine, 1);
		break;
	case DW_OP_pick:
		push_copy(machine, op->number);
		break;
	case DW_OP_drop:
		pop(machine);
		break;
	case DW_OP_swap:
		rotate(machine, 2);
		break;
	case DW_OP_rot:
		rotate(machine, 3);
		break;
	case DW_OP_plus_uconst:
		push(machine, pop(machine) + op->number);
		break;
	case DW_OP_neg:
		push(machine, 0 - pop(machine));
		break;
	case DW_OP_not:
		push(machine, ~pop(machine));
		break;
	case DW_OP_abs:
		value = pop(machine);
		push(machine, (int64_t)value < 0 ? 0 - value : value);
		break;
	case DW_OP_stack_value:
		machine->is_value = true;
		break;
	default:
		machine->error = -EINVAL;
	}
}

/* Where a branch leads: its number is a distance from the end of its three bytes. */
static size_t branch(const Dwarf_Op *operations, size_t count, size_t from)
{
	uint64_t target = operations[from].offset + 3 + operations[from].number;
	size_t at = 0;

	while (at < count && operations[at].offset != target)
		at++;
	return at;
}

int unwind_expression_run(const struct unwind_scene *scene, const Dwarf_Op *operations,
			  size_t count, uint64_t *ret, bool *ret_is_value)
{
	struct machine machine = { .scene = scene };
	size_t at = 0;

	for (int steps = 0; at < count && !machine.error; steps++) {
		const Dwarf_Op *op = &operations[at++];

		if (steps == STEPS_MAX)
			return -EINVAL;
		if (op->atom == DW_OP_skip || (op->atom == DW_OP_bra && pop(&machine)))
			at = branch(operations, count, at - 1);
		else if (op->atom != DW_OP_bra)
			run_one(&machine, op);
	}
	if (!machine.error && !machine.depth)
		return -EINVAL;
	if (machine.error)
		return machine.error;
	*ret = machine.stack[machine.depth - 1];
	*ret_is_value = machine.is_value;
	return 0;
}

#endif
