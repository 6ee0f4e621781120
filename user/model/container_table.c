// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers, each once, for as long as a process refers to it. Sizes were checked before. */
#include "model/container_table.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "model/container.h"
#include "model/unit.h"

struct container_table {
	void *containers; /* tsearch(3)'s tree: tenants may choose their names, so no hash of them
			   */
	struct container *nameless;
};

struct container_table *container_table_new(void)
{
	return calloc(1, sizeof(struct container_table));
}

void container_table_free(struct container_table *table)
{
	free(table);
}

static int compare(const void *a, const void *b)
{
	const struct container *left = a, *right = b;
	int order = strcmp(left->id, right->id);

	/* Two users may have one of the same name. */
	if (order == 0)
		order = strcmp(left->runtime, right->runtime);
	if (order == 0)
		order = (left->user > right->user) - (left->user < right->user);
	return order;
}

static void free_container(struct container *container)
{
	free(container->id);
	free(container->name);
	free(container->pod);
	free(container);
}

/* "\x2d" becomes "-": systemd writes the names of machines so. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *from = name; *from; to++) {
		unsigned int byte;
		int len = 0;

		if (sscanf(from, "\\x%2x%n", &byte, &len) == 1 && len == 4 && byte) {
			*to = (char)byte;
			from += len;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* lxc and systemd name their cgroups after the container: there is nothing to ask. */
static int name_itself(struct container *container)
{
	if (strcmp(container->runtime, "lxc") != 0 &&
	    strcmp(container->runtime, "libvirt-lxc") != 0 &&
	    strcmp(container->runtime, "systemd-nspawn") != 0)
		return 0;
	container->name = strdup(container->id);
	if (!container->name)
		return -ENOMEM;
	if (strcmp(container->runtime, "lxc") != 0)
		unescape(container->name);
	return 0;
}

static void link_nameless(struct container_table *table, struct container *container)
{
	container->next = table->nameless;
	container->link = &table->nameless;
	if (container->next)
		container->next->link = &container->next;
	table->nameless = container;
}

static void unlink_nameless(struct container *container)
{
	if (!container->link)
		return;
	*container->link = container->next;
	if (container->next)
		container->next->link = container->link;
	container->link = NULL;
}

static int insert(struct container_table *table, const struct container *key,
		  struct container **ret_container)
{
	struct container *container = calloc(1, sizeof(*container));

	if (!container)
		return -ENOMEM;
	container->id = strdup(key->id);
	container->runtime = key->runtime;
	container->user = key->user;
	if (!container->id || name_itself(container) < 0 ||
	    !tsearch(container, &table->containers, compare)) {
		free_container(container);
		return -ENOMEM;
	}
	if (!container->name)
		link_nameless(table, container);
	*ret_container = container;
	return 0;
}

int container_table_get(struct container_table *table, const char *cgroup,
			struct container **ret_container)
{
	struct container key = { 0 }, *const * found;
	struct container_name name;
	int r = 0;

	if (!container_from_cgroup(cgroup, &name)) {
		*ret_container = NULL;
		return 0;
	}
	key.id = strndup(name.id, name.id_len);
	if (!key.id)
		return -ENOMEM;
	key.runtime = name.runtime;
	key.user = unit_user(cgroup);
	found = tfind(&key, &table->containers, compare);
	if (found)
		*ret_container = *found;
	else
		r = insert(table, &key, ret_container);
	if (r == 0)
		container_ref(*ret_container);
	free(key.id);
	return r;
}

struct container *container_ref(struct container *container)
{
	if (container)
		container->refs++;
	return container;
}

void container_unref(struct container_table *table, struct container *container)
{
	if (!container || --container->refs)
		return;
	unlink_nameless(container);
	tdelete(container, &table->containers, compare);
	free_container(container);
}

struct container *container_table_nameless(struct container_table *table)
{
	return table->nameless;
}

void container_table_asked(struct container *container)
{
	unlink_nameless(container);
}

static int set_text(char **text, const char *bytes, size_t len)
{
	char *copy = len ? strndup(bytes, len) : NULL;

	if (len && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int container_table_name(struct container_table *table, const struct sw_container *record)
{
	const char *id = (const char *)(record + 1), *runtime = id + record->id_len;
	const char *name = runtime + record->runtime_len;
	CLEANUP_FREE char *key_id = strndup(id, record->id_len);
	CLEANUP_FREE char *key_runtime = strndup(runtime, record->runtime_len);
	const struct container key = { .id = key_id, .runtime = key_runtime, .user = record->user };
	struct container *const *found;
	int r;

	if (!key_id || !key_runtime)
		return -ENOMEM;
	found = tfind(&key, &table->containers, compare);
	if (!found)
		return 0;
	unlink_nameless(*found);
	r = set_text(&(*found)->name, name, record->name_len);
	return r < 0 ? r : set_text(&(*found)->pod, name + record->name_len, record->pod_len);
}
