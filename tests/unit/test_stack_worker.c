// SPDX-License-Identifier: GPL-2.0-or-later
/* system/stack_worker.c and all behind it: our own stack, and some that nobody should trust. */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <ucontext.h>
#include <unistd.h>

#include "model/decode.h"
#include "model/proc_pid.h"
#include "model/stack.h"
#include "system/stack_worker.h"

#define WAIT_MS 30000 /* of a machine that does many other things */

/* One copy, given when the descriptor is readable. */
struct origin {
	int fd;
	struct sw_stack_copy copy;
};

static void give(void *data, stack_take take, void *take_data)
{
	struct origin *origin = data;
	uint64_t count;

	if (read(origin->fd, &count, sizeof(count)) == sizeof(count))
		take(take_data, &origin->copy);
}

static struct sw_task ourselves(void)
{
	struct proc_pid pid = { 0 };
	FILE *file = fopen("/proc/self/stat", "re");
	char text[1024];

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	expect_ok(proc_pid_parse_stat(text, &pid));
	return pid.task;
}

/* What the kernel would have written had this function made the call. */
/* Beyond our own frame, on purpose. */
__attribute__((noinline, no_sanitize("address"))) static void
copy_ourselves(struct sw_stack_copy *copy)
{
	ucontext_t context;

	getcontext(&context);
#if defined(__x86_64__)
	static const int order[] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
				     REG_RBP, REG_RSP, REG_R8,	REG_R9,	 REG_R10, REG_R11,
				     REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		copy->registers[i] = (uint64_t)context.uc_mcontext.gregs[order[i]];
	copy->machine = SW_MACHINE_X86_64;
	copy->stack_at = copy->registers[7];
#elif defined(__aarch64__)
	memcpy(copy->registers, context.uc_mcontext.regs, sizeof(context.uc_mcontext.regs));
	copy->registers[31] = context.uc_mcontext.sp;
	copy->registers[32] = context.uc_mcontext.pc;
	copy->machine = SW_MACHINE_ARM64;
	copy->stack_at = copy->registers[31];
#endif
	copy->bytes = 4096; /* less than what main() and its callers have */
	for (uint32_t i = 0; i < copy->bytes; i++)
		copy->stack[i] = ((const volatile uint8_t *)copy->stack_at)[i];
}

__attribute__((noinline)) static void a_known_caller(struct sw_stack_copy *copy)
{
	copy_ourselves(copy);
	__asm__ volatile("" ::: "memory"); /* or the call would be a jump */
}

static struct origin *origin_new(void)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	assert_non_null(origin);
	origin->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	origin->copy.header = (struct sw_header){ .ts_ns = 1,
						  .kind = SW_RECORD_STACK,
						  .size = sizeof(origin->copy) };
	origin->copy.ends = (struct sw_endpoints){ .cookie = 1,
						   .family = SW_FAMILY_INET,
						   .protocol = SW_PROTO_TCP };
	origin->copy.owner = ourselves();
	origin->copy.call = SW_CALL_CONNECT;
	return origin;
}

static void origin_free(struct origin *origin)
{
	close(origin->fd);
	free(origin);
}

/* The stack that becomes of the copy; each passes the decoder. */
static struct sw_stack *unwind_copy(struct stack_worker *worker, struct origin *origin)
{
	const uint64_t one = 1;
	const struct sw_header *decoded;
	struct sw_stack *stack = NULL;

	assert_int_equal(write(origin->fd, &one, sizeof(one)), sizeof(one));
	for (int i = 0; i < WAIT_MS && !(stack = stack_worker_take(worker)); i++)
		usleep(1000);
	assert_non_null(stack);
	expect_ok(decode_record(stack, stack->header.size, &decoded));
	return stack;
}

static struct stack_worker *worker_of(struct origin *origin)
{
	const struct stack_source source = { .fd = origin->fd, .consume = give, .data = origin };
	struct stack_worker *worker;

