/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel is and allows: facts read from /proc and /sys, for hooks and `doctor`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

enum kernel_lockdown {
	KERNEL_LOCKDOWN_UNKNOWN, /* securityfs is not mounted, or not ours to read */
	KERNEL_LOCKDOWN_NONE,
	KERNEL_LOCKDOWN_INTEGRITY,
	KERNEL_LOCKDOWN_CONFIDENTIALITY, /* forbids BPF to read kernel memory */
};

struct kernel_facts {
	char release[65];
	unsigned int major, minor;
	bool btf; /* /sys/kernel/btf/vmlinux can be read */
	enum kernel_lockdown lockdown;
	uint64_t capabilities;	 /* effective set of this process */
	char cgroup2[256];	 /* mount point of the unified hierarchy; "" if there is none */
	uint64_t timewait_timer; /* address of tw_timer_handler(); 0: hidden or absent */
	uint64_t request_timer;	 /* of reqsk_timer_handler() */
};

#define KERNEL_MAJOR_MIN 6
#define KERNEL_MINOR_MIN 1

void kernel_facts_read(struct kernel_facts *ret_facts);

/* Since Linux 7.0 a tracepoint leaves preemption on (include/linux/tracepoint.h). */
bool kernel_preempts_tracepoints(const struct kernel_facts *facts);

/* The capability number is linux/capability.h's. */
bool kernel_has_capability(const struct kernel_facts *facts, unsigned int capability);

/* A capability that is of use, and what for. */
struct kernel_capability {
	const char *name, *cure;
	unsigned int number;
	unsigned int modes; /* bits 1 << enum sw_mode */
};

size_t kernel_capabilities_count(void);
const struct kernel_capability *kernel_capabilities_at(size_t index);

/*
 * What tracing in this mode will not see for want of capabilities, with the cure, as one sentence;
 * false if nothing is missing.
 */
bool kernel_misses(const struct kernel_facts *facts, enum sw_mode mode, char *out, size_t size);

/*
 * Why tracing cannot work here, with the cure, as one sentence; false if nothing is in the way.
 * Decided by what is missing, except for the floor of 6.1.
 */
bool kernel_refuses(const struct kernel_facts *facts, char *out, size_t size);

/*
 * A directory descriptor of tracefs, mounted nowhere (fsmount(2), Linux 5.2), so that nothing is
 * left behind; or of a mount that is there. Negative errno if neither can be had.
 */
int kernel_open_tracefs(void);
