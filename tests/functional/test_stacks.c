// SPDX-License-Identifier: GPL-2.0-or-later
/* What led to a connection: calls that are known, and stacks that are made to break the reader. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

#define NAME_SIZE 256
#define PATH_BYTES 256
#define ATTEMPTS 5
#define SECRET "SECRET-ON-THE-STACK"

/* What the calls of `caller deep` are called, the innermost first. */
#define DEEP                                                                                   \
	"call step_1 step_2 step_3 step_4 step_5 step_6 step_7 step_8 step_9 step_10 step_11 " \
	"step_12 step_13 step_14 main"

/* ---- what this build and kernel can -----------------------------------------------------------
 */

/* The line of `doctor -j` about stacks, to be freed. */
static char *doctor_line(struct suite *suite)
{
	struct program program = { .args = { suite->sockwatch, "doctor", "-j", NULL },
				   .timeout_ms = suite_deadline_ms(suite, 30) };
	struct program_result result;
	const char *found;
	char *line = NULL;

	program_run(&program, &result);
	found = result.out ? strstr(result.out, "{\"check\":\"stacks") : NULL;
	if (found)
		line = strndup(found, strcspn(found, "\n"));
	program_result_done(&result);
	if (!line)
		fail_msg("doctor says nothing about stacks");
	return line;
}

static void need_unwinder(struct suite *suite)
{
	char *line = doctor_line(suite);
	bool ok = strstr(line, "\"state\":\"ok\"");

	free(line);
	if (!ok)
		skip_because("built without libdw");
	if (access(suite->caller, X_OK) < 0)
		skip_because("%s: %s", suite->caller, strerror(errno));
}

static bool doctor_mentions(struct suite *suite, const char *word)
{
	char *line = doctor_line(suite);
	bool found = strstr(line, word);

	free(line);
	return found;
}

/* ---- running and reading ----------------------------------------------------------------------
 */

/* How long a caller stays after its call, in ms. 20 are enough where nobody else wants to run. */
static const char *stay(const struct suite *suite)
{
	return suite->emulated ? "1000" : "100";
}

static struct tracer *trace_once(struct suite *suite, const char *const args[])
{
	struct tracer *tracer = tracer_spawn(suite, args);

	(void)tracer_wait_exit(tracer, suite_deadline_ms(suite, 60));
	/* Whether the machine was too busy for its transitions is what other tests ask. */
	if (tracer_bad_lines(tracer, NULL) || !tracer_first(tracer, LINE_END))
		fail_msg("the stream is not whole");
	return tracer;
}

static size_t count_stacks(const struct tracer *tracer)
{
	size_t count = 0;

	for (size_t i = 0; i < tracer_count(tracer); i++)
		count += tracer_event(tracer, i)->kind == LINE_STACK;
	return count;
}

/* The machine was too slow, or too busy, for the limits: that is said, and is no mistake. */
static bool was_too_late(const struct tracer *tracer)
{
	static const char *const ends[] = { "timeout", "gone", "busy" };
	char end[NAME_SIZE];

	for (size_t i = 0; i < tracer_count(tracer); i++)
		for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
			if (tracer_event(tracer, i)->kind == LINE_STACK &&
			    jsonline_string(tracer_event(tracer, i)->text, "incomplete", end,
					    sizeof(end)) &&
			    strcmp(end, ends[k]) == 0)
				return true;
	return false;
}

static struct tracer *trace_with(struct suite *suite, const char *const args[])
{
	for (int attempt = 1;; attempt++) {
		struct tracer *tracer = trace_once(suite, args);

		if (attempt == ATTEMPTS || (count_stacks(tracer) && !was_too_late(tracer)))
			return tracer;
		tracer_free(tracer);
	}
}

/* What others do on this machine is not even recorded; a listener has no remote port. */
#define ONLY_CALLERS "dport = 1"

