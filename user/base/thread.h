/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads beside the one that drains the ring. */
#pragma once

#include <pthread.h>
#include <time.h>

/*
 * As pthread_create(3), with every signal blocked: signals are for the thread that has the
 * signalfd. `attributes` may be NULL. 0 or negative errno.
 */
int thread_start(pthread_t *ret_thread, const pthread_attr_t *attributes, void *(*run)(void *data),
		 void *data);

/* So far from now, for pthread_cond_timedwait(3) with a condition of CLOCK_MONOTONIC. */
struct timespec thread_deadline(unsigned int timeout_ms);
