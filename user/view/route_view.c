// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes in the words of ip-route(8). XP's layout is in route_xp.c. */
#include "view/route_view.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "sockwatch/record.h"
#include "view/format.h"

static void set_address(struct record_value *ret, unsigned int family, const uint8_t address[16])
{
	format_address(family, address, ret->buffer);
	record_set_string(ret, ret->buffer);
}

/* "default" for all addresses, no length for a single one. */
static void set_prefix(struct record_value *ret, unsigned int family, const uint8_t address[16],
		       unsigned int len)
{
	char text[FORMAT_ADDRESS_SIZE];

	format_address(family, address, text);
	if (!len)
		record_set_string(ret, "default");
	else if (len == (family == SW_FAMILY_INET6 ? 128 : 32))
		record_set_format(ret, "%s", text);
	else
		record_set_format(ret, "%s/%u", text, len);
}

/* The name of a number, or the number where it has none. */
static void set_name(struct record_value *ret, const char *const names[], size_t count,
		     unsigned int number)
{
	if (number < count && names[number])
		record_set_string(ret, names[number]);
	else
		record_set_format(ret, "%u", number);
}

static void get_family(const void *record, int detail, struct record_value *ret)
{
	record_set_number(ret, ((const struct route *)record)->family == SW_FAMILY_INET6 ? 6 : 4);
}

static void get_dst(const void *record, int detail, struct record_value *ret)
{
	const struct route *route = record;

	set_prefix(ret, route->family, route->dst, route->dst_len);
}

static void get_from(const void *record, int detail, struct record_value *ret)
{
	const struct route *route = record;

	if (route->from_len)
		set_prefix(ret, route->family, route->from, route->from_len);
}

static void get_via(const void *record, int detail, struct record_value *ret)
{
	const struct route *route = record;

	if (route->via_family)
		set_address(ret, route->via_family, route->via);
}

static void get_dev(const void *record, int detail, struct record_value *ret)
{
	if (((const struct route *)record)->dev[0])
		record_set_string(ret, ((const struct route *)record)->dev);
}

static void get_metric(const void *record, int detail, struct record_value *ret)
{
	record_set_number(ret, ((const struct route *)record)->metric);
}

static void get_table(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[] = {
		[RT_TABLE_DEFAULT] = "default",
		[RT_TABLE_MAIN] = "main",
		[RT_TABLE_LOCAL] = "local",
	};

	set_name(ret, names, ARRAY_SIZE(names), ((const struct route *)record)->table);
}

static void get_src(const void *record, int detail, struct record_value *ret)
{
	const struct route *route = record;

	if (route->has_src)
		set_address(ret, route->family, route->src);
}

static void get_scope(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[] = {
		[RT_SCOPE_UNIVERSE] = "global", [RT_SCOPE_SITE] = "site",
		[RT_SCOPE_LINK] = "link",	[RT_SCOPE_HOST] = "host",
		[RT_SCOPE_NOWHERE] = "nowhere",
	};

	set_name(ret, names, ARRAY_SIZE(names), ((const struct route *)record)->scope);
}

