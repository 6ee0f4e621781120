/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events in the order of their making, of which some are not complete yet. The first that is not
 * ready holds the others back. Positions count from 1, and from 0 again after 2^32: what had one
 * before is told long since.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

enum queued_kind {
	QUEUED_READY,
	QUEUED_PORT,   /* waits for the port of its SYN_SENT */
	QUEUED_WHY,    /* an end that waits for its reason */
	QUEUED_RESULT, /* the same, which connect(2) is about to tell */
	QUEUED_ANSWER, /* the same of an orphan, which may answer with a reset */
	QUEUED_END,    /* the end of a mini socket, unless its timer starts again */
	QUEUED_DROPPED,
};

struct queued {
	struct event event;
	enum queued_kind kind;
	uint32_t row; /* the table's: which row waits */
};

struct event_queue {
	struct queued *items; /* a ring */
	size_t capacity;      /* power of two, or 0 */
	uint32_t first;	      /* position of the oldest */
	uint32_t next;	      /* position of the next to come */
	size_t waiting;	      /* items that are not ready */
};

void event_queue_init(struct event_queue *queue);
/* The references in events that are left are the caller's to give back first. */
void event_queue_done(struct event_queue *queue);

/* Room for one more; the caller fills it. NULL on lack of memory. Invalidates older pointers. */
struct queued *event_queue_push(struct event_queue *queue, enum queued_kind kind);
/* NULL if that position is gone. */
struct queued *event_queue_at(struct event_queue *queue, uint32_t position);
/* The oldest, or NULL. */
struct queued *event_queue_head(struct event_queue *queue);
/* Invalidates older pointers, too. */
void event_queue_pop(struct event_queue *queue);
/* What was waiting is decided. */
void event_queue_resolve(struct event_queue *queue, struct queued *item, enum queued_kind kind);
