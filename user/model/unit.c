// SPDX-License-Identifier: GPL-2.0-or-later
/* Units of systemd, by the names of cgroups (systemd's "Control Group APIs and Delegation"). */
#include "model/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* The name at the front of a path, whose slashes are skipped. */
static struct unit_name first_name(const char *path)
{
	path += strspn(path, "/");
	return (struct unit_name){ path, strcspn(path, "/") };
}

static bool ends_with(struct unit_name name, const char *suffix)
{
	size_t len = strlen(suffix);

	return name.len > len && memcmp(name.text + name.len - len, suffix, len) == 0;
}

/* systemd puts "_" before what could be taken for a file of the kernel's. */
static struct unit_name unescape(struct unit_name name)
{
	if (name.len && *name.text == '_') {
		name.text++;
		name.len--;
	}
	return name;
}

static bool has_unit_characters(struct unit_name name)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    ":-_.\\@";

	for (size_t i = 0; i < name.len; i++)
		if (!name.text[i] || !strchr(known, name.text[i]))
			return false;
	return true;
}

static bool is_slice(struct unit_name name)
{
	name = unescape(name);
	return ends_with(name, ".slice") && *name.text != '@' && has_unit_characters(name);
}

/* Only these have cgroups of their own, apart from slices. */
static bool is_unit(struct unit_name name)
{
	static const char *const types[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	if (name.len > UNIT_NAME_LEN || !name.len || *name.text == '@' ||
	    !has_unit_characters(name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (ends_with(name, types[i]))
			return true;
	return false;
}

static const char *skip_slices(const char *path)
{
	struct unit_name name;

	while (is_slice(name = first_name(path)))
		path = name.text + name.len;
	return path;
}

static bool take_unit(const char *path, struct unit_name *ret_name)
{
	struct unit_name name = unescape(first_name(skip_slices(path)));

	if (!is_unit(name))
		return false;
	*ret_name = name;
	return true;
}

bool unit_from_cgroup(const char *path, struct unit_name *ret_name)
{
	return take_unit(path, ret_name);
}

/* Digits, and at least one of them, before what follows. */
static bool is_number_then(const char *text, size_t len, const char *rest)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits + strlen(rest) == len && !memcmp(text + digits, rest, strlen(rest));
}

static bool is_user_manager(struct unit_name name)
{
	size_t len = strlen("user@");

	return name.len > len && !memcmp(name.text, "user@", len) &&
	       is_number_then(name.text + len, name.len - len, ".service");
}

static bool is_session(struct unit_name name)
{
	size_t len = strlen("session-");

	return name.len > len && !memcmp(name.text, "session-", len) && ends_with(name, ".scope");
}

bool unit_from_user_cgroup(const char *path, struct unit_name *ret_name)
{
	struct unit_name manager;

	return take_unit(path, &manager) && (is_user_manager(manager) || is_session(manager)) &&
	       take_unit(manager.text + manager.len, ret_name);
}

uint32_t unit_user(const char *path)
{
	size_t len = strlen("user-");
	struct unit_name name;

	for (; (name = first_name(path)).len; path = name.text + name.len) {
		unsigned long user;

		if (name.len <= len || memcmp(name.text, "user-", len) != 0 ||
		    !is_number_then(name.text + len, name.len - len, ".slice"))
			continue;
		errno = 0;
		user = strtoul(name.text + len, NULL, 10);
		return errno || user > UINT32_MAX ? UINT32_MAX : (uint32_t)user;
	}
	return UINT32_MAX;
}