/* `trace -v [FILTER] -- caller WHAT MS [PATH]` */
static struct tracer *trace_caller(struct suite *suite, const char *caller, const char *what,
				   const char *path)
{
	bool connects = strcmp(what, "listen") != 0 && strcmp(what, "send") != 0;
	const char *const args[] = { "-v", connects ? ONLY_CALLERS : "proto tcp or proto udp",
				     "--", caller,
				     what, stay(suite),
				     path, NULL };

	return trace_with(suite, args);
}

/* The only stack of a run. */
static const char *the_stack(const struct tracer *tracer)
{
	const struct event *event = tracer_first(tracer, LINE_STACK);

	if (!event || count_stacks(tracer) != 1) {
		char *said = tracer_stderr(tracer);

		print_error("%s\n", said ? said : "");
		free(said);
		fail_msg("%zu stacks instead of one", count_stacks(tracer));
	}
	return event->text;
}

/* The function of the frame at *at, which moves behind it; "?" if it has none. */
static bool next_function(const char **at, char name[NAME_SIZE])
{
	static const char key[] = "\"function\":";
	const char *found = strstr(*at, key);
	size_t len;

	if (!found)
		return false;
	found += strlen(key);
	len = found[0] == '"' ? strcspn(found + 1, "\"") : 0;
	snprintf(name, NAME_SIZE, "%.*s", len ? (int)len : 1, len ? found + 1 : "?");
	*at = found + len;
	return true;
}

/* The frames behind the first one begin with these functions, separated by spaces. */
static void expect_functions(const char *stack, const char *names)
{
	const char *at = strstr(stack, "\"frames\":");
	char name[NAME_SIZE];

	if (!at || !next_function(&at, name))
		fail_msg("no frames: %s", stack);
	for (; *names; names += strspn(names, " ")) {
		size_t len = strcspn(names, " ");

		if (!next_function(&at, name) || strlen(name) != len ||
		    strncmp(name, names, len) != 0)
			fail_msg("%.*s is missing, there is %s: %s", (int)len, names, name, stack);
		names += len;
	}
}

static void expect_text(const char *stack, const char *key, const char *text)
{
	char value[NAME_SIZE] = "";

	jsonline_string(stack, key, value, sizeof(value));
	if (strcmp(value, text) != 0)
		fail_msg("%s is '%s', not '%s': %s", key, value, text, stack);
}

static void expect_complete(const char *stack)
{
	if (jsonline_has(stack, "incomplete"))
		fail_msg("incomplete: %s", stack);
}

/* ---- known calls ------------------------------------------------------------------------------
 */

static void sixteen_calls_without_frame_pointers(struct suite *suite)
{
	struct tracer *tracer;
	const char *stack;

	need_unwinder(suite);
	tracer = trace_caller(suite, suite->caller, "deep", NULL);
	stack = the_stack(tracer);
	expect_functions(stack, DEEP);
	expect_complete(stack);
	expect_text(stack, "call", "connect");
	expect_text(stack, "modules", "caller > libc.so.6");
	expect_text(stack, "raddr", "127.0.0.1");
	if (strstr(stack, "\"build_id\":null"))
		fail_msg("a module without build-id: %s", stack);
	if (!jsonline_has(stack, "parents") || !jsonline_has(stack, "cookie"))
		fail_msg("not told of its connection: %s", stack);
	tracer_free(tracer);
}

static void a_listener_has_its_stack(struct suite *suite)
{
	struct tracer *tracer;

	need_unwinder(suite);
	tracer = trace_caller(suite, suite->caller, "listen", NULL);
	expect_functions(the_stack(tracer), DEEP);
	expect_text(the_stack(tracer), "call", "listen");
	tracer_free(tracer);
}

