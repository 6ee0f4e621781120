// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connects, accepts and closes over loopback: churn -n CONNECTIONS -r RATE -c CPU -x RESET -l PORT
 * -t SECONDS. RATE 0 is as fast as it can; CPU counts from 1, 0 is any. Prints what it did as JSON:
 * connections, transitions (10 a connection, 6 with RESET 1), seconds, CPU seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "args.h"

/* TIME_WAIT keeps each pair of ends for a minute: 250 addresses have 7 million. */
#define ADDRESSES 250
#define BURST_NS 2000000 /* how often the rate is kept: a tracer's users do not come evenly */

#define TRANSITIONS_FIN 10 /* without the end of TIME_WAIT, which comes a minute later */
#define TRANSITIONS_RESET 6

struct churn {
	long connections, rate, cpu, reset, port, seconds;
	struct sockaddr_in address;
	int listener;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void pin(long cpu)
{
	cpu_set_t set;

	if (!cpu)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu - 1, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("sched_setaffinity");
}

static void open_listener(struct churn *churn)
{
	int on = 1;

	churn->address = (struct sockaddr_in){ .sin_family = AF_INET,
					       .sin_port = htons((uint16_t)churn->port) };
	churn->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (churn->listener < 0 ||
	    setsockopt(churn->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(churn->listener, (void *)&churn->address, sizeof(churn->address)) < 0 ||
	    listen(churn->listener, 64) < 0)
		fail("listen");
}

static void connect_once(struct churn *churn, long number)
{
	const struct linger linger = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM, 0), server;

	churn->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 * (1 + number % ADDRESSES));
	if (client < 0 || connect(client, (void *)&churn->address, sizeof(churn->address)) < 0)
		fail("connect");
	server = accept4(churn->listener, NULL, NULL, 0);
	if (server < 0)
		fail("accept");
	if (churn->reset && setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		fail("linger");
	close(client);
	close(server);
}

static void wait_until(uint64_t ns)
{
	const struct timespec until = { .tv_sec = (time_t)(ns / 1000000000),
					.tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Returns how many it made: fewer if the time was over. */
static long run(struct churn *churn)
{
	uint64_t begin = now_ns(), end = begin + churn->seconds * 1000000000ull;
	long done = 0, due = 0;

	while (done < churn->connections && now_ns() < end) {
		if (churn->rate) {
			wait_until(begin + (done * 1000000000ull) / churn->rate + BURST_NS);
			due = (long)((now_ns() - begin) * churn->rate / 1000000000);
		} else {
			due = done + 100;
		}
		for (; done < due && done < churn->connections; done++)
			connect_once(churn, done);
	}
	return done;
}

int main(int argc, char **argv)
{
	struct churn churn = { .connections = 1000, .port = 7777, .seconds = 60 };
	const struct arg args[] = {
		{ 'n', &churn.connections, 5000000 },
		{ 'r', &churn.rate, 1000000 },
		{ 'c', &churn.cpu, 1024 },
		{ 'x', &churn.reset, 1 },
		{ 'l', &churn.port, 65535 },
		{ 't', &churn.seconds, 300 },
	};
	uint64_t begin;
	double cpu;
	long done;

	args_parse(argc, argv, args, sizeof(args) / sizeof(*args));
	alarm((unsigned int)churn.seconds + 5);
	pin(churn.cpu);
	open_listener(&churn);
	begin = now_ns();
	cpu = cpu_seconds();
	done = run(&churn);
	cpu = cpu_seconds() - cpu;
	printf("{\"connections\":%ld,\"transitions\":%ld,\"seconds\":%.6f,\"cpu\":%.6f}\n", done,
	       done * (churn.reset ? TRANSITIONS_RESET : TRANSITIONS_FIN),
	       (double)(now_ns() - begin) / 1e9, cpu);
	return 0;
}
