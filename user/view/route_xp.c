// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes as Windows XP's "netstat -r" lays them out. */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sockwatch/record.h"
#include "view/format.h"
#include "view/interface_view.h"
#include "view/line.h"
#include "view/route_view.h"

#define DEV_SIZE (4 * INTERFACE_NAME_SIZE) /* each byte escaped to \xNN */

static void put_ruler(struct json *out)
{
	line_printf(out, "===================================="
			 "=======================================\n");
}

/* Linux keeps no routes over a reboot; that is the business of what configures the network. */
static void put_persistent(struct json *out)
{
	put_ruler(out);
	line_printf(out, "Persistent Routes:\n  None\n");
}

static void escape_dev(const char name[INTERFACE_NAME_SIZE], char out[DEV_SIZE])
{
	text_escape(name[0] ? name : "-", name[0] ? strlen(name) : 1, out, DEV_SIZE);
}

void route_view_xp_interfaces(const struct interface_list *list, struct json *out)
{
	put_ruler(out);
	line_printf(out, "Interface List\n");
	for (size_t i = 0; i < list->count; i++) {
		char mac[INTERFACE_MAC_SIZE], dev[DEV_SIZE];

		interface_view_mac(&list->items[i], ' ', mac);
		escape_dev(list->items[i].name, dev);
		line_printf(out, "0x%x ...%s%s %s\n", list->items[i].index,
			    mac[0] ? mac : "..................", mac[0] ? " ......" : "......",
			    dev);
	}
	put_ruler(out);
}

/* Where packets go first, or what happens to them. */
static void gateway_of(const struct route *route, char out[FORMAT_ADDRESS_SIZE])
{
	const char *word = "On-link";

	if (route->type == RTN_BLACKHOLE)
		word = "Blackhole";
	else if (route->type == RTN_UNREACHABLE)
		word = "Unreachable";
	else if (route->type == RTN_PROHIBIT)
		word = "Prohibit";
	else if (route->type == RTN_THROW)
		word = "Throw";
	if (route->via_family)
		format_address(route->via_family, route->via, out);
	else
		snprintf(out, FORMAT_ADDRESS_SIZE, "%s", word);
}

/* What XP has no columns for: source-specific routes, and tables other than main. */
static void put_rest(const struct route *route, struct json *out)
{
	char text[FORMAT_ADDRESS_SIZE];

	if (route->from_len) {
		format_address(route->family, route->from, text);
		line_printf(out, "  from %s/%u", text, route->from_len);
	}
	if (route->table != ROUTE_TABLE_MAIN)
		line_printf(out, "  table %u", route->table);
	json_raw(out, "\n", 1);
}

/* The columns end at 17, 34, 51, 67 and 75, where those of XP's heading do. */
static void put_ipv4(const struct route *route, struct json *out)
{
	char text[FORMAT_ADDRESS_SIZE], dev[DEV_SIZE];
	uint32_t bits = route->dst_len ? UINT32_MAX << (32 - route->dst_len) : 0;
	uint8_t mask[16] = { bits >> 24, bits >> 16, bits >> 8, bits };

	format_address(SW_FAMILY_INET, route->dst, text);
	line_printf(out, "%17s", text);
	format_address(SW_FAMILY_INET, mask, text);
	record_put_right(out, text, 17);
	gateway_of(route, text);
	record_put_right(out, text, 17);
	escape_dev(route->dev, dev);
	record_put_right(out, dev, 16);
	snprintf(text, sizeof(text), "%u", route->metric);
	record_put_right(out, text, 8);
	put_rest(route, out);
}

/* Of several default routes the one that is taken, in the main table. NULL: none. */
static const struct route *default_route(const struct route_list *list)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct route *route = &list->items[i];

		if (!route->dst_len && route->via_family && route->table == ROUTE_TABLE_MAIN &&
		    (!best || route->metric < best->metric))
			best = route;
	}
	return best;
}

void route_view_xp_ipv4(const struct route_list *list, struct json *out)
{
	const struct route *first = default_route(list);

	put_ruler(out);
	line_printf(out, "Active Routes:\n");
	line_printf(out, "Network Destination        Netmask          Gateway"
			 "       Interface  Metric\n");
	for (size_t i = 0; i < list->count; i++)
		put_ipv4(&list->items[i], out);
	if (first) {
		char text[FORMAT_ADDRESS_SIZE];

		gateway_of(first, text);
		line_printf(out, "Default Gateway:");
		record_put_right(out, text, 18);
		json_raw(out, "\n", 1);
	}
	put_persistent(out);
}

void route_view_xp_ipv6(const struct route_list *list, struct json *out)
{
	line_printf(out, "IPv6 Route Table\n");
	put_ruler(out);
	line_printf(out, "Active Routes:\n If Metric Network Destination      Gateway\n");
	for (size_t i = 0; i < list->count; i++) {
		const struct route *route = &list->items[i];
		char text[FORMAT_ADDRESS_SIZE], dst[FORMAT_ADDRESS_SIZE + 4];

		format_address(SW_FAMILY_INET6, route->dst, text);
		snprintf(dst, sizeof(dst), "%s/%u", text, route->dst_len);
		gateway_of(route, text);
		line_printf(out, "%3u %6u %-24s %s", route->index, route->metric, dst, text);
		put_rest(route, out);
	}
	put_persistent(out);
}
