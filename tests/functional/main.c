// SPDX-License-Identifier: GPL-2.0-or-later
/* Functional tests of sockwatch: real traffic, the real program, as root. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "program.h"
#include "scenario.h"
#include "suite.h"
#include "tracer.h"

#define TESTS_MAX 128
#define EXIT_USAGE 2
#define EXIT_UNAVAILABLE 77

struct options {
	const char *filter;
	bool list;
	bool others; /* than the scenarios */
};

struct assignment {
	struct suite *suite;
	const struct test *test;
};

static const struct {
	const char *name;
	const struct test *tests;
	bool host_only; /* no kernel makes a difference to it, so guests leave it out */
} groups[] = {
	{ "lifecycle", tests_lifecycle },
	{ "processes", tests_processes },
	{ "containers", tests_containers },
	{ "counters", tests_counters },
	{ "existing", tests_existing },
	{ "owners", tests_owners },
	{ "live", tests_live },
	{ "loss", tests_loss },
	{ "faults", tests_faults },
	{ "suspend", tests_suspend },
	{ "command", tests_command, .host_only = true },
	{ "recording", tests_recording, .host_only = true },
	{ "sandbox", tests_sandbox },
	{ "failed", tests_failed },
	{ "stacks", tests_stacks, .host_only = true },
	{ "filter", tests_filter, .host_only = true },
	{ "cli", tests_cli, .host_only = true },
	{ "netstat", tests_netstat },
	{ "netstat_truth", tests_netstat_truth },
	{ "netstat_format", tests_netstat_format, .host_only = true },
	{ "netstat_names", tests_netstat_names, .host_only = true },
	{ "netstat_refused", tests_netstat_refused, .host_only = true },
	{ "netstat_repeat", tests_netstat_repeat, .host_only = true },
	{ "udp", tests_udp },
	{ "udp_peers", tests_udp_peers },
};

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Emulation is ten to fifty times slower, but most of a limit is margin already. */
int suite_deadline_ms(const struct suite *suite, int seconds)
{
	return seconds * (suite->emulated ? 6 : 1) * 1000;
}

unsigned int suite_count(const struct suite *suite, unsigned int native, unsigned int emulated)
{
	return suite->emulated ? emulated : native;
}

static void run_assignment(void **state)
{
	const struct assignment *assignment = *state;

	assignment->test->run(assignment->suite);
}

/* A failed assertion leaves its tracers behind. */
static int end_tracers(void **state)
{
	tracer_free_all(((struct assignment *)*state)->suite);
	return 0;
}

static bool is_wanted(const struct suite *suite, const struct test *test, const char *filter)
{
	if (test->slow && !suite->slow_tests)
		return false;
	return !filter || fnmatch(filter, test->name, 0) == 0;
}

static int run_group(struct suite *suite, const char *name, const struct test *table,
		     const struct options *options)
{
	struct CMUnitTest tests[TESTS_MAX] = { 0 };
	struct assignment assignments[TESTS_MAX];
	size_t count = 0;

	for (; table->name && count < TESTS_MAX; table++) {
		if (!is_wanted(suite, table, options->filter))
			continue;
		if (options->list) {
			printf("%s\n", table->name);
			continue;
		}
		assignments[count] = (struct assignment){ suite, table };
		tests[count] = (struct CMUnitTest){ table->name, run_assignment, NULL, end_tracers,
						    &assignments[count] };
		count++;
	}
	return count > 0 ? _cmocka_run_group_tests(name, tests, count, NULL, NULL) : 0;
}

static void why_not(void **state)
{
	skip_because("%s", (const char *)*state);
}

static int skip_all(const char *why)
{
	const struct CMUnitTest test = { "sockwatch_can_trace_here", why_not, NULL, NULL,
					 (void *)why };

	return _cmocka_run_group_tests("functional", &test, 1, NULL, NULL);
}

/* The reason why nothing can be tested here, or NULL. */
static const char *obstacle(const struct suite *suite)
{
	static char why[512];
	struct program doctor = { .args = { suite->sockwatch, "doctor" },
				  .timeout_ms = suite_deadline_ms(suite, 60) };
	struct program_result result;

	if (geteuid() != 0)
		return "not root";
	if (access(suite->sockwatch, X_OK) < 0) {
		fprintf(stderr, "%s: %s\n", suite->sockwatch, strerror(errno));
		exit(EXIT_FAILURE);
	}
	program_run(&doctor, &result);
	if (result.status == EXIT_UNAVAILABLE)
		snprintf(why, sizeof(why), "sockwatch doctor: %s",
			 result.err[0] ? result.err : result.out);
	program_result_done(&result);
	return why[0] ? why : NULL;
}

