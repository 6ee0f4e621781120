// SPDX-License-Identifier: GPL-2.0-or-later
/* Peers as text and JSON. */
#include "view/peer_view.h"

#include <string.h>

#include "base/util.h"
#include "model/peers.h"
#include "view/format.h"
#include "view/line.h"

#define BUSIEST 10	  /* lines of peers that people read through; JSON has all */
#define CLOCK_AT 11	  /* of 2026-11-24T00:11:22.123456789Z: the time of day */
#define CLOCK_LEN 12	  /* with milliseconds */
#define ENDPOINT_WIDTH 21 /* of most IPv4 ones */

static void write_number(struct json *out, const char *key, uint64_t number)
{
	json_key(out, key);
	json_u64(out, number);
}

static void write_time(struct json *out, const char *key, int64_t realtime_ns)
{
	char time[FORMAT_TIME_SIZE];
	size_t len = format_time(realtime_ns, time);

	json_key(out, key);
	json_string(out, time, len);
}

static void write_peer(const struct peer *peer, uint16_t family, int64_t offset_ns,
		       struct json *out)
{
	char address[FORMAT_ADDRESS_SIZE];
	size_t len = format_address(family, peer->address, address);

	json_object_begin(out);
	json_key(out, "raddr");
	json_string(out, address, len);
	write_number(out, "rport", peer->port);
	write_number(out, "rx_datagrams", peer->traffic.rx_datagrams);
	write_number(out, "tx_datagrams", peer->traffic.tx_datagrams);
	write_number(out, "rx_bytes", peer->traffic.rx_bytes);
	write_number(out, "tx_bytes", peer->traffic.tx_bytes);
	write_time(out, "first", (int64_t)peer->first_ns + offset_ns);
	write_time(out, "last", (int64_t)peer->last_ns + offset_ns);
	json_object_end(out);
}

void peer_view_json(const struct conn *conn, int64_t realtime_offset_ns, struct json *out)
{
	const struct peers *peers = conn->peers;

	json_key(out, "peers");
	json_array_begin(out);
	for (uint32_t i = 0; peers && i < peers->slots; i++)
		if (peers->items[i].first_ns)
			write_peer(&peers->items[i], conn->ends.family, realtime_offset_ns, out);
	json_array_end(out);
}

static void put_traffic(const struct sw_datagrams *traffic, struct json *out)
{
	line_printf(
		out, " rx %llu (%llu B) tx %llu (%llu B)",
		(unsigned long long)traffic->rx_datagrams, (unsigned long long)traffic->rx_bytes,
		(unsigned long long)traffic->tx_datagrams, (unsigned long long)traffic->tx_bytes);
}

static void put_peer(const struct peer *peer, uint16_t family, int64_t offset_ns, struct json *out)
{
	char endpoint[FORMAT_ENDPOINT_SIZE], time[FORMAT_TIME_SIZE];

	format_endpoint(family, peer->address, peer->port, endpoint);
	format_time((int64_t)peer->last_ns + offset_ns, time);
	line_printf(out, "  peer %-*s", ENDPOINT_WIDTH, endpoint);
	put_traffic(&peer->traffic, out);
	line_printf(out, " last %.*s\n", CLOCK_LEN, time + CLOCK_AT);
}

static void put_others(const struct peers *peers, const struct peer *const *shown, size_t count,
		       struct json *out)
{
	struct sw_datagrams rest = peers_total(peers);

	for (size_t i = 0; i < count; i++) {
		rest.rx_datagrams -= shown[i]->traffic.rx_datagrams;
		rest.tx_datagrams -= shown[i]->traffic.tx_datagrams;
		rest.rx_bytes -= shown[i]->traffic.rx_bytes;
		rest.tx_bytes -= shown[i]->traffic.tx_bytes;
	}
	rest.rx_datagrams -= peers->left_out.rx_datagrams;
	rest.tx_datagrams -= peers->left_out.tx_datagrams;
	rest.rx_bytes -= peers->left_out.rx_bytes;
	rest.tx_bytes -= peers->left_out.tx_bytes;
	line_printf(out, "  %zu more peers", peers_kept(peers) - count);
	put_traffic(&rest, out);
	line_printf(out, "\n");
}

void peer_view_text(const struct conn *conn, int64_t realtime_offset_ns, struct json *out)
{
	const struct peer *shown[BUSIEST];
	const struct peers *peers = conn->peers;
	size_t count;

	if (!peers)
		return;
	count = peers_busiest(peers, shown, BUSIEST);
	for (size_t i = 0; i < count; i++)
		put_peer(shown[i], conn->ends.family, realtime_offset_ns, out);
	if (peers_kept(peers) > count)
		put_others(peers, shown, count, out);
	if (peers->left_out.rx_datagrams || peers->left_out.tx_datagrams) {
		line_printf(out, "  peers not kept:");
		put_traffic(&peers->left_out, out);
		line_printf(out, "\n");
	}
	if (peers->dropped)
		line_printf(out, "  %llu of these not taken: the socket's queue was full\n",
			    (unsigned long long)peers->dropped);
}
