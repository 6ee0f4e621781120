// SPDX-License-Identifier: GPL-2.0-or-later
/* The thread between the kernel's copies and the unwinder's process. */
#include "system/stack_worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "base/util.h"
#include "system/demangle.h"
#include "system/stack_child.h"
#include "system/stack_message.h"
#include "system/stack_process.h"
#include "system/stack_record.h"

#define JOBS_MAX 256	     /* 8 MiB of stacks that wait */
#define CHILD_HANGS_MS 10000 /* far beyond its own limits: it is not coming back */
#define SEND_MS 1000
#define ABANDON_MS 500

struct job {
	struct job *next;
	struct stack_process process;
	struct sw_stack_copy copy;
};

struct result {
	struct result *next;
	struct sw_stack *stack;
};

struct stack_worker {
	int socket; /* to the process; -1: it is gone for good */
	pid_t child;
	int wake; /* eventfd: the owner wants something */
	struct stack_source source;
	pthread_t thread;
	bool started;
	atomic_uint open;

	pthread_mutex_t lock; /* of what both sides see */
	pthread_cond_t done;
	struct result *first, **last;
	bool finishing, ended;

	/* The thread's own. */
	struct stack_files files;
	struct job *queue, **queue_last;
	size_t waiting;
	struct job *current; /* the process works on it */
	uint32_t number;     /* of that */
	uint64_t sent_ms;
	uint64_t answer[STACK_ANSWER_SIZE / sizeof(uint64_t) + 1];
};

bool stack_worker_unwinds(void)
{
#ifdef SOCKWATCH_LIBDW
	return true;
#else
	return false;
#endif
}

bool stack_worker_demangles(void)
{
	return demangle_is_built_in();
}

static uint64_t now_ms(void)
{
	return clock_monotonic_ns() / NSEC_PER_MSEC;
}

/* ---- results --------------------------------------------------------------------------------- */

/* Takes the stack over; NULL, for want of memory, is one that nobody will hear of. */
static void give(struct stack_worker *worker, struct sw_stack *stack)
{
	struct result *result = stack ? calloc(1, sizeof(*result)) : NULL;

	if (!result) {
		free(stack);
		atomic_fetch_sub(&worker->open, 1);
		return;
	}
	result->stack = stack;
	pthread_mutex_lock(&worker->lock);
	*worker->last = result;
	worker->last = &result->next;
	pthread_mutex_unlock(&worker->lock);
}

struct sw_stack *stack_worker_take(struct stack_worker *worker)
{
	CLEANUP_FREE struct result *result = NULL;

	pthread_mutex_lock(&worker->lock);
	result = worker->first;
	if (result) {
		worker->first = result->next;
		if (!worker->first)
			worker->last = &worker->first;
	}
	pthread_mutex_unlock(&worker->lock);
	if (!result)
		return NULL;
	atomic_fetch_sub(&worker->open, 1);
	return result->stack;
}

unsigned int stack_worker_count_open(struct stack_worker *worker)
{
	return atomic_load(&worker->open);
}

static void free_job(struct job *job)
{
	if (job)
		stack_process_done(&job->process);
	free(job);
}

static void give_up(struct stack_worker *worker, struct job *job, enum sw_stack_end end)
{
	give(worker, stack_record_without(&job->copy, end, job->process.script));
	free_job(job);
}

/* ---- to the process and back ----------------------------------------------------------------- */

/* The process has forgotten them, or is another one. */
static void forget_sent(struct stack_worker *worker)
{
	for (size_t i = 0; i < worker->files.count; i++)
		worker->files.items[i].sent = false;
}

static struct job *take_job(struct stack_worker *worker)
{
	struct job *job = worker->queue;

	if (!job)
		return NULL;
	worker->queue = job->next;
	if (!worker->queue)
		worker->queue_last = &worker->queue;
	worker->waiting--;
	return job;
}

/* Nobody answers any more: all that waits is told so. */
static void lose_child(struct stack_worker *worker)
{
	struct job *job = TAKE_PTR(worker->current);

	util_close_fd(&worker->socket);
	for (; job || (job = take_job(worker)); job = NULL)
		give_up(worker, job, SW_STACK_CRASHED);
}

