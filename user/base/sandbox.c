// SPDX-License-Identifier: GPL-2.0-or-later
/* The order in which privileges go: each step needs those that are left by the one before. */
#include "base/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/* What a process that we become could get back; without CAP_SETPCAP it stays. */
static void drop_bounding(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return;
}

/* The parent's wish to be outlived by nobody ends with the user id, unless it is renewed. */
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

/* Effective and permitted are what is needed and was there; nothing is inherited. */
static int drop_capabilities(uint64_t needed)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(needed >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int sandbox_enter(unsigned int needs, struct sandbox_report *ret_report)
{
	uint64_t needed = capabilities_needed(needs);
	struct sandbox_report report;

	drop_bounding();
	report.user = become_user(sandbox_user(), needed != 0);
	report.capabilities = drop_capabilities(needed);
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
