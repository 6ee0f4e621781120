// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptors on their way from one process to another: while several hold a socket all are shown,
 * and when its owner lets go, it belongs to who still has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "scenario.h"
#include "traffic.h"

/* The ways that a descriptor can go. Each has a connection, in the client's slot of this number. */
enum way {
	WAY_MESSAGE = 1, /* SCM_RIGHTS */
	WAY_UNREAD,	 /* the same, but the message is read late */
	WAY_TAKEN,	 /* pidfd_getfd(2) */
	WAY_FORKED,	 /* as sshd does: the server's accepted end, to its child */
	WAY_EXECUTED,	 /* dup(2), kept across exec */
	WAYS,
};

static const char *const way_names[WAYS] = {
	[WAY_MESSAGE] = "SCM_RIGHTS",	 [WAY_UNREAD] = "a message read late",
	[WAY_TAKEN] = "pidfd_getfd",	 [WAY_FORKED] = "fork and close",
	[WAY_EXECUTED] = "dup and exec",
};

/* facts->number: the child of this way. */
enum { CHILD_FORKED, CHILD_EXECUTED };

/* ---- what the puppets do --------------------------------------------------------------------- */

/* args: slot, unix socket */
static long op_send_descriptor(struct hands *hands, const long args[4])
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec body = { &byte, 1 };
	struct msghdr message = { .msg_iov = &body,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &hands->fd[args[0]], sizeof(int));
	return sendmsg((int)args[1], &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* args: slot, unix socket */
static long op_receive_descriptor(struct hands *hands, const long args[4])
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec body = { &byte, 1 };
	struct msghdr message = { .msg_iov = &body,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg((int)args[1], &message, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EBADMSG;
	memcpy(&hands->fd[args[0]], CMSG_DATA(&control.header), sizeof(int));
	return 0;
}

/* args: slot; the number of its descriptor */
static long op_descriptor(struct hands *hands, const long args[4])
{
	return hands->fd[args[0]];
}

/* args: slot, pid, its descriptor */
static long op_take_descriptor(struct hands *hands, const long args[4])
{
	int pidfd = (int)syscall(SYS_pidfd_open, args[1], 0);
	long fd;

	if (pidfd < 0)
		return -errno;
	fd = syscall(SYS_pidfd_getfd, pidfd, args[2], 0);
	if (fd < 0)
		fd = -errno;
	else
		hands->fd[args[0]] = (int)fd;
	close(pidfd);
	return fd < 0 ? fd : 0;
}

/* The child has one socket only. */
static void keep_only(struct hands *hands, long slot)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < PUPPET_SLOTS; i++)
		if (i != slot && hands->fd[i] >= 0)
			close(hands->fd[i]);
}

/* args: slot, which number is the child, execute the helper? */
static long op_fork_keeper(struct hands *hands, const long args[4])
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid > 0) {
		hands->facts->number[args[1]] = pid;
		return 0;
	}
	keep_only(hands, args[0]);
	if (args[2]) {
		if (dup(hands->fd[args[0]]) < 0)
			_exit(1);
		execl(hands->suite->shortlived, hands->suite->shortlived, "hold", "600000", NULL);
		_exit(1);
	}
	for (;;)
		pause();
}

/* args: which number is the child */
static long op_end_keeper(struct hands *hands, const long args[4])
{
	pid_t pid = (pid_t)hands->facts->number[args[0]];

	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) < 0 ? -errno : 0;
}

/* ---- the play -------------------------------------------------------------------------------- */

static struct puppet *puppet_of(struct stage *stage, enum role role)
{
	return stage->puppets[role];
}

static void connect_all(struct stage *stage)
{
	struct facts *facts = stage->facts;
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, BACKLOG_AMPLE));
	puppet_new(stage, ROLE_HELPER);
	for (int way = WAY_MESSAGE; way < WAYS; way++) {
		must(stage, puppet_connect(client, way, PLACE_LOOPBACK, facts->server_port));
		must(stage, puppet_accept(server, 0, way));
		facts->ports[way] = (uint16_t)must(stage, puppet_port(client, way));
	}
}

