/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that unwinds. It reads files that may be made to break their reader, so it has no
 * privilege, little memory and a time limit, and it may die: another one takes its place.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What it may take for one stack: 100 ms of a processor, and a second in all. */
#define STACK_CHILD_CPU_MS 100
#define STACK_CHILD_REAL_MS 1000

/*
 * Start it. It ends when the other end of *ret_socket (SOCK_SEQPACKET, stack_message.h) is closed.
 * Best before there are secrets in memory and other threads. 0 or negative errno.
 */
int stack_child_start(int *ret_socket, pid_t *ret_pid);
/* The socket is closed: wait a little for its end. */
void stack_child_reap(pid_t pid);

/*
 * Its work, for a fuzzer: from one message of STACK_MESSAGE_WORK (`size` bytes) to the answer, at
 * most STACK_ANSWER_SIZE bytes, whose length is returned; 0: the message is malformed.
 */
struct unwind_elf;
size_t stack_child_answer(const void *message, size_t size,
			  struct unwind_elf *(*find)(void *data, uint32_t file), void *data,
			  void *ret_answer);
