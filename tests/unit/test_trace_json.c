// SPDX-License-Identifier: GPL-2.0-or-later
/* view/trace_json.c: one object a line; tests/data/trace.json has one of each kind. */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "model/process.h"
#include "records.h"
#include "view/field.h"
#include "view/view.h"

#define GOLDEN "tests/data/trace.json"
#define DOCKER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct process shell = { .pid = 9, .comm = "bash", .exe = (char *)"/usr/bin/bash" };
static struct container docker = { .id = (char *)DOCKER, .runtime = "docker" };
static struct process curl = {
	.pid = 10,
	.uid = 1000,
	.comm = "curl",
	.exe = (char *)"/usr/bin/curl",
	.cgroup = (char *)"/docker/" DOCKER,
	.container = &docker,
	.parent = &shell,
	.ppid = 9,
};
static struct container pod = { .id = (char *)DOCKER,
				.runtime = "containerd",
				.name = (char *)"app",
				.pod = (char *)"shop/web-0" };
static struct process podded = {
	.pid = 30,
	.comm = "app",
	.cgroup = (char *)"/kubepods.slice/cri-containerd-" DOCKER ".scope",
	.container = &pod,
	.unit = { "user@7.service/app.scope", 14 },
	.user_unit = { "app.scope", 9 },
	.inner_pid = 1,
	.pid_ns = 4026532000,
};
static struct process heir = { .pid = 20, .uid = 0, .comm = "worker", .exe_deleted = true };

static int open_view(void **state)
{
	struct view *view = calloc(1, sizeof(*view));

	*state = view;
	if (!view)
		return -1;
	view->ops = &view_json;
	view->realtime_offset_ns = 1764000000000000000; /* 2025-11-24T16:00:00Z */
	json_init(&view->line);
	return 0;
}

static int close_view(void **state)
{
	struct view *view = *state;

	json_done(&view->line);
	free(view);
	return 0;
}

static struct event transition(uint8_t old_state, uint8_t new_state)
{
	return (struct event){
		.kind = EVENT_STATE,
		.ts_ns = 1500000001,
		.old_state = old_state,
		.new_state = new_state,
		.last = new_state == SW_TCP_CLOSE,
		.conn = {
			.ends = record_ends(5),
			.gen = 1,
			.state = new_state,
			.owner = &curl,
			.opened_ns = 1000000000,
			.uid_known = true,
		},
	};
}

static void tell(struct view *view, const struct event *event)
{
	view->ops->event(view, event);
}

static void tell_transitions(struct view *view)
{
	struct event event = transition(SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	tell(view, &event);
	event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);
	event.reason = CONN_REASON_TIMEOUT;
	event.conn.error = ETIMEDOUT;
	event.conn.counted = true;
	event.conn.counters = (struct sw_counters){ 11, 22, 33, 4 };
	event.conn.traffic_known = true;
	event.conn.traffic = (struct sw_traffic){ 5, 6, 7, 8, 9, 10 };
	event.conn.connect_ns = 250999;
	event.conn.handshake_ns = 200999;
	event.conn.creator = &heir;
	event.acted = true;
	event.actor = (struct sw_actor){ .pid = 10, .tid = 11, .comm = "resolver" };
	tell(view, &event);
	event = transition(SW_TCP_SYN_RECV, SW_TCP_CLOSE);
	event.inferred = true;
	event.conn.existed = true;
	event.conn.owner = NULL;
	event.conn.ends.family = SW_FAMILY_INET6;
	event.conn.ends.lport = event.conn.ends.rport = 0;
	event.conn.ends.netns = 0;
	event.conn.uid_known = false;
	event.conn.ends.raddr[15] = 1;
	tell(view, &event);
}

static void tell_failures(struct view *view)
{
	struct event event = transition(SW_TCP_SYN_SENT, SW_TCP_CLOSE);

	event.reason = CONN_REASON_REFUSED;
	event.failed = event.conn.counted = true;
	event.conn.error = ECONNREFUSED;
	tell(view, &event);
	event = transition(SW_TCP_CLOSE, SW_TCP_CLOSE);
	event.kind = EVENT_FAILED;
	event.conn.silent = true;
	event.reason = CONN_REASON_UNREACHABLE;
	event.failed = event.conn.counted = true;
	event.conn.error = ENETUNREACH;
	event.conn.ends.cookie = 0;
	event.conn.ends.lport = 0;
	tell(view, &event);
	event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);
	event.reason = CONN_REASON_ABORTED;
	event.conn.reset_reason = SW_RESET_TCP_STATE;
	tell(view, &event);
}

