// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes source/diag_message.c: the first byte chooses the kind of socket, the others are what
 * follows the header of a netlink message. A row that comes out must be one.
 */
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "source/diag_message.h"

static void check_row(const struct socket_row *row)
{
	if (!row->conn.state || row->conn.state >= SW_TCP_STATES ||
	    row->timer > SOCKET_TIMER_PROBE || row->conn.gen != 1)
		abort();
	/* Each byte of the path must be there to be read. */
	for (size_t i = 0; i < row->path_len; i++)
		if (((const volatile char *)row->path)[i] == '\0' && row->path[0])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr *message;
	struct socket_row row;
	int r;

	if (!size)
		return 0;
	message = malloc(sizeof(*message) + size - 1);
	if (!message)
		return 0;
	memset(message, 0, sizeof(*message));
	message->nlmsg_len = (uint32_t)(sizeof(*message) + size - 1);
	memcpy(message + 1, data + 1, size - 1);
	if (data[0] % SOCKET_KINDS == SOCKET_UNIX)
		r = diag_parse_unix(message, 1, &row);
	else
		r = diag_parse_inet(message, (enum socket_kind)(data[0] % SOCKET_KINDS), 1, &row);
	if (r == 0)
		check_row(&row);
	free(message);
	return 0;
}
