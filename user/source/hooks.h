/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hooks: which program goes where, in which mode, what it lets us see, and whether it does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"
#include "source/kernel.h"

struct bpf_link;
struct bpf_object;
struct btf;

enum hook_mechanism {
	HOOK_TP_BTF,
	HOOK_FENTRY,
	HOOK_FEXIT,
	HOOK_KPROBE,
	HOOK_TRACEPOINT, /* classic, through a perf event: needs tracefs */
	HOOK_SOCK_OPS,
	HOOK_CGROUP, /* another program on the root of cgroup2 */
	HOOK_ITERATOR,
};

enum hook_state {
	HOOK_UNUSED,   /* not for this mode, or another does its work */
	HOOK_MISSING,  /* this kernel does not have it */
	HOOK_SELECTED, /* to be loaded */
	HOOK_ATTACHED,
	HOOK_FAILED, /* loaded, but could not be attached: see error */
};

/* What it means when the kernel did not run a program, because it had interrupted it. */
enum hook_miss {
	MISS_IS_LOSS,
	MISS_IS_DOUBT,	 /* most runs are about others, or a look finds it: look */
	MISS_IS_RESULT,	 /* doubt, and nothing else tells what the call returned */
	MISS_IS_NOTHING, /* another program does the same work, or it only helps to explain */
};

struct hook {
	const char *program; /* in bpf/ */
	const char *target;
	enum hook_mechanism mechanism;
	unsigned int modes;	/* bits 1 << enum sw_mode */
	uint32_t features;	/* enum sw_features that it brings */
	unsigned int arguments; /* that the tracepoint must have */
	const char *instead_of; /* used only if that program's hook is missing */
	const char *copy_of;	/* used only if that program's hook is (bpf/again.h) */
	const char *told_by;	/* if that program's hook is there, a miss is MISS_IS_DOUBT; NULL */
	const char *map;	/* HOOK_ITERATOR: over the elements of this map of ours; NULL */
	enum hook_miss miss;
	bool required;	/* without it there is nothing to trace */
	bool peers;	/* only if the peers of UDP sockets are to be counted */
	bool preempted; /* only if a tracepoint's program can be preempted */
};

struct hook_status {
	enum hook_state state;
	int error;	 /* negative errno of HOOK_FAILED */
	const char *why; /* static text: what is missing and what would help; NULL */
	struct bpf_link *link;
};

size_t hooks_count(void);
const struct hook *hooks_at(size_t index);
const char *hook_mechanism_name(enum hook_mechanism mechanism);

/*
 * What these three take is the kernel's BTF, parsed: it has a hundred thousand types, so that is
 * done once. NULL: then there is nothing to hook.
 */

/*
 * Can this kernel load trampolines? Decided by loading a program of two instructions, since
 * lockdown and build options decide too. Needs CAP_BPF.
 */
bool hooks_trampolines_work(const struct btf *btf);

/* The same for one function of the kernel: it may be inlined, or not there at all. */
bool hooks_function_traceable(const struct btf *btf, const char *function);

/*
 * Choose the hooks of a mode by what the kernel has, those that count the peers of UDP sockets only
 * if they are wanted. Fills status[hooks_count()].
 */
void hooks_select(enum sw_mode mode, bool peers, const struct kernel_facts *facts,
		  const struct btf *btf, struct hook_status *status);

/* Number of arguments of a raw tracepoint by BTF; -ENOENT if there is no such tracepoint. */
int hooks_tracepoint_arguments(const struct btf *btf, const char *name);

/* Tell the object which programs to load. */
void hooks_prepare(struct bpf_object *object, const struct hook_status *status);

/* What a miss of this hook's program means, with the hooks that are attached. */
enum hook_miss hooks_miss(size_t index, const struct hook_status *status);

/*
 * Attach what was loaded. A failure of one is kept in its status, except that of a required one:
 * negative errno, and ret_failed names it.
 */
int hooks_attach(struct bpf_object *object, const struct kernel_facts *facts,
		 struct hook_status *status, const struct hook **ret_failed);
void hooks_detach(struct hook_status *status);

/* What the attached hooks see together (enum sw_features). */
uint32_t hooks_features(const struct hook_status *status);
