/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a UDP socket sent to and heard from while we watched. No I/O. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

struct peer {
	uint8_t address[16]; /* of the socket's family */
	uint16_t port;
	struct sw_datagrams traffic;
	uint64_t first_ns; /* CLOCK_MONOTONIC; 0: no peer */
	uint64_t last_ns;
};

struct peers {
	unsigned int refs;
	struct peer *items; /* by the kernel's slots, some of which may be empty; owned */
	uint32_t slots;
	struct sw_datagrams left_out; /* with peers that found no room */
	uint64_t dropped; /* datagrams that found the socket's queue full; are in rx too */
};

/* With one reference. NULL on lack of memory. */
struct peers *peers_new(void);
/* Both accept NULL. ref returns its argument. */
struct peers *peers_ref(struct peers *peers);
void peers_unref(struct peers *peers);

/* What a record that the decoder has accepted tells; the latest holds. 0 or -ENOMEM. */
void peers_count(struct peers *peers, const struct sw_udp_count *record);
int peers_put(struct peers *peers, const struct sw_peer *record);

/* Peers that are kept. */
size_t peers_kept(const struct peers *peers);
/* What was left out included. */
struct sw_datagrams peers_total(const struct peers *peers);

/* Peers by payload, those with the most first: `max` at most, into `ret`. How many there are. */
size_t peers_busiest(const struct peers *peers, const struct peer **ret, size_t max);
