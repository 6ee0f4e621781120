// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads /proc/PID through one descriptor, which never leads to another process. */
#include "system/stack_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/util.h"
#include "model/proc_pid.h"

#define TICK_NS 10000000ull /* of start times in /proc */
#define MAPS_PART (64 << 10)
#define MAPS_TEXT_MAX (16 << 20) /* a hundred thousand mappings; the kernel allows 65530 */
#define ARGUMENTS_SIZE 4096	 /* the first page of them */

static ssize_t read_at(int process, const char *name, char *out, size_t size)
{
	CLEANUP_FD int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, out, size - 1);

	if (len < 0)
		return -errno;
	out[len] = '\0';
	return len;
}

/* A descriptor of /proc/PID, or negative errno. */
static int open_process(const struct sw_task *task)
{
	CLEANUP_FD int process = -1;
	char text[1024];
	struct proc_pid pid;

	snprintf(text, sizeof(text), "/proc/%u", task->pid);
	process = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0 || read_at(process, "stat", text, sizeof(text)) < 0)
		return -ESRCH;
	/* Another life of this number is not as old. */
	if (proc_pid_parse_stat(text, &pid) < 0 || task->start_ns - pid.task.start_ns >= TICK_NS)
		return -ESRCH;
	return TAKE_FD(process);
}

static size_t read_script(int process, char ret_script[SCRIPT_SIZE])
{
	char exe[SW_PATH_LEN], arguments[ARGUMENTS_SIZE];
	ssize_t exe_len = readlinkat(process, "exe", exe, sizeof(exe) - 1);
	ssize_t len = read_at(process, "cmdline", arguments, sizeof(arguments));

	ret_script[0] = '\0';
	if (exe_len < 0 || len <= 0)
		return 0;
	exe[exe_len] = '\0';
	return script_of(exe, arguments, (size_t)len, ret_script);
}

static int add_map(struct stack_process *process, size_t *capacity, const struct proc_map *map,
		   int file)
{
	void *larger =
		array_reserve(process->maps, process->count, capacity, sizeof(*process->maps));

	if (!larger)
		return -ENOMEM;
	process->maps = larger;
	process->maps[process->count++] = (struct unwind_map){
		.start = map->start,
		.end = map->end,
		.offset = map->offset,
		.file = file < 0 ? 0 : (uint32_t)file + 1,
	};
	return 0;
}

/* The whole file as text, to be freed: as fast as can be, before the process is gone. */
static char *read_whole(int proc, const char *name)
{
	CLEANUP_FD int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *text = NULL;
	size_t len = 0, capacity = 0;
	ssize_t n;

	if (fd < 0)
		return NULL;
	do {
		char *larger = capacity - len < MAPS_PART && capacity < MAPS_TEXT_MAX
				       ? realloc(text, capacity + MAPS_PART + 1)
				       : NULL;

		if (larger) {
			text = larger;
			capacity += MAPS_PART;
		}
		n = text ? read(fd, text + len, capacity - len) : -1;
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (!text)
		return NULL;
	text[len] = '\0';
	return TAKE_PTR(text);
}

static int take_maps(char *text, int proc, struct stack_files *files, struct stack_process *process)
{
	size_t capacity = 0;
	char *rest = text, *line;
	int r = 0;

	while (r == 0 && process->count < STACK_MAPS_MAX && (line = strsep(&rest, "\n"))) {
		struct proc_map map;

		if (proc_maps_parse(line, &map) && map.executable)
			r = add_map(process, &capacity, &map,
				    map.inode ? stack_files_get(files, proc, &map) : -1);
	}
	return r;
}

static int read_maps(int proc, struct stack_files *files, struct stack_process *process)
{
	CLEANUP_FREE char *text = read_whole(proc, "maps");
	char exe[2];
	int r;

	/* Its memory is gone when its executable is: then the text may have been cut as well. */
	if (!text || readlinkat(proc, "exe", exe, sizeof(exe)) < 0)
		return -ESRCH;
	r = take_maps(text, proc, files, process);
	return r == 0 && !process->count ? -ESRCH : r;
}

int stack_process_read(const struct sw_task *task, struct stack_files *files,
		       struct stack_process *ret_process)
{
	CLEANUP_FD int proc = open_process(task);
	int r;

	*ret_process = (struct stack_process){ 0 };
	if (proc < 0)
		return proc;
	r = read_maps(proc, files, ret_process);
	if (r == 0)
		(void)read_script(proc, ret_process->script);
	else
		stack_process_done(ret_process);
	return r;
}

void stack_process_done(struct stack_process *process)
{
	free(process->maps);
	process->maps = NULL;
	process->count = 0;
}

size_t stack_process_script(const struct sw_task *task, char ret_script[SCRIPT_SIZE])
{
	CLEANUP_FD int proc = open_process(task);

	ret_script[0] = '\0';
	return proc < 0 ? 0 : read_script(proc, ret_script);
}