	expect_ok(stack_worker_new(&worker));
	expect_ok(stack_worker_start(worker, &source));
	return worker;
}

static bool has_function(const struct sw_stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		const char *function = stack_text(stack, stack_frame(stack, i)->function);

		if (function && strcmp(function, name) == 0)
			return true;
	}
	return false;
}

static void our_own_stack_has_our_functions(void **state)
{
	struct origin *origin = origin_new();
	struct stack_worker *worker = worker_of(origin);
	struct sw_stack *stack;

	(void)state;
	a_known_caller(&origin->copy);
	stack = unwind_copy(worker, origin);
	assert_true(stack->frame_count > 0);
	assert_int_not_equal(stack_frame(stack, 0)->module, 0);
	if (stack_worker_unwinds()) {
		assert_true(has_function(stack, "a_known_caller"));
		assert_true(has_function(stack, "our_own_stack_has_our_functions"));
	} else {
		assert_int_equal(stack->end, SW_STACK_NO_UNWINDER);
		assert_int_equal(stack->frame_count, 1);
	}
	free(stack);
	assert_true(stack_worker_free(worker));
	origin_free(origin);
}

static void a_process_that_is_gone_is_said_to_be(void **state)
{
	struct origin *origin = origin_new();
	struct stack_worker *worker = worker_of(origin);
	struct sw_stack *stack;

	(void)state;
	a_known_caller(&origin->copy);
	origin->copy.owner.start_ns += 1000000000; /* another life of our pid */
	stack = unwind_copy(worker, origin);
	assert_int_equal(stack->end, SW_STACK_GONE);
	assert_int_equal(stack->frame_count, 0);
	free(stack);
	assert_true(stack_worker_free(worker));
	origin_free(origin);
}

/* Registers and stack of noise, a hundred times: an answer each, and the honest one is as before.
 */
static void noise_harms_nobody(void **state)
{
	struct origin *origin = origin_new();
	struct stack_worker *worker = worker_of(origin);
	struct sw_stack_copy *honest = malloc(sizeof(*honest));
	struct sw_stack *stack;

	(void)state;
	assert_non_null(honest);
	srandom(1);
	a_known_caller(&origin->copy);
	*honest = origin->copy;
	for (int round = 0; round < 100; round++) {
		origin->copy = *honest;
		for (uint32_t i = 0; i < origin->copy.bytes; i++)
			if (random() % 8 == 0)
				origin->copy.stack[i] = (uint8_t)random();
		origin->copy.registers[random() % SW_STACK_REGISTERS] = (uint64_t)random() << 17;
		origin->copy.bytes = (uint32_t)random() % 4096;
		free(unwind_copy(worker, origin));
	}
	origin->copy = *honest;
	stack = unwind_copy(worker, origin);
	assert_true(!stack_worker_unwinds() || has_function(stack, "a_known_caller"));
	free(stack);
	free(honest);
	assert_true(stack_worker_free(worker));
	origin_free(origin);
}

static void what_is_left_at_the_end_is_done(void **state)
{
	const uint64_t one = 1;
	struct origin *origin = origin_new();
	struct stack_worker *worker = worker_of(origin);
	struct sw_stack *stack;

	(void)state;
	a_known_caller(&origin->copy);
	assert_int_equal(stack_worker_count_open(worker), 0);
	assert_int_equal(write(origin->fd, &one, sizeof(one)), sizeof(one));
	assert_true(stack_worker_finish(worker, WAIT_MS));
	stack = stack_worker_take(worker);
	assert_non_null(stack);
	assert_int_equal(stack_worker_count_open(worker), 0);
	free(stack);
	assert_true(stack_worker_free(worker));
	origin_free(origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_stack_has_our_functions),
		cmocka_unit_test(a_process_that_is_gone_is_said_to_be),
		cmocka_unit_test(noise_harms_nobody),
		cmocka_unit_test(what_is_left_at_the_end_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
