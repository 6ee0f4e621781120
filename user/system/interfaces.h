/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces of our network namespace and their counters, through rtnetlink(7). */
#pragma once

#include "model/interface.h"

struct nlmsghdr;

/*
 * Decode an RTM_NEWLINK message, whose nlmsg_len the caller has checked against its buffer. 0, or
 * -EBADMSG if it is not one, an attribute is cut or has a size that linux/if_link.h does not give
 * it, or the name is missing.
 */
int interfaces_parse(const struct nlmsghdr *message, struct interface *ret_interface);

/* Needs no privilege. 0 or negative errno. */
int interfaces_read(struct interface_list *ret_list);
