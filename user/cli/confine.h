/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before anything from outside is read: give away what the rest of a command can do without. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct doors;
struct opener;

/*
 * Lock this process in, with these needs (enum sandbox_needs). What these doors lead to is opened
 * from now on by a child that may: ret_opener, or NULL if there are none. Not `wanted`
 * (--no-sandbox): does nothing. EXIT_OK, or EXIT_FAILED after an explanation.
 */
int confine(bool wanted, unsigned int needs, struct doors *const sets[], size_t count,
	    struct opener **ret_opener);
