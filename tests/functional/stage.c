// SPDX-License-Identifier: GPL-2.0-or-later
/* Stages: a process, its network namespace, and its end. The traffic itself is traffic.c's. */
#define _GNU_SOURCE
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traffic.h"

const char *net_name(enum net net)
{
	static const char *const names[NETS] = { "v4", "v6", "v4mapped" };

	return names[net];
}

static void finish(struct stage *stage, int status);

static void say(char *out, size_t size, const char *format, va_list args)
{
	vsnprintf(out, size, format, args);
	if (!out[0])
		snprintf(out, size, "?");
}

_Noreturn void stage_skip(struct stage *stage, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stage->facts->skip, sizeof(stage->facts->skip), format, args);
	va_end(args);
	finish(stage, 0);
	_exit(0);
}

_Noreturn void stage_fail(struct stage *stage, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stage->facts->failure, sizeof(stage->facts->failure), format, args);
	va_end(args);
	finish(stage, 1);
	_exit(1);
}

long must_not_fail(struct stage *stage, const char *what, long result)
{
	if (result < 0)
		stage_fail(stage, "%s: %s", what, strerror((int)-result));
	return result;
}

bool stage_sysctl(struct stage *stage, const char *path, const char *value)
{
	char full[128];
	ssize_t written;
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0)
		stage_fail(stage, "%s: %s", full, strerror(errno));
	written = write(fd, value, strlen(value));
	close(fd);
	if (written < 0)
		stage_fail(stage, "%s > %s: %s", value, full, strerror(errno));
	return true;
}

unsigned int own_netns(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) < 0 ? 0 : (unsigned int)status.st_ino;
}

long snmp_read(const char *proto, const char *name)
{
	/* A line of names, then a line of values, both beginning with the protocol. */
	FILE *file = fopen("/proc/self/net/snmp", "re");
	char names[1024], values[1024];
	long found = -1;

	if (!file)
		return -1;
	while (fgets(names, sizeof(names), file) && fgets(values, sizeof(values), file)) {
		char *save_name, *save_value;
		char *key = strtok_r(names, " \n", &save_name);
		char *value = strtok_r(values, " \n", &save_value);

		if (!key || strcmp(key, proto) != 0)
			continue;
		while (key && value && strcmp(key, name) != 0) {
			key = strtok_r(NULL, " \n", &save_name);
			value = strtok_r(NULL, " \n", &save_value);
		}
		if (key && value)
			found = strtol(value, NULL, 10);
	}
	fclose(file);
	return found;
}

void stage_pause(struct stage *stage)
{
	int mine = stage->facts->paused + 1;

	stage->facts->paused = mine;
	while (stage->facts->resumed < mine)
		sleep_ms(2);
}

/* The namespace stays until it is released, so that a look at the kernel finds its TIME_WAITs. */
static void finish(struct stage *stage, int status)
{
	for (int role = 0; role < ROLES; role++)
		puppet_end(stage->puppets[role]);
	stage->facts->active_opens = snmp_read("Tcp:", "ActiveOpens");
	stage->facts->passive_opens = snmp_read("Tcp:", "PassiveOpens");
	stage->facts->done = true;
	while (status == 0 && !stage->facts->released)
		sleep_ms(2);
	_exit(status);
}

static void enter_namespace(struct stage *stage)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		stage_skip(stage, "unshare(CLONE_NEWNET): %s", strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		stage_fail(stage, "no lo: %s", strerror(errno));
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		stage_fail(stage, "lo up: %s", strerror(errno));
	close(fd);
	stage->facts->netns = own_netns();
	if (stage->facts->netns == 0)
		stage_fail(stage, "/proc/self/ns/net: %s", strerror(errno));
	stage->facts->stage_pid = getpid();
}

static _Noreturn void play_it(struct suite *suite, struct facts *facts, enum net net,
			      stage_play play)
{
	struct stage stage = { .suite = suite, .facts = facts, .net = net };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	enter_namespace(&stage);
	/* A fresh lo has no usable ::1 for a moment. */
	if (net == NET_V6 && !net_wait_usable(net, PLACE_LOOPBACK))
		stage_skip(&stage, "no IPv6 here");
	play(&stage);
	finish(&stage, 0);
	_exit(0);
}

void stage_start(struct suite *suite, enum net net, stage_play play, struct stage_process *ret)
{
	struct facts *facts = mmap(NULL, sizeof(*facts), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (facts == MAP_FAILED)
		fail_msg("mmap: %s", strerror(errno));
	ret->facts = facts;
	ret->began_ns = now_ns();
	ret->pid = fork();
	if (ret->pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (ret->pid == 0)
		play_it(suite, facts, net, play);
	setpgid(ret->pid, ret->pid);
}

static void kill_stage(struct stage_process *process, const char *why)
{
	if (!process->facts->failure[0])
		snprintf(process->facts->failure, sizeof(process->facts->failure), "%s", why);
	kill(-process->pid, SIGKILL);
	waitpid(process->pid, NULL, 0);
	process->pid = -1;
}

/* Until the play is over, or has reached this pause. */
static void wait_for_stage(struct stage_process *process, int pause, int timeout_ms)
{
	const struct facts *facts = process->facts;
	uint64_t begin = now_ns();

	while (process->pid > 0 && !facts->done && facts->paused < pause) {
		int status;

		if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
			kill(-process->pid, SIGKILL);
			process->pid = -1;
			if (!facts->done && !facts->failure[0])
				snprintf(process->facts->failure, sizeof(facts->failure),
					 "the stage ended early, wait status %#x", status);
			return;
		}
		if (now_ns() - begin > (uint64_t)timeout_ms * 1000000)
			kill_stage(process, "the stage takes too long");
		else
			sleep_ms(2);
	}
}

void stage_wait_done(struct stage_process *process, int timeout_ms)
{
	wait_for_stage(process, INT_MAX, timeout_ms);
}

void stage_wait_pause(struct stage_process *process, int timeout_ms)
{
	wait_for_stage(process, process->facts->resumed + 1, timeout_ms);
	stage_check(process);
}

void stage_resume(struct stage_process *process)
{
	process->facts->resumed++;
}

void stage_release(struct stage_process *process, int timeout_ms)
{
	uint64_t begin = now_ns();

	process->facts->released = true;
	while (process->pid > 0) {
		if (waitpid(process->pid, NULL, WNOHANG) == process->pid) {
			kill(-process->pid, SIGKILL);
			process->pid = -1;
		} else if (now_ns() - begin > (uint64_t)timeout_ms * 1000000) {
			kill_stage(process, "the stage does not end");
		} else {
			sleep_ms(2);
		}
	}
}

void stage_free(struct stage_process *process)
{
	if (!process->facts)
		return;
	if (process->pid > 0)
		kill_stage(process, "not needed any more");
	munmap(process->facts, sizeof(*process->facts));
	process->facts = NULL;
}

void stage_check(const struct stage_process *process)
{
	if (process->facts->skip[0])
		skip_because("%s", process->facts->skip);
	if (process->facts->failure[0])
		fail_msg("the traffic failed: %s", process->facts->failure);
}
