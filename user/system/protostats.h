/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of each protocol in our network namespace: /proc/net/snmp and netstat (net/ipv4/
 * proc.c; their meaning is in RFC 4293, 4022, 4113 and the kernel's networking/snmp_counter.rst),
 * snmp6 (net/ipv6/proc.c) and sockstat6. A counter's name is its group and its column joined, as
 * nstat(8) writes it: TcpActiveOpens, TcpExtListenDrops, Ip6InReceives.
 *
 * TCP is counted once for both families (STATISTIC_TCP). All that the kernel knows of TCP over IPv6
 * alone is how many sockets are in use: TCP6inuse, listeners included, TIME_WAIT not.
 */
#pragma once

#include <stddef.h>

#include "model/statistic.h"

/*
 * Each appends what `text` (`len` bytes, any bytes) holds: all counters, also those we have never
 * heard of. A number that is missing, or no 64-bit number, is unknown. Lines and names that cannot
 * be understood are counted in list->malformed. 0 or -ENOMEM.
 */
/* Pairs of lines: "Tcp: ActiveOpens PassiveOpens", "Tcp: 20 2". */
int protostats_parse_pairs(const char *text, size_t len, struct statistic_list *list);
/* "Ip6InReceives <blanks> 1" */
int protostats_parse_snmp6(const char *text, size_t len, struct statistic_list *list);
/* "TCP6: inuse 3" is all that is taken. */
int protostats_parse_sockstat6(const char *text, size_t len, struct statistic_list *list);

/* Needs no privilege. 0 or negative errno; -ENOENT if there is no /proc/net/snmp. */
int protostats_read(struct statistic_list *ret_list);
