/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bare command as a test runs it, and what is found in its displays. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "program.h"

struct suite;

/* A command line, with the memory that its words need. */
struct command {
	char text[1024];
	struct program program;
};

/* `sockwatch WORDS`, which are separated by single spaces. */
void command_make(struct suite *suite, const char *words, struct command *ret_command);

/* Run it to its end; a test fails if it takes too long. */
void display_run(struct suite *suite, const char *words, struct program_result *ret_result);
/* The same, and it must end well and have nothing to say. */
void display_show(struct suite *suite, const char *words, struct program_result *ret_result);

/*
 * Lines on stderr, except that namespaces could not be entered, on a machine where that is so: even
 * root may be refused those of some processes. `repeated`: and except the summary at the end.
 */
unsigned int display_complaints(const char *err, bool repeated);

/* The first line that has these pieces, separated by '|', in this order; or NULL. */
const char *display_find(const char *text, const char *pieces);
/* The line at `line` without its newline, cut if it does not fit. */
void display_copy_line(const char *line, char *out, size_t size);

/* Call for each line, which is NUL-terminated then; text is changed. */
void display_walk(char *text, void (*visit)(const char *line, void *arg), void *arg);

/* Wait until a running program has written these pieces on one line; false if it never does. */
bool display_wait(const struct running *running, const char *pieces, int timeout_ms);
