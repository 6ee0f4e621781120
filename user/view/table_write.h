/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a row is written in each format. Only the files of the table call these. */
#pragma once

#include "view/table.h"

/* table.c: what the field tells of this row. Nothing, if that is told of rows that are gone only.
 */
void table_get(const struct field *field, const struct field_context *context, struct value *ret);

/* table_text.c */
/* Columns that a terminal needs for the value, its hostile bytes escaped. */
size_t table_text_width(const struct value *value);
void table_text_begin(struct table *table);
void table_text_row(struct table *table, const struct field_context *context);
void table_text_gone(struct table *table, const struct field_context *context);
void table_text_lost(struct table *table, uint64_t count);

/* table_xp.c: the layout and the words of Windows XP's netstat. */
void table_xp_titles(struct table *table);
void table_xp_row(struct table *table, const struct field_context *context);
/* What both put below a row: the executable and the parents. */
void table_text_below(struct table *table, const struct field_context *context);

/* table_data.c */
void table_json_row(struct table *table, const struct field_context *context);
void table_json_lost(struct table *table, uint64_t count);
void table_csv_titles(struct table *table);
void table_csv_row(struct table *table, const struct field_context *context);
