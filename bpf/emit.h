/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reserve → fill → submit. Counts what found no room and decides when to wake the reader. */
#pragma once

#include "header.h"
#include "maps.h"

static __always_inline void record_dropped(void)
{
	__sync_fetch_and_add(&records_dropped, 1);
}

/*
 * A wake-up costs ten times the record, so the reader comes by itself while it is busy, and asks
 * for one before it sleeps.
 */
static __always_inline __u64 record_wakeup(void)
{
	if (!reader_sleeps)
		return BPF_RB_NO_WAKEUP;
	reader_sleeps = 0;
	return BPF_RB_FORCE_WAKEUP;
}

/*
 * `size` must be a constant. Everything behind the header is zero. NULL: dropped, and counted; or
 * nobody wants it any more.
 */
static __always_inline void *record_reserve(__u16 kind, __u32 size)
{
	struct sw_header *header;

	if (reader_leaves)
		return NULL;
	header = bpf_ringbuf_reserve(&events, size, 0);
	if (!header) {
		record_dropped();
		return NULL;
	}
	__builtin_memset(header, 0, size);
	record_header(header, kind, size);
	return header;
}

static __always_inline void record_submit(void *record)
{
	bpf_ringbuf_submit(record, record_wakeup());
}

static __always_inline bool is_wanted_connection(const struct sw_endpoints *ends)
{
	const volatile struct sw_wanted *wanted = &settings.wanted;

	return (!wanted->netns || !ends->netns || ends->netns == wanted->netns) &&
	       (!wanted->family || ends->family == wanted->family) &&
	       (!wanted->rport || !ends->rport || ends->rport == wanted->rport);
}

/* A record about a connection: what no filter will let pass does not travel. */
static __always_inline void record_submit_of(const struct sw_endpoints *ends, void *record)
{
	if (is_wanted_connection(ends))
		record_submit(record);
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
}

/* For records of variable size, which were made elsewhere. */
static __always_inline void record_output(void *record, __u64 size)
{
	if (!reader_leaves && bpf_ringbuf_output(&events, record, size, record_wakeup()) < 0)
		record_dropped();
}
