/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The getters of what only rows of a display have; field.c lists them. Nobody else includes this.
 */
#pragma once

#include "view/field.h"

/* "tcp", "udp", "raw" or "unix". */
const char *socket_kind_name(enum socket_kind kind);
/* As ss has it: UNCONN for what is no TCP socket and has no peer. */
const char *socket_state_name(const struct socket_row *row);

typedef void field_getter(const struct field_context *context, struct value *ret);

field_getter field_get_display, field_get_recv_q, field_get_send_q, field_get_inode,
	field_get_holders, field_get_fd, field_get_timer, field_get_timer_ms, field_get_retransmits,
	field_get_type, field_get_path, field_get_peer_inode, field_get_fresh, field_get_gone,
	field_get_opened, field_get_closed;
/* Columns of text tables. */
field_getter field_get_protocol, field_get_local, field_get_remote, field_get_program,
	field_get_timers;