static void share_all(struct stage *stage, const int post[2], const int late[2])
{
	struct puppet *client = puppet_of(stage, ROLE_CLIENT);
	struct puppet *helper = puppet_of(stage, ROLE_HELPER);
	long fd = must(stage, puppet_call(client, op_descriptor, WAY_TAKEN, 0, 0, 0));

	must(stage, puppet_call(client, op_send_descriptor, WAY_MESSAGE, post[0], 0, 0));
	must(stage, puppet_call(helper, op_receive_descriptor, WAY_MESSAGE, post[1], 0, 0));
	must(stage, puppet_call(client, op_send_descriptor, WAY_UNREAD, late[0], 0, 0));
	must(stage, puppet_call(helper, op_take_descriptor, WAY_TAKEN,
				stage->facts->pid[ROLE_CLIENT], fd, 0));
	must(stage, puppet_call(puppet_of(stage, ROLE_SERVER), op_fork_keeper, WAY_FORKED,
				CHILD_FORKED, 0, 0));
	must(stage, puppet_call(client, op_fork_keeper, WAY_EXECUTED, CHILD_EXECUTED, 1, 0));
}

/*
 * Pause 1: all are shared. Pause 2: the owners have let go. Pause 3: the late message is read.
 */
static void play_handovers(struct stage *stage)
{
	int post[2], late[2];

	if (access(stage->suite->shortlived, X_OK) < 0)
		stage_skip(stage, "%s: %s", stage->suite->shortlived, strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, post) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, late) < 0)
		stage_fail(stage, "socketpair: %s", strerror(errno));
	connect_all(stage);
	share_all(stage, post, late);
	stage_pause(stage);
	for (int way = WAY_MESSAGE; way < WAYS; way++)
		must(stage,
		     puppet_close(puppet_of(stage, way == WAY_FORKED ? ROLE_SERVER : ROLE_CLIENT),
				  way));
	stage_pause(stage);
	must(stage, puppet_call(puppet_of(stage, ROLE_HELPER), op_receive_descriptor, WAY_UNREAD,
				late[1], 0, 0));
	stage_pause(stage);
	for (int way = WAY_MESSAGE; way <= WAY_TAKEN; way++)
		must(stage, puppet_close(puppet_of(stage, ROLE_HELPER), way));
	must(stage,
	     puppet_call(puppet_of(stage, ROLE_SERVER), op_end_keeper, CHILD_FORKED, 0, 0, 0));
	must(stage,
	     puppet_call(puppet_of(stage, ROLE_CLIENT), op_end_keeper, CHILD_EXECUTED, 0, 0, 0));
}

/* ---- what is expected ------------------------------------------------------------------------ */

/* One end of a connection, and who has it one after the other. */
struct handover {
	const struct facts *facts;
	enum way way;
	int lport, rport;
	pid_t from, to;
};

static struct handover handover_of(const struct facts *facts, enum way way)
{
	bool server = way == WAY_FORKED;
	struct handover handover = {
		.facts = facts,
		.way = way,
		.lport = server ? facts->server_port : facts->ports[way],
		.rport = server ? facts->ports[way] : facts->server_port,
		.from = facts->pid[server ? ROLE_SERVER : ROLE_CLIENT],
		.to = facts->pid[ROLE_HELPER],
	};

	if (way == WAY_FORKED)
		handover.to = (pid_t)facts->number[CHILD_FORKED];
	if (way == WAY_EXECUTED)
		handover.to = (pid_t)facts->number[CHILD_EXECUTED];
	return handover;
}

static const struct event *owner_event(const struct tracer *tracer, const struct handover *handover)
{
	for (size_t i = 0; i < tracer_count(tracer); i++) {
		const struct event *event = tracer_event(tracer, i);

		if (event->kind == LINE_OWNER && event->netns == handover->facts->netns &&
		    event->lport == handover->lport && event->rport == handover->rport &&
		    event->pid == handover->to)
			return event;
	}
	return NULL;
}

static bool is_told(const struct tracer *tracer, const void *arg)
{
	return owner_event(tracer, arg) != NULL;
}

static void expect_told(struct suite *suite, const struct tracer *tracer, const struct facts *facts,
			enum way way)
{
	struct handover handover = handover_of(facts, way);
	long long previous = -1, creator = -1;
	const struct event *event;
	char exe[4096] = "";

	if (!tracer_wait(tracer, is_told, &handover, suite_deadline_ms(suite, 20))) {
		trail_print_namespace(tracer, facts->netns);
		fail_msg("%s: nobody said that %d has what was %d's", way_names[way],
			 (int)handover.to, (int)handover.from);
	}
	event = owner_event(tracer, &handover);
	jsonline_number(event->text, "previous_pid", &previous);
	jsonline_number(event->text, "creator_pid", &creator);
	jsonline_string(event->text, "exe", exe, sizeof(exe));
	if (previous == handover.from && creator == handover.from && event->inferred &&
	    strcmp(exe, way == WAY_EXECUTED ? suite->shortlived : suite->self) == 0)
		return;
	fail_msg("%s: %s", way_names[way], event->text);
}