static bool send_message(struct stack_worker *worker, const struct msghdr *message)
{
	struct pollfd fd = { .fd = worker->socket, .events = POLLOUT };

	while (sendmsg(worker->socket, message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (errno != EAGAIN || poll(&fd, 1, SEND_MS) <= 0)
			return false;
	return true;
}

static bool send_file(struct stack_worker *worker, uint32_t number)
{
	struct stack_message file = { .kind = STACK_MESSAGE_FILE, .number = number };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec part = { &file, sizeof(file) };
	const struct msghdr message = { .msg_iov = &part,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &worker->files.items[number].fd, sizeof(int));
	return send_message(worker, &message);
}

static bool send_work(struct stack_worker *worker, struct job *job)
{
	struct stack_work work = {
		.message = { .kind = STACK_MESSAGE_WORK, .number = ++worker->number },
		.stack_at = job->copy.stack_at,
		.machine = job->copy.machine,
		.map_count = (uint32_t)job->process.count,
		.bytes = job->copy.bytes,
	};
	struct iovec parts[] = {
		{ &work, sizeof(work) },
		{ job->process.maps, job->process.count * sizeof(struct unwind_map) },
		{ job->copy.stack, job->copy.bytes },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts) };

	memcpy(work.registers, job->copy.registers, sizeof(work.registers));
	for (size_t i = 0; i < job->process.count; i++) {
		struct stack_file *file;

		if (!job->process.maps[i].file)
			continue;
		file = &worker->files.items[job->process.maps[i].file - 1];
		if (file->sent || file->fd < 0)
			continue;
		if (!send_file(worker, job->process.maps[i].file - 1))
			return false;
		file->sent = true;
	}
	return send_message(worker, &message);
}

static void send_next(struct stack_worker *worker)
{
	if (worker->current || worker->socket < 0)
		return;
	worker->current = take_job(worker);
	if (!worker->current)
		return;
	worker->sent_ms = now_ms();
	if (!send_work(worker, worker->current))
		lose_child(worker);
}

static void on_died(struct stack_worker *worker, uint32_t signal)
{
	bool in_time = signal != SIGPROF && signal != SIGALRM;

	forget_sent(worker);
	if (worker->current)
		give_up(worker, TAKE_PTR(worker->current),
			in_time ? SW_STACK_CRASHED : SW_STACK_TIMEOUT);
}

static void on_answer(struct stack_worker *worker, size_t size)
{
	struct job *job = TAKE_PTR(worker->current);

	give(worker, stack_record_of_answer(&job->copy, worker->answer, size, &job->process,
					    &worker->files));
	free_job(job);
}

static void receive(struct stack_worker *worker)
{
	const struct stack_message *message = (const void *)worker->answer;
	ssize_t size = recv(worker->socket, worker->answer, sizeof(worker->answer), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < (ssize_t)sizeof(*message)) {
		lose_child(worker);
		return;
	}
	if (message->kind == STACK_MESSAGE_DIED)
		on_died(worker, message->number);
	else if (message->kind == STACK_MESSAGE_ANSWER && worker->current &&
		 message->number == worker->number)
		on_answer(worker, (size_t)size);
}

/* ---- from the kernel ------------------------------------------------------------------------- */

/* Only when nothing that waits knows them by their numbers. */
static void make_room_for_files(struct stack_worker *worker)
{
	struct stack_message forget = { .kind = STACK_MESSAGE_FORGET };

	if (!stack_files_are_full(&worker->files) || worker->current || worker->queue ||
	    worker->socket < 0)
		return;
	stack_files_clear(&worker->files);
	if (send(worker->socket, &forget, sizeof(forget), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		lose_child(worker);
}

static enum sw_stack_end enqueue(struct stack_worker *worker, const struct sw_stack_copy *copy,
				 struct stack_process *process)
{
	struct job *job;

	job = malloc(sizeof(*job));
	if (!job)
		return SW_STACK_BUSY;
	memcpy(&job->copy, copy, offsetof(struct sw_stack_copy, stack) + copy->bytes);
	job->process = *process;
	job->next = NULL;
	*process = (struct stack_process){ 0 };
	*worker->queue_last = job;
	worker->queue_last = &job->next;
	worker->waiting++;
	return SW_STACK_COMPLETE;
}

static void on_copy(void *data, const struct sw_stack_copy *copy)
{
	struct stack_worker *worker = data;
	struct stack_process process = { 0 };
	enum sw_stack_end end;

	atomic_fetch_add(&worker->open, 1);
	make_room_for_files(worker);
	if (worker->waiting >= JOBS_MAX)
		end = SW_STACK_BUSY;
	else if (stack_process_read(&copy->owner, &worker->files, &process) < 0)
		end = SW_STACK_GONE;
	else if (copy->io_worker)
		end = SW_STACK_IO_URING;
	else if (worker->socket < 0)
		end = SW_STACK_CRASHED;
	else
		end = enqueue(worker, copy, &process);
	if (end != SW_STACK_COMPLETE)
		give(worker, stack_record_without(copy, end, process.script));
	stack_process_done(&process);
	send_next(worker);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool is_finishing(struct stack_worker *worker)
{
	bool finishing;

	pthread_mutex_lock(&worker->lock);
	finishing = worker->finishing;
	pthread_mutex_unlock(&worker->lock);
	return finishing;
}

static void *run(void *data)
{
	struct stack_worker *worker = data;

	for (;;) {
		/* Read before the ring is: what comes later came after the end. */
		bool finishing = is_finishing(worker);
		struct pollfd fds[] = {
			{ .fd = worker->source.fd, .events = POLLIN },
			{ .fd = worker->wake, .events = POLLIN },
			{ .fd = worker->socket, .events = POLLIN },
		};

		worker->source.consume(worker->source.data, on_copy, worker);
		if (finishing && !worker->current && !worker->queue)
			break;
		if (finishing) /* then its descriptor would wake us for ever */
			fds[1].fd = -1;
		fds[2].fd = worker->socket;
		(void)poll(fds, ARRAY_SIZE(fds), worker->current ? CHILD_HANGS_MS : -1);
		if (fds[2].revents)
			receive(worker);
		if (worker->current && now_ms() - worker->sent_ms >= CHILD_HANGS_MS)
			lose_child(worker);
		send_next(worker);
	}
	pthread_mutex_lock(&worker->lock);
	worker->ended = true;
	pthread_cond_signal(&worker->done);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int stack_worker_new(struct stack_worker **ret_worker)
{
	struct stack_worker *worker = calloc(1, sizeof(*worker));
	pthread_condattr_t monotonic;
	int r;

	if (!worker)
		return -ENOMEM;
	worker->socket = -1;
	r = stack_child_start(&worker->socket, &worker->child);
	worker->wake = r < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
	if (r < 0 || worker->wake < 0) {
		r = r < 0 ? r : -errno;
		util_close_fd(&worker->socket);
		free(worker);
		return r;
	}
	worker->last = &worker->first;
	worker->queue_last = &worker->queue;
	stack_files_init(&worker->files);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*ret_worker = worker;
	return 0;
}

int stack_worker_start(struct stack_worker *worker, const struct stack_source *source)
{
	int r;

	worker->source = *source;
	r = thread_start(&worker->thread, NULL, run, worker);
	worker->started = r == 0;
	return r;
}

bool stack_worker_finish(struct stack_worker *worker, unsigned int timeout_ms)
{
	const struct timespec until = thread_deadline(timeout_ms);
	const uint64_t one = 1;
	bool ended;

	if (!worker->started)
		return true;
	pthread_mutex_lock(&worker->lock);
	worker->finishing = true;
	(void)!write(worker->wake, &one, sizeof(one));
	while (!worker->ended && pthread_cond_timedwait(&worker->done, &worker->lock, &until) == 0)
		;
	ended = worker->ended;
	pthread_mutex_unlock(&worker->lock);
	return ended;
}

bool stack_worker_free(struct stack_worker *worker)
{
	struct sw_stack *stack;

	if (!worker)
		return true;
	if (!stack_worker_finish(worker, ABANDON_MS)) {
		pthread_detach(worker->thread);
		return false;
	}
	if (worker->started)
		pthread_join(worker->thread, NULL);
	while ((stack = stack_worker_take(worker)))
		free(stack);
	stack_files_done(&worker->files);
	util_close_fd(&worker->socket);
	stack_child_reap(worker->child);
	util_close_fd(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	pthread_cond_destroy(&worker->done);
	free(worker);
	return true;
}
