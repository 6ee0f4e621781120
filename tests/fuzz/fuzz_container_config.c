// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes model/container_config.c: the first byte chooses the runtime, the others are its file.
 * What it finds must fit into a record.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/container_config.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_text(const char text[SW_CONTAINER_TEXT_LEN + 1])
{
	size_t len = strnlen(text, SW_CONTAINER_TEXT_LEN + 1);

	if (len > SW_CONTAINER_TEXT_LEN)
		abort();
	for (size_t n; len; text += n, len -= n)
		if (!(n = text_utf8_length(text, len)))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_config config;
	char *text;
	int r;

	if (!size)
		return 0;
	/* A copy without NUL, so that the sanitizer sees each look behind its end. */
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	memset(&config, 0x55, sizeof(config));
	if (data[0] % 3 == 0)
		r = container_config_docker(text, size - 1, &config);
	else if (data[0] % 3 == 1)
		r = container_config_oci(text, size - 1, &config);
	else
		r = container_config_storage(text, size - 1, ID, &config);
	free(text);
	if (r < 0)
		return 0;
	if (!config.name[0] && !config.pod[0])
		abort();
	check_text(config.name);
	check_text(config.pod);
	return 0;
}
