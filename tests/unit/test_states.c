// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/states.c: sockwatch states, by what it prints. */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/netstat_options.h"
#include "model/conn.h"

#define OUTPUT_SIZE 65536

struct result {
	int status;
	char output[OUTPUT_SIZE];
};

/* Run the command with up to three arguments; what it prints goes to a file in between. */
static struct result *run(struct result *result, const char *first, const char *second,
			  const char *third)
{
	const char *arguments[] = { "states", first, second, third, NULL };
	FILE *file = tmpfile();
	int argc = 1, before;
	ssize_t len;

	while (arguments[argc])
		argc++;
	assert_non_null(file);
	fflush(stdout);
	before = dup(STDOUT_FILENO);
	assert_true(before >= 0);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	result->status = cli_states(argc, (char **)arguments);
	fflush(stdout);
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	close(before);
	len = pread(fileno(file), result->output, sizeof(result->output) - 1, 0);
	fclose(file);
	assert_in_range(len, 0, sizeof(result->output) - 2);
	result->output[len] = '\0';
	return result;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int found = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		found++;
	return found;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void every_state_of_the_kernel_is_explained(void **state)
{
	struct result *result = *state;

	for (unsigned int s = SW_TCP_NONE + 1; s < SW_TCP_STATES; s++) {
		run(result, conn_state_name(s), NULL, NULL);
		assert_int_equal(result->status, EXIT_OK);
		assert_true(begins(result->output, conn_state_name(s)));
		assert_non_null(strstr(result->output, "\n  Means: "));
		assert_non_null(strstr(result->output, "\n  Next:  "));
		assert_non_null(strstr(result->output, "\n  Many:  "));
	}
}

static void no_line_is_longer_than_79_columns(void **state)
{
	struct result *result = run(*state, NULL, NULL, NULL);
	size_t longest = 0;

	assert_int_equal(result->status, EXIT_OK);
	for (char *line = strtok(result->output, "\n"); line; line = strtok(NULL, "\n"))
		longest = strlen(line) > longest ? strlen(line) : longest;
	assert_in_range(longest, 70, 79);
}

/* The text between the quotes behind "key": in a line, or NULL for null. */
static const char *value(const char *line, const char *key, char out[64])
{
	char wanted[32];
	const char *at;
	size_t len;

	snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	at = strstr(line, wanted);
	assert_non_null(at);
	at += strlen(wanted);
	if (begins(at, "null"))
		return NULL;
	assert_int_equal(*at++, '"');
	len = strcspn(at, "\"");
	assert_in_range(len, 1, 63);
	memcpy(out, at, len);
	out[len] = '\0';
	return out;
}

static void every_spelling_of_a_name_is_understood(void **state)
{
	struct result *result = run(*state, "--json", NULL, NULL);
	unsigned int lines = 0;

	assert_int_equal(result->status, EXIT_OK);
	for (char *line = strtok(result->output, "\n"); line; line = strtok(NULL, "\n")) {
		char name[64], other[64], actor[64];
		unsigned int number = conn_state_parse(value(line, "name", name));

		assert_int_not_equal(number, SW_TCP_NONE);
		if (value(line, "xp", other))
			assert_int_equal(conn_state_parse(other), number);
		if (value(line, "rfc", other))
			assert_int_equal(conn_state_parse(other), number);
		assert_non_null(value(line, "next_actor", actor));
		assert_non_null(strstr(line, "\"meaning\":\""));
		assert_non_null(strstr(line, "\"many\":\""));
		lines++;
	}
	/* The kernel's 12 that it shows, and the two of UDP. */
	assert_int_equal(lines, 14);
}

static void a_name_stands_for_tcp_and_udp(void **state)
{
	struct result *result = run(*state, "-j", "established", NULL);

	assert_int_equal(result->status, EXIT_OK);
	assert_int_equal(count(result->output, "\n"), 2);
	assert_int_equal(count(result->output, "\"proto\":\"tcp\""), 1);
	assert_int_equal(count(result->output, "\"proto\":\"udp\""), 1);
}

static void several_states_come_once_each(void **state)
{
	struct result *result = run(*state, "LISTENING", "fin-wait-1", "listen");

	assert_int_equal(result->status, EXIT_OK);
	assert_int_equal(count(result->output, "Means:"), 2);
	assert_true(begins(result->output, "LISTEN ("));
	assert_non_null(strstr(result->output, "\n\nFIN_WAIT1 ("));
}

static void the_one_to_act_is_right(void **state)
{
	static const char *const actors[][2] = {
		{ "LISTEN", "remote-application" },
		{ "SYN_SENT", "remote-kernel" },
		{ "SYN_RECV", "remote-kernel" },
		{ "FIN_WAIT1", "remote-kernel" },
		{ "FIN_WAIT2", "remote-application" },
		{ "CLOSING", "remote-kernel" },
		{ "TIME_WAIT", "timer" },
		{ "CLOSE_WAIT", "local-application" },
		{ "LAST_ACK", "remote-kernel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		struct result *result = run(*state, "-j", actors[i][0], NULL);
		char actor[64];

		expect_text(value(result->output, "next_actor", actor), actors[i][1]);
	}
}

static void what_is_no_state_is_a_usage_error(void **state)
{
	static const char *const wrong[] = { "", "nonsense", "-x", "--", "TIME_WAIT2" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct result *result = run(*state, "LISTEN", wrong[i], NULL);

		assert_int_equal(result->status, EXIT_USAGE);
		expect_text(result->output, "");
	}
}

static void help_is_no_error(void **state)
{
	struct result *result = run(*state, "--help", NULL, NULL);

	assert_int_equal(result->status, EXIT_OK);
	assert_true(begins(result->output, "Usage: sockwatch states"));
}

static int make_room(void **state)
{
	*state = malloc(sizeof(struct result));
	return *state ? 0 : -1;
}

static int free_room(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_of_the_kernel_is_explained),
		cmocka_unit_test(no_line_is_longer_than_79_columns),
		cmocka_unit_test(every_spelling_of_a_name_is_understood),
		cmocka_unit_test(a_name_stands_for_tcp_and_udp),
		cmocka_unit_test(several_states_come_once_each),
		cmocka_unit_test(the_one_to_act_is_right),
		cmocka_unit_test(what_is_no_state_is_a_usage_error),
		cmocka_unit_test(help_is_no_error),
	};

	return cmocka_run_group_tests(tests, make_room, free_room);
}
