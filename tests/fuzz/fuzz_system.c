// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes system/protostats.c, system/interfaces.c and system/routes.c: the first byte chooses what
 * the others are, the text of a file or what follows the header of a netlink message.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "system/interfaces.h"
#include "system/protostats.h"
#include "system/routes.h"

static void check_statistics(const char *text, size_t len,
			     int (*parse)(const char *text, size_t len,
					  struct statistic_list *list))
{
	struct statistic_list list = { 0 };

	(void)parse(text, len, &list);
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.items[i].name;

		if (!memchr(name, '\0', STATISTIC_NAME_SIZE) || !*name)
			abort();
		for (; *name; name++)
			if (*name <= ' ' || *name > '~')
				abort();
	}
	statistic_list_done(&list);
}

static void check_interface(const struct nlmsghdr *message)
{
	struct interface interface;

	if (interfaces_parse(message, &interface) < 0)
		return;
	if (!memchr(interface.name, '\0', sizeof(interface.name)) || !interface.name[0] ||
	    interface.address_len > INTERFACE_ADDRESS_MAX ||
	    interface.counters_known > INTERFACE_COUNTERS)
		abort();
}

static void check_routes(const struct nlmsghdr *message, bool all)
{
	const struct interface_list interfaces = { 0 };
	struct route_list list = { 0 };

	(void)routes_parse(message, all, &interfaces, &list);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].dst_len > 128 || list.items[i].from_len > 128)
			abort();
	route_list_done(&list);
}

static void check_message(unsigned int choice, const uint8_t *data, size_t size)
{
	struct nlmsghdr *message = malloc(sizeof(*message) + size);

	if (!message)
		return;
	memset(message, 0, sizeof(*message));
	message->nlmsg_len = (uint32_t)(sizeof(*message) + size);
	message->nlmsg_type = choice ? RTM_NEWROUTE : RTM_NEWLINK;
	memcpy(message + 1, data, size);
	if (choice)
		check_routes(message, choice == 1);
	else
		check_interface(message);
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0] % 6) {
	case 0:
		check_statistics(text, size - 1, protostats_parse_pairs);
		break;
	case 1:
		check_statistics(text, size - 1, protostats_parse_snmp6);
		break;
	case 2:
		check_statistics(text, size - 1, protostats_parse_sockstat6);
		break;
	default:
		check_message(data[0] % 6 - 3, data + 1, size - 1);
		break;
	}
	return 0;
}
