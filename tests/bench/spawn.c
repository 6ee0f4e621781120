// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spawn SECONDS PROGRAM ARGUMENT ...: runs it with its output thrown away, and prints as JSON what
 * it took. A process of its own, because the peak memory of a child begins with its parent's.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "args.h"

static volatile sig_atomic_t child;
static volatile sig_atomic_t cut;

static void stop(int number)
{
	(void)number;
	cut = true;
	kill(child, SIGKILL);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void run(char **command)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(127);
	execvp(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESTART };
	unsigned int seconds = argc > 2 ? (unsigned int)atoi(argv[1]) : 0;
	struct rusage usage;
	double begin, end;
	int status;

	if (!seconds)
		return 2;
	sigaction(SIGALRM, &action, NULL);
	begin = now_ms();
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		run(argv + 2);
	alarm(seconds);
	if (wait4(child, &status, 0, &usage) < 0)
		fail("wait4");
	end = now_ms();
	printf("{\"wall_ms\":%.3f,\"cpu_ms\":%.3f,\"rss_kib\":%ld,\"cut\":%s,\"status\":%d}\n",
	       end - begin, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
	       usage.ru_maxrss, cut ? "true" : "false",
	       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
