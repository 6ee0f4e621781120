/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes of our network namespace, through rtnetlink(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/interface.h"
#include "model/route.h"

struct nlmsghdr;

/*
 * Decode an RTM_NEWROUTE message, whose nlmsg_len the caller has checked against its buffer, and
 * append a route for each of its next hops; nothing for cached routes (RTM_F_CLONED), nor for
 * those of other tables than main unless `all_tables`. `interfaces` has the names. 0, -ENOMEM, or
 * -EBADMSG if it is not one, or an attribute is cut or has a size that linux/rtnetlink.h does not
 * give it; then nothing is appended.
 */
int routes_parse(const struct nlmsghdr *message, bool all_tables,
		 const struct interface_list *interfaces, struct route_list *list);

/*
 * family is SW_FAMILY_INET or _INET6. Needs no privilege. 0 or negative errno; a kernel without
 * that family has no routes.
 */
int routes_read(uint8_t family, bool all_tables, const struct interface_list *interfaces,
		struct route_list *ret_list);
