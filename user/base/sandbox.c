// SPDX-License-Identifier: GPL-2.0-or-later
/* The order in which privileges go: each step needs those that are left by the one before. */
#include "base/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/sandbox_rules.h"

/* 0x7f000000 + PID: above sssd's 2000200000, below 2^31. */
#define USERS_BEGIN 2130706432u

unsigned int sandbox_user(void)
{
	return USERS_BEGIN + (unsigned int)getpid();
}

static uint64_t capabilities_needed(unsigned int needs)
{
	uint64_t files = 1ull << CAP_DAC_READ_SEARCH;
	uint64_t processes = files | 1ull << CAP_SYS_PTRACE;

	/* Which opens /proc/PID/map_files. */
	if (needs & SANDBOX_STACKS)
		processes |= 1ull << CAP_CHECKPOINT_RESTORE;
	if (needs & SANDBOX_NAMESPACES)
		return processes | 1ull << CAP_SYS_ADMIN;
	if (needs & (SANDBOX_PROCESSES | SANDBOX_STACKS))
		return processes;
	return needs & SANDBOX_CONTAINERS ? files : 0;
}

/*
 * What libcap-ng will apply: effective and permitted are what is needed and was there, nothing is
 * inherited, which leaves nothing ambient either (capabilities(7)), and nothing can come back.
 */
static int choose_capabilities(uint64_t needed)
{
	errno = 0;
	if (capng_get_caps_process() < 0)
		return errno ? -errno : -EIO;
	/* libcap-ng refuses those that the kernel does not have. */
	for (unsigned int capability = 0; capability < 64; capability++) {
		bool kept = (needed & 1ull << capability) &&
			    capng_have_capability(CAPNG_PERMITTED, capability);

		(void)capng_update(CAPNG_DROP,
				   CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					   CAPNG_BOUNDING_SET,
				   capability);
		if (kept)
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
					   capability);
	}
	return 0;
}

/*
 * The parent's wish to be outlived by nobody ends with the user id, unless it is renewed. Not
 * capng_change_id(): it takes nothing away from a root that lacks CAP_SETUID.
 */
static int become_user(unsigned int user, bool keep)
{
	int death_signal = 0;

	if (geteuid() != 0)
		return 0;
	(void)prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
	if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 ||
	    setresuid(user, user, user) < 0)
		return -errno;
	if (death_signal)
		(void)prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
	return 1;
}

int sandbox_enter(unsigned int needs, struct sandbox_report *ret_report)
{
	uint64_t needed = capabilities_needed(needs);
	struct sandbox_report report;
	int r = choose_capabilities(needed);

	/* What a process that we become could get back; without CAP_SETPCAP it stays. */
	if (r == 0)
		(void)capng_apply(CAPNG_SELECT_BOUNDS);
	report.user = become_user(sandbox_user(), needed != 0);
	if (r == 0 && capng_apply(CAPNG_SELECT_CAPS) < 0)
		r = -errno;
	report.capabilities = r;
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	report.privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
	/* It would forbid to look into processes outside. */
	report.landlock = (needs & (SANDBOX_PROCESSES | SANDBOX_STACKS | SANDBOX_NAMESPACES))
				  ? 0
				  : sandbox_landlock(needs);
	report.seccomp = sandbox_seccomp(needs);
	*ret_report = report;
	return report.capabilities;
}
