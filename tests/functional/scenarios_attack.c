// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs that do not want to be found: another name, another file, another pid, other namespaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jsonline.h"
#include "program.h"
#include "scenario.h"
#include "traffic.h"

#define DISGUISE "[kworker/0:1]"
#define PATH_BYTES 128

/* args: slot. The port of the other end. */
static long op_peer_port(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getpeername(hands->fd[args[0]], (struct sockaddr *)&address, &len) < 0)
		return -errno;
	return address_port(&address);
}

/* The puppet that listens and accepts; the listener is slot 0. */
static struct puppet *play_server(struct stage *stage)
{
	struct puppet *server = puppet_new(stage, ROLE_SERVER);

	stage->facts->server_port = (uint16_t)must(stage, puppet_listen(server, 0, 0, 8));
	return server;
}

/* Accept the next one into this slot, and remember where it came from. */
static void accept_stranger(struct stage *stage, int slot)
{
	struct puppet *server = stage->puppets[ROLE_SERVER];

	must(stage, puppet_accept(server, 0, slot));
	stage->facts->ports[slot] =
		(uint16_t)must(stage, puppet_call(server, op_peer_port, slot, 0, 0, 0));
}

static void close_stranger(struct stage *stage, int slot)
{
	must(stage, puppet_recv(stage->puppets[ROLE_SERVER], slot, -1));
	must(stage, puppet_close(stage->puppets[ROLE_SERVER], slot));
}

static void find_stranger(const struct run *run, int slot, struct trail *ret_trail)
{
	expect_connection(run, run->facts->ports[slot], run->facts->server_port, ACTIVE_CLOSE,
			  ret_trail);
}

/* ---- another name ------------------------------------------------------------------------------
 */

static long op_disguise(struct hands *hands, const long args[4])
{
	(void)hands;
	(void)args;
	return prctl(PR_SET_NAME, DISGUISE) < 0 ? -errno : 0;
}

static void play_disguise(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	play_server(stage);
	must(stage, puppet_call(client, op_disguise, 0, 0, 0, 0));
	must(stage, puppet_connect(client, 1, PLACE_LOOPBACK, stage->facts->server_port));
	accept_stranger(stage, 1);
	must(stage, puppet_close(client, 1));
	close_stranger(stage, 1);
}

/* comm is what the process says of itself, exe what it is. */
static void check_disguise(const struct run *run)
{
	struct trail trail;

	find_stranger(run, 1, &trail);
	trail_expect_owner(&trail, 0, run->facts->pid[ROLE_CLIENT], run->suite->self);
}

/* ---- another file ------------------------------------------------------------------------------
 */

static void stranger_path(const struct suite *suite, const char *name, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%.60s/%s", suite->scratch, name);
}

/* args: port. Runs the program and says which pid it has. */
static long op_run_stranger(struct hands *hands, const long args[4])
{
	char path[PATH_BYTES], port[16];
	pid_t pid;

	stranger_path(hands->suite, "stranger", path);
	snprintf(port, sizeof(port), "%ld", args[0]);
	if (copy_file(hands->suite->shortlived, path) < 0)
		return -errno;
	pid = vfork();
	if (pid == 0) {
		execl(path, path, port, "100000", NULL);
		_exit(127);
	}
	return pid < 0 ? -errno : pid;
}

/* args: 0: delete its file; 1: put another one in its place. */
static long op_change_file(struct hands *hands, const long args[4])
{
	char path[PATH_BYTES], other[PATH_BYTES];

	stranger_path(hands->suite, "stranger", path);
	stranger_path(hands->suite, "stranger-2", other);
	if (!args[0])
		return unlink(path) < 0 ? -errno : 0;
	if (copy_file("/proc/self/exe", other) < 0 || rename(other, path) < 0)
		return -errno;
	return 0;
}

/* args: pid */
static long op_end_stranger(struct hands *hands, const long args[4])
{
	char path[PATH_BYTES];

	kill((pid_t)args[0], SIGKILL);
	waitpid((pid_t)args[0], NULL, 0);
	stranger_path(hands->suite, "stranger", path);
	unlink(path);
	return 0;
}

static void play_other_file(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);

	if (access(stage->suite->shortlived, X_OK) < 0)
		stage_skip(stage, "%s: %s", stage->suite->shortlived, strerror(errno));
	play_server(stage);
	for (int i = 0; i < 2; i++) {
		long pid = must(stage, puppet_call(client, op_run_stranger,
						   stage->facts->server_port, 0, 0, 0));

		accept_stranger(stage, i + 1);
		must(stage, puppet_call(client, op_change_file, i, 0, 0, 0));
		must(stage, puppet_call(client, op_end_stranger, pid, 0, 0, 0));
		close_stranger(stage, i + 1);
		stage->facts->number[i] = pid;
	}
}

