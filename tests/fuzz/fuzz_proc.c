// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes model/proc_net.c, proc_pid.c, proc_maps.c and script.c: the first byte chooses the file,
 * the others are its text. What is made of a process must pass the decoder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/decode.h"
#include "model/proc_maps.h"
#include "model/proc_net.h"
#include "model/proc_pid.h"
#include "model/row_record.h"
#include "model/script.h"

static void check_net(const char *text, enum socket_kind kind, uint16_t family)
{
	struct socket_row row;

	row_init(kind, 1, &row);
	if (proc_net_parse(text, family, &row) == 0 &&
	    (!row.conn.state || row.conn.state >= SW_TCP_STATES || row.timer > SOCKET_TIMER_PROBE))
		abort();
}

static void check_stat(const char *text)
{
	struct proc_pid pid;

	if (proc_pid_parse_stat(text, &pid) == 0 && pid.task.comm[SW_COMM_LEN - 1])
		abort();
}

static void check_cgroup(const char *text)
{
	const char *path = NULL;
	size_t len = proc_pid_find_cgroup(text, &path);

	if (len && (path < text || path + len > text + strlen(text)))
		abort();
}

static void check_maps(char *text)
{
	const char *end = text + strlen(text);
	struct proc_map map;

	if (proc_maps_parse(text, &map) &&
	    (map.end <= map.start || map.path < text || map.path + strlen(map.path) > end))
		abort();
}

/* The first word is the program. */
static void check_script(const char *text, size_t len)
{
	size_t program = strlen(text);
	char script[SCRIPT_SIZE];

	if (program < len &&
	    script_of(text, text + program + 1, len - program - 1, script) != strlen(script))
		abort();
}

static void check_record(const char *text, size_t len)
{
	struct proc_pid pid = { .task = { .pid = 1 }, .inner = { 7, 8 } };
	void *record = malloc(PROC_PID_RECORD_SIZE);
	const struct sw_header *decoded;
	size_t size;

	if (!record)
		return;
	size = proc_pid_record(&pid, text, len, false, text, len / 2, record);
	if (size > PROC_PID_RECORD_SIZE || decode_row(record, size, &decoded) < 0 ||
	    decode_inner(record)->pid != 7)
		abort();
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	uint32_t uid;

	if (!size)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 10) {
	case 0:
		check_net(text, SOCKET_TCP, SW_FAMILY_INET);
		break;
	case 1:
		check_net(text, SOCKET_TCP, SW_FAMILY_INET6);
		break;
	case 2:
		check_net(text, SOCKET_RAW, SW_FAMILY_INET);
		break;
	case 3:
		check_stat(text);
		break;
	case 4:
		(void)proc_pid_parse_uid(text, &uid);
		(void)proc_pid_parse_inner(text);
		break;
	case 5:
		check_cgroup(text);
		break;
	case 6:
		(void)proc_pid_parse_socket(text);
		break;
	case 7:
		check_maps(text);
		break;
	case 8:
		check_script(text, size - 1);
		break;
	default:
		check_record(text, size - 1);
		break;
	}
	free(text);
	return 0;
}