static void get_type(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[] = {
		[RTN_UNSPEC] = "none",
		[RTN_UNICAST] = "unicast",
		[RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast",
		[RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast",
		[RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable",
		[RTN_PROHIBIT] = "prohibit",
		[RTN_THROW] = "throw",
		[RTN_NAT] = "nat",
		[RTN_XRESOLVE] = "xresolve",
	};

	set_name(ret, names, ARRAY_SIZE(names), ((const struct route *)record)->type);
}

/* linux/rtnetlink.h, in the spelling of /etc/iproute2/rt_protos. */
static void get_protocol(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[] = {
		[RTPROT_REDIRECT] = "redirect",
		[RTPROT_KERNEL] = "kernel",
		[RTPROT_BOOT] = "boot",
		[RTPROT_STATIC] = "static",
		[RTPROT_GATED] = "gated",
		[RTPROT_RA] = "ra",
		[RTPROT_MRT] = "mrt",
		[RTPROT_ZEBRA] = "zebra",
		[RTPROT_BIRD] = "bird",
		[RTPROT_DNROUTED] = "dnrouted",
		[RTPROT_XORP] = "xorp",
		[RTPROT_NTK] = "ntk",
		[RTPROT_DHCP] = "dhcp",
		[RTPROT_MROUTED] = "mrouted",
		[RTPROT_KEEPALIVED] = "keepalived",
		[RTPROT_BABEL] = "babel",
		[RTPROT_OPENR] = "openr",
		[RTPROT_BGP] = "bgp",
		[RTPROT_ISIS] = "isis",
		[RTPROT_OSPF] = "ospf",
		[RTPROT_RIP] = "rip",
		[RTPROT_EIGRP] = "eigrp",
	};

	set_name(ret, names, ARRAY_SIZE(names), ((const struct route *)record)->protocol);
}

static void get_flags(const void *record, int detail, struct record_value *ret)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ RTNH_F_DEAD, "dead" },	 { RTNH_F_PERVASIVE, "pervasive" },
		{ RTNH_F_ONLINK, "onlink" },	 { RTNH_F_OFFLOAD, "offload" },
		{ RTNH_F_LINKDOWN, "linkdown" }, { RTNH_F_UNRESOLVED, "unresolved" },
		{ RTNH_F_TRAP, "trap" },	 { RTM_F_OFFLOAD, "rt_offload" },
		{ RTM_F_TRAP, "rt_trap" },	 { RTM_F_OFFLOAD_FAILED, "rt_offload_failed" },
	};
	uint32_t flags = ((const struct route *)record)->flags;
	char *end = ret->buffer;

	*end = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			end += sprintf(end, "%s%s", end == ret->buffer ? "" : ",", names[i].name);
	record_set_string(ret, ret->buffer);
}

static void get_onlink(const void *record, int detail, struct record_value *ret)
{
	ret->kind = RECORD_BOOL;
	ret->number = (((const struct route *)record)->flags & RTNH_F_ONLINK) != 0;
}

static void get_weight(const void *record, int detail, struct record_value *ret)
{
	if (((const struct route *)record)->weight)
		record_set_number(ret, ((const struct route *)record)->weight);
}

static void get_nexthop(const void *record, int detail, struct record_value *ret)
{
	if (((const struct route *)record)->nexthop)
		record_set_number(ret, ((const struct route *)record)->nexthop);
}

static void get_tos(const void *record, int detail, struct record_value *ret)
{
	record_set_number(ret, ((const struct route *)record)->tos);
}

static const struct record_field fields[] = {
	{ "family", NULL, RECORD_RIGHT, 0, get_family },
	{ "dst", "DESTINATION", 0, 0, get_dst },
	{ "via", "GATEWAY", 0, 0, get_via },
	{ "dev", "DEV", 0, 0, get_dev },
	{ "metric", "METRIC", RECORD_RIGHT, 0, get_metric },
	{ "table", "TABLE", 0, 0, get_table },
	{ "src", "SOURCE", 0, 0, get_src },
	{ "from", "FROM", RECORD_OPTIONAL, 0, get_from },
	{ "scope", "SCOPE", 0, 0, get_scope },
	{ "type", "TYPE", 0, 0, get_type },
	{ "protocol", "PROTOCOL", 0, 0, get_protocol },
	{ "tos", "TOS", RECORD_RIGHT | RECORD_OPTIONAL, 0, get_tos },
	{ "weight", "WEIGHT", RECORD_RIGHT | RECORD_OPTIONAL, 0, get_weight },
	{ "nexthop", NULL, RECORD_RIGHT, 0, get_nexthop },
	{ "onlink", NULL, 0, 0, get_onlink },
	{ "flags", "FLAGS", RECORD_OPTIONAL, 0, get_flags },
};

void route_view_rows(const struct record_style *style, const struct route_list *list,
		     struct json *out)
{
	struct record_list records = {
		.records = list->items,
		.count = list->count,
		.size = sizeof(*list->items),
		.fields = fields,
		.field_count = ARRAY_SIZE(fields),
	};

	record_put(style, &records, out);
}
