// SPDX-License-Identifier: GPL-2.0-or-later
/* Every idiom that netstat's users type, and what each promises to show. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "display.h"
#include "traffic.h"

#define PROMISES_MAX 6
#define PROMISE_BYTES 4400 /* a path may be in it */

/* A listener and a connection in each of two namespaces, seen from the first one. */
struct scene {
	struct suite *suite;
	struct stage_process v4, v6;
};

/*
 * Pieces of one line, in order, separated by '|'. {server} and {client} are the ends of the IPv4
 * connection, {port} and {cport} their ports, {spid} and {cpid} who owns them, {exe} what program
 * that is; {server6} is the server of the other.
 */
struct idiom {
	const char *words;
	const char *shows[PROMISES_MAX];
	const char *hides[PROMISES_MAX];
	bool repeated;
};

#define LISTENER "tcp |{server}|LISTEN"
#define LISTENER6 "tcp6 |{server6}|LISTEN"
#define CONNECTION "tcp |{client}|{server}|ESTABLISHED"
#define ACCEPTED "tcp |{server}|{client}|ESTABLISHED"
/* Without -n loopback has a name. */
#define NAMED_LISTENER "tcp |:{port}|LISTEN"
#define NAMED_CONNECTION "tcp |:{cport}|:{port}|ESTABLISHED"

static const struct idiom idioms[] = {
	{ "", { NAMED_CONNECTION, "tcp6 |ESTABLISHED" }, { "LISTEN", "PID" } },
	{ "-ano",
	  { "PID", LISTENER "|{spid}", CONNECTION "|{cpid}", ACCEPTED "|{spid}", LISTENER6 } },
	{ "-abno", { "PID", LISTENER "|{spid}", CONNECTION "|{cpid}", "  [{exe}]" } },
	{ "-anb", { LISTENER, CONNECTION, "  [{exe}]" } },
	{ "-es", { "Bytes", "IPv4 Statistics", "TCP Statistics" }, { "tcp  " } },
	{ "-s", { "IPv4 Statistics", "UDP Statistics", "Active Opens" }, { "{server}" } },
	{ "-s -p tcp",
	  { "TCP Statistics", "Active Opens" },
	  { "UDP Statistics", "IPv4 Statistics" } },
	{ "-es -p udp 1 2",
	  { "UTC  display 1", "UTC  display 2", "Bytes", "Datagrams Received|(+" },
	  { "display 3", "TCP Statistics" },
	  true },
	{ "-n 1 3",
	  { CONNECTION, "UTC  display 1", "UTC  display 3" },
	  { "LISTEN", "display 4" },
	  true },
	{ "-r", { "route" }, { "{server}" } },
	{ "-rn", { "route" }, { "{server}" } },
	{ "-rnv", { "127.0.0.0/8|lo|local", "::1|lo|local" } },
	{ "-e", { "Received|Sent", "Bytes" }, { "Statistics", "{server}" } },
	{ "-tulpen", { "UID|INODE", LISTENER "|{spid}/" }, { "ESTABLISHED", "{client}" } },
	{ "-plunt", { "PID/Program", LISTENER "|{spid}/" }, { "ESTABLISHED", "{client}" } },
	{ "-tunap", { LISTENER "|{spid}/", CONNECTION "|{cpid}/", LISTENER6 } },
	{ "-anp", { LISTENER "|{spid}/", CONNECTION "|{cpid}/", LISTENER6 } },
	{ "-anp tcp", { LISTENER, CONNECTION }, { "tcp6", "udp" } },
	{ "-antup", { LISTENER "|{spid}/", CONNECTION "|{cpid}/", LISTENER6 } },
	{ "-tc 1 2",
	  { "UTC  display 2", NAMED_CONNECTION },
	  { "LISTEN", "udp", "display 3" },
	  true },
	{ "-anx", { "unix |ESTABLISHED" }, { "tcp ", "udp " } },
	{ "-anw", { "Proto|State" }, { "tcp ", "udp ", "unix " } },
	{ "-i", { "RX-BYTES|MTU", "lo |UP,LOOPBACK" }, { "{server}" } },
	{ "-l", { NAMED_LISTENER }, { "ESTABLISHED", "TIME_WAIT", "{client}" } },
	{ "-4", { NAMED_CONNECTION }, { "tcp6", "udp6", "LISTEN" } },
	{ "-6", { "tcp6 |ESTABLISHED" }, { "tcp ", "udp ", "LISTEN" } },
	{ "-W", { NAMED_CONNECTION }, { "LISTEN" } },
	{ "-an --style=xp",
	  { "Active Connections", "  Proto  Local Address          Foreign Address        State",
	    "  TCP    {server}|0.0.0.0:0|LISTENING", "  TCP    {client}|{server}|ESTABLISHED" },
	  { "PID", "tcp" } },
	{ "-ano --style=xp",
	  { "  Proto  Local Address|PID", "  TCP    {server}|0.0.0.0:0|LISTENING|{spid}",
	    "  TCP    {client}|{server}|ESTABLISHED|{cpid}" } },
	{ "-anb --style=xp", { "  TCP    {server}|LISTENING|{spid}", "  [{exe}]" } },
};

static void play_scene(struct stage *stage)
{
	establish(stage);
	stage_pause(stage);
}

