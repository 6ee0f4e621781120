// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces: RTM_GETLINK, IFLA_STATS64. */
#include "system/interfaces.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/util.h"
#include "system/rtnetlink.h"

#define ATTEMPTS 4 /* to read a table that does not change meanwhile */

static int read_name(const struct nlattr *attr, struct interface *interface)
{
	const char *name = mnl_attr_get_payload(attr);
	size_t len = strnlen(name, mnl_attr_get_payload_len(attr));

	if (!len || len >= sizeof(interface->name))
		return -EBADMSG;
	memcpy(interface->name, name, len);
	return 0;
}

static int read_address(const struct nlattr *attr, struct interface *interface)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > sizeof(interface->address))
		return -EBADMSG;
	memcpy(interface->address, mnl_attr_get_payload(attr), len);
	interface->address_len = (uint8_t)len;
	return 0;
}

/* A newer kernel may give more counters than we know, an older one less. */
static int read_counters(const struct nlattr *attr, struct interface *interface)
{
	size_t count = mnl_attr_get_payload_len(attr) / sizeof(interface->counters[0]);

	if (count > INTERFACE_COUNTERS)
		count = INTERFACE_COUNTERS;
	memcpy(interface->counters, mnl_attr_get_payload(attr),
	       count * sizeof(interface->counters[0]));
	interface->counters_known = (unsigned int)count;
	return 0;
}

static int read_attribute(const struct nlattr *attr, struct interface *interface)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		return read_name(attr, interface);
	case IFLA_ADDRESS:
		return read_address(attr, interface);
	case IFLA_MTU:
		return rtnetlink_read_u32(attr, &interface->mtu) ? 0 : -EBADMSG;
	case IFLA_OPERSTATE:
		return rtnetlink_read_u8(attr, &interface->operstate) ? 0 : -EBADMSG;
	case IFLA_STATS64:
		return read_counters(attr, interface);
	default:
		return 0;
	}
}

int interfaces_parse(const struct nlmsghdr *message, struct interface *ret_interface)
{
	struct interface interface = { 0 };
	const struct ifinfomsg *info;
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWLINK || !rtnetlink_has_attributes(message, sizeof(*info)))
		return -EBADMSG;
	info = mnl_nlmsg_get_payload(message);
	interface.index = (uint32_t)info->ifi_index;
	interface.type = info->ifi_type;
	interface.flags = info->ifi_flags;
	mnl_attr_for_each(attr, message,
			  sizeof(*info)) if (read_attribute(attr, &interface) < 0) return -EBADMSG;
	if (!rtnetlink_is_whole(message, attr) || !interface.name[0])
		return -EBADMSG;
	*ret_interface = interface;
	return 0;
}

static int visit(void *data, const struct nlmsghdr *message)
{
	struct interface_list *list = data;
	struct interface interface;

	if (interfaces_parse(message, &interface) < 0) {
		list->malformed++;
		return 0;
	}
	return interface_list_add(list, &interface);
}

int interfaces_read(struct interface_list *ret_list)
{
	CLEANUP(interface_list_done) struct interface_list list = { 0 };
	int r = 1;

	for (int i = 0; i < ATTEMPTS && r == 1; i++) {
		interface_list_done(&list);
		r = rtnetlink_dump(RTM_GETLINK, AF_UNSPEC, visit, &list);
	}
	if (r < 0)
		return r;
	list.inconsistent = r;
	interface_list_sort(&list);
	*ret_list = list;
	list = (struct interface_list){ 0 };
	return 0;
}
