// SPDX-License-Identifier: GPL-2.0-or-later
/* Walking the kernel's BPF objects with bpf(2) alone, so that libbpf is no witness of itself. */
#define _GNU_SOURCE
#include "objects.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"

static size_t walk(unsigned int command, uint32_t ids[OBJECTS_MAX])
{
	union bpf_attr attr;
	size_t count = 0;

	memset(&attr, 0, sizeof(attr));
	while (count < OBJECTS_MAX && syscall(__NR_bpf, command, &attr, sizeof(attr)) == 0) {
		ids[count++] = attr.next_id;
		attr.start_id = attr.next_id;
	}
	return count;
}

static size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

void objects_read(struct objects *ret_objects)
{
	ret_objects->program_count = walk(BPF_PROG_GET_NEXT_ID, ret_objects->programs);
	ret_objects->map_count = walk(BPF_MAP_GET_NEXT_ID, ret_objects->maps);
	ret_objects->link_count = walk(BPF_LINK_GET_NEXT_ID, ret_objects->links);
	ret_objects->pins = count_entries("/sys/fs/bpf");
}

static size_t added(const char *what, const uint32_t *before, size_t before_count,
		    const uint32_t *now, size_t now_count, int name_them)
{
	size_t result = 0, at = 0;

	/* Both lists ascend. */
	for (size_t i = 0; i < now_count; i++) {
		while (at < before_count && before[at] < now[i])
			at++;
		if (at < before_count && before[at] == now[i])
			continue;
		result++;
		if (name_them)
			print_error("left behind: BPF %s %u\n", what, now[i]);
	}
	return result;
}

size_t objects_added(const struct objects *before, const struct objects *now, int name_them)
{
	size_t result = now->pins > before->pins ? now->pins - before->pins : 0;

	if (result > 0 && name_them)
		print_error("left behind: %zu entries in /sys/fs/bpf\n", result);
	result += added("program", before->programs, before->program_count, now->programs,
			now->program_count, name_them);
	result +=
		added("map", before->maps, before->map_count, now->maps, now->map_count, name_them);
	result += added("link", before->links, before->link_count, now->links, now->link_count,
			name_them);
	return result;
}
