// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds sockets: hold -s SOCKETS -p PROCESSES -f FILES -x RESET -t SECONDS. Both ends of
 * SOCKETS / 2 loopback connections, and FILES other descriptors, evenly over the processes. Prints
 * "ready" with the numbers, then obeys lines: "close" closes all sockets at once (with a reset if
 * RESET is 1, so that no TIME_WAIT is left) and answers "closed"; the end of the input ends it, and
 * so does the time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"

/* One listening address has 28,000 to 64,000 peers; the farther from full, the faster they bind. */
#define ADDRESSES 250
#define PROCESSES_MAX 1000

struct hold {
	long sockets, processes, files, reset, seconds;
};

struct worker {
	pid_t pid;
	int order;  /* we write */
	int answer; /* we read */
};

static int open_listener(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	if (fd < 0 || bind(fd, (void *)address, len) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, (void *)address, &len) < 0)
		fail("listen");
	return fd;
}

static void open_pairs(int *fds, long pairs, bool reset)
{
	const struct linger linger = { .l_onoff = 1 };
	struct sockaddr_in address;
	int listener = open_listener(&address);

	for (long i = 0; i < pairs; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 * (1 + i % ADDRESSES));
		if (fd < 0 || connect(fd, (void *)&address, sizeof(address)) < 0)
			fail("connect");
		if (reset && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
			fail("linger");
		fds[2 * i] = fd;
		fds[2 * i + 1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fds[2 * i + 1] < 0)
			fail("accept");
	}
	close(listener);
}

static void say(int fd, char byte)
{
	if (write(fd, &byte, 1) != 1)
		fail("answer");
}

/* Works until its orders end. */
static void work(const struct hold *hold, long pairs, long files, int orders, int answers)
{
	int *fds = calloc((size_t)pairs * 2 + 1, sizeof(*fds));
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm((unsigned int)hold->seconds);
	if (!fds)
		fail("memory");
	for (long i = 0; i < files; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			fail("open");
	open_pairs(fds, pairs, hold->reset);
	say(answers, 'r');
	while (read(orders, &order, 1) == 1) {
		for (long i = 0; i < 2 * pairs; i++)
			close(fds[i]);
		say(answers, 'c');
	}
	_exit(0);
}

static long share(long total, long parts, long part)
{
	return total / parts + (part < total % parts);
}

static struct worker start(const struct hold *hold, long number)
{
	int orders[2], answers[2];
	struct worker worker;

	if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(answers, O_CLOEXEC) < 0)
		fail("pipe");
	worker = (struct worker){ .order = orders[1], .answer = answers[0] };
	worker.pid = fork();
	if (worker.pid < 0)
		fail("fork");
	if (worker.pid == 0) {
		close(orders[1]);
		close(answers[0]);
		work(hold, share(hold->sockets / 2, hold->processes, number),
		     share(hold->files, hold->processes, number), orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	return worker;
}

static void wait_for(const struct worker *workers, long count)
{
	char byte;

	for (long i = 0; i < count; i++)
		if (read(workers[i].answer, &byte, 1) != 1) {
			fprintf(stderr, "hold: a worker has failed\n");
			exit(1);
		}
}

static void obey(const struct worker *workers, long count)
{
	char line[16];

	while (fgets(line, sizeof(line), stdin) && strcmp(line, "close\n") == 0) {
		for (long i = 0; i < count; i++)
			say(workers[i].order, 'c');
		wait_for(workers, count);
		puts("closed");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct hold hold = { .processes = 1, .seconds = 60 };
	const struct arg args[] = {
		{ 's', &hold.sockets, 2000000 }, { 'p', &hold.processes, PROCESSES_MAX },
		{ 'f', &hold.files, 1000000 },	 { 'x', &hold.reset, 1 },
		{ 't', &hold.seconds, 600 },
	};
	static struct worker workers[PROCESSES_MAX];

	args_parse(argc, argv, args, sizeof(args) / sizeof(*args));
	alarm((unsigned int)hold.seconds);
	args_allow_files();
	for (long i = 0; i < hold.processes; i++)
		workers[i] = start(&hold, i);
	wait_for(workers, hold.processes);
	printf("ready %ld sockets %ld processes %ld files\n", hold.sockets, hold.processes,
	       hold.files);
	fflush(stdout);
	obey(workers, hold.processes);
	for (long i = 0; i < hold.processes; i++)
		close(workers[i].order);
	while (wait(NULL) > 0)
		;
	return 0;
}
