/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program to its end and keeps what it wrote. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROGRAM_ARGS_MAX 32

struct program {
	const char *args[PROGRAM_ARGS_MAX]; /* args[0] is the path; ends with NULL */
	uid_t uid;			    /* not 0: run as this user */
	uint64_t capabilities;		    /* with these alone (bits): 0, none */
	const char *stdout_path;	    /* not NULL: its output goes there */
	bool closed_pipe;		    /* its output is a pipe that nobody reads */
	pid_t netns_of;			    /* not 0: in the network namespace of this process */
	const char *var_lib;		    /* not NULL: it sees this directory as /var/lib */
	int timeout_ms;
};

/* One that runs: program_start(), then program_finish(). */
struct running {
	const char *name;
	pid_t pid;
	int out, err; /* files in memory */
	uint64_t began_ns;
};

struct program_result {
	int status; /* exit status, or 128 + the signal that ended it */
	bool timed_out;
	char *out; /* NUL-terminated; owned */
	char *err;
	size_t out_len;
	int took_ms;
};

/* Fails the test only if the program cannot be started at all. */
void program_run(const struct program *program, struct program_result *ret_result);
void program_result_done(struct program_result *result);

/* The two halves of program_run(). One that is never finished ends with the suite. */
void program_start(const struct program *program, struct running *ret_running);
void program_finish(struct running *running, int timeout_ms, struct program_result *ret_result);
/* What it has written until now, to be freed. */
char *program_output(const struct running *running);

/* A new file, executable by anybody. 0, or -1 and errno. */
int copy_file(const char *from, const char *to);

/* The number of newline-terminated lines. */
unsigned int count_lines(const char *text);

/* The whole file, NUL-terminated, to be freed; NULL if it cannot be read. */
char *read_fd(int fd, size_t *ret_len);
