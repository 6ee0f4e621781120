// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of a CSV. Commas and line ends are the caller's. */
#include "view/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "sockwatch/record.h"

void csv_put_text(struct json *out, const char *text, size_t len)
{
	char safe[4 * SW_PATH_LEN]; /* every byte of the longest path escaped */
	size_t n = text_escape(text, len, safe, sizeof(safe));
	bool quoted = memchr(safe, ',', n) || memchr(safe, '"', n);

	if (quoted)
		json_raw(out, "\"", 1);
	for (size_t i = 0; i < n; i++)
		json_raw(out, safe[i] == '"' ? "\"\"" : safe + i, safe[i] == '"' ? 2 : 1);
	if (quoted)
		json_raw(out, "\"", 1);
}
