/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces and their counters, as the kernel told them last. Plain data, no I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERFACE_NAME_SIZE 16	 /* IFNAMSIZ */
#define INTERFACE_ADDRESS_MAX 32 /* MAX_ADDR_LEN */

/* In the order of struct rtnl_link_stats64 (linux/if_link.h), which only grows at its end. */
enum interface_counter {
	INTERFACE_RX_PACKETS,
	INTERFACE_TX_PACKETS,
	INTERFACE_RX_BYTES,
	INTERFACE_TX_BYTES,
	INTERFACE_RX_ERRORS,
	INTERFACE_TX_ERRORS,
	INTERFACE_RX_DROPPED,
	INTERFACE_TX_DROPPED,
	INTERFACE_RX_MULTICAST,
	INTERFACE_COLLISIONS,
	INTERFACE_RX_LENGTH_ERRORS,
	INTERFACE_RX_OVER_ERRORS,
	INTERFACE_RX_CRC_ERRORS,
	INTERFACE_RX_FRAME_ERRORS,
	INTERFACE_RX_FIFO_ERRORS,
	INTERFACE_RX_MISSED_ERRORS,
	INTERFACE_TX_ABORTED_ERRORS,
	INTERFACE_TX_CARRIER_ERRORS,
	INTERFACE_TX_FIFO_ERRORS,
	INTERFACE_TX_HEARTBEAT_ERRORS,
	INTERFACE_TX_WINDOW_ERRORS,
	INTERFACE_RX_COMPRESSED,
	INTERFACE_TX_COMPRESSED,
	INTERFACE_RX_NOHANDLER,
	INTERFACE_RX_OTHERHOST_DROPPED,
	INTERFACE_COUNTERS,
};

struct interface {
	uint32_t index;
	char name[INTERFACE_NAME_SIZE]; /* any bytes but NUL and '/' */
	uint16_t type;			/* ARPHRD_* */
	uint8_t operstate;		/* IF_OPER_* (RFC 2863) */
	uint8_t address_len;		/* 0: none */
	uint8_t address[INTERFACE_ADDRESS_MAX];
	uint32_t flags; /* IFF_* */
	uint32_t mtu;	/* 0: unknown */
	/* Counters from this one on are unknown: an older kernel, or none at all. */
	unsigned int counters_known;
	uint64_t counters[INTERFACE_COUNTERS];
};

/* Sorted by index. */
struct interface_list {
	struct interface *items;
	size_t count, capacity;
	size_t malformed;  /* messages that could not be understood */
	bool inconsistent; /* changed while it was read: some may be missing or double */
};

/* 0 or -ENOMEM. Leaves the order to interface_list_sort(). */
int interface_list_add(struct interface_list *list, const struct interface *interface);
void interface_list_sort(struct interface_list *list);
/* NULL: there is none. */
const struct interface *interface_list_find(const struct interface_list *list, uint32_t index);
void interface_list_done(struct interface_list *list);
