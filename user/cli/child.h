/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace -- COMMAND: a child that waits for us before it becomes the command. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: none */
	int gate;  /* closing it lets the child go on */
	bool ended;
	int status; /* exit status as a shell tells it */
};

/* Fork. The child waits at the gate, then executes `command`. 0 or negative errno. */
int child_start(struct child *child, char **command);
void child_release(struct child *child);
/* Has it ended? Reaps it if so. */
bool child_has_ended(struct child *child);
/* End it if it still waits at the gate; otherwise leave it alone. */
void child_abandon(struct child *child);
