/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of NETLINK_SOCK_DIAG (sock_diag(7)) to rows. Every length is checked. No I/O. */
#pragma once

#include <linux/netlink.h>
#include <stdint.h>

#include "model/socket_row.h"

/*
 * A struct inet_diag_msg, or a unix_diag_msg, and its attributes; the message's own nlmsg_len was
 * checked by who received it. A path points into the message. 0, or -EBADMSG and ret_row untouched.
 */
int diag_parse_inet(const struct nlmsghdr *message, enum socket_kind kind, uint32_t netns,
		    struct socket_row *ret_row);
int diag_parse_unix(const struct nlmsghdr *message, uint32_t netns, struct socket_row *ret_row);