static void check_other_file(const struct run *run)
{
	char path[PATH_BYTES];
	struct trail trail;

	stranger_path(run->suite, "stranger", path);
	for (int i = 0; i < 2; i++) {
		find_stranger(run, i + 1, &trail);
		trail_expect_owner(&trail, 0, run->facts->number[i], path);
	}
}

/* ---- another's pid -----------------------------------------------------------------------------
 */

/* A child with this pid, where nobody has it; 0: any. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD,
					.set_tid = pid ? (uintptr_t)&pid : 0,
					.set_tid_size = pid ? 1 : 0 };

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* args: port, pid (0: any), which name. It connects and is gone; says which pid it had. */
static long op_run_as(struct hands *hands, const long args[4])
{
	char path[PATH_BYTES], port[16];
	int status;
	pid_t pid;

	stranger_path(hands->suite, args[2] ? "heir" : "dead", path);
	snprintf(port, sizeof(port), "%ld", args[0]);
	if (copy_file(hands->suite->shortlived, path) < 0)
		return -errno;
	pid = fork_as((pid_t)args[1]);
	if (pid == 0) {
		execl(path, path, port, NULL);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		return -EIO;
	unlink(path);
	return pid;
}

static void play_pid_reuse(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	long pid, again;

	if (access(stage->suite->shortlived, X_OK) < 0)
		stage_skip(stage, "%s: %s", stage->suite->shortlived, strerror(errno));
	play_server(stage);
	pid = must(stage, puppet_call(client, op_run_as, stage->facts->server_port, 0, 0, 0));
	accept_stranger(stage, 1);
	close_stranger(stage, 1);
	again = puppet_call(client, op_run_as, stage->facts->server_port, pid, 1, 0);
	if (again == -ENOSYS || again == -EPERM || again == -EEXIST)
		stage_skip(stage, "clone3 with set_tid: %s", strerror((int)-again));
	must(stage, again);
	accept_stranger(stage, 2);
	close_stranger(stage, 2);
	stage->facts->number[0] = pid;
}

/* The first one's TIME_WAIT ends when the second one has its pid. */
static void check_pid_reuse(const struct run *run)
{
	char path[PATH_BYTES];
	struct trail trail;

	for (int i = 0; i < 2; i++) {
		stranger_path(run->suite, i ? "heir" : "dead", path);
		find_stranger(run, i + 1, &trail);
		trail_expect_owner(&trail, 0, run->facts->number[0], path);
	}
}

/* ---- other namespaces --------------------------------------------------------------------------
 */

/* args: port. In a user, pid and mount namespace of its own, where it is process 1 and root. */
static long op_connect_elsewhere(struct hands *hands, const long args[4])
{
	int report[2], status;
	pid_t child = pipe(report) < 0 ? -1 : fork();
	long pid = -1;

	if (child < 0)
		return -errno;
	if (child == 0) {
		pid_t inner;

		if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
			_exit(errno == EPERM || errno == ENOSPC ? 77 : 1);
		inner = fork();
		if (inner == 0)
			_exit(op_connect(hands, (const long[4]){ 1, PLACE_LOOPBACK, args[0] }) < 0);
		pid = inner;
		if (write(report[1], &pid, sizeof(pid)) != sizeof(pid) ||
		    waitpid(inner, &status, 0) < 0)
			_exit(1);
		_exit(status != 0);
	}
	close(report[1]);
	if (read(report[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = -EIO;
	close(report[0]);
	if (waitpid(child, &status, 0) < 0 || status != 0)
		return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? -EPERM : -EIO;
	return pid;
}

static void play_elsewhere(struct stage *stage)
{
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	long pid;

	play_server(stage);
	pid = puppet_call(client, op_connect_elsewhere, stage->facts->server_port, 0, 0, 0);
	if (pid == -EPERM)
		stage_skip(stage, "no user namespaces here");
	stage->facts->number[0] = must(stage, pid);
	accept_stranger(stage, 1);
	close_stranger(stage, 1);
}

/* By the pid that the first namespace knows it by. */
static void check_elsewhere(const struct run *run)
{
	struct trail trail;

	find_stranger(run, 1, &trail);
	trail_expect_owner(&trail, 0, run->facts->number[0], run->suite->self);
}

const struct scenario scenarios_attack[] = {
	{ SCENARIO("a_name_given_by_prctl_hides_no_program", ON_V4, disguise) },
	{ SCENARIO("a_program_keeps_its_path_when_its_file_goes", ON_V4, other_file) },
	{ SCENARIO("the_next_process_with_a_pid_inherits_no_connection", ON_V4, pid_reuse) },
	{ SCENARIO("a_process_in_other_namespaces_has_its_pid_and_path", ON_V4, elsewhere) },
	{ .name = NULL },
};
