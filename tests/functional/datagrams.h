/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP traffic of puppets, and the peers in a line of JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "traffic.h"

long udp_socket(struct puppet *puppet, int slot);
/* A socket that is bound on loopback (port 0: any); its port. */
long udp_serve(struct puppet *puppet, int slot, uint16_t port);
/* `count` datagrams of `bytes` each with sendto(); to no port: by send() to its peer. */
long udp_send(struct puppet *puppet, int slot, uint16_t port, long bytes, long count);
/* Receive `count` datagrams; how many bytes they had. Waits 20 seconds for each. */
long udp_receive(struct puppet *puppet, int slot, long count);
/* Receive `count` datagrams, and send `bytes` back for each. */
long udp_answer(struct puppet *puppet, int slot, long count, long bytes);
/* Read what is there without waiting; how many datagrams that was. */
long udp_drain(struct puppet *puppet, int slot);
/* connect(AF_UNSPEC) */
long udp_disconnect(struct puppet *puppet, int slot);
/* One sendmsg() that the kernel cuts into datagrams of `size`. */
long udp_send_segmented(struct puppet *puppet, int slot, uint16_t port, long bytes, long size);
/* One datagram of `bytes` to each of `count` addresses of loopback (IPv4): `port`. */
long udp_send_around(struct puppet *puppet, int slot, uint16_t port, long bytes, long count);

struct peer {
	char raddr[64], first[64], last[64];
	long long rport, rx_datagrams, tx_datagrams, rx_bytes, tx_bytes;
};

/* The peers in the line's array, -1 if it has none; the first `max` of them into ret_peers. */
long peers_of_line(const char *line, struct peer *ret_peers, long max);