static void expand_one(const struct scene *scene, const char *name, size_t len, char *out,
		       size_t size)
{
	const struct facts *v4 = scene->v4.facts, *v6 = scene->v6.facts;
	char endpoints[3][32], numbers[4][16];
	const struct {
		const char *name, *value;
	} words[] = {
		{ "server", endpoints[0] },  { "client", endpoints[1] },    { "port", numbers[0] },
		{ "cport", numbers[1] },     { "spid", numbers[2] },	    { "cpid", numbers[3] },
		{ "server6", endpoints[2] }, { "exe", scene->suite->self },
	};

	snprintf(endpoints[0], sizeof(endpoints[0]), "127.0.0.1:%d ", v4->server_port);
	snprintf(endpoints[1], sizeof(endpoints[1]), "127.0.0.1:%d ", v4->client_port);
	snprintf(endpoints[2], sizeof(endpoints[2]), "[::1]:%d ", v6->server_port);
	snprintf(numbers[0], sizeof(numbers[0]), "%d ", v4->server_port);
	snprintf(numbers[1], sizeof(numbers[1]), "%d ", v4->client_port);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", (int)v4->pid[ROLE_SERVER]);
	snprintf(numbers[3], sizeof(numbers[3]), "%d", (int)v4->pid[ROLE_CLIENT]);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == len && strncmp(words[i].name, name, len) == 0)
			snprintf(out, size, "%s", words[i].value);
}

static void expand(const struct scene *scene, const char *promise, char out[PROMISE_BYTES])
{
	size_t used = 0;

	out[0] = '\0';
	while (*promise && used < PROMISE_BYTES - 1) {
		size_t len = strcspn(promise, "{}");

		if (*promise == '{') {
			len = strcspn(promise, "}");
			expand_one(scene, promise + 1, len - 1, out + used, PROMISE_BYTES - used);
			len++;
		} else {
			snprintf(out + used, PROMISE_BYTES - used, "%.*s", (int)len, promise);
		}
		used += strlen(out + used);
		promise += len;
	}
}

static bool keeps_promises(const struct scene *scene, const struct idiom *idiom,
			   const struct program_result *result)
{
	bool quiet = display_complaints(result->err, idiom->repeated) == 0;
	bool kept = result->status == 0 && quiet && result->out_len > 0;
	char pieces[PROMISE_BYTES];

	if (!kept)
		print_error("sockwatch %s: status %d\n", idiom->words, result->status);
	for (size_t i = 0; i < PROMISES_MAX && idiom->shows[i]; i++) {
		expand(scene, idiom->shows[i], pieces);
		if (display_find(result->out, pieces))
			continue;
		print_error("sockwatch %s does not show: %s\n", idiom->words, pieces);
		kept = false;
	}
	for (size_t i = 0; i < PROMISES_MAX && idiom->hides[i]; i++) {
		expand(scene, idiom->hides[i], pieces);
		if (!display_find(result->out, pieces))
			continue;
		print_error("sockwatch %s shows: %s\n", idiom->words, pieces);
		kept = false;
	}
	if (!kept)
		print_error("stderr: %s\nstdout: %.3000s\n", result->err, result->out);
	return kept;
}

static void every_idiom_keeps_its_promise(struct suite *suite)
{
	struct scene scene = { .suite = suite };
	size_t broken = 0;

	stage_start(suite, NET_V4, play_scene, &scene.v4);
	stage_start(suite, NET_V6, play_scene, &scene.v6);
	stage_wait_pause(&scene.v4, suite_deadline_ms(suite, 20));
	stage_wait_pause(&scene.v6, suite_deadline_ms(suite, 20));
	for (size_t i = 0; i < sizeof(idioms) / sizeof(idioms[0]); i++) {
		struct program_result result;

		display_run(suite, idioms[i].words, &result);
		broken += !keeps_promises(&scene, &idioms[i], &result);
		program_result_done(&result);
	}
	stage_free(&scene.v4);
	stage_free(&scene.v6);
	assert_int_equal(broken, 0);
}

/* As the kernel lists them in /proc/net/route: each device is there, and the default one by name.
 */
static void routes_are_those_of_the_kernel(struct suite *suite)
{
	FILE *file = fopen("/proc/net/route", "re");
	struct program_result result;
	char line[256], dev[32], pieces[64];
	unsigned int destination, mask, missing = 0;

	if (!file)
		skip_because("no /proc/net/route");
	display_show(suite, "-rn", &result);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%31s %x %*s %*s %*s %*s %*s %x", dev, &destination, &mask) != 3)
			continue;
		snprintf(pieces, sizeof(pieces), "%s|%s ", mask ? "" : "default ", dev);
		if (!display_find(result.out, pieces)) {
			print_error("no route: %s", line);
			missing++;
		}
	}
	fclose(file);
	if (missing > 0)
		print_error("%s\n", result.out);
	program_result_done(&result);
	assert_int_equal(missing, 0);
}

const struct test tests_netstat[] = {
	{ .name = "every_idiom_keeps_its_promise", .run = every_idiom_keeps_its_promise },
	{ .name = "routes_are_those_of_the_kernel", .run = routes_are_those_of_the_kernel },
	{ .name = NULL },
};
