// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments, what was left in the queues, and how long things take. */
#include "view/field_counter.h"

#include "base/util.h"

static void set_traffic(const struct field_context *context, uint32_t number, struct value *ret)
{
	if (context->event->conn.traffic_known)
		field_set_number(ret, number);
}

void field_get_rx_segs(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.rx_segs, ret);
}

void field_get_tx_segs(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.tx_segs, ret);
}

void field_get_rx_data_segs(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.rx_data_segs, ret);
}

void field_get_tx_data_segs(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.tx_data_segs, ret);
}

void field_get_unread(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.unread, ret);
}

void field_get_unacked(const struct field_context *context, struct value *ret)
{
	set_traffic(context, context->event->conn.traffic.unacked, ret);
}

void field_get_handshake(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.handshake_ns)
		field_set_number(ret, context->event->conn.handshake_ns / NSEC_PER_USEC);
}

/* What happened while the rows were read is a little later than the display. */
static void set_since(const struct field_context *context, uint64_t begin_ns, struct value *ret)
{
	uint64_t now_ns = context->event->ts_ns;

	field_set_number(ret, now_ns > begin_ns ? (now_ns - begin_ns) / NSEC_PER_USEC : 0);
}

void field_get_age(const struct field_context *context, struct value *ret)
{
	if (!context->event->conn.existed && context->event->conn.opened_ns)
		set_since(context, context->event->conn.opened_ns, ret);
}

void field_get_state_age(const struct field_context *context, struct value *ret)
{
	if (!context->event->last && context->event->conn.entered_ns)
		set_since(context, context->event->conn.entered_ns, ret);
}

static void make_text(struct value *value)
{
	if (value->kind == VALUE_NUMBER)
		field_set_text(value, value->buffer, format_duration(value->number, value->buffer));
}

void field_get_age_text(const struct field_context *context, struct value *ret)
{
	field_get_age(context, ret);
	make_text(ret);
}

void field_get_state_age_text(const struct field_context *context, struct value *ret)
{
	field_get_state_age(context, ret);
	make_text(ret);
}
