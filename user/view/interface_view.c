// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces: a line each, or their totals as XP shows them. */
#include "view/interface_view.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "view/line.h"

#define NUMBER_SIZE 24

static void get_dev(const void *record, int detail, struct record_value *ret)
{
	record_set_string(ret, ((const struct interface *)record)->name);
}

static void get_index(const void *record, int detail, struct record_value *ret)
{
	record_set_number(ret, ((const struct interface *)record)->index);
}

static void get_mtu(const void *record, int detail, struct record_value *ret)
{
	if (((const struct interface *)record)->mtu)
		record_set_number(ret, ((const struct interface *)record)->mtu);
}

/* RFC 2863's ifOperStatus in the kernel's numbers. */
static void get_operstate(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[] = {
		[IF_OPER_UNKNOWN] = "unknown", [IF_OPER_NOTPRESENT] = "notpresent",
		[IF_OPER_DOWN] = "down",       [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
		[IF_OPER_TESTING] = "testing", [IF_OPER_DORMANT] = "dormant",
		[IF_OPER_UP] = "up",
	};
	unsigned int state = ((const struct interface *)record)->operstate;

	if (state < ARRAY_SIZE(names))
		record_set_string(ret, names[state]);
}

void interface_view_mac(const struct interface *interface, char separator,
			char out[INTERFACE_MAC_SIZE])
{
	char *end = out;

	*end = '\0';
	/* From 256 on (linux/if_arp.h) there is no hardware: tunnels keep an IP address there. */
	if (interface->type >= ARPHRD_SLIP)
		return;
	for (unsigned int i = 0; i < interface->address_len; i++) {
		if (i)
			*end++ = separator;
		end += sprintf(end, "%02x", interface->address[i]);
	}
}

static void get_mac(const void *record, int detail, struct record_value *ret)
{
	_Static_assert(INTERFACE_MAC_SIZE <= RECORD_VALUE_SIZE, "a MAC address fits");
	interface_view_mac(record, ':', ret->buffer);
	if (ret->buffer[0])
		record_set_string(ret, ret->buffer);
}

/* As ip(8) names them, but for RUNNING, which LOWER_UP and the state already tell. */
static void get_flags(const void *record, int detail, struct record_value *ret)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ IFF_UP, "UP" },
		{ IFF_LOOPBACK, "LOOPBACK" },
		{ IFF_BROADCAST, "BROADCAST" },
		{ IFF_POINTOPOINT, "POINTOPOINT" },
		{ IFF_MULTICAST, "MULTICAST" },
		{ IFF_NOARP, "NOARP" },
		{ IFF_ALLMULTI, "ALLMULTI" },
		{ IFF_PROMISC, "PROMISC" },
		{ IFF_MASTER, "MASTER" },
		{ IFF_SLAVE, "SLAVE" },
		{ IFF_DEBUG, "DEBUG" },
		{ IFF_DYNAMIC, "DYNAMIC" },
		{ IFF_AUTOMEDIA, "AUTOMEDIA" },
		{ IFF_PORTSEL, "PORTSEL" },
		{ IFF_NOTRAILERS, "NOTRAILERS" },
		{ IFF_LOWER_UP, "LOWER_UP" },
		{ IFF_DORMANT, "DORMANT" },
		{ IFF_ECHO, "ECHO" },
	};
	uint32_t flags = ((const struct interface *)record)->flags;
	char *end = ret->buffer;

	*end = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			end += sprintf(end, "%s%s", end == ret->buffer ? "" : ",", names[i].name);
	record_set_string(ret, ret->buffer);
}

static void get_counter(const void *record, int detail, struct record_value *ret)
{
	const struct interface *interface = record;

	if ((unsigned int)detail < interface->counters_known)
		record_set_number(ret, interface->counters[detail]);
}

static const struct record_field fields[] = {
	{ "dev", "DEV", 0, 0, get_dev },
	{ "rx_bytes", "RX-BYTES", RECORD_RIGHT, INTERFACE_RX_BYTES, get_counter },
	{ "tx_bytes", "TX-BYTES", RECORD_RIGHT, INTERFACE_TX_BYTES, get_counter },
	{ "rx_packets", "RX-PACKETS", RECORD_RIGHT, INTERFACE_RX_PACKETS, get_counter },
	{ "tx_packets", "TX-PACKETS", RECORD_RIGHT, INTERFACE_TX_PACKETS, get_counter },
	{ "rx_errors", "RX-ERR", RECORD_RIGHT, INTERFACE_RX_ERRORS, get_counter },
	{ "tx_errors", "TX-ERR", RECORD_RIGHT, INTERFACE_TX_ERRORS, get_counter },
	{ "rx_dropped", "RX-DROP", RECORD_RIGHT, INTERFACE_RX_DROPPED, get_counter },
	{ "tx_dropped", "TX-DROP", RECORD_RIGHT, INTERFACE_TX_DROPPED, get_counter },
	{ "rx_multicast", "RX-MCAST", RECORD_RIGHT, INTERFACE_RX_MULTICAST, get_counter },
	{ "collisions", NULL, RECORD_RIGHT, INTERFACE_COLLISIONS, get_counter },
	{ "rx_missed", NULL, RECORD_RIGHT, INTERFACE_RX_MISSED_ERRORS, get_counter },
	{ "rx_nohandler", NULL, RECORD_RIGHT, INTERFACE_RX_NOHANDLER, get_counter },
	{ "tx_carrier_errors", NULL, RECORD_RIGHT, INTERFACE_TX_CARRIER_ERRORS, get_counter },
	{ "mtu", "MTU", RECORD_RIGHT, 0, get_mtu },
	{ "operstate", "STATE", 0, 0, get_operstate },
	{ "mac", "MAC", 0, 0, get_mac },
	{ "flags", "FLAGS", 0, 0, get_flags },
	{ "index", NULL, RECORD_RIGHT, 0, get_index },
};

