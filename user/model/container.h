/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which container a cgroup path belongs to. Knows the naming of the runtimes, nothing else. */
#pragma once

#include <stddef.h>

struct container_name {
	const char *runtime; /* static string */
	const char *id;	     /* points into the path that was given */
	size_t id_len;
};

/*
 * Recognise the innermost container of a cgroup path such as
 * "/system.slice/docker-<64 hex>.scope": docker, podman (libpod), containerd, cri-o, kubepods with
 * or without systemd, systemd-nspawn (machine.slice/systemd-nspawn@NAME.service and
 * machine-NAME.scope), lxc (lxc/NAME, lxc.payload.NAME, lxc.payload/NAME). The path is untrusted
 * and need not be clean. Returns 1 and fills ret_name, or 0 if the path names no container.
 */
int container_from_cgroup(const char *path, struct container_name *ret_name);
