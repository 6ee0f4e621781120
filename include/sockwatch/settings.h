/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loader tells the BPF programs before they are loaded: constants to the verifier. */
#pragma once

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

/* Connections that nobody asked for. Zero: any. Ports that a socket does not have yet pass. */
struct sw_wanted {
	__u32 netns; /* inode number */
	__u16 family;
	__u16 rport;
};

struct sw_settings {
	/* Addresses of tw_timer_handler() and reqsk_timer_handler(); 0: do not watch timers. */
	__u64 timewait_timer;
	__u64 request_timer;
	struct sw_wanted wanted;
	__u8 reset_has_reason; /* tcp_send_reset has a third argument (6.10) */
	__u8 peers;	       /* whom UDP sockets talk to is counted */
	__u8 pad[6];
};
