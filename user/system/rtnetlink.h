/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What interfaces and routes share: a dump over rtnetlink(7), and safe looks into its messages. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlattr;
struct nlmsghdr;

/*
 * Ask for all of a kind (RTM_GETLINK, RTM_GETROUTE) of a family (AF_UNSPEC: any) and let `visit`
 * see each message; its negative errno ends the dump. 0, or 1 if the kernel's table changed
 * meanwhile, so that entries may be missing or double (NLM_F_DUMP_INTR), or negative errno.
 */
int rtnetlink_dump(uint16_t type, uint8_t family,
		   int (*visit)(void *data, const struct nlmsghdr *message), void *data);

/* Does the message hold its fixed header of `size` bytes? */
bool rtnetlink_has_header(const struct nlmsghdr *message, size_t size);
/*
 * Does it, and may mnl_attr_for_each() walk over what follows? libmnl rounds the length up to 4
 * bytes; the kernel's messages with attributes are such multiples, so others are broken.
 */
bool rtnetlink_has_attributes(const struct nlmsghdr *message, size_t header_size);
/* After mnl_attr_for_each(): were the attributes complete up to the end of the message? */
bool rtnetlink_is_whole(const struct nlmsghdr *message, const struct nlattr *end);
/* False: the attribute has another size. */
bool rtnetlink_read_u8(const struct nlattr *attr, uint8_t *ret);
bool rtnetlink_read_u32(const struct nlattr *attr, uint32_t *ret);
