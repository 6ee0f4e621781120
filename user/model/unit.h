/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which unit of systemd a cgroup path belongs to, as sd_pid_get_unit(3) and
 * sd_pid_get_user_unit(3) tell it: the first name that is no slice. No I/O.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIT_NAME_LEN 255 /* the longest that systemd accepts */

/* A name within the path. */
struct unit_name {
	const char *text;
	size_t len;
};

/* Of the system's manager: "nginx.service", "session-3.scope", "user@1000.service". */
bool unit_from_cgroup(const char *path, struct unit_name *ret_name);

/* Of a user's manager, below its user@UID.service or session: "app-firefox.scope". */
bool unit_from_user_cgroup(const char *path, struct unit_name *ret_name);

/* The user whose slice (user-UID.slice) the path is in; UINT32_MAX: nobody's. */
uint32_t unit_user(const char *path);
