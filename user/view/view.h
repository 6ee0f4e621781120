/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view turns the stream of events into lines. It never asks where they come from. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/conn_table.h"
#include "model/event.h"
#include "view/json.h"

struct view {
	const struct view_ops *ops;
	struct json line; /* the bytes made by the last call; text views use it as a buffer too */
	int64_t realtime_offset_ns;
	bool color;
	bool aligned;	/* pad columns: a person reads it */
	bool ancestors; /* tell the parent chain */
	bool header_out;
};

struct view_end {
	const struct conn_table_stats *stats;
	uint64_t events;      /* shown */
	uint64_t duration_ns; /* of the trace */
	uint64_t ts_ns;
	bool stacks_told;	 /* stacks were asked for: how many there were */
	uint64_t stacks_dropped; /* calls of which there is none */
};

/* Each appends whole lines to view->line. */
struct view_ops {
	void (*start)(struct view *view, const struct sw_start *start);
	void (*event)(struct view *view, const struct event *event);
	void (*end)(struct view *view, const struct view_end *end);
};

extern const struct view_ops view_json;
extern const struct view_ops view_text;

const char *view_mode_name(uint32_t mode);
