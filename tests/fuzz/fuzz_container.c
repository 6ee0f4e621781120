// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes model/container.c and model/unit.c, and how model/process.c makes paths of a record's
 * names: the first byte divides the others into exe and cgroup, its lowest bits are the flags.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/container.h"
#include "model/process.h"
#include "model/unit.h"

static void check_name(const char *path)
{
	struct container_name name;
	size_t len = strlen(path);

	if (!container_from_cgroup(path, &name))
		return;
	if (!name.runtime || !name.id_len || name.id < path || name.id + name.id_len > path + len)
		abort();
	if (memchr(name.id, '/', name.id_len))
		abort();
}

static void check_units(const char *path)
{
	struct unit_name unit = { 0 }, user_unit = { 0 };
	bool has_unit = unit_from_cgroup(path, &unit);
	size_t len = strlen(path);

	if (unit_from_user_cgroup(path, &user_unit) && !has_unit)
		abort();
	for (int i = 0; i < 2; i++, unit = user_unit)
		if (unit.len && (unit.text < path || unit.text + unit.len > path + len ||
				 unit.len > UNIT_NAME_LEN || memchr(unit.text, '/', unit.len)))
			abort();
	(void)unit_user(path);
}

static void check_path(const char *path)
{
	if (path && *path != '/' && strncmp(path, ".../", 4) != 0)
		abort();
}

static void check_record(const uint8_t *data, size_t size)
{
	size_t len = size - 1 < 4096 ? size - 1 : 4096;
	struct sw_process *record = calloc(1, sizeof(*record) + len);
	struct process_table *table = process_table_new();
	const struct process *process;

	if (record && table) {
		record->header.size = (uint32_t)(sizeof(*record) + len);
		record->task.pid = 1;
		record->flags = data[0] & 0x1f;
		record->exe_len = (uint16_t)(len * (data[0] >> 5) / 8);
		record->cgroup_len = (uint16_t)(len - record->exe_len);
		memcpy((char *)(record + 1), data + 1, len);
		if (!process_table_exec(table, record)) {
			process = process_table_find(table, 1);
			check_path(process->exe);
			check_path(process->cgroup);
		}
	}
	process_table_free(table);
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1);

	if (path) {
		memcpy(path, data, size);
		path[size] = '\0';
		check_name(path);
		check_units(path);
	}
	free(path);
	if (size)
		check_record(data, size);
	return 0;
}
