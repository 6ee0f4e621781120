/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every test of the suite is given, and the tables of tests. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

struct tracer;

struct suite {
	char sockwatch[4096];	/* the program under test */
	char self[4096];	/* our own path, as /proc/self/exe shows it */
	char shortlived[4096];	/* the static helper; may be missing */
	char caller[4096];	/* the program of known calls; likewise, and its siblings */
	char mode[32];		/* "tracepoint", "trampoline" or "auto" */
	bool slow_tests;	/* --slow: also what takes a minute */
	bool emulated;		/* SOCKWATCH_SLOW=1: fewer and more patient */
	char scratch[64];	/* a directory of this run, mode 0755 */
	struct tracer *tracers; /* running or not yet freed; the teardown ends them */
};

/* One test. `run` gets the suite; `slow` ones need --slow. */
struct test {
	const char *name;
	void (*run)(struct suite *suite);
	bool slow;
};

extern const struct test tests_lifecycle[];
extern const struct test tests_counters[];
extern const struct test tests_processes[];
extern const struct test tests_containers[];
extern const struct test tests_existing[];
extern const struct test tests_owners[];
extern const struct test tests_live[];
extern const struct test tests_loss[];
extern const struct test tests_faults[];
extern const struct test tests_suspend[];
extern const struct test tests_command[];
extern const struct test tests_recording[];
extern const struct test tests_sandbox[];
extern const struct test tests_failed[];
extern const struct test tests_cli[];
extern const struct test tests_filter[];
extern const struct test tests_stacks[];
extern const struct test tests_netstat[];
extern const struct test tests_netstat_truth[];
extern const struct test tests_netstat_format[];
extern const struct test tests_netstat_names[];
extern const struct test tests_netstat_refused[];
extern const struct test tests_netstat_repeat[];
extern const struct test tests_udp[];
extern const struct test tests_udp_peers[];

/* A time limit in milliseconds for what takes at most `seconds` natively. */
int suite_deadline_ms(const struct suite *suite, int seconds);
/* How many of something: the emulated machines do `emulated` of them. */
unsigned int suite_count(const struct suite *suite, unsigned int native, unsigned int emulated);

uint64_t now_ns(void); /* CLOCK_MONOTONIC */
void sleep_ms(unsigned int ms);

/* Prints why, then skips the test as cmocka does. Does not return. */
#define skip_because(...)                            \
	do {                                         \
		print_message("SKIP: " __VA_ARGS__); \
		print_message("\n");                 \
		skip();                              \
	} while (0)
