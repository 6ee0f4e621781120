// SPDX-License-Identifier: GPL-2.0-or-later
/* view/trace_text.c: lines that a terminal shows and never obeys. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>

#include "model/process.h"
#include "records.h"
#include "view/view.h"

static struct container docker = { .id = (char *)"0123456789abcdef", .runtime = "docker" };
static struct process shell = { .pid = 9, .comm = "bash" };
static struct process curl = {
	.pid = 10,
	.comm = "curl",
	.exe = (char *)"/usr/bin/curl",
	.container = &docker,
	.parent = &shell,
};

static int open_view(void **state)
{
	struct view *view = calloc(1, sizeof(*view));

	*state = view;
	if (!view)
		return -1;
	view->ops = &view_text;
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
		},
	};
}

/* What the view says of it. */
#define expect_line(view, told, literal)                                    \
	do {                                                                \
		json_reset(&(view)->line);                                  \
		(view)->ops->event((view), (told));                         \
		expect_bytes((view)->line.data, (view)->line.len, literal); \
	} while (0)

static void a_transition_is_one_line(void **state)
{
	struct event event = transition(SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl CLOSE -> SYN_SENT 10.0.0.1:40005 10.0.0.2:443"
		    " /usr/bin/curl docker:0123456789ab\n");
}

static void columns_are_padded_for_a_person(void **state)
{
	struct view *view = *state;
	struct event event = transition(SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);

	view->aligned = true;
	expect_line(view, &event,
		    "00:00:01.500000      10 curl             SYN_SENT    -> ESTABLISHED "
		    "10.0.0.1:40005        10.0.0.2:443         \n");
}

static void the_last_line_tells_why_and_how_much(void **state)
{
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);

	event.reason = CONN_REASON_TIMEOUT;
	event.conn.error = ETIMEDOUT;
	event.conn.counted = true;
	event.conn.counters = (struct sw_counters){ 11, 22, 33, 4 };
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl ESTABLISHED -> CLOSE 10.0.0.1:40005 10.0.0.2:443"
		    " timeout ETIMEDOUT after 500ms rx 11 B tx 22 B retrans 4\n");
}

static void a_reset_says_why_the_kernel_sent_it(void **state)
{
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_CLOSE);

	event.reason = CONN_REASON_ABORTED;
	event.conn.reset_reason = SW_RESET_TCP_ABORT_ON_CLOSE;
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl ESTABLISHED -> CLOSE 10.0.0.1:40005 10.0.0.2:443"
		    " aborted TCP_ABORT_ON_CLOSE after 500ms\n");
}

static void a_failed_connect_tells_its_attempts(void **state)
{
	struct event event = transition(SW_TCP_SYN_SENT, SW_TCP_CLOSE);

	event.failed = event.conn.counted = true;
	event.reason = CONN_REASON_TIMEOUT;
	event.conn.error = ETIMEDOUT;
	event.conn.counters.retrans = 6;
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl SYN_SENT -> CLOSE 10.0.0.1:40005 10.0.0.2:443"
		    " timeout ETIMEDOUT after 500ms attempts 7\n");
	event = transition(SW_TCP_CLOSE, SW_TCP_CLOSE);
	event.kind = EVENT_FAILED;
	event.conn.silent = true;
	event.failed = true;
	event.reason = CONN_REASON_UNREACHABLE;
	event.conn.error = ENETUNREACH;
	event.conn.ends.lport = 0;
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl connect -> failed 10.0.0.1:* 10.0.0.2:443"
		    " unreachable ENETUNREACH after 500ms attempts 0 /usr/bin/curl"
		    " docker:0123456789ab\n");
}

static void what_is_unknown_is_a_question_mark(void **state)
{
	struct event event = transition(SW_TCP_LISTEN, SW_TCP_SYN_RECV);

	event.conn.owner = NULL;
	event.inferred = true;
	event.conn.ends.lport = 0;
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 ? ? LISTEN -> SYN_RECV 10.0.0.1:* 10.0.0.2:443 (inferred)\n");
	event = transition(255, 0);
	expect_line((struct view *)*state, &event,
		    "00:00:01.500000 10 curl ? -> ? 10.0.0.1:40005 10.0.0.2:443\n");
}

static void who_acted_and_who_begot_is_told(void **state)
{
	struct view *view = *state;
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_FIN_WAIT1);

	event.acted = true;
	event.actor = (struct sw_actor){ .pid = 10, .tid = 11, .comm = "0123456789abcdef" };
	view->ancestors = true;
	expect_line(view, &event,
		    "00:00:01.500000 10 curl ESTABLISHED -> FIN_WAIT1 10.0.0.1:40005 10.0.0.2:443"
		    " by 0123456789abcdef[10] < bash[9]\n");
}