static void the_first_datagram_has_its_stack(struct suite *suite)
{
	struct tracer *tracer;

	need_unwinder(suite);
	if (doctor_mentions(suite, "datagrams"))
		skip_because("this kernel does not show the sending of datagrams");
	tracer = trace_caller(suite, suite->caller, "send", NULL);
	expect_functions(the_stack(tracer), DEEP);
	expect_text(the_stack(tracer), "call", "send");
	expect_text(the_stack(tracer), "proto", "udp");
	tracer_free(tracer);
}

static void a_static_program_has_its_stack(struct suite *suite)
{
	char path[PATH_BYTES];
	struct tracer *tracer;

	need_unwinder(suite);
	snprintf(path, sizeof(path), "%.200s-static", suite->caller);
	tracer = trace_caller(suite, path, "deep", NULL);
	expect_functions(the_stack(tracer), DEEP);
	expect_text(the_stack(tracer), "modules", "caller-static");
	tracer_free(tracer);
}

static void a_thread_has_its_stack(struct suite *suite)
{
	struct tracer *tracer;

	need_unwinder(suite);
	tracer = trace_caller(suite, suite->caller, "thread", NULL);
	expect_functions(the_stack(tracer), "call step_1 step_2 thread_main");
	expect_text(the_stack(tracer), "modules", "caller > libc.so.6");
	tracer_free(tracer);
}

static void what_dlopen_loaded_is_in_the_stack(struct suite *suite)
{
	char plugin[PATH_BYTES];
	struct tracer *tracer;

	need_unwinder(suite);
	snprintf(plugin, sizeof(plugin), "%.200s-plugin.so", suite->caller);
	tracer = trace_caller(suite, suite->caller, "plugin", plugin);
	expect_functions(the_stack(tracer), "call step_1 plugin_inner plugin_enter");
	expect_text(the_stack(tracer), "modules", "caller > caller-plugin.so > caller > libc.so.6");
	tracer_free(tracer);
}

static void names_are_as_their_authors_wrote_them(struct suite *suite)
{
	static const char *const names[] = { "phone::home(int)",
					     "core::ops::function::FnOnce::call_once",
					     "mycrate::example" };
	struct tracer *tracer;
	const char *at;
	char name[NAME_SIZE];

	need_unwinder(suite);
	if (doctor_mentions(suite, "mangled"))
		skip_because("built without libiberty");
	tracer = trace_caller(suite, suite->caller, "names", NULL);
	at = strstr(the_stack(tracer), "\"frames\":");
	for (int inner = 0; inner < 2; inner++)
		assert_true(next_function(&at, name));
	for (size_t i = 0; i < 3; i++) {
		assert_true(next_function(&at, name));
		assert_string_equal(name, names[i]);
	}
	tracer_free(tracer);
}

static void a_deleted_program_has_its_stack(struct suite *suite)
{
	char copy[PATH_BYTES], script[4 * PATH_BYTES];
	const char *const args[] = { "-v", ONLY_CALLERS, "--", "/bin/sh", "-c", script, NULL };
	struct tracer *tracer;

	need_unwinder(suite);
	snprintf(copy, sizeof(copy), "%.60s/deleted", suite->scratch);
	snprintf(script, sizeof(script), "cp %.200s %.100s && %.100s deleted %s", suite->caller,
		 copy, copy, stay(suite));
	tracer = trace_with(suite, args);
	unlink(copy);
	expect_functions(the_stack(tracer), "call step_1 step_2 call_deleted main");
	expect_text(the_stack(tracer), "modules", "deleted > libc.so.6");
	tracer_free(tracer);
}

/* A shell that connects by itself, and the script that it runs. */
static void an_interpreter_has_its_script(struct suite *suite)
{
	char script[PATH_BYTES];
	const char *const args[] = { "-v", ONLY_CALLERS, "--", "/bin/bash", script, NULL };
	struct tracer *tracer;
	FILE *file;

	need_unwinder(suite);
	if (access("/bin/bash", X_OK) < 0)
		skip_because("no /bin/bash");
	snprintf(script, sizeof(script), "%.60s/phone-home", suite->scratch);
	file = fopen(script, "w");
	assert_non_null(file);
	fputs("exec 3<>/dev/tcp/127.0.0.1/1\nsleep 0.3\n", file);
	fclose(file);
	tracer = trace_with(suite, args);
	unlink(script);
	expect_text(the_stack(tracer), "script", script);
	expect_text(the_stack(tracer), "modules", "bash > libc.so.6");
	expect_complete(the_stack(tracer));
	tracer_free(tracer);
}