void interface_view_rows(const struct record_style *style, const struct interface_list *list,
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

/* What of all interfaces but loopback is known of all of them. */
static struct interface total_of(const struct interface_list *list)
{
	struct interface total = { .counters_known = INTERFACE_COUNTERS };

	for (size_t i = 0; i < list->count; i++) {
		const struct interface *interface = &list->items[i];

		if (interface->flags & IFF_LOOPBACK)
			continue;
		if (interface->counters_known < total.counters_known)
			total.counters_known = interface->counters_known;
		for (unsigned int j = 0; j < total.counters_known; j++)
			total.counters[j] += interface->counters[j];
	}
	return total;
}

static const char *number_text(bool known, uint64_t number, char out[NUMBER_SIZE])
{
	if (!known)
		return "-";
	snprintf(out, NUMBER_SIZE, "%llu", (unsigned long long)number);
	return out;
}

static const char *counter_text(const struct interface *total, enum interface_counter counter,
				char out[NUMBER_SIZE])
{
	return number_text(counter < total->counters_known, total->counters[counter], out);
}

/* XP's columns: 20 for the label, numbers that end in column 35 and 51. `sent` may be NULL. */
static void put_line(struct json *out, const char *label, const char *received, const char *sent)
{
	line_printf(out, "%-20s", label);
	record_put_right(out, received, 15);
	if (sent)
		record_put_right(out, sent, 16);
	json_raw(out, "\n", 1);
}

static void put_counters(struct json *out, const char *label, const struct interface *total,
			 enum interface_counter received, enum interface_counter sent)
{
	char left[NUMBER_SIZE], right[NUMBER_SIZE];

	put_line(out, label, counter_text(total, received, left), counter_text(total, sent, right));
}

/*
 * XP tells packets by their destination. Linux counts received multicasts alone (broadcasts are
 * among the others), sent packets only as a whole, and packets of unknown protocols among the
 * dropped ones. So "Packets" is a line that XP does not have, and what nobody counts is "-".
 */
static void put_xp_packets(struct json *out, const struct interface *total)
{
	uint64_t packets = total->counters[INTERFACE_RX_PACKETS];
	uint64_t multicast = total->counters[INTERFACE_RX_MULTICAST];
	bool known = total->counters_known > INTERFACE_RX_MULTICAST && multicast <= packets;
	char number[NUMBER_SIZE];

	put_counters(out, "Packets", total, INTERFACE_RX_PACKETS, INTERFACE_TX_PACKETS);
	put_line(out, "Unicast packets", number_text(known, packets - multicast, number), "-");
	put_line(out, "Non-unicast packets", counter_text(total, INTERFACE_RX_MULTICAST, number),
		 "-");
}

void interface_view_totals(const struct interface_list *list, bool xp, struct json *out)
{
	struct interface total = total_of(list);
	char number[NUMBER_SIZE];

	line_printf(out, xp ? "Interface Statistics\n\n" : "All interfaces but loopback\n");
	put_line(out, "", "Received", "Sent");
	if (xp)
		json_raw(out, "\n", 1);
	put_counters(out, "Bytes", &total, INTERFACE_RX_BYTES, INTERFACE_TX_BYTES);
	if (xp) {
		put_xp_packets(out, &total);
		put_counters(out, "Discards", &total, INTERFACE_RX_DROPPED, INTERFACE_TX_DROPPED);
		put_counters(out, "Errors", &total, INTERFACE_RX_ERRORS, INTERFACE_TX_ERRORS);
		put_line(out, "Unknown protocols", "-", NULL);
		return;
	}
	put_counters(out, "Packets", &total, INTERFACE_RX_PACKETS, INTERFACE_TX_PACKETS);
	put_line(out, "Multicast packets", counter_text(&total, INTERFACE_RX_MULTICAST, number),
		 "-");
	put_counters(out, "Dropped", &total, INTERFACE_RX_DROPPED, INTERFACE_TX_DROPPED);
	put_counters(out, "Errors", &total, INTERFACE_RX_ERRORS, INTERFACE_TX_ERRORS);
}