static void expect_last_owner(const struct tracer *tracer, const struct facts *facts, enum way way)
{
	struct handover handover = handover_of(facts, way);
	struct trail trail;

	trail_find(tracer, facts->netns, handover.lport, handover.rport, 0, &trail);
	trail_expect_owner(&trail, trail_index(&trail, STATE_FIN_WAIT1), handover.to, NULL);
}

/* The row of this end, as JSON. */
static void show_row(struct suite *suite, const struct handover *handover, char *out, size_t size)
{
	char words[128], pieces[64];
	struct program_result result;
	const char *line;

	snprintf(words, sizeof(words), "-tenj --netns=%d", (int)handover->facts->stage_pid);
	display_show(suite, words, &result);
	snprintf(pieces, sizeof(pieces), "\"lport\":%d,|\"rport\":%d,", handover->lport,
		 handover->rport);
	line = display_find(result.out, pieces);
	if (!line)
		fail_msg("no row with %s in %s", pieces, result.out);
	display_copy_line(line, out, size);
	program_result_done(&result);
}

/* Both, the owner first. */
static void expect_both_hold(struct suite *suite, const struct facts *facts, enum way way)
{
	struct handover handover = handover_of(facts, way);
	char row[4096], first[64], second[64];
	const char *list, *then;
	long long holders = 0, pid = 0;

	show_row(suite, &handover, row, sizeof(row));
	jsonline_number(row, "holders", &holders);
	jsonline_number(row, "pid", &pid);
	snprintf(first, sizeof(first), "\"held_by\":[{\"pid\":%d,", (int)handover.from);
	snprintf(second, sizeof(second), "},{\"pid\":%d,", (int)handover.to);
	list = strstr(row, first);
	then = list ? strstr(list, second) : NULL;
	if (jsonline_is_object(row) && holders == 2 && pid == handover.from && then)
		return;
	fail_msg("%s: %d and %d do not hold %s", way_names[way], (int)handover.from,
		 (int)handover.to, row);
}

static void expect_heir_holds(struct suite *suite, const struct facts *facts, enum way way)
{
	struct handover handover = handover_of(facts, way);
	char row[4096];
	long long holders = 0, pid = 0;

	show_row(suite, &handover, row, sizeof(row));
	jsonline_number(row, "holders", &holders);
	jsonline_number(row, "pid", &pid);
	if (holders != 1 || pid != handover.to || jsonline_has(row, "held_by"))
		fail_msg("%s: %d alone does not hold %s", way_names[way], (int)handover.to, row);
}

static void run_handovers(struct suite *suite, struct tracer *tracer, struct stage_process *process)
{
	const struct facts *facts;

	stage_start(suite, NET_V4, play_handovers, process);
	stage_wait_pause(process, suite_deadline_ms(suite, 20));
	facts = process->facts;
	for (enum way way = WAY_MESSAGE; way < WAYS; way++)
		if (way != WAY_UNREAD)
			expect_both_hold(suite, facts, way);
	stage_resume(process);
	stage_wait_pause(process, suite_deadline_ms(suite, 20));
	for (enum way way = WAY_MESSAGE; way < WAYS; way++) {
		if (way == WAY_UNREAD)
			continue;
		expect_heir_holds(suite, facts, way);
		expect_told(suite, tracer, facts, way);
	}
	stage_resume(process);
	stage_wait_pause(process, suite_deadline_ms(suite, 20));
	expect_told(suite, tracer, facts, WAY_UNREAD);
	stage_resume(process);
	stage_wait_done(process, suite_deadline_ms(suite, 20));
	stage_check(process);
}

static void who_gets_a_descriptor_owns_it_when_the_owner_lets_go(struct suite *suite)
{
	struct tracer *tracer = tracer_start(suite, NULL);
	struct stage_process process;

	run_handovers(suite, tracer, &process);
	settle(suite, tracer, &process);
	assert_int_equal(tracer_stop(tracer), 0);
	for (enum way way = WAY_MESSAGE; way < WAYS; way++)
		expect_last_owner(tracer, process.facts, way);
	stage_free(&process);
	tracer_free(tracer);
}

const struct test tests_owners[] = {
	{ .name = "who_gets_a_descriptor_owns_it_when_the_owner_lets_go",
	  .run = who_gets_a_descriptor_owns_it_when_the_owner_lets_go },
	{ .name = NULL },
};
