// SPDX-License-Identifier: GPL-2.0-or-later
/* What pthreads leave to each caller. */
#include "base/thread.h"

#include <signal.h>

#include "base/util.h"

int thread_start(pthread_t *ret_thread, const pthread_attr_t *attributes, void *(*run)(void *data),
		 void *data)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_thread, attributes, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

struct timespec thread_deadline(unsigned int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * (long)NSEC_PER_MSEC;
	if (until.tv_nsec >= (long)NSEC_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= (long)NSEC_PER_SEC;
	}
	return until;
}
