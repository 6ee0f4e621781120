/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses and ports. Reverse DNS runs in worker threads with a cache; nobody waits for
 * it longer than the deadline, so a dead resolver never holds a table up.
 *
 * One thread uses a resolver. The cache holds 65536 addresses, for as long as the resolver lives;
 * what does not fit is not asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resolver;

/* Whom the workers ask: the system's resolver (getnameinfo(3)), or a test. */
struct resolver_source {
	/*
	 * Write the name, ended by NUL, to `ret_name` (`size` bytes). 0, or anything else if there
	 * is none. Called by several threads at a time; may block for ever, even after
	 * resolver_free(), so that `data` must last as long as the process.
	 */
	int (*lookup)(void *data, unsigned int family, const uint8_t address[16], char *ret_name,
		      size_t size);
	void *data;
	const char *domain; /* the local one, e.g. "example.org"; copied. NULL: none to cut */
};

/* `threads` workers, started at the first question. NULL on lack of memory. */
struct resolver *resolver_new(unsigned int threads);
struct resolver *resolver_new_with(unsigned int threads, const struct resolver_source *source);
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
 * is cut. Any bytes, but never what reads as an address: escape it before showing it. Valid until
 * resolver_free().
 */
const char *resolver_host(struct resolver *resolver, unsigned int family, const uint8_t address[16],
			  bool fqdn);

/* The service's name (/etc/services) or NULL. `protocol` is SW_PROTO_TCP or _UDP. Cached. */
const char *resolver_service(struct resolver *resolver, unsigned int port, unsigned int protocol);