static void tell_the_rest(struct view *view)
{
	struct event event = transition(SW_TCP_LISTEN, SW_TCP_LISTEN);

	event.kind = EVENT_EXISTS;
	event.conn.ends.rport = 0;
	event.conn.owner = &heir;
	tell(view, &event);
	event = transition(SW_TCP_ESTABLISHED, SW_TCP_ESTABLISHED);
	event.kind = EVENT_OWNER;
	event.conn.owner = &heir;
	event.previous_owner = &curl;
	tell(view, &event);
	event = transition(SW_TCP_LISTEN, SW_TCP_LISTEN);
	event.kind = EVENT_EXISTS;
	event.conn.ends.rport = 0;
	event.conn.owner = &podded;
	tell(view, &event);
	event = (struct event){ .kind = EVENT_LOST, .ts_ns = 1, .count = 17 };
	tell(view, &event);
	event = (struct event){ .kind = EVENT_RESYNC, .ts_ns = 2, .resync = { 1, 2, 3, 4 } };
	tell(view, &event);
	event.resync.verified = true;
	tell(view, &event);
}

static void tell_start(struct view *view)
{
	static const char hooks[32] = "tp_btf:inet_sock_set_state\0a:b\0"; /* and padding */
	struct {
		struct sw_start start;
		char hooks[sizeof(hooks)];
	} record = { .start = record_start(1, 0) };

	record.start.header.size = sizeof(record);
	memcpy(record.hooks, hooks, sizeof(hooks));
	view->ops->start(view, &record.start);
}

static void each_kind_of_line_is_as_promised(void **state)
{
	static const struct conn_table_stats stats = { 1, 2, 3, 4, 5 };
	const struct view_end end = { &stats, 6, 7999, 3 };
	struct view *view = *state;
	FILE *golden = fopen(GOLDEN, "re");
	char expected[16384];
	size_t len;

	tell_start(view);
	tell_transitions(view);
	tell_failures(view);
	tell_the_rest(view);
	view->ancestors = true;
	tell_transitions(view);
	view->ops->end(view, &end);
	if (!golden)
		fail_msg("%s cannot be read: run this from the top of the tree", GOLDEN);
	len = fread(expected, 1, sizeof(expected), golden);
	fclose(golden);
	for (size_t i = 0; i < len && i < view->line.len; i++)
		if (expected[i] != view->line.data[i])
			fail_msg("%s differs at byte %zu: %.60s", GOLDEN, i, view->line.data + i);
	assert_int_equal(view->line.len, len);
}

/* Printable, one line, and quotes in pairs. */
static void expect_sane(const struct json *line)
{
	size_t quotes = 0;

	assert_true(line->len > 2 && !line->failed);
	assert_int_equal(line->data[line->len - 1], '\n');
	for (size_t i = 0; i < line->len - 1; i++) {
		assert_in_range((unsigned char)line->data[i], ' ', 0xf4);
		assert_int_not_equal(line->data[i], 0x7f);
		if (line->data[i] == '\\')
			i++;
		else if (line->data[i] == '"')
			quotes++;
	}
	assert_int_equal(quotes % 2, 0);
}

static void hostile_names_stay_strings(void **state)
{
	struct view *view = *state;
	struct container box = { .runtime = "docker" };
	struct process hostile = { .pid = 1, .comm = "\"},{\"\x1b]0;\x07\xff", .container = &box };
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);

	hostile.exe = (char *)"/tmp/\",\"pid\":0,\"\n\xe2\x80\xae\xc2\x9b\\";
	hostile.cgroup = box.id = box.name = box.pod = (char *)"\x01\x02\x7f\x80\xfe";
	event.conn.owner = &hostile;
	event.acted = true;
	memset(event.actor.comm, '"', sizeof(event.actor.comm)); /* without NUL */
	tell(view, &event);
	expect_sane(&view->line);
	json_raw(&view->line, "", 1);
	assert_non_null(
		strstr(view->line.data, "\"comm\":\"\\\"},{\\\"\\u001b]0;\\u0007\xef\xbf\xbd\""));
	assert_non_null(strstr(view->line.data, "\"exe\":\"/tmp/\\\",\\\"pid\\\":0,\\\"\\n"));
	assert_non_null(strstr(view->line.data,
			       "\"by_comm\":\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\""
			       "\\\"\\\"\\\"\\\"\\\"\\\"\""));
}