static void the_other_kinds_have_a_line_each(void **state)
{
	struct view *view = *state;
	struct event event = transition(SW_TCP_ESTABLISHED, SW_TCP_ESTABLISHED);

	event.kind = EVENT_EXISTS;
	expect_line(view, &event,
		    "00:00:01.500000 10 curl exists -> ESTABLISHED 10.0.0.1:40005 10.0.0.2:443"
		    " /usr/bin/curl\n");
	event.kind = EVENT_OWNER;
	event.previous_owner = &shell;
	expect_line(view, &event,
		    "00:00:01.500000 10 curl owner -> ESTABLISHED 10.0.0.1:40005 10.0.0.2:443"
		    " before: bash[9] /usr/bin/curl\n");
	event = (struct event){ .kind = EVENT_LOST, .count = 17 };
	expect_line(view, &event, "00:00:00.000000 LOST 17 records: the table is being repaired\n");
	event = (struct event){ .kind = EVENT_RESYNC, .resync = { 1, 2, 3, 4 } };
	expect_line(view, &event, "00:00:00.000000 RESYNC 1 added, 2 changed, 3 removed\n");
	event.resync.verified = true;
	expect_line(view, &event,
		    "00:00:00.000000 RESYNC 1 added, 2 changed, 3 removed by verification\n");
}

static void colour_is_only_used_when_wanted(void **state)
{
	struct view *view = *state;
	struct event event = transition(SW_TCP_SYN_SENT, SW_TCP_ESTABLISHED);

	view->color = true;
	expect_line(view, &event,
		    "00:00:01.500000 10 curl SYN_SENT -> \033[32mESTABLISHED\033[0m"
		    " 10.0.0.1:40005 10.0.0.2:443\n");
}

/* One line of valid UTF-8, without anything that a terminal would obey. */
static void expect_printable(const struct json *line)
{
	assert_true(line->len > 1 && !line->failed);
	assert_int_equal(line->data[line->len - 1], '\n');
	for (size_t i = 0; i < line->len - 1; i++) {
		unsigned char byte = (unsigned char)line->data[i];

		assert_true(byte >= ' ' && byte != 0x7f && byte < 0xf5);
		if (byte == 0xc2) /* C1 controls */
			assert_in_range((unsigned char)line->data[i + 1], 0xa0, 0xbf);
	}
}

static void tell_with_names(struct view *view, const char *name)
{
	struct container hostile = { .id = (char *)name, .runtime = "docker" };
	struct process parent = { .pid = 1 }, process = { .pid = 2, .parent = &parent };
	struct event event = transition(SW_TCP_CLOSE, SW_TCP_LISTEN);
	size_t len = strlen(name);

	memcpy(process.comm, name, len < SW_COMM_LEN ? len : SW_COMM_LEN);
	memcpy(parent.comm, process.comm, sizeof(parent.comm));
	memcpy(event.actor.comm, process.comm, sizeof(event.actor.comm));
	process.exe = (char *)name;
	process.container = &hostile;
	event.conn.owner = &process;
	event.acted = true;
	for (int kind = EVENT_STATE; kind <= EVENT_OWNER; kind++) {
		event.kind = (enum event_kind)kind;
		event.previous_owner = kind == EVENT_OWNER ? &parent : NULL;
		hostile.name = kind == EVENT_STATE ? hostile.id : NULL;
		json_reset(&view->line);
		view->ops->event(view, &event);
		expect_printable(&view->line);
	}
}

static void no_control_byte_ever_gets_out(void **state)
{
	struct view *view = *state;
	char name[64];

	view->ancestors = true;
	for (int aligned = 0; aligned < 2; aligned++) {
		view->aligned = aligned;
		for (int byte = 1; byte < 256; byte++) {
			memset(name, byte, sizeof(name) - 1);
			name[sizeof(name) - 1] = '\0';
			tell_with_names(view, name);
			memset(name, 'a', sizeof(name) - 1);
			name[0] = name[11] = name[15] = (char)byte; /* where fields are cut */
			tell_with_names(view, name);
		}
		tell_with_names(view, "\xc2\x9b"
				      "31m\xe2\x80\xae\xe2\x80\xa8\x1b[2J\r\n");
	}
}

static void the_longest_path_is_escaped_whole(void **state)
{
	struct view *view = *state;
	char *path = malloc(SW_PATH_LEN);

	assert_non_null(path);
	memset(path, 0x1b, SW_PATH_LEN);
	path[SW_PATH_LEN - 1] = '\0';
	tell_with_names(view, path);
	assert_true(view->line.len > 4 * (SW_PATH_LEN - 2));
	free(path);
}

static void the_title_is_one_line(void **state)
{
	struct view *view = *state;
	struct sw_start start = record_start(1, 0);

	memset(start.version, 0x1b, sizeof(start.version));
	memset(start.kernel, 0x1b, sizeof(start.kernel));
	for (int aligned = 0; aligned < 2; aligned++) {
		view->aligned = aligned;
		json_reset(&view->line);
		view->ops->start(view, &start);
		expect_printable(&view->line);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_view, close_view)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_transition_is_one_line),
		TEST(columns_are_padded_for_a_person),
		TEST(the_last_line_tells_why_and_how_much),
		TEST(a_reset_says_why_the_kernel_sent_it),
		TEST(a_failed_connect_tells_its_attempts),
		TEST(what_is_unknown_is_a_question_mark),
		TEST(who_acted_and_who_begot_is_told),
		TEST(the_other_kinds_have_a_line_each),
		TEST(colour_is_only_used_when_wanted),
		TEST(no_control_byte_ever_gets_out),
		TEST(the_longest_path_is_escaped_whole),
		TEST(the_title_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
