/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C and its like: the first one asks us to end in order, a second one ends us at once. */
#pragma once

#include <stdbool.h>

struct output;

/* A descriptor that is readable when SIGINT, SIGTERM, SIGHUP or SIGCHLD came (signalfd(2)). */
int interrupt_catch(void);
bool interrupt_waits(int signals);

/*
 * output_finish(), and what a signal in between means for it: the reader has OUTPUT_FINISH_MS more,
 * output->ending is set, and the next signal is the second.
 */
int interrupt_finish(int signals, struct output *output);

/* From here on another Ctrl-C ends the process with EXIT_INTERRUPTED. */
void interrupt_expect_second(void);
