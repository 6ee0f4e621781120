// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts the command to be traced, and tells when it has ended. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/options.h"

static void become(char **command, int gate)
{
	sigset_t none;
	char byte;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* A byte means go; an end of file that the tracer has given up. */
	if (read(gate, &byte, 1) != 1)
		_exit(EXIT_FAILED);
	close(gate);
	execvp(command[0], command);
	log_error("cannot run '%s': %s", command[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

int child_start(struct child *child, char **command)
{
	int fds[2];

	*child = (struct child){ .gate = -1 };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0) {
		close(fds[1]);
		become(command, fds[0]);
	}
	close(fds[0]);
	child->gate = fds[1];
	return child->pid < 0 ? -errno : 0;
}

void child_release(struct child *child)
{
	(void)!write(child->gate, "", 1);
	util_close_fd(&child->gate);
}

bool child_has_ended(struct child *child)
{
	int status;

	if (child->ended || child->pid <= 0)
		return child->ended;
	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return false;
	child->ended = true;
	child->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

void child_abandon(struct child *child)
{
	if (child->pid <= 0 || child->gate < 0)
		return;
	util_close_fd(&child->gate);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
