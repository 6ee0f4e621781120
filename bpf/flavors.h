/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where kernels differ: variants of a type, named after the version that has them. */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* 6.15 renamed kernfs_node.parent to __parent and put it under RCU. */
struct kernfs_node___6_1 {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___6_1 *old = (void *)node;

	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(node, __parent);
}
