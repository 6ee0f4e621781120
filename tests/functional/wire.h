/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP peer driven by hand, for what two well-behaved kernels never do to each other. It lives at
 * an address (PLACE_FAR) that is routed to lo but is nobody's: the kernel drops what it sends there
 * without a word, and we read it and answer through a packet socket. That needs no device and no
 * module beyond AF_PACKET; only IPv6 needs `tun`.
 */
#pragma once

#include <stdint.h>

#include "stage.h"

struct wire;

enum wire_flags {
	WIRE_FIN = 0x01,
	WIRE_SYN = 0x02,
	WIRE_RST = 0x04,
	WIRE_PSH = 0x08,
	WIRE_ACK = 0x10,
};

/* The far end's side of one connection. */
struct far_end {
	struct wire *wire;
	uint16_t far_port, near_port;
	uint32_t next;	   /* our next sequence number */
	uint32_t expected; /* the next we expect from the kernel */
};

/* Gives lo the near address, a route to the far one, and opens the wire. Skips if it cannot. */
struct wire *wire_open(struct stage *stage);

/* Wait for a segment that has all flags of `with` and none of `without`; fails the play if none. */
void wire_expect(struct stage *stage, struct far_end *end, int with, int without);
/* Wait for a SYN from anybody at the near side to `far_port`, and take its ports. */
void wire_expect_syn(struct stage *stage, struct wire *wire, uint16_t far_port,
		     struct far_end *ret_end);
/* Send a segment with these flags; SYN and FIN take a sequence number, ACK acknowledges all. */
void wire_send(struct stage *stage, struct far_end *end, int flags);
/* A segment with one byte of data, which takes a sequence number. */
void wire_send_data(struct stage *stage, struct far_end *end);
/* "Host unreachable" (ICMP 3/1, ICMPv6 1/3) about the near side's next segment to be acknowledged.
 */
void wire_send_unreachable(struct stage *stage, const struct far_end *end);
/* Begin to the near side: only names the ports, sends nothing. */
struct far_end wire_end(struct wire *wire, uint16_t far_port, uint16_t near_port);
/*
 * The client begins to connect to the far side, which has its SYN now; the ports are in the facts.
 * The connect() is not finished.
 */
struct far_end wire_connect(struct stage *stage, uint16_t far_port);
/* ... and with the handshake done. */
struct far_end wire_establish(struct stage *stage, uint16_t far_port);
