/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files in which container runtimes keep what a container is called. All paths that are opened
 * for that are in one table in container_files.c; a sandbox must allow what container_files_path()
 * lists. Tenants may write some of these files: they are opened without following links, and only
 * regular ones of bounded size are read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/container_config.h"

/*
 * What the files of `runtime` ("docker", "podman", "containerd", "cri-o"; "kubepods" is any of
 * them) say about the container `id`. `user`: whose it is, or CONTAINER_NO_USER: then the system's
 * files are asked, else only those in that user's home. `root` is put before every path ("" but in
 * tests). May block as long as a disk can. 0, or -ENOENT.
 */
int container_files_find(const char *root, const char *runtime, const char *id, uint32_t user,
			 struct container_config *ret_config);

/* The directories below which files are read, and /etc/passwd; NULL beyond the last. */
const char *container_files_path(size_t index);
