// SPDX-License-Identifier: GPL-2.0-or-later
/* model/stack.c, stack_book.c and conn_stack.c: stacks, and the connections they belong to. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>

#include "model/conn_table.h"
#include "model/decode.h"
#include "model/stack.h"
#include "model/stack_book.h"
#include "stack_records.h"

static void expect_modules(const struct stack_record *record, const char *expected)
{
	char text[256];

	assert_int_equal(stack_modules(&record->stack, text, sizeof(text)), strlen(expected));
	expect_text(text, expected);
}

static struct stack_record curl(uint64_t ts_ns, uint64_t cookie)
{
	struct stack_record record = stack_record(ts_ns, cookie);

	stack_record_frame(&record, 0, "/usr/lib/libc.so.6", "connect");
	stack_record_frame(&record, 1, "/usr/lib/libcurl.so.4.8.0", NULL);
	stack_record_frame(&record, 2, "/usr/lib/libcurl.so.4.8.0", "curl_easy_perform");
	stack_record_frame(&record, 3, "/usr/bin/curl", "main");
	stack_record_frame(&record, 4, "/usr/lib/libc.so.6", NULL);
	stack_record_frame(&record, 5, "/usr/bin/curl", "_start");
	record.frames[1].soname = record.frames[2].soname =
		stack_record_text(&record, "libcurl.so.4");
	record.stack.script = stack_record_text(&record, "a.py");
	return record;
}

static void modules_are_in_the_order_of_the_calls(void **state)
{
	struct stack_record record = curl(1, 1), python = stack_record(1, 1);
	struct stack_record thread = stack_record(1, 1), plugin = stack_record(1, 1);

	(void)state;
	expect_modules(&record, "curl > libcurl.so.4 > libc.so.6");

	stack_record_frame(&python, 0, "/usr/lib/libc.so.6", "connect");
	stack_record_frame(&python, 1, "/usr/lib/libpython3.11.so.1.0", "Py_BytesMain");
	stack_record_frame(&python, 2, "/usr/lib/libc.so.6", NULL);
	stack_record_frame(&python, 3, "/usr/bin/python3.11", "_start");
	expect_modules(&python, "python3.11 > libpython3.11.so.1.0 > libc.so.6");

	stack_record_frame(&thread, 0, "/usr/lib/libc.so.6", "connect");
	stack_record_frame(&thread, 1, "/usr/bin/server", NULL);
	stack_record_frame(&thread, 2, "/usr/lib/libc.so.6", "clone3");
	expect_modules(&thread, "server > libc.so.6");

	stack_record_frame(&plugin, 0, "/lib/libc.so.6", "connect");
	stack_record_frame(&plugin, 1, "/bin/main", "callback");
	stack_record_frame(&plugin, 2, "/lib/plugin.so", NULL);
	stack_record_frame(&plugin, 3, "/bin/main", "main");
	expect_modules(&plugin, "main > plugin.so > main > libc.so.6");
}

static void a_stack_without_modules_has_an_empty_list(void **state)
{
	struct stack_record record = stack_record(1, 1);
	char small[8];

	(void)state;
	expect_modules(&record, "");
	record = curl(1, 1);
	assert_int_equal(stack_modules(&record.stack, small, sizeof(small)), 7);
	expect_text(small, "curl > ");
}

static int decode(const struct stack_record *record)
{
	const struct sw_header *header;

	return decode_record(record, sizeof(*record), &header);
}

static void the_decoder_checks_every_offset(void **state)
{
	struct stack_record good = curl(1, 1), bad;

	(void)state;
	expect_ok(decode(&good));
#define expect_bad(field, value)                          \
	do {                                              \
		bad = good;                               \
		bad.field = (value);                      \
		assert_int_equal(decode(&bad), -EBADMSG); \
	} while (0)
	expect_bad(stack.frame_count, 1000);
	expect_bad(stack.frame_count, UINT32_MAX);
	expect_bad(stack.text_len, 0);
	expect_bad(stack.text_len, UINT32_MAX);
	expect_bad(stack.text_len, good.stack.text_len - 1);
	expect_bad(stack.script, good.stack.text_len);
	expect_bad(stack.end, SW_STACK_ENDS);
	expect_bad(stack.call, 0);
	expect_bad(stack.call, SW_CALLS);
	expect_bad(frames[0].module, good.stack.text_len);
	expect_bad(frames[7].function, good.stack.text_len);
	expect_bad(frames[3].build_id, UINT32_MAX);
	expect_bad(frames[3].soname, good.stack.text_len);
	expect_bad(stack.ends.cookie, 0);
}

/* ---- in the table -----------------------------------------------------------------------------
 */

