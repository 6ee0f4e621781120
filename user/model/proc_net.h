/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/net/tcp, udp, raw and their IPv6 siblings (proc_pid_net(5)). No I/O. */
#pragma once

#include <stdint.h>

#include "model/socket_row.h"

/*
 * Fill a row that row_init() has made for TCP, UDP or raw; `family` is the file's, SW_FAMILY_INET
 * or _INET6. What these files do not tell stays unknown: cookie, counters, and of a listener how
 * many connections may wait. 0, or -EBADMSG for whatever is no row, such as the heading.
 */
int proc_net_parse(const char *line, uint16_t family, struct socket_row *row);
