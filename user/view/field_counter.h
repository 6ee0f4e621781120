/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The getters of what is counted and measured; field.c lists them. Nobody else includes this. */
#pragma once

#include "view/field.h"

void field_get_rx_segs(const struct field_context *context, struct value *ret);
void field_get_tx_segs(const struct field_context *context, struct value *ret);
void field_get_rx_data_segs(const struct field_context *context, struct value *ret);
void field_get_tx_data_segs(const struct field_context *context, struct value *ret);
void field_get_unread(const struct field_context *context, struct value *ret);
void field_get_unacked(const struct field_context *context, struct value *ret);
void field_get_handshake(const struct field_context *context, struct value *ret);
void field_get_age(const struct field_context *context, struct value *ret);
void field_get_state_age(const struct field_context *context, struct value *ret);
/* Columns of text tables. */
void field_get_age_text(const struct field_context *context, struct value *ret);
void field_get_state_age_text(const struct field_context *context, struct value *ret);
