// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of system calls as a seccomp filter (Documentation/userspace-api/seccomp_filter.rst): a
 * search tree over ranges of numbers, whose leaves check arguments. The kernel runs a new filter
 * once for every number there is, so a list would take it three times as long to load.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/sandbox_rules.h"
#include "base/util.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "sandbox_seccomp.c knows x86-64 and arm64; the low half of an argument comes first in both"
#endif

#define INSTRUCTIONS_MAX 2048 /* of the 4096 that the kernel takes */
#define RANGES_MAX 512

/* From `begin` to the next range: forbidden, allowed, or to be checked. */
struct range {
	uint32_t begin;
	bool allowed;
	const struct sandbox_check *check;
};

struct filter {
	struct sock_filter code[INSTRUCTIONS_MAX];
	size_t len;
	struct range ranges[RANGES_MAX];
	size_t count;
};

static void emit(struct filter *filter, uint16_t code, uint32_t k, uint8_t if_true,
		 uint8_t if_false)
{
	if (filter->len < INSTRUCTIONS_MAX)
		filter->code[filter->len] = (struct sock_filter){ code, if_true, if_false, k };
	filter->len++;
}

static void emit_result(struct filter *filter, bool allowed)
{
	emit(filter, BPF_RET | BPF_K, allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS, 0,
	     0);
}

static void emit_check(struct filter *filter, const struct sandbox_check *check)
{
	uint32_t offset = offsetof(struct seccomp_data, args) + check->argument * sizeof(uint64_t);

	emit(filter, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
	emit(filter, BPF_ALU | BPF_AND | BPF_K, check->mask, 0, 0);
	/* A match jumps over the other values and the refusal. */
	for (size_t i = 0; i < check->count; i++)
		emit(filter, BPF_JMP | BPF_JEQ | BPF_K, check->values[i],
		     (uint8_t)(check->count - i), 0);
	emit_result(filter, false);
	emit_result(filter, true);
}

/* Ranges [from, to), with the number in the accumulator. */
static void emit_tree(struct filter *filter, size_t from, size_t to)
{
	const struct range *range = &filter->ranges[from];
	size_t middle = from + (to - from) / 2, jump;

	if (to - from == 1) {
		if (range->check)
			emit_check(filter, range->check);
		else
			emit_result(filter, range->allowed);
		return;
	}
	/* The far jump, since conditional ones reach 255 instructions only. */
	emit(filter, BPF_JMP | BPF_JGE | BPF_K, filter->ranges[middle].begin, 0, 1);
	jump = filter->len;
	emit(filter, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_tree(filter, from, middle);
	if (jump < INSTRUCTIONS_MAX)
		filter->code[jump].k = (uint32_t)(filter->len - jump - 1);
	emit_tree(filter, middle, to);
}

static void add_range(struct filter *filter, uint32_t begin, bool allowed,
		      const struct sandbox_check *check)
{
	const struct range *last = filter->count ? &filter->ranges[filter->count - 1] : NULL;

	if (last && !check && !last->check && last->allowed == allowed)
		return;
	if (filter->count < RANGES_MAX)
		filter->ranges[filter->count++] = (struct range){ begin, allowed, check };
}

/* By number; of the same number in the order of the table. */
static int compare(const void *left, const void *right)
{
	const struct sandbox_syscall *a = *(const struct sandbox_syscall *const *)left;
	const struct sandbox_syscall *b = *(const struct sandbox_syscall *const *)right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void make_ranges(struct filter *filter, unsigned int needs)
{
	const struct sandbox_syscall *rows[RANGES_MAX];
	size_t count = 0;
	uint32_t next = 0;

	for (size_t i = 0; i < sandbox_syscalls_count && count < RANGES_MAX; i++)
		if (sandbox_allows(sandbox_syscalls[i].needs, needs))
			rows[count++] = &sandbox_syscalls[i];
	qsort(rows, count, sizeof(rows[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && rows[i]->number == rows[i - 1]->number)
			continue;
		if (rows[i]->number > next || filter->count == 0)
			add_range(filter, next, false, NULL);
		add_range(filter, rows[i]->number, true, rows[i]->check);
		next = rows[i]->number + 1;
	}
	add_range(filter, next, false, NULL);
}

int sandbox_seccomp(unsigned int needs)
{
	CLEANUP_FREE struct filter *filter = calloc(1, sizeof(*filter));
	struct sock_fprog program;

	if (!filter)
		return -ENOMEM;
	emit(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	emit(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	emit(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	make_ranges(filter, needs);
	emit_tree(filter, 0, filter->count);
	if (filter->len > INSTRUCTIONS_MAX || filter->count == RANGES_MAX)
		return -E2BIG;
	program = (struct sock_fprog){ (unsigned short)filter->len, filter->code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}
