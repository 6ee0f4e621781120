// SPDX-License-Identifier: GPL-2.0-or-later
/* A growing ring of events. Does not know what they mean. */
#include "model/event_queue.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_CAPACITY 8192 /* what is told in 20 ms by a busy machine: 2 MiB */

void event_queue_init(struct event_queue *queue)
{
	*queue = (struct event_queue){ .first = 1, .next = 1 };
}

void event_queue_done(struct event_queue *queue)
{
	free(queue->items);
	event_queue_init(queue);
}

static bool grow(struct event_queue *queue)
{
	size_t capacity = queue->capacity ? queue->capacity * 2 : 64;
	struct queued *items = calloc(capacity, sizeof(*items));

	if (!items)
		return false;
	for (uint32_t at = queue->first; at != queue->next; at++)
		items[at & (capacity - 1)] = queue->items[at & (queue->capacity - 1)];
	free(queue->items);
	queue->items = items;
	queue->capacity = capacity;
	return true;
}

struct queued *event_queue_push(struct event_queue *queue, enum queued_kind kind)
{
	struct queued *item;

	if (queue->next - queue->first == queue->capacity && !grow(queue))
		return NULL;
	item = &queue->items[queue->next++ & (queue->capacity - 1)];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	if (kind != QUEUED_READY)
		queue->waiting++;
	return item;
}

struct queued *event_queue_at(struct event_queue *queue, uint32_t position)
{
	if (position - queue->first >= queue->next - queue->first)
		return NULL;
	return &queue->items[position & (queue->capacity - 1)];
}

struct queued *event_queue_head(struct event_queue *queue)
{
	return event_queue_at(queue, queue->first);
}

/* A look may tell a million at once: that much memory is not kept for the next time. */
void event_queue_pop(struct event_queue *queue)
{
	queue->first++;
	if (queue->first == queue->next && queue->capacity > KEPT_CAPACITY) {
		free(queue->items);
		queue->items = NULL;
		queue->capacity = 0;
	}
}

void event_queue_resolve(struct event_queue *queue, struct queued *item, enum queued_kind kind)
{
	if (item->kind != QUEUED_READY && item->kind != QUEUED_DROPPED)
		queue->waiting--;
	item->kind = kind;
}
