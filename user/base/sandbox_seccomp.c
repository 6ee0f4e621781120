// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of system calls as a seccomp filter, which libseccomp makes and loads
 * (Documentation/userspace-api/seccomp_filter.rst). A build may lack it.
 */
#include <errno.h>

#include "base/sandbox_rules.h"
#include "base/util.h"

#ifdef SOCKWATCH_LIBSECCOMP

#include <seccomp.h>

#define BINARY_TREE 2 /* over the numbers: the kernel runs a new filter once for each there is */

static void release(const scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

/* Does an earlier row of this number count? */
static bool is_decided(size_t row, unsigned int needs)
{
	for (size_t i = 0; i < row; i++)
		if (sandbox_syscalls[i].number == sandbox_syscalls[row].number &&
		    sandbox_allows(sandbox_syscalls[i].needs, needs))
			return true;
	return false;
}

static int allow(scmp_filter_ctx filter, const struct sandbox_syscall *row)
{
	const struct sandbox_check *check = row->check;
	int r = 0;

	if (!check)
		return seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, (int)row->number, 0);
	for (size_t i = 0; i < check->count && r >= 0; i++) {
		const struct scmp_arg_cmp is_value = { check->argument, SCMP_CMP_MASKED_EQ,
						       check->mask, check->values[i] };

		r = seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW, (int)row->number, 1,
						 &is_value);
	}
	return r;
}

/* sandbox_enter() has forbidden new privileges, and tells how that came out. */
static int set_attributes(scmp_filter_ctx filter)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (r >= 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r >= 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
	/* What the kernel says, not ECANCELED. */
	return r < 0 ? r : seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
}

int sandbox_seccomp(unsigned int needs)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_attributes(filter);
	for (size_t i = 0; i < sandbox_syscalls_count && r >= 0; i++)
		if (sandbox_allows(sandbox_syscalls[i].needs, needs) && !is_decided(i, needs))
			r = allow(filter, &sandbox_syscalls[i]);
	return r < 0 ? r : seccomp_load(filter);
}

#else

int sandbox_seccomp(unsigned int needs)
{
	return -EOPNOTSUPP;
}

#endif
