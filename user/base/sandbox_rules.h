/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a sandbox allows: the tables, and what puts them into force. Only for base/sandbox*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_VALUES_MAX 12

/* Allowed only if this argument, after the mask, is one of the values. 32 bits: all are ints. */
struct sandbox_check {
	unsigned int argument;
	uint32_t mask;
	size_t count;
	uint32_t values[SANDBOX_VALUES_MAX];
};

struct sandbox_syscall {
	unsigned int number;
	unsigned int needs; /* enum sandbox_needs, one of which must be there; 0: always */
	const struct sandbox_check *check; /* NULL: whatever its arguments are */
};

struct sandbox_path {
	const char *path;
	unsigned int needs;
};

/* The first row of a system call whose needs are there counts. */
extern const struct sandbox_syscall sandbox_syscalls[];
extern const size_t sandbox_syscalls_count;
/* What may be read, with everything below; one that does not exist is no matter. */
extern const struct sandbox_path sandbox_paths[];
extern const size_t sandbox_paths_count;

bool sandbox_allows(unsigned int row_needs, unsigned int needs);

/* The ABI, or -errno: -ENOSYS or -EOPNOTSUPP where the kernel has no Landlock or does not use it.
 */
int sandbox_landlock(unsigned int needs);
/*
 * 0 or -errno, -EOPNOTSUPP in a build without libseccomp. Everything that is not allowed gets
 * ENOSYS, for which the C library has a way; another architecture's calls, x32 too, kill.
 */
int sandbox_seccomp(unsigned int needs);
