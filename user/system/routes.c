// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes: RTM_GETROUTE. */
#include "system/routes.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"
#include "system/rtnetlink.h"

#define ATTEMPTS 4 /* to read a table that does not change meanwhile */

struct reader {
	uint8_t family;
	bool all_tables;
	const struct interface_list *interfaces;
	struct route_list list;
};

static void reader_done(struct reader *reader)
{
	route_list_done(&reader->list);
}

/* In bytes; 0: not a family of ours. */
static size_t address_size(unsigned int family)
{
	switch (family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

static bool read_address(const struct nlattr *attr, unsigned int family, uint8_t out[16])
{
	size_t size = address_size(family);

	if (mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), size);
	return true;
}

static bool read_gateway(const struct nlattr *attr, struct route *route)
{
	route->via_family = route->family;
	return read_address(attr, route->family, route->via);
}

/* A gateway of another family (RFC 5549): struct rtvia, the family and then the address. */
static bool read_via(const struct nlattr *attr, struct route *route)
{
	struct rtvia via;
	size_t size, len = mnl_attr_get_payload_len(attr);

	if (len < sizeof(via))
		return false;
	memcpy(&via, mnl_attr_get_payload(attr), sizeof(via));
	size = address_size(via.rtvia_family);
	if (!size || len != sizeof(via) + size)
		return false;
	route->via_family = (uint8_t)via.rtvia_family;
	memcpy(route->via, (const char *)mnl_attr_get_payload(attr) + sizeof(via), size);
	return true;
}

/* What a route and each of its next hops may have. */
static bool read_hop_attribute(const struct nlattr *attr, struct route *route)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_GATEWAY:
		return read_gateway(attr, route);
	case RTA_VIA:
		return read_via(attr, route);
	default:
		return true;
	}
}

static bool read_attribute(const struct nlattr *attr, struct route *route)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		return read_address(attr, route->family, route->dst);
	case RTA_SRC:
		return read_address(attr, route->family, route->from);
	case RTA_PREFSRC:
		route->has_src = true;
		return read_address(attr, route->family, route->src);
	case RTA_OIF:
		return rtnetlink_read_u32(attr, &route->index);
	case RTA_PRIORITY:
		return rtnetlink_read_u32(attr, &route->metric);
	case RTA_TABLE:
		return rtnetlink_read_u32(attr, &route->table);
	case RTA_NH_ID:
		return rtnetlink_read_u32(attr, &route->nexthop);
	default:
		return read_hop_attribute(attr, route);
	}
}

/* All but the next hops of a multipath route: these are in ret_hops, or NULL. */
static int parse_route(const struct nlmsghdr *message, struct route *ret_route,
		       const struct nlattr **ret_hops)
{
	const struct rtmsg *header;
	const struct nlattr *attr, *hops = NULL;
	size_t bits;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    !rtnetlink_has_attributes(message, sizeof(*header)))
		return -EBADMSG;
	header = mnl_nlmsg_get_payload(message);
	bits = 8 * address_size(header->rtm_family);
	if (!bits || header->rtm_dst_len > bits || header->rtm_src_len > bits)
		return -EBADMSG;
	*ret_route = (struct route){
		.family = header->rtm_family,
		.dst_len = header->rtm_dst_len,
		.from_len = header->rtm_src_len,
		.tos = header->rtm_tos,
		.protocol = header->rtm_protocol,
		.scope = header->rtm_scope,
		.type = header->rtm_type,
		.table = header->rtm_table,
		.flags = header->rtm_flags,
	};
	mnl_attr_for_each(attr, message, sizeof(*header))
	{
		if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			hops = attr;
		else if (!read_attribute(attr, ret_route))
			return -EBADMSG;
	}
	*ret_hops = hops;
	return rtnetlink_is_whole(message, attr) ? 0 : -EBADMSG;
}

static int add(struct route_list *list, struct route *route,
	       const struct interface_list *interfaces)
{
	const struct interface *interface = interface_list_find(interfaces, route->index);

	if (interface)
		memcpy(route->dev, interface->name, sizeof(route->dev));
	return route_list_add(list, route);
}

static int add_hop(struct route_list *list, const struct route *common,
		   const struct rtnexthop *header, const struct interface_list *interfaces)
{
	const char *end = (const char *)header + header->rtnh_len;
	struct route route = *common;
	const struct nlattr *attr = (const void *)((const char *)header + sizeof(*header));

	route.index = (uint32_t)header->rtnh_ifindex;
	route.weight = (uint16_t)(header->rtnh_hops + 1); /* stored less one: rtnetlink(7) */
	route.flags |= header->rtnh_flags;
	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr))
		if (!read_hop_attribute(attr, &route))
			return -EBADMSG;
	return (const char *)attr >= end ? add(list, &route, interfaces) : -EBADMSG;
}

static int add_hops(struct route_list *list, const struct route *common, const struct nlattr *hops,
		    const struct interface_list *interfaces)
{
	const char *at = mnl_attr_get_payload(hops);
	size_t left = mnl_attr_get_payload_len(hops);
	int r = 0;

	while (left && r == 0) {
		const struct rtnexthop *header = (const void *)at;
		size_t step;

		if (left < sizeof(*header) || header->rtnh_len < sizeof(*header) ||
		    header->rtnh_len > left)
			return -EBADMSG;
		r = add_hop(list, common, header, interfaces);
		step = RTNH_ALIGN(header->rtnh_len);
		step = step < left ? step : left;
		at += step;
		left -= step;
	}
	return r;
}

int routes_parse(const struct nlmsghdr *message, bool all_tables,
		 const struct interface_list *interfaces, struct route_list *list)
{
	size_t count = list->count;
	const struct nlattr *hops;
	struct route route;
	int r = parse_route(message, &route, &hops);

	if (r < 0)
		return r;
	if (route.flags & RTM_F_CLONED || (route.table != ROUTE_TABLE_MAIN && !all_tables))
		return 0;
	r = hops ? add_hops(list, &route, hops, interfaces) : add(list, &route, interfaces);
	if (r < 0)
		list->count = count;
	return r;
}

/* A kernel without the family that it is asked for answers with all that it has. */
static bool is_of_family(const struct nlmsghdr *message, uint8_t family)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);

	return !rtnetlink_has_header(message, sizeof(*header)) || header->rtm_family == family;
}

static int visit(void *data, const struct nlmsghdr *message)
{
	struct reader *reader = data;
	int r;

	if (!is_of_family(message, reader->family))
		return 0;
	r = routes_parse(message, reader->all_tables, reader->interfaces, &reader->list);
	if (r != -EBADMSG)
		return r;
	reader->list.malformed++;
	return 0;
}

int routes_read(uint8_t family, bool all_tables, const struct interface_list *interfaces,
		struct route_list *ret_list)
{
	CLEANUP(reader_done)
	struct reader reader = {
		.family = family,
		.all_tables = all_tables,
		.interfaces = interfaces,
	};
	int r = 1;

	for (int i = 0; i < ATTEMPTS && r == 1; i++) {
		route_list_done(&reader.list);
		r = rtnetlink_dump(RTM_GETROUTE, family, visit, &reader);
	}
	if (r < 0)
		return r;
	reader.list.inconsistent = r;
	*ret_list = reader.list;
	reader.list = (struct route_list){ 0 };
	return 0;
}
