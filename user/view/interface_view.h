/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How interfaces look: -e and -i. */
#pragma once

#include <stdbool.h>

#include "model/interface.h"
#include "view/json.h"
#include "view/record.h"

/* One line, object or CSV row for each. */
void interface_view_rows(const struct record_style *style, const struct interface_list *list,
			 struct json *out);

/*
 * The sum over all but loopback in two columns, Received and Sent; with `xp` in the layout and
 * words of Windows XP's "netstat -e". A sum is "-" if one of its parts is unknown.
 */
void interface_view_totals(const struct interface_list *list, bool xp, struct json *out);

/* Colons or spaces between the bytes; "" if the interface has no hardware address. */
#define INTERFACE_MAC_SIZE (3 * INTERFACE_ADDRESS_MAX + 1)
void interface_view_mac(const struct interface *interface, char separator,
			char out[INTERFACE_MAC_SIZE]);
