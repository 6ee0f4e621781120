/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loader tells the BPF programs before they are loaded: constants to the verifier. */
#pragma once

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

struct sw_settings {
	/* Addresses of tw_timer_handler() and reqsk_timer_handler(); 0: do not watch timers. */
	__u64 timewait_timer;
	__u64 request_timer;
	__u32 wakeup_bytes; /* wake the reader when this much is waiting, however idle it looks */
	__u8 reset_has_reason; /* tcp_send_reset has a third argument (6.10) */
	__u8 pad[3];
};
