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

/*
 * The same for a line of /proc/net/unix, without its newline, and a row of SOCKET_UNIX, whose path
 * then points into the line. Queues and peers are not in that file. -EBADMSG also for a socket
 * that nobody has accepted yet, which has no inode; ss leaves it out too.
 */
int proc_net_parse_unix(char *line, struct socket_row *row);