static void find_paths(struct suite *suite)
{
	const char *override = getenv("SOCKWATCH");
	ssize_t len = readlink("/proc/self/exe", suite->self, sizeof(suite->self) - 1);
	char copy[sizeof(suite->self)], resolved[PATH_MAX];
	char *directory;

	if (len < 0)
		len = 0;
	suite->self[len] = '\0';
	memcpy(copy, suite->self, sizeof(copy));
	directory = dirname(copy);
	snprintf(suite->shortlived, sizeof(suite->shortlived), "%.4000s/shortlived", directory);
	snprintf(suite->caller, sizeof(suite->caller), "%.4000s/caller", directory);
	if (!suite->sockwatch[0])
		snprintf(suite->sockwatch, sizeof(suite->sockwatch),
			 override ? "%.4000s" : "%.4000s/../sockwatch",
			 override ? override : directory);
	if (realpath(suite->sockwatch, resolved))
		snprintf(suite->sockwatch, sizeof(suite->sockwatch), "%s", resolved);
}

static int usage(FILE *out, int status)
{
	fputs("Usage: functional [--sockwatch PATH] [--mode tracepoint|trampoline|auto]\n"
	      "                  [--filter GLOB] [--others] [--list] [--slow]\n"
	      "With a mode, only the scenarios, which show every hook; --others: all but these. On an\n"
	      "emulated machine, what the kernel makes a difference for. A filter chooses from all.\n"
	      "SOCKWATCH=PATH names the program as well; SOCKWATCH_SLOW=1 says that the machine\n"
	      "is emulated: smaller counts, more patience.\n",
	      out);
	return status;
}

static int parse_options(int argc, char **argv, struct suite *suite, struct options *options)
{
	static const struct option names[] = {
		{ "sockwatch", required_argument, NULL, 'p' },
		{ "mode", required_argument, NULL, 'm' },
		{ "filter", required_argument, NULL, 'f' },
		{ "others", no_argument, NULL, 'o' },
		{ "list", no_argument, NULL, 'l' },
		{ "slow", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		if (option == 'p')
			snprintf(suite->sockwatch, sizeof(suite->sockwatch), "%s", optarg);
		else if (option == 'm')
			snprintf(suite->mode, sizeof(suite->mode), "%s", optarg);
		else if (option == 'f')
			options->filter = optarg;
		else if (option == 'o')
			options->others = true;
		else if (option == 'l')
			options->list = true;
		else if (option == 's')
			suite->slow_tests = true;
		else
			exit(usage(option == 'h' ? stdout : stderr,
				   option == 'h' ? EXIT_SUCCESS : EXIT_USAGE));
	}
	return optind == argc ? 0 : -1;
}

/* A filter has been chosen by somebody who knows. */
static bool group_is_wanted(const struct suite *suite, const struct options *options,
			    bool host_only)
{
	if (options->filter)
		return true;
	return strcmp(suite->mode, "auto") == 0 && !(host_only && suite->emulated);
}

static int run_everything(struct suite *suite, const struct options *options)
{
	int failures = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (group_is_wanted(suite, options, groups[i].host_only))
			failures += run_group(suite, groups[i].name, groups[i].tests, options);
	if (options->others)
		return failures;
	if (options->list)
		scenarios_list(suite, options->filter);
	else
		failures += scenarios_run(suite, options->filter);
	return failures;
}

/* A failed test may have left files in it. */
static void remove_scratch(const struct suite *suite)
{
	DIR *directory = opendir(suite->scratch);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	if (rmdir(suite->scratch) < 0)
		fprintf(stderr, "left behind: %s: %s\n", suite->scratch, strerror(errno));
}

int main(int argc, char **argv)
{
	static struct suite suite = { .mode = "auto" };
	struct options options = { 0 };
	const char *emulated = getenv("SOCKWATCH_SLOW");
	const char *why;
	int failures;

	if (parse_options(argc, argv, &suite, &options) < 0)
		return usage(stderr, EXIT_USAGE);
	suite.emulated = emulated && strcmp(emulated, "1") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	find_paths(&suite);
	if (options.list)
		return run_everything(&suite, &options);
	why = obstacle(&suite);
	if (why)
		return skip_all(why);
	snprintf(suite.scratch, sizeof(suite.scratch), "/tmp/sockwatch-test-XXXXXX");
	if (!mkdtemp(suite.scratch) || chmod(suite.scratch, 0755) < 0) {
		perror(suite.scratch);
		return EXIT_FAILURE;
	}
	failures = run_everything(&suite, &options);
	tracer_free_all(&suite);
	remove_scratch(&suite);
	return failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
