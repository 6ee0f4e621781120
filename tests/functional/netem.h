/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delay and loss on the loopback interface of the namespace that we are in (tc-netem(8)). */
#pragma once

/* Each packet is late by `delay_ms`, and lost by chance. 0; -ENOENT: this kernel has no netem. */
int netem_set(unsigned int delay_ms, unsigned int loss_percent);
