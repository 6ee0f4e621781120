/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths taken apart in the kernel: the names from the leaf to the root, each ended by NUL. The
 * helper that makes a path (bpf_d_path) may not be called from tracepoints.
 */
#pragma once

#include "flavors.h"
#include "scratch.h"

#define PATH_STEPS 256 /* names and mounts on one path; a path this deep is cut */

struct path_walk {
	struct process_scratch *scratch;
	struct dentry *dentry;
	struct mount *mount;
	struct kernfs_node *node;
	__u32 len;   /* bytes of scratch->data in use */
	__u32 limit; /* that this path may fill */
	bool cut;
};

/* Appends a name. Returns false when there is no room, or the name cannot be read. */
static __always_inline bool path_append(struct path_walk *walk, const unsigned char *name)
{
	__u32 at = walk->len;
	long len;

	/* The second test is for the verifier, which does not know `limit`. */
	if (at + PROCESS_NAME_SIZE > walk->limit || at >= PROCESS_DATA_SIZE) {
		walk->cut = true;
		return false;
	}
	len = bpf_probe_read_kernel_str(walk->scratch->data + at, PROCESS_NAME_SIZE, name);
	if (len <= 0) {
		walk->cut = true;
		return false;
	}
	walk->len = at + len;
	return true;
}

static long step_to_parent(__u32 step, struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry, *parent;
	struct mount *mount = walk->mount, *above;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		return 0;
	}
	if (!path_append(walk, BPF_CORE_READ(dentry, d_name.name)))
		return 1;
	parent = BPF_CORE_READ(dentry, d_parent);
	/* A root of its own without being its mount's: memfd and its like. */
	if (parent == dentry)
		return 1;
	walk->dentry = parent;
	return 0;
}

static long step_to_parent_node(__u32 step, struct path_walk *walk)
{
	struct kernfs_node *node = walk->node, *parent = kernfs_parent(node);

	if (!parent)
		return 1;
	if (!path_append(walk, (const unsigned char *)BPF_CORE_READ(node, name)))
		return 1;
	walk->node = parent;
	return 0;
}

/* A path without names is the root: one NUL says so. */
static __always_inline void path_finish(struct path_walk *walk, __u32 start)
{
	if (walk->len == start && !walk->cut && start < PROCESS_DATA_SIZE)
		walk->scratch->data[walk->len++] = '\0';
}

static __always_inline void path_of_file(struct path_walk *walk, struct file *file)
{
	__u32 start = walk->len;

	walk->limit = SW_PATH_LEN;
	walk->dentry = BPF_CORE_READ(file, f_path.dentry);
	walk->mount =
		(void *)BPF_CORE_READ(file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	if (bpf_loop(PATH_STEPS, step_to_parent, walk, 0) >= PATH_STEPS)
		walk->cut = true;
	path_finish(walk, start);
}

static __always_inline void path_of_cgroup(struct path_walk *walk, struct cgroup *cgroup)
{
	__u32 start = walk->len;

	walk->limit = PROCESS_DATA_SIZE;
	walk->node = BPF_CORE_READ(cgroup, kn);
	if (bpf_loop(PATH_STEPS, step_to_parent_node, walk, 0) >= PATH_STEPS)
		walk->cut = true;
	path_finish(walk, start);
}