/* ---- hostile ones -----------------------------------------------------------------------------
 */

/* Each says why it ends, and the last one, which is honest, is not harmed by those before it. */
static void hostile_stacks_harm_nobody(struct suite *suite)
{
	char script[8 * PATH_BYTES], plugin[PATH_BYTES], from[PATH_BYTES];
	const char *const args[] = { "-v", ONLY_CALLERS, "--", "/bin/sh", "-c", script, NULL };
	const char *ms = stay(suite), *caller = suite->caller;
	const char *last = NULL;
	struct tracer *tracer;
	size_t told = 0;

	need_unwinder(suite);
	snprintf(from, sizeof(from), "%.200s-plugin.so", caller);
	snprintf(plugin, sizeof(plugin), "%.60s/cut.so", suite->scratch);
	if (copy_file(from, plugin) < 0)
		fail_msg("%s: %s", plugin, strerror(errno));
	snprintf(
		script, sizeof(script),
		"%.200s heap %s; %.200s page %s; %.200s garbage %s; %.200s cut %s %s; %.200s deep %s",
		caller, ms, caller, ms, caller, ms, caller, ms, plugin, caller, ms);
	tracer = trace_with(suite, args);
	unlink(plugin);
	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->kind != LINE_STACK)
			continue;
		if (++told < 5 && !jsonline_has(event->text, "incomplete"))
			fail_msg("nothing is missing from it: %s", event->text);
		last = event->text;
	}
	assert_int_equal(told, 5);
	expect_functions(last, DEEP);
	expect_complete(last);
	tracer_free(tracer);
}

/* ---- together with the rest -------------------------------------------------------------------
 */

static void without_v_nothing_is_copied(struct suite *suite)
{
	const char *const args[] = { ONLY_CALLERS, "--", suite->caller, "deep", "1", NULL };
	struct tracer *tracer;

	if (access(suite->caller, X_OK) < 0)
		skip_because("%s: %s", suite->caller, strerror(errno));
	tracer = trace_once(suite, args);
	assert_int_equal(count_stacks(tracer), 0);
	assert_false(jsonline_has(tracer_first(tracer, LINE_END)->text, "stacks"));
	tracer_free(tracer);
}

/* 500 connections a second: no transition is lost, and each stack is told or counted. */
static void five_hundred_a_second_cost_no_transition(struct suite *suite)
{
	unsigned int count = suite_count(suite, 1000, 50);
	char number[16];
	const char *const args[] = {
		"-v", ONLY_CALLERS, "--", suite->caller, "rate", number, NULL
	};
	struct tracer *tracer;
	long long dropped = 0;
	size_t begun = 0;

	need_unwinder(suite);
	snprintf(number, sizeof(number), "%u", count);
	tracer = trace_once(suite, args);
	tracer_check_stream(tracer);
	for (size_t i = 0; i < tracer_count(tracer); i++)
		begun += tracer_event(tracer, i)->kind == LINE_STATE &&
			 tracer_event(tracer, i)->new == STATE_SYN_SENT;
	assert_int_equal(begun, count);
	jsonline_number(tracer_first(tracer, LINE_END)->text, "stacks_dropped", &dropped);
	assert_int_equal(count_stacks(tracer) + (size_t)dropped, count);
	tracer_free(tracer);
}