struct world {
	struct process_table *processes;
	struct conn_table *table;
};

static void apply(const struct world *world, const void *record)
{
	expect_ok(conn_table_apply(world->table, record));
}

static struct world begin(void)
{
	struct world world = { .processes = process_table_new() };
	struct sw_start start = { .header = record_header(1, SW_RECORD_START, sizeof(start)),
				  .features = RECORD_ALL_FEATURES | SW_TAKES_STACKS };

	world.table = conn_table_new(world.processes, 100);
	apply(&world, &start);
	return world;
}

static void end(const struct world *world)
{
	conn_table_free(world->table);
	process_table_free(world->processes);
}

/* The stack's event; those before it are given back. */
static struct event next_stack(const struct world *world)
{
	struct event event;

	while (conn_table_next(world->table, &event)) {
		if (event.kind == EVENT_STACK)
			return event;
		conn_table_done(world->table, &event);
	}
	fail_msg("no stack");
	return event;
}

static void open_and_close(const struct world *world, uint64_t ts_ns, uint64_t cookie)
{
	struct sw_state opened = record_state(ts_ns, cookie, SW_TCP_CLOSE, SW_TCP_SYN_SENT);
	struct sw_state closed = record_state(ts_ns + 10, cookie, SW_TCP_SYN_SENT, SW_TCP_CLOSE);

	opened.owner = record_task(7, "curl");
	opened.flags = closed.flags = SW_SOCKET_OWNED;
	closed.owner = opened.owner;
	apply(world, &opened);
	apply(world, &closed);
}

static void a_stack_belongs_to_its_connection_when_that_is_over(void **state)
{
	struct world world = begin();
	struct sw_socket gone = record_socket(1000040, SW_RECORD_DESTROY, 5);
	struct stack_record record = curl(1000020, 5);
	struct sw_header tick = record_header(9000000, SW_RECORD_TICK, sizeof(tick));
	struct event event;

	(void)state;
	open_and_close(&world, 1000000, 5);
	apply(&world, &gone);
	record.stack.header.ts_ns = 5000000;
	record.stack.ends.lport = 0; /* not chosen yet when the stack was taken */
	apply(&world, &record);
	apply(&world, &tick);
	event = next_stack(&world);
	assert_int_equal(event.conn.gen, 1);
	assert_int_equal(event.conn.ends.lport, 40005);
	assert_non_null(event.conn.owner);
	expect_text(event.conn.owner->comm, "curl");
	expect_text(event.conn.owner->script, "a.py");
	expect_text(stack_call_name(event.stack->call), "connect");
	conn_table_done(world.table, &event);
	assert_int_equal(conn_table_stats(world.table)->stacks, 1);
	assert_int_equal(conn_table_stats(world.table)->stacks_incomplete, 0);
	end(&world);
}

static void each_life_of_a_socket_has_its_own_stack(void **state)
{
	const uint64_t second = 20000000;
	struct world world = begin();
	struct stack_record record = curl(1000000, 5);
	struct sw_header tick = record_header(90000000, SW_RECORD_TICK, sizeof(tick));
	struct event event;

	(void)state;
	open_and_close(&world, 1000000, 5);
	open_and_close(&world, second, 5);
	apply(&world, &record);
	record.stack.taken_ns = second;
	apply(&world, &record);
	apply(&world, &tick);
	event = next_stack(&world);
	assert_int_equal(event.conn.gen, 1);
	conn_table_done(world.table, &event);
	event = next_stack(&world);
	assert_int_equal(event.conn.gen, 2);
	conn_table_done(world.table, &event);
	end(&world);
}

