/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a CSV (RFC 4180). */
#pragma once

#include <stddef.h>

#include "view/json.h"

#define CSV_NEWLINE "\r\n" /* RFC 4180, 2.1 */

/*
 * Quotes around what has a comma or a quote. Control bytes are escaped as in text (base/text.h):
 * many readers of CSV are terminals and spreadsheets.
 */
void csv_put_text(struct json *out, const char *text, size_t len);
