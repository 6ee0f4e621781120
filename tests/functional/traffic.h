/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real traffic, step by step. A puppet is a process that holds sockets in numbered slots and does
 * one system call after the other as it is told, so that a scenario reads as a script and each
 * socket has the process that the scenario says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "stage.h"

#define PUPPET_SLOTS 128
/* Clients faster than the server must not overflow its queue: a dropped SYN costs a second. */
#define BACKLOG_AMPLE 1024

/* Where an address is: on lo, or at the two ends of the wire (wire.h). */
enum place {
	PLACE_ANY,
	PLACE_LOOPBACK,
	PLACE_NEAR,
	PLACE_FAR,
};

socklen_t net_address(enum net net, enum place place, uint16_t port,
		      struct sockaddr_storage *ret_address);
int net_family(enum net net);
/* The port of either family's address. */
uint16_t address_port(const struct sockaddr_storage *address);
/* Wait until the address can be bound, which a new IPv6 one cannot at once; false if never. */
bool net_wait_usable(enum net net, enum place place);

/* What a puppet works with. */
struct hands {
	struct suite *suite;
	struct facts *facts;
	enum net net;
	int fd[PUPPET_SLOTS]; /* -1: free */
};

/* A system call or a few, done in the puppet. Returns 0 or more, or negative errno. */
typedef long (*puppet_op)(struct hands *hands, const long args[4]);

/* Forks it; facts->pid[role] is its pid. It inherits the stage's descriptors. */
struct puppet *puppet_new(struct stage *stage, enum role role);
/* Ends it, which closes its sockets. Accepts NULL. */
void puppet_end(struct puppet *puppet);

long puppet_call(struct puppet *puppet, puppet_op op, long a, long b, long c, long d);
/* The two halves of puppet_call(), for calls that block. */
void puppet_begin(struct puppet *puppet, puppet_op op, long a, long b, long c, long d);
long puppet_finish(struct puppet *puppet);

/* Listen on loopback (port 0: any); the port. */
long puppet_listen(struct puppet *puppet, int slot, uint16_t port, int backlog);
long puppet_socket(struct puppet *puppet, int slot);
long puppet_bind(struct puppet *puppet, int slot, enum place place, uint16_t port);
/* connect(); makes the socket if the slot is empty. */
long puppet_connect(struct puppet *puppet, int slot, enum place place, uint16_t port);
long puppet_accept(struct puppet *puppet, int listener, int slot);
long puppet_close(struct puppet *puppet, int slot);
long puppet_shutdown(struct puppet *puppet, int slot, int how);
long puppet_send(struct puppet *puppet, int slot, long bytes);
/* Read this many bytes, or all until the end if `bytes` is negative; how many there were. */
long puppet_recv(struct puppet *puppet, int slot, long bytes);
long puppet_option(struct puppet *puppet, int slot, int level, int name, int value);
/* close() will send a reset. */
long puppet_linger_reset(struct puppet *puppet, int slot);
/* The local port. */
long puppet_port(struct puppet *puppet, int slot);
/* Wait until the kernel says (TCP_INFO) that the socket is in this state (TCP_ESTABLISHED ...). */
long puppet_wait_state(struct puppet *puppet, int slot, int tcp_state);

/* Wait so many seconds at most until the peer's kernel has acknowledged all that was sent. */
long puppet_wait_drained(struct puppet *puppet, int slot, int seconds);

/* The same operations for code that runs inside a puppet. */
long op_socket(struct hands *hands, const long args[4]);
long op_bind(struct hands *hands, const long args[4]);
long op_listen(struct hands *hands, const long args[4]);
long op_connect(struct hands *hands, const long args[4]);
long op_disconnect(struct hands *hands, const long args[4]);
long op_accept(struct hands *hands, const long args[4]);
long op_close(struct hands *hands, const long args[4]);
long op_send(struct hands *hands, const long args[4]);
long op_recv(struct hands *hands, const long args[4]);
long op_port(struct hands *hands, const long args[4]);
long op_drained(struct hands *hands, const long args[4]);

/* establish(), and the close by the client with all that belongs to it. */
void play_one_connection(struct stage *stage);
/*
 * `count` connections one after the other, each closed by the client first. The listener is the
 * server's slot 0 and facts->server_port; the puppets must be there.
 */
void play_connections(struct stage *stage, long count);

/*
 * A server with one connected client, both in slot 1, the listener in slot 0, ports in the facts.
 */
void establish(struct stage *stage);
