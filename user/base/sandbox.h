/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives away for good what a process no longer needs: capabilities, root's user id, new privileges,
 * files (Landlock) and system calls (seccomp). What is still allowed stands in sandbox_rules.c.
 */
#pragma once

#include <stddef.h>

/* What the rest of the work takes; the less, the tighter. Bits. */
enum sandbox_needs {
	SANDBOX_NOTHING = 0,	     /* but to read, print, and walk iterators that are open */
	SANDBOX_NAMES = 1 << 0,	     /* of hosts and services: the C library's modules, sockets */
	SANDBOX_PROCESSES = 1 << 1,  /* other users' /proc/PID: keeps two capabilities */
	SANDBOX_STACKS = 1 << 4,     /* and the very files that these have mapped: one more */
	SANDBOX_NAMESPACES = 1 << 2, /* to enter network namespaces: CAP_SYS_ADMIN and those two */
	SANDBOX_CONTAINERS = 1 << 3, /* runtimes' files: keeps the right to read all files */
	SANDBOX_UNWINDER = 1 << 5,   /* nothing, and to be started again when it dies */
};

/* How each layer came out: not negative if it holds, else the errno that refused it. */
struct sandbox_report {
	int capabilities; /* 0: none but those that were needed are left */
	int user;	  /* 1: another user id; 0: was not root */
	int privileges;	  /* PR_SET_NO_NEW_PRIVS */
	int landlock;	  /* the kernel's ABI; 0: not with these needs */
	int seccomp;	  /* -EOPNOTSUPP: built without libseccomp */
};

/*
 * Lock this process in. To be called while it has one thread. A layer that the kernel refuses does
 * not keep out the others. 0, or -errno if capabilities are left that should not.
 */
int sandbox_enter(unsigned int needs, struct sandbox_report *ret_report);

/*
 * A user id that no account has (systemd's and sssd's ranges end below), one for each process:
 * nobody but root can signal or trace it.
 */
unsigned int sandbox_user(void);