static void every_byte_of_a_name_gives_a_sane_line(void **state)
{
	struct view *view = *state;

	for (unsigned int byte = 1; byte < 256; byte++) {
		struct process process = { .pid = 1 };
		struct event event = transition(SW_TCP_CLOSE, SW_TCP_LISTEN);

		memset(process.comm, (int)byte, SW_COMM_LEN);
		process.exe = process.comm;
		event.conn.owner = &process;
		json_reset(&view->line);
		tell(view, &event);
		expect_sane(&view->line);
	}
}

static void a_hostile_start_is_a_sane_line(void **state)
{
	struct view *view = *state;
	struct {
		struct sw_start start;
		char hooks[8];
	} record = { .start = record_start(1, 0) };

	record.start.header.size = sizeof(record);
	memset(record.start.version, 0x9b, sizeof(record.start.version)); /* no NUL */
	memset(record.start.kernel, '"', sizeof(record.start.kernel));
	memcpy(record.hooks, "\n\0\"\x1b\xff\0\0", 8);
	view->ops->start(view, &record.start);
	expect_sane(&view->line);
}

static void numbers_out_of_range_are_told(void **state)
{
	struct view *view = *state;
	struct event event = transition(255, 255);

	memset(&event.conn.counters, 0xff, sizeof(event.conn.counters));
	event.last = event.conn.counted = true;
	event.conn.error = 65535;
	event.conn.ends.cookie = event.ts_ns = UINT64_MAX;
	event.conn.opened_ns = UINT64_MAX;
	tell(view, &event);
	expect_sane(&view->line);
	json_raw(&view->line, "", 1);
	assert_non_null(strstr(view->line.data, "\"old\":null,\"new\":null"));
	assert_non_null(strstr(view->line.data, "\"cookie\":18446744073709551615"));
	assert_non_null(strstr(view->line.data, "\"rx_bytes\":18446744073709551615"));
	assert_non_null(strstr(view->line.data, "\"error\":null"));
}

static void every_field_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < field_count(); i++)
		assert_ptr_equal(field_find(field_at(i)->name), field_at(i));
	assert_null(field_find("nothing"));
	assert_null(field_find(""));
}

/* What begins where `key` is, in a line that is kept until the next one. */
static const char *behind(struct view *view, const struct event *event, const char *key)
{
	const char *found;

	json_reset(&view->line);
	tell(view, event);
	json_raw(&view->line, "", 1);
	found = strstr(view->line.data, key);
	assert_non_null(found);
	return found + strlen(key);
}

/*
 * CLOCK_MONOTONIC, which the table lives by, stands still while the machine is suspended and knows
 * nothing of steps: only `ts` follows the clock, back and forth.
 */
static void a_step_of_the_clock_moves_ts_and_nothing_else(void **state)
{
	struct view *view = *state;
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);
	const uint64_t hour_ns = 3600ull * NSEC_PER_SEC;
	const char *ts = "\"ts\":\"", *duration = "\"duration_us\":";

	assert_memory_equal(behind(view, &event, ts), "2025-11-24T16:00:01.500000001Z", 30);
	view->realtime_offset_ns -= (int64_t)hour_ns; /* set back */
	assert_memory_equal(behind(view, &event, ts), "2025-11-24T15:00:01.500000001Z", 30);
	assert_memory_equal(behind(view, &event, duration), "500000,", 7);
	view->realtime_offset_ns +=
		9 * (int64_t)hour_ns; /* suspended for eight hours and set right */
	assert_memory_equal(behind(view, &event, ts), "2025-11-25T00:00:01.500000001Z", 30);
	assert_memory_equal(behind(view, &event, duration), "500000,", 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_view, close_view)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_of_line_is_as_promised),
		TEST(hostile_names_stay_strings),
		TEST(every_byte_of_a_name_gives_a_sane_line),
		TEST(a_hostile_start_is_a_sane_line),
		TEST(numbers_out_of_range_are_told),
		TEST(every_field_is_found_by_its_name),
		TEST(a_step_of_the_clock_moves_ts_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
