// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target over the files of its corpus, again and again: with all memory there is, then
 * with the first, the second ... allocation failing, then with all from there on. Whatever fails,
 * nothing may crash, leak (with LeakSanitizer) or break what the target checks. Linked with
 * --wrap for the allocating functions.   sweep FILE...
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any of these inputs makes; a run that still fails there would go on for ever. */
#define FAILURES_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

/* What the wrappers below have no argument for. */
static struct {
	unsigned long made;
	unsigned long fail_at; /* from 1; 0: never */
	bool fail_after;       /* those behind it too */
	bool failed;
} memory;

static bool fails(void)
{
	bool now;

	memory.made++;
	now = memory.fail_at && (memory.made == memory.fail_at ||
				 (memory.fail_after && memory.made > memory.fail_at));
	memory.failed |= now;
	return now;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails() ? NULL : __real_strndup(text, len);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = __real_malloc(1 << 20);

	if (!file || !data) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	*ret_size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static unsigned long sweep(const uint8_t *data, size_t size, bool fail_after)
{
	unsigned long runs = 0;

	do {
		memory.made = 0;
		memory.failed = false;
		memory.fail_at = runs;
		memory.fail_after = fail_after;
		LLVMFuzzerTestOneInput(data, size);
		memory.fail_at = 0;
	} while (++runs < FAILURES_MAX && (runs == 1 || memory.failed));
	return runs;
}

int main(int argc, char **argv)
{
	unsigned long runs = 0;

	for (int i = 1; i < argc; i++) {
		size_t size;
		uint8_t *data = read_file(argv[i], &size);

		runs += sweep(data, size, false);
		runs += sweep(data, size, true);
		free(data);
	}
	printf("%d files, %lu runs\n", argc - 1, runs);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
