/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sources of a snapshot have in common: where their rows go. */
#pragma once

#include <stdint.h>

#include "model/holder_map.h"
#include "model/socket_row.h"

/* Rows come without their owner; the sink may complete them. */
struct row_sink {
	uint32_t netns;					/* that is being walked */
	int (*put)(void *data, struct socket_row *row); /* negative: stop, and return it */
	void *data;
};
