// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes cli/filter.c, cli/filter_parse.c and cli/filter_values.c (with model/conn.c, base/text.c):
 * words separated by NUL, parsed, and matched if they are a filter.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filter.h"
#include "model/conn.h"
#include "model/process.h"

#define WORDS_MAX 32

static void check_error(const struct filter_error *error, size_t count, char *const *words)
{
	if (!memchr(error->message, '\0', sizeof(error->message)) || !error->message[0])
		abort();
	for (const char *c = error->message; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	}
	if (error->word >= count || error->column > strlen(words[error->word]))
		abort();
}

static void match(const struct filter *filter, bool owned)
{
	char exe[] = "/usr/bin/curl", cgroup[] = "/a/b", id[] = "web";
	struct container container = { .id = id, .name = id, .runtime = "docker" };
	struct process owner = { .pid = 5, .comm = "curl", .exe = exe, .cgroup = cgroup };
	struct conn conn = {
		.ends = { .family = SW_FAMILY_INET6, .protocol = SW_PROTO_TCP, .lport = 22 },
		.owner = owned ? &owner : NULL,
	};

	owner.container = &container;
	for (unsigned int state = 0; state < SW_TCP_STATES; state++)
		filter_matches(filter, &conn, state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *words[WORDS_MAX];
	struct filter_error error = { .word = SIZE_MAX };
	struct filter *filter = NULL;
	size_t count = 0;
	int err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = text; word <= text + size && count < WORDS_MAX; word += strlen(word) + 1)
		words[count++] = word;
	err = filter_parse((int)count, words, &filter, &error);
	if (err == -EINVAL)
		check_error(&error, count, words);
	if (!err) {
		match(filter, true);
		match(filter, false);
	}
	filter_free(filter);
	free(text);
	return 0;
}
