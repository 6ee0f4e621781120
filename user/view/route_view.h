/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How routes look: -r. */
#pragma once

#include "model/interface.h"
#include "model/route.h"
#include "view/json.h"
#include "view/record.h"

/* One line, object or CSV row for each, in the words of ip-route(8). */
void route_view_rows(const struct record_style *style, const struct route_list *list,
		     struct json *out);

/*
 * Windows XP's "netstat -r". Where XP has the address of an interface, we have its name; a
 * destination without gateway is "On-link". XP had no IPv6 there: it looks as in later versions.
 */
void route_view_xp_interfaces(const struct interface_list *list, struct json *out);
void route_view_xp_ipv4(const struct route_list *list, struct json *out);
void route_view_xp_ipv6(const struct route_list *list, struct json *out);
