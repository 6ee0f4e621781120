/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs may touch: the maps, the settings, and nothing else. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "scratch.h"
#include "sockwatch/record.h"
#include "sockwatch/settings.h"

/* Records on their way to user space. The loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

/* A connect(2) that has not returned yet, kept with its thread: nobody can push it out. */
struct connect_call {
	__u64 entered_ns;
	__s64 fd;
	__u64 address; /* the caller's */
	__u64 address_len;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connect_call);
} connects SEC(".maps");

/*
 * By thread, for kernels that give a task no storage (7.x on a processor without cmpxchg16b). Of
 * more threads that wait at the same time than there is room for, the oldest go without a result.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct connect_call);
} connects_elsewhere SEC(".maps");

/* What tcp_set_state() was called with, for the tracepoint inside of it. */
struct preimage {
	__u64 sk;
	__u32 lport;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct preimage);
} preimages SEC(".maps");

/* The segment that a listener has last answered with a reset on this processor. */
struct refusal {
	__u64 listener; /* 0: none */
	__u16 port_be;	/* whose it was */
	__u16 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct refusal);
} refusals SEC(".maps");

/* The request socket whose timer is running out on this processor; cookie 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sw_request);
} expiries SEC(".maps");

/*
 * A program can be preempted by another one on the same processor (Linux 7 traces with preemption
 * on), but never by itself: so each has its own.
 */
enum {
	SCRATCH_EXEC,
	SCRATCH_EXEC_AGAIN,
	SCRATCH_FORK,
	SCRATCH_FORK_AGAIN,
	SCRATCH_CGROUP,
	SCRATCH_ITERATOR,
	SCRATCHES
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct process_scratch);
} scratches SEC(".maps");

const volatile struct sw_settings settings = {};

/* Set by the reader before it sleeps: the next record is to wake it. */
volatile __u32 reader_sleeps = 0;

/* Set by the reader when it wants no more records: to take the hooks away may take seconds. */
volatile __u32 reader_leaves = 0;

/*
 * Records that found no room, and what was not noted that would have become one. The reader has it
 * mapped: during a system call for a map the kernel runs no program of a classic tracepoint on that
 * processor. The last one, apart from those above, which are read for each record.
 */
volatile __u64 records_dropped __attribute__((aligned(64))) = 0;
