/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of container runtimes say a container is called. They are hostile: tenants choose
 * what stands in them. JSON is jansson's; no I/O.
 */
#pragma once

#include <stddef.h>

#include "sockwatch/record.h"

/* Texts are never empty but for "": unknown. They are UTF-8, and may hold control characters. */
struct container_config {
	char name[SW_CONTAINER_TEXT_LEN + 1];
	char pod[SW_CONTAINER_TEXT_LEN + 1]; /* "namespace/name" */
};

/*
 * Each takes the whole file, which need not end with NUL, and fills ret_config: 0 if it has a name;
 * -ENOENT if it names nothing; -EBADMSG if it is no such file. A text that is too long is unknown.
 */

/* Docker's config.v2.json: "Name", and the labels of Kubernetes if it is run by that. */
int container_config_docker(const char *text, size_t len, struct container_config *ret_config);

/* The OCI's config.json: annotations of CRI-O, containerd's CRI plugin, or nerdctl. */
int container_config_oci(const char *text, size_t len, struct container_config *ret_config);

/* containers-storage's containers.json, which has all containers: the first name of this one. */
int container_config_storage(const char *text, size_t len, const char *id,
			     struct container_config *ret_config);
