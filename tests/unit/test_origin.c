// SPDX-License-Identifier: GPL-2.0-or-later
/* view/origin.c: where a connection comes from, as text and JSON. */
#include "expect.h"

#include "stack_records.h"
#include "view/origin.h"

static struct stack_record example(void)
{
	struct stack_record record = stack_record(1, 1);

	record.stack.frame_count = 3;
	/* The text follows the frames that are counted. */
	memset(record.frames, 0, sizeof(record.frames));
	record.stack.text_len = 1;
	return record;
}

/* The same with its text where the record's length says. */
static const struct sw_stack *packed(struct stack_record *record)
{
	memmove(&record->frames[record->stack.frame_count], record->text, sizeof(record->text));
	return &record->stack;
}

static void fill(struct stack_record *record)
{
	stack_record_frame(record, 0, "/usr/lib/libc.so.6", "connect");
	stack_record_frame(record, 1, "/usr/bin/\033[2J", "a\nb");
	record->frames[1].build_id = stack_record_text(record, "abcd");
	record->frames[2].address = 0x7f00;
}

static void frames_are_escaped_text(void **state)
{
	struct stack_record record = example();
	struct json out;

	(void)state;
	fill(&record);
	json_init(&out);
	origin_text_frames(&out, packed(&record));
	expect_bytes(out.data, out.len,
		     "    #0  connect+0x0 (libc.so.6)\n"
		     "    #1  a\\nb+0x1 (\\x1b[2J)\n"
		     "    #2  0x7f00 (in no file)\n");
	json_done(&out);
}

static void frames_are_objects_in_json(void **state)
{
	struct stack_record record = example();
	struct json out;

	(void)state;
	fill(&record);
	json_init(&out);
	origin_json_frames(&out, packed(&record));
	expect_bytes(
		out.data, out.len,
		"\"frames\":["
		"{\"module\":\"/usr/lib/libc.so.6\",\"function\":\"connect\",\"offset\":0,\"build_id\":null},"
		"{\"module\":\"/usr/bin/\\u001b[2J\",\"function\":\"a\\nb\",\"offset\":1,\"build_id\":\"abcd\"},"
		"{\"module\":null,\"function\":null,\"offset\":32512,\"build_id\":null}]");
	json_done(&out);
}

static void what_is_missing_says_why(void **state)
{
	struct stack_record record = example();
	struct json out;

	(void)state;
	json_init(&out);
	record.stack.end = SW_STACK_GONE;
	origin_text_modules(&out, packed(&record));
	expect_bytes(out.data, out.len, "(no stack: gone)");
	json_reset(&out);
	record = example();
	fill(&record);
	record.stack.end = SW_STACK_JIT;
	origin_text_modules(&out, packed(&record));
	expect_bytes(out.data, out.len, "\\x1b[2J > libc.so.6 (incomplete: jit)");
	json_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_escaped_text),
		cmocka_unit_test(frames_are_objects_in_json),
		cmocka_unit_test(what_is_missing_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
