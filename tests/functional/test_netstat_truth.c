// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table equals the kernel's: row by row what ss(8) shows, with the owners that it names, in the
 * first namespace and in three others with 5,000 sockets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "display.h"
#include "jsonline.h"
#include "sockets.h"
#include "traffic.h"

/* The machine's own sockets come and go between two looks. */
#define TRIES 3
#define NOBODY 65534

/* What is wrong in one namespace. */
struct verdict {
	size_t ours;	 /* rows that sockwatch shows */
	size_t differ;	 /* rows that only one of them has */
	size_t disowned; /* rows whose owners differ */
};

static const char *find_ss(void)
{
	static const char *const paths[] = { "/usr/bin/ss", "/bin/ss", "/usr/sbin/ss", "/sbin/ss" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	skip_because("no ss here (iproute2)");
	return NULL;
}

/* `pid`: whose network namespace; 0: our own. ret_result holds what the lines point to. */
static void ask_ss(struct suite *suite, const char *arguments, pid_t pid,
		   struct program_result *ret_result)
{
	const struct program ss = { .args = { find_ss(), arguments },
				    .netns_of = pid,
				    .timeout_ms = suite_deadline_ms(suite, 20) };

	program_run(&ss, ret_result);
	if (ret_result->status != 0)
		fail_msg("ss %s: status %d, %s", arguments, ret_result->status, ret_result->err);
}

/* `ours` is of the network namespace of this process (0: of our own). */
static struct verdict compare_with_ss(struct suite *suite, const struct socket_lines *ours,
				      pid_t pid, bool ss_is_blind, bool tell)
{
	struct socket_lines theirs = { 0 };
	struct program_result tcp, udp;
	struct verdict verdict = { .ours = ours->count };

	ask_ss(suite, "-tanpH", pid, &tcp);
	ask_ss(suite, "-uanpH", pid, &udp);
	sockets_of_ss(tcp.out, "tcp", &theirs);
	sockets_of_ss(udp.out, "udp", &theirs);
	verdict.differ = sockets_differ(ours, &theirs, tell);
	verdict.disowned = sockets_owned_otherwise(ours, &theirs, ss_is_blind, tell);
	socket_lines_done(&theirs);
	program_result_done(&tcp);
	program_result_done(&udp);
	return verdict;
}

static struct verdict compare_first_namespace(struct suite *suite, bool tell)
{
	struct program_result result;
	struct socket_lines ours;
	struct verdict verdict;

	display_show(suite, "-anj", &result);
	sockets_of_json(result.out, own_netns(), &ours);
	verdict = compare_with_ss(suite, &ours, 0, true, tell);
	socket_lines_done(&ours);
	program_result_done(&result);
	return verdict;
}

static void the_first_namespace_is_as_ss_shows_it(struct suite *suite)
{
	struct verdict verdict = { .differ = 1 };
	struct hands hands = { .suite = suite, .net = NET_V4, .fd = { -1, -1, -1 } };

	find_ss();
	assert_true(op_socket(&hands, (const long[4]){ 0 }) >= 0);
	assert_true(op_listen(&hands, (const long[4]){ 0, 8 }) >= 0);
	assert_true(op_connect(&hands, (const long[4]){ 1, PLACE_LOOPBACK,
							op_port(&hands, (const long[4]){ 0 }) }) >=
		    0);
	for (int i = 1; i <= TRIES && verdict.differ + verdict.disowned > 0; i++)
		verdict = compare_first_namespace(suite, i == TRIES);
	op_close(&hands, (const long[4]){ 1 });
	op_close(&hands, (const long[4]){ 0 });
	assert_true(verdict.ours >= 2);
	assert_int_equal(verdict.differ, 0);
	assert_int_equal(verdict.disowned, 0);
}

static void start_crowds(struct suite *suite, struct stage_process crowds[NETS])
{
	long sockets = 0;

	for (int net = 0; net < NETS; net++)
		stage_start(suite, (enum net)net, play_crowd, &crowds[net]);
	for (int net = 0; net < NETS; net++) {
		stage_wait_pause(&crowds[net], suite_deadline_ms(suite, 30));
		sockets += crowds[net].facts->number[CROWD_SOCKETS];
	}
	assert_true(sockets >= suite_count(suite, 5000, 300));
}

static void end_crowds(struct stage_process crowds[NETS])
{
	for (int net = 0; net < NETS; net++)
		stage_free(&crowds[net]);
}

/* Nothing else happens there: they must be right at once. */
static void three_full_namespaces_are_as_ss_shows_them(struct suite *suite)
{
	struct stage_process crowds[NETS];
	struct verdict verdicts[NETS];
	struct program_result result;

	find_ss();
	start_crowds(suite, crowds);
	display_show(suite, "-anj", &result);
	for (int net = 0; net < NETS; net++) {
		const struct facts *facts = crowds[net].facts;
		char *copy = strdup(result.out);
		struct socket_lines ours;

		assert_non_null(copy);
		sockets_of_json(copy, facts->netns, &ours);
		verdicts[net] = compare_with_ss(suite, &ours, facts->stage_pid, false, true);
		print_message("%s: %zu rows\n", net_name((enum net)net), ours.count);
		socket_lines_done(&ours);
		free(copy);
	}
	end_crowds(crowds);
	program_result_done(&result);
	for (int net = 0; net < NETS; net++) {
		assert_int_equal(verdicts[net].differ, 0);
		assert_int_equal(verdicts[net].disowned, 0);
	}
}

/* `sockwatch -anH` of the namespace of this process, told apart from ss: how many rows are. */
static size_t compare_table(struct suite *suite, const char *path, uid_t uid, pid_t pid)
{
	struct command command;
	struct program_result result;
	struct socket_lines ours;
	size_t differ;

	command_make(suite, "-anH --netns=self", &command);
	command.program.args[0] = path;
	command.program.uid = uid;
	command.program.netns_of = pid;
	program_run(&command.program, &result);
	sockets_of_table(result.out, &ours);
	differ = result.status == 0 ? compare_with_ss(suite, &ours, pid, true, true).differ : 1;
	if (result.status != 0)
		print_error("status %d, stderr %s\n", result.status, result.err);
	socket_lines_done(&ours);
	program_result_done(&result);
	return differ;
}

/* Without owners the rows come from another place, and without root there are none. */
static void tables_without_owners_are_as_ss_shows_them(struct suite *suite)
{
	struct stage_process crowds[NETS];
	char copy[128];
	size_t differ = 0;

	find_ss();
	snprintf(copy, sizeof(copy), "%.60s/sockwatch", suite->scratch);
	if (copy_file(suite->sockwatch, copy) < 0)
		fail_msg("%s: %s", copy, strerror(errno));
	start_crowds(suite, crowds);
	for (int net = 0; net < NETS; net++) {
		pid_t pid = crowds[net].facts->stage_pid;

		differ += compare_table(suite, suite->sockwatch, 0, pid);
		differ += compare_table(suite, copy, NOBODY, pid);
	}
	end_crowds(crowds);
	unlink(copy);
	assert_int_equal(differ, 0);
}

/* More than one run of the iterator looks at (bpf/rows_holder.bpf.c), and one far behind. */
#define MANY_SOCKETS 8300
#define FAR_DESCRIPTOR 70000

enum { MANY_COUNT, MANY_SUM }; /* facts->number[]: of descriptors */

static void note_descriptor(struct stage *stage, int fd)
{
	stage->facts->number[MANY_COUNT]++;
	stage->facts->number[MANY_SUM] += fd;
}

static void play_many_sockets(struct stage *stage)
{
	struct rlimit limit = { 2 * FAR_DESCRIPTOR, 2 * FAR_DESCRIPTOR };
	int fds[2], far;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < MANY_SOCKETS + 100)
		stage_skip(stage, "no more than %lu descriptors here",
			   (unsigned long)limit.rlim_cur);
	far = limit.rlim_cur > FAR_DESCRIPTOR ? FAR_DESCRIPTOR : (int)limit.rlim_cur - 1;
	for (int i = 0; i < MANY_SOCKETS / 2; i++) {
		must(stage, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
		note_descriptor(stage, fds[0]);
		note_descriptor(stage, fds[1]);
	}
	must(stage, dup2(fds[1], far));
	close(fds[1]);
	stage->facts->number[MANY_SUM] += far - fds[1];
	stage_pause(stage);
}

struct many {
	pid_t pid;
	long long count, sum;
};

static void count_descriptor(const char *line, void *arg)
{
	struct many *many = arg;
	long long pid, fd;

	if (!jsonline_number(line, "pid", &pid) || pid != many->pid ||
	    !jsonline_number(line, "fd", &fd))
		return;
	many->count++;
	many->sum += fd;
}

static void a_process_with_many_sockets_has_them_all(struct suite *suite)
{
	struct stage_process process;
	struct program_result result;
	struct many many = { 0 };

	stage_start(suite, NET_V4, play_many_sockets, &process);
	stage_wait_pause(&process, suite_deadline_ms(suite, 30));
	many.pid = process.facts->stage_pid;
	display_show(suite, "-xanj", &result);
	display_walk(result.out, count_descriptor, &many);
	assert_int_equal(many.count, process.facts->number[MANY_COUNT]);
	assert_int_equal(many.sum, process.facts->number[MANY_SUM]);
	program_result_done(&result);
	stage_free(&process);
}

const struct test tests_netstat_truth[] = {
	{ .name = "a_process_with_many_sockets_has_them_all",
	  .run = a_process_with_many_sockets_has_them_all },
	{ .name = "the_first_namespace_is_as_ss_shows_it",
	  .run = the_first_namespace_is_as_ss_shows_it },
	{ .name = "three_full_namespaces_are_as_ss_shows_them",
	  .run = three_full_namespaces_are_as_ss_shows_them },
	{ .name = "tables_without_owners_are_as_ss_shows_them",
	  .run = tables_without_owners_are_as_ss_shows_them },
	{ .name = NULL },
};
