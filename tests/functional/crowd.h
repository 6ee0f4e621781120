/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace full of sockets, at rest, in every state that lasts. */
#pragma once

#include "stage.h"

/* The facts->number[] that says how many sockets there are at least. */
#define CROWD_SOCKETS 0

/*
 * Pause 1: they are all there. TCP: pairs of connections, TIME_WAIT, FIN_WAIT2 with and without an
 * owner, CLOSE_WAIT, SYN_SENT, SYN_RECV, unread data, a connection that nobody has accepted,
 * listeners, two of them on one address. UDP: with and without a peer. The server's sockets have
 * two holders.
 */
void play_crowd(struct stage *stage);
