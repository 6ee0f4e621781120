// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which container a cgroup path belongs to, by the names that the runtimes give. Asking a runtime
 * what its container is called is not done here.
 */
#include "model/container.h"

#include <stdbool.h>
#include <string.h>

#define ID_LEN 64 /* docker, podman, containerd and cri-o: SHA-256 in hex */

/* A piece of the path between slashes. */
struct name {
	const char *text;
	size_t len;
};

struct scheme {
	const char *text;
	const char *runtime;
};

/* Before the id in the names that systemd's driver makes. */
static const struct scheme prefixes[] = {
	{ "docker-", "docker" },      { "libpod-payload-", "podman" },
	{ "libpod-", "podman" },      { "cri-containerd-", "containerd" },
	{ "nerdctl-", "containerd" }, { "crio-", "cri-o" },
};

/* The cgroupfs driver below these leaves the bare id. */
static const struct scheme parents[] = {
	{ "docker", "docker" },
	{ "libpod_parent", "podman" },
	{ "k8s.io", "containerd" },
};

/* What a runtime makes of "slice:prefix:id" when it does not know that the driver is systemd's. */
static const struct scheme joints[] = {
	{ ":cri-containerd:", "containerd" },
	{ ":crio:", "cri-o" },
	{ ":docker:", "docker" },
	{ ":libpod:", "podman" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is(struct name name, const char *text)
{
	return name.len == strlen(text) && !memcmp(name.text, text, name.len);
}

static bool skip_prefix(struct name *name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (name->len < len || memcmp(name->text, prefix, len) != 0)
		return false;
	name->text += len;
	name->len -= len;
	return true;
}

static bool cut_suffix(struct name *name, const char *suffix)
{
	size_t len = strlen(suffix);

	if (name->len < len || memcmp(name->text + name->len - len, suffix, len) != 0)
		return false;
	name->len -= len;
	return true;
}

static bool is_hex_id(struct name name)
{
	if (name.len != ID_LEN)
		return false;
	for (size_t i = 0; i < ID_LEN; i++) {
		char c = name.text[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

/* Names that somebody chose: anything but nothing and the links upwards. */
static bool is_chosen_name(struct name name)
{
	return name.len && !is(name, ".") && !is(name, "..");
}

/* Take the last name off the path; an empty one if there is none. */
static struct name take_last(const char *path, size_t *len)
{
	size_t end = *len, start;

	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	*len = start;
	return (struct name){ path + start, end - start };
}

static bool below_kubepods(const char *path, size_t len)
{
	while (len) {
		struct name name = take_last(path, &len);

		if (skip_prefix(&name, "kubepods") || skip_prefix(&name, "kubelet-kubepods"))
			return true;
	}
	return false;
}

static const char *match_hex(struct name *name, struct name parent)
{
	struct name id = *name;

	cut_suffix(&id, ".scope");
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct name rest = id;

		if (skip_prefix(&rest, prefixes[i].text) && is_hex_id(rest)) {
			*name = rest;
			return prefixes[i].runtime;
		}
	}
	for (size_t i = 0; i < COUNT(parents); i++) {
		if (is(parent, parents[i].text) && is_hex_id(*name))
			return parents[i].runtime;
	}
	return NULL;
}

static const char *match_colons(struct name *name)
{
	struct name id;

	if (name->len <= ID_LEN)
		return NULL;
	id = (struct name){ name->text + name->len - ID_LEN, ID_LEN };
	if (!is_hex_id(id))
		return NULL;
	for (size_t i = 0; i < COUNT(joints); i++) {
		struct name front = { name->text, name->len - ID_LEN };

		if (cut_suffix(&front, joints[i].text)) {
			*name = id;
			return joints[i].runtime;
		}
	}
	return NULL;
}

static const char *match_machine(struct name *name)
{
	struct name rest = *name, front;

	if (skip_prefix(&rest, "systemd-nspawn@")) {
		if (!cut_suffix(&rest, ".service") || !rest.len)
			return NULL;
		*name = rest;
		return "systemd-nspawn";
	}
	if (!skip_prefix(&rest, "machine-") || !cut_suffix(&rest, ".scope") || !rest.len)
		return NULL;
	/* libvirt registers its machines too; systemd writes "-" in a name as \x2d. */
	front = rest;
	if (skip_prefix(&front, "qemu\\x2d")) /* a virtual machine */
		return NULL;
	*name = rest;
	return skip_prefix(&front, "lxc\\x2d") ? "libvirt-lxc" : "systemd-nspawn";
}

static const char *match_lxc(struct name *name, struct name parent)
{
	struct name rest = *name;

	if (skip_prefix(&rest, "lxc.payload.")) {
		if (!is_chosen_name(rest))
			return NULL;
		*name = rest;
		return "lxc";
	}
	if ((is(parent, "lxc") || is(parent, "lxc.payload")) && is_chosen_name(*name))
		return "lxc";
	return NULL;
}

/* The runtime that made `name`, which is cut to the id; NULL: it is no container's. */
static const char *match(struct name *name, const char *path, size_t path_len)
{
	size_t rest = path_len;
	struct name parent = take_last(path, &rest);
	const char *runtime = match_hex(name, parent);

	if (!runtime)
		runtime = match_colons(name);
	if (!runtime)
		runtime = match_machine(name);
	if (!runtime)
		runtime = match_lxc(name, parent);
	if (!runtime && is_hex_id(*name) && below_kubepods(path, path_len))
		runtime = "kubepods";
	return runtime;
}

int container_from_cgroup(const char *path, struct container_name *ret_name)
{
	size_t len = strlen(path);

	while (len) {
		struct name name = take_last(path, &len);
		const char *runtime = match(&name, path, len);

		if (runtime) {
			ret_name->runtime = runtime;
			ret_name->id = name.text;
			ret_name->id_len = name.len;
			return 1;
		}
	}
	return 0;
}
