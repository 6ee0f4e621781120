// SPDX-License-Identifier: GPL-2.0-or-later
/* The peers of one UDP socket, in the order in which the kernel met them. */
#include "model/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct peers *peers_new(void)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers)
		peers->refs = 1;
	return peers;
}

struct peers *peers_ref(struct peers *peers)
{
	if (peers)
		peers->refs++;
	return peers;
}

void peers_unref(struct peers *peers)
{
	if (!peers || --peers->refs)
		return;
	free(peers->items);
	free(peers);
}

void peers_count(struct peers *peers, const struct sw_udp_count *record)
{
	peers->left_out = record->left_out;
	peers->dropped = record->dropped;
}

/* Doubles, so that a peer costs no more than its place. */
static int make_room(struct peers *peers, uint32_t slot)
{
	uint32_t slots = peers->slots ? peers->slots : 1;
	struct peer *items;

	while (slots <= slot)
		slots *= 2;
	if (slots == peers->slots)
		return 0;
	items = realloc(peers->items, slots * sizeof(*items));
	if (!items)
		return -ENOMEM;
	memset(items + peers->slots, 0, (slots - peers->slots) * sizeof(*items));
	peers->items = items;
	peers->slots = slots;
	return 0;
}

int peers_put(struct peers *peers, const struct sw_peer *record)
{
	struct peer *peer;
	int r = make_room(peers, record->slot);

	if (r < 0)
		return r;
	peer = &peers->items[record->slot];
	memcpy(peer->address, record->addr, sizeof(peer->address));
	peer->port = record->port;
	peer->traffic = record->traffic;
	peer->first_ns = record->first_ns;
	peer->last_ns = record->last_ns;
	return 0;
}

size_t peers_kept(const struct peers *peers)
{
	size_t kept = 0;

	for (uint32_t i = 0; i < peers->slots; i++)
		kept += peers->items[i].first_ns != 0;
	return kept;
}

struct sw_datagrams peers_total(const struct peers *peers)
{
	struct sw_datagrams total = peers->left_out;

	for (uint32_t i = 0; i < peers->slots; i++) {
		const struct sw_datagrams *traffic = &peers->items[i].traffic;

		total.rx_datagrams += traffic->rx_datagrams;
		total.tx_datagrams += traffic->tx_datagrams;
		total.rx_bytes += traffic->rx_bytes;
		total.tx_bytes += traffic->tx_bytes;
	}
	return total;
}

static uint64_t weight(const struct peer *peer)
{
	return peer->traffic.rx_bytes + peer->traffic.tx_bytes;
}

size_t peers_busiest(const struct peers *peers, const struct peer **ret, size_t max)
{
	size_t count = 0, at;

	for (uint32_t i = 0; i < peers->slots; i++) {
		const struct peer *peer = &peers->items[i];

		if (!peer->first_ns)
			continue;
		/* A few of many: those that are there move on. */
		for (at = count; at && weight(peer) > weight(ret[at - 1]); at--)
			if (at < max)
				ret[at] = ret[at - 1];
		if (at >= max)
			continue;
		ret[at] = peer;
		count += count < max;
	}
	return count;
}
