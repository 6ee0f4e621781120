/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, as the kernel told them last. Plain data, no I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/interface.h"

#define ROUTE_TABLE_MAIN 254 /* RT_TABLE_MAIN */

/*
 * One way to one destination: a route with several next hops (multipath) is several of these.
 * Addresses are in network order; IPv4 takes the first 4 bytes and leaves the others zero.
 */
struct route {
	uint8_t family;	    /* SW_FAMILY_INET or _INET6 */
	uint8_t dst_len;    /* of the prefix, in bits; 0: default */
	uint8_t from_len;   /* source-specific routing; 0: any source */
	uint8_t via_family; /* of the gateway, which may be another one (RFC 5549); 0: none */
	uint8_t tos;
	uint8_t protocol; /* who made it: RTPROT_* */
	uint8_t scope;	  /* RT_SCOPE_* */
	uint8_t type;	  /* RTN_* */
	bool has_src;
	uint16_t weight; /* among the next hops of a multipath route; 0: the only one */
	uint8_t dst[16];
	uint8_t from[16];
	uint8_t via[16];
	uint8_t src[16]; /* preferred source address */
	uint32_t table;
	uint32_t metric;
	uint32_t flags;		       /* RTNH_F_*, RTM_F_* */
	uint32_t nexthop;	       /* id of its next hop object; 0: none */
	uint32_t index;		       /* of the interface; 0: none */
	char dev[INTERFACE_NAME_SIZE]; /* its name, any bytes; "": none, or gone meanwhile */
};

struct route_list {
	struct route *items;
	size_t count, capacity;
	size_t malformed;  /* messages that could not be understood */
	bool inconsistent; /* changed while it was read: some may be missing or double */
};

/* 0 or -ENOMEM. */
int route_list_add(struct route_list *list, const struct route *route);
void route_list_done(struct route_list *list);
