// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals as a descriptor, until we are about to end. */
#include "cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/output.h"
#include "cli/options.h"

int interrupt_catch(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool interrupt_waits(int signals)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

int interrupt_finish(int signals, struct output *output)
{
	int r = output_finish(output, signals);
	struct signalfd_siginfo info;

	if (r != -EAGAIN || output->ending)
		return r;
	/* Taken, or the next one of its kind would be the same to the kernel. */
	(void)read(signals, &info, sizeof(info));
	output->ending = true;
	interrupt_expect_second();
	return output_finish(output, -1);
}

static void on_second_signal(int number)
{
	(void)number;
	_exit(EXIT_INTERRUPTED); /* the kernel detaches what we held */
}

void interrupt_expect_second(void)
{
	const struct sigaction action = { .sa_handler = on_second_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
