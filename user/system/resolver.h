/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses and ports. Reverse DNS runs in worker threads with a cache; nobody waits for
 * it longer than the deadline, so a dead resolver never holds a table up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct resolver;

/* `threads` workers, started at the first question. NULL on lack of memory. */
struct resolver *resolver_new(unsigned int threads);
/* Does not wait for questions that are still open. Accepts NULL. */
void resolver_free(struct resolver *resolver);

/*
 * Ask for the name of an address (SW_FAMILY_INET or _INET6, network order) unless it is known or
 * asked for already. Wildcards and loopback are never asked. Never blocks.
 */
void resolver_ask(struct resolver *resolver, unsigned int family, const uint8_t address[16]);

/* Wait until every question is answered, at most `timeout_ms`. True if all are. */
bool resolver_wait(struct resolver *resolver, unsigned int timeout_ms);

/*
 * The name in the cache, or NULL: no answer yet, or none exists. With `fqdn` false the local domain
 * is cut. Any bytes: escape it before showing it. Valid until resolver_free().
 */
const char *resolver_host(struct resolver *resolver, unsigned int family, const uint8_t address[16],
			  bool fqdn);

/* The service's name (/etc/services) or NULL. `protocol` is SW_PROTO_TCP or _UDP. Cached. */
const char *resolver_service(struct resolver *resolver, unsigned int port, unsigned int protocol);
