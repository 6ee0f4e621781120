/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds of BPF: programs, maps and links by id, and pins. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define OBJECTS_MAX 2048

struct objects {
	uint32_t programs[OBJECTS_MAX], maps[OBJECTS_MAX], links[OBJECTS_MAX];
	size_t program_count, map_count, link_count;
	size_t pins; /* entries of /sys/fs/bpf */
};

void objects_read(struct objects *ret_objects);
/* How many are in `now` that were not in `before`; prints them if `name_them`. */
size_t objects_added(const struct objects *before, const struct objects *now, int name_them);
