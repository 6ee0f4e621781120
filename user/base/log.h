/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we say to people: one line each on standard error, control bytes escaped. */
#pragma once

/* "sockwatch: ..." Only commands call this, once for each thing that went wrong. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
