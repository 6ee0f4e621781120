/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's TCP state numbers (include/net/tcp_states.h), which have been stable since 2.4. */
#pragma once

enum sw_tcp_state {
	SW_TCP_NONE = 0, /* no such state in the kernel: unknown to us */
	SW_TCP_ESTABLISHED = 1,
	SW_TCP_SYN_SENT = 2,
	SW_TCP_SYN_RECV = 3,
	SW_TCP_FIN_WAIT1 = 4,
	SW_TCP_FIN_WAIT2 = 5,
	SW_TCP_TIME_WAIT = 6,
	SW_TCP_CLOSE = 7,
	SW_TCP_CLOSE_WAIT = 8,
	SW_TCP_LAST_ACK = 9,
	SW_TCP_LISTEN = 10,
	SW_TCP_CLOSING = 11,
	SW_TCP_NEW_SYN_RECV = 12,   /* a request socket; shown as SYN_RECV, as inet_diag does */
	SW_TCP_BOUND_INACTIVE = 13, /* inet_diag only, since 6.8 */
	SW_TCP_STATES,
};
