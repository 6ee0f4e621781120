// SPDX-License-Identifier: GPL-2.0-or-later
/* Running a program under a time limit, with its output in memory. */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

/* A reader's limit against a program that writes without end. */
#define OUTPUT_MAX (256L << 20)

char *read_fd(int fd, size_t *ret_len)
{
	struct stat status;
	size_t len = 0;
	char *text;

	if (fstat(fd, &status) < 0 || status.st_size > OUTPUT_MAX)
		return NULL;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return NULL;
	while (len < (size_t)status.st_size) {
		ssize_t got = pread(fd, text + len, (size_t)status.st_size - len, (off_t)len);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return text;
}

unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static int open_output(const struct program *program, int memory)
{
	int ends[2];

	if (program->stdout_path)
		return open(program->stdout_path, O_WRONLY | O_CLOEXEC);
	if (!program->closed_pipe)
		return memory;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	close(ends[0]);
	return ends[1];
}

/* In the child. Keeps the exit status 126 and 127 of a shell for what could not be run. */
static _Noreturn void become(const struct program *program, int out, int err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(126);
	if (program->uid != 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(program->uid, program->uid, program->uid) < 0 ||
	     setresuid(program->uid, program->uid, program->uid) < 0))
		_exit(126);
	execv(program->args[0], (char *const *)program->args);
	_exit(127);
}

static void wait_for(pid_t pid, int timeout_ms, struct program_result *result)
{
	uint64_t begin = now_ns();
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ns() - begin > (uint64_t)timeout_ms * 1000000) {
			result->timed_out = true;
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		sleep_ms(2);
	}
	result->took_ms = (int)((now_ns() - begin) / 1000000);
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_run(const struct program *program, struct program_result *ret_result)
{
	int memory = memfd_create("stdout", MFD_CLOEXEC);
	int err = memfd_create("stderr", MFD_CLOEXEC);
	int out = open_output(program, memory);
	pid_t pid;

	memset(ret_result, 0, sizeof(*ret_result));
	if (memory < 0 || err < 0 || out < 0)
		fail_msg("cannot make the output of %s: %s", program->args[0], strerror(errno));
	pid = fork();
	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (pid == 0)
		become(program, out, err);
	if (out != memory)
		close(out);
	wait_for(pid, program->timeout_ms, ret_result);
	ret_result->out = read_fd(memory, &ret_result->out_len);
	ret_result->err = read_fd(err, NULL);
	close(memory);
	close(err);
	if (!ret_result->out || !ret_result->err)
		fail_msg("%s wrote too much", program->args[0]);
}

void program_result_done(struct program_result *result)
{
	free(result->out);
	free(result->err);
	memset(result, 0, sizeof(*result));
}