/* On a busy machine the file is large: it has everybody's records. */
static bool file_has(const char *path, const char *word)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	char *bytes = fd < 0 ? NULL : read_fd(fd, &len);
	bool found = bytes && memmem(bytes, len, word, strlen(word));

	free(bytes);
	if (fd >= 0)
		close(fd);
	return found;
}

/* A recording has the calls, and nothing else of what was on the stack. */
static void a_recording_has_stacks_but_no_secrets(struct suite *suite)
{
	char path[PATH_BYTES], write[PATH_BYTES + 16], read[PATH_BYTES + 16];
	const char *const live[] = { "-v", write, "--", suite->caller, "deep", stay(suite), NULL };
	const char *const with[] = { "-v", read, "comm = caller", NULL };
	const char *const without[] = { read, "comm = caller", NULL };
	struct tracer *tracer;

	need_unwinder(suite);
	snprintf(path, sizeof(path), "%.60s/stacks.sw", suite->scratch);
	snprintf(write, sizeof(write), "--write=%s", path);
	snprintf(read, sizeof(read), "--read=%s", path);
	tracer_free(trace_with(suite, live));
	tracer = trace_with(suite, with);
	expect_functions(the_stack(tracer), DEEP);
	tracer_free(tracer);
	tracer = trace_once(suite, without);
	assert_int_equal(count_stacks(tracer), 0);
	tracer_free(tracer);
	assert_true(file_has(path, "step_14"));
	assert_false(file_has(path, SECRET));
	unlink(path);
}

static void repeated_displays_show_the_modules(struct suite *suite)
{
	struct program call = { .args = { suite->caller, "deep", stay(suite), NULL },
				.timeout_ms = suite_deadline_ms(suite, 10) };
	struct program_result result;
	struct command command;
	struct running running;
	bool shown;

	need_unwinder(suite);
	command_make(suite, "-bvn dport = 1 and comm = caller 1", &command);
	program_start(&command.program, &running);
	shown = display_wait(&running, "display 1", suite_deadline_ms(suite, 30));
	program_run(&call, &result);
	program_result_done(&result);
	shown = shown && display_wait(&running, "caller > libc.so.6", suite_deadline_ms(suite, 30));
	kill(running.pid, SIGINT);
	program_finish(&running, suite_deadline_ms(suite, 20), &result);
	if (!shown || !display_find(result.out, "Closed since the last display"))
		fail_msg("not shown: %s%s", result.out, result.err);
	program_result_done(&result);
}

const struct test tests_stacks[] = {
	{ .name = "stack_of_16_calls_without_frame_pointers",
	  .run = sixteen_calls_without_frame_pointers },
	{ .name = "stack_of_a_listener", .run = a_listener_has_its_stack },
	{ .name = "stack_of_the_first_datagram", .run = the_first_datagram_has_its_stack },
	{ .name = "stack_of_a_static_program", .run = a_static_program_has_its_stack },
	{ .name = "stack_of_a_thread", .run = a_thread_has_its_stack },
	{ .name = "stack_through_what_dlopen_loaded", .run = what_dlopen_loaded_is_in_the_stack },
	{ .name = "stack_names_are_as_their_authors_wrote_them",
	  .run = names_are_as_their_authors_wrote_them },
	{ .name = "stack_of_a_deleted_program", .run = a_deleted_program_has_its_stack },
	{ .name = "stack_and_script_of_an_interpreter", .run = an_interpreter_has_its_script },
	{ .name = "stacks_that_are_hostile_harm_nobody", .run = hostile_stacks_harm_nobody },
	{ .name = "stacks_are_not_copied_unasked", .run = without_v_nothing_is_copied },
	{ .name = "stacks_of_500_a_second_cost_no_transition",
	  .run = five_hundred_a_second_cost_no_transition },
	{ .name = "stacks_are_in_a_recording_but_no_secrets",
	  .run = a_recording_has_stacks_but_no_secrets },
	{ .name = "stacks_in_repeated_displays", .run = repeated_displays_show_the_modules },
	{ .name = NULL },
};
