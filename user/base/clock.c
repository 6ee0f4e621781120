// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel's clocks say, and how they differ. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

#include "base/util.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
	return (int64_t)read_clock(CLOCK_REALTIME);
}

uint64_t clock_asleep_ns(void)
{
	uint64_t monotonic_ns = read_clock(CLOCK_MONOTONIC);

	return read_clock(CLOCK_BOOTTIME) - monotonic_ns;
}

/* A busy machine may run another task between two readings: the closest of a few counts. */
#define CLOCK_TRIES 8

int64_t clock_realtime_offset_ns(uint64_t *ret_spread_ns)
{
	uint64_t best_ns = UINT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < CLOCK_TRIES && best_ns > NSEC_PER_USEC; i++) {
		uint64_t before = clock_monotonic_ns();
		int64_t realtime = clock_realtime_ns();
		uint64_t spread = clock_monotonic_ns() - before;

		if (spread < best_ns) {
			best_ns = spread;
			offset = realtime - (int64_t)(before + spread / 2);
		}
	}
	if (ret_spread_ns)
		*ret_spread_ns = best_ns;
	return offset;
}
