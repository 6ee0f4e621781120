/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's clocks, in nanoseconds. */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC, CLOCK_REALTIME. */
uint64_t clock_monotonic_ns(void);
int64_t clock_realtime_ns(void);

/* How long the machine has been suspended since it booted: CLOCK_MONOTONIC stood still then. */
uint64_t clock_asleep_ns(void);

/*
 * What to add to CLOCK_MONOTONIC to reach CLOCK_REALTIME. *ret_spread_ns (or NULL): how far the
 * readings of the two were apart, so at most twice the error.
 */
int64_t clock_realtime_offset_ns(uint64_t *ret_spread_ns);
