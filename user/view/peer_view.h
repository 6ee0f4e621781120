/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peers of a UDP socket, below its row or line, and in its JSON object. */
#pragma once

#include <stdint.h>

#include "model/conn.h"
#include "view/json.h"

/* The key "peers" with an array of objects, one a peer that is kept; an empty one if there is none.
 */
void peer_view_json(const struct conn *conn, int64_t realtime_offset_ns, struct json *out);

/* A line each for the busiest ones, and for what is not among them. Nothing if there is none. */
void peer_view_text(const struct conn *conn, int64_t realtime_offset_ns, struct json *out);