static void a_stack_of_an_unknown_socket_tells_what_it_knows(void **state)
{
	struct world world = begin();
	struct stack_record record = curl(1000000, 77);
	struct event event;

	(void)state;
	record.stack.ends.protocol = SW_PROTO_UDP;
	record.stack.call = SW_CALL_SEND;
	record.stack.end = SW_STACK_JIT;
	apply(&world, &record);
	event = next_stack(&world);
	assert_int_equal(event.conn.ends.cookie, 77);
	assert_int_equal(event.conn.gen, 1);
	assert_int_equal(event.conn.owner->pid, 7);
	conn_table_done(world.table, &event);
	assert_int_equal(conn_table_stats(world.table)->stack_ends[SW_STACK_JIT], 1);
	assert_int_equal(conn_table_stats(world.table)->stacks_incomplete, 1);
	end(&world);
}

static void a_stack_that_comes_after_the_exit_has_its_process(void **state)
{
	struct world world = begin();
	struct stack_record record = curl(1000000, 77);
	struct sw_fork fork = { .header = record_header(2, SW_RECORD_FORK, sizeof(fork)),
				.child = record_task(7, "curl") };
	struct sw_exit exit = { .header = record_header(3, SW_RECORD_EXIT, sizeof(exit)),
				.task = fork.child };
	struct event event;

	(void)state;
	apply(&world, &fork);
	expect_ok(process_table_trace(world.processes, &fork.child));
	apply(&world, &exit);
	apply(&world, &record);
	event = next_stack(&world);
	assert_true(event.conn.owner->traced);
	conn_table_done(world.table, &event);
	end(&world);
}

/* ---- the book ---------------------------------------------------------------------------------
 */

static struct sw_stack *copy_of(const struct stack_record *record)
{
	struct sw_stack *copy = malloc(sizeof(*record));

	assert_non_null(copy);
	memcpy(copy, record, sizeof(*record));
	return copy;
}

static void the_book_forgets_what_is_over(void **state)
{
	struct world world = begin();
	struct stack_book *book = stack_book_new();
	struct stack_record record = curl(1000000, 5);
	struct sw_state opened = record_state(1000000, 9, SW_TCP_CLOSE, SW_TCP_SYN_SENT);

	(void)state;
	apply(&world, &opened);
	stack_book_put(book, 5, 1, copy_of(&record));
	stack_book_put(book, 5, 1, copy_of(&record));
	stack_book_put(book, 9, 1, copy_of(&record));
	assert_int_equal(stack_book_count(book), 2);
	assert_non_null(stack_book_find(book, 5, 1));
	assert_null(stack_book_find(book, 5, 2));
	assert_null(stack_book_find(NULL, 5, 1));
	stack_book_prune(book, world.table, 1000000);
	assert_int_equal(stack_book_count(book), 2);
	stack_book_prune(book, world.table, 1000001);
	assert_null(stack_book_find(book, 5, 1));
	assert_non_null(stack_book_find(book, 9, 1));
	stack_book_free(book);
	end(&world);
}

static void a_script_ends_with_an_exec(void **state)
{
	struct process_table *processes = process_table_new();
	const struct sw_task task = record_task(7, "python3");
	struct process *process = process_table_get(processes, &task);
	struct sw_process exec = { .header = record_header(50, SW_RECORD_PROCESS, sizeof(exec)),
				   .task = task,
				   .flags = SW_PROCESS_EXEC };

	(void)state;
	process_table_script(processes, &task, "a.py", 10);
	expect_text(process->script, "a.py");
	expect_ok(process_table_exec(processes, &exec));
	assert_null(process->script);
	process_table_script(processes, &task, "a.py", 49); /* of the program before */
	assert_null(process->script);
	process_table_script(processes, &task, "b.py", 51);
	expect_text(process->script, "b.py");
	process_table_free(processes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_are_in_the_order_of_the_calls),
		cmocka_unit_test(a_stack_without_modules_has_an_empty_list),
		cmocka_unit_test(the_decoder_checks_every_offset),
		cmocka_unit_test(a_stack_belongs_to_its_connection_when_that_is_over),
		cmocka_unit_test(each_life_of_a_socket_has_its_own_stack),
		cmocka_unit_test(a_stack_of_an_unknown_socket_tells_what_it_knows),
		cmocka_unit_test(a_stack_that_comes_after_the_exit_has_its_process),
		cmocka_unit_test(the_book_forgets_what_is_over),
		cmocka_unit_test(a_script_ends_with_an_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
