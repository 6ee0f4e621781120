/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few requests to the kernel that take netlink: routes that lead nowhere, `ss -K`. */
#pragma once

#include <stdint.h>

#include "traffic.h"

/* A route to this one address, of type RTN_UNREACHABLE and so on; 0 or negative errno. */
long netlink_add_route(enum net net, enum place place, unsigned char type);

/* What `ss -K` does: -EOPNOTSUPP without CONFIG_INET_DIAG_DESTROY, -ENOENT without the module. */
long netlink_destroy_tcp(enum net net, uint16_t lport, uint16_t rport);
