/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The containers that processes of the table are in, each once. What a container is called comes
 * from outside, as a record; until then, and where nobody knows it, its name is NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

#define CONTAINER_NO_USER UINT32_MAX

struct container_table;

struct container {
	char *id;	     /* id or name out of the cgroup path */
	const char *runtime; /* static string: "docker", "podman" ... */
	char *name;	     /* any bytes but NUL; NULL: unknown */
	char *pod;	     /* "namespace/name"; NULL: none, or unknown */
	uint32_t user;	     /* whose slice its cgroup is in; CONTAINER_NO_USER: nobody's */
	/* The table's own. */
	unsigned int refs;
	struct container **link, *next; /* among those that nobody was asked for; NULL: not there */
};

/* NULL on lack of memory. */
struct container_table *container_table_new(void);
/* Every reference must have been given back. Accepts NULL. */
void container_table_free(struct container_table *table);

/*
 * The container that a cgroup path belongs to (container_from_cgroup()), with a reference. 0, and
 * NULL if the path names none; or -ENOMEM.
 */
int container_table_get(struct container_table *table, const char *cgroup,
			struct container **ret_container);

/* Both accept NULL. ref returns its argument. The last unref frees it. */
struct container *container_ref(struct container *container);
void container_unref(struct container_table *table, struct container *container);

/*
 * One whose name is unknown: somebody should find it. It is the same one until
 * container_table_asked() says that this was done. NULL: there is none. It goes with its last
 * process, so keep no pointer.
 */
struct container *container_table_nameless(struct container_table *table);
void container_table_asked(struct container *container);

/* A record that the decoder has accepted. Of a container that has gone it has no effect. */
int container_table_name(struct container_table *table, const struct sw_container *record);
