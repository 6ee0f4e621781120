// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to standard error. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void log_error(const char *format, ...)
{
	char raw[1024], safe[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	text_escape(raw, strlen(raw), safe, sizeof(safe));
	fprintf(stderr, "sockwatch: %s\n", safe);
}
