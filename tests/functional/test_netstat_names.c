// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs without a name in the file system, and names that are meant to do harm. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "display.h"
#include "jsonline.h"
#include "suite.h"

#define HOLD_MS "60000"

/* Escape sequences, quotes, separators, line ends, and bytes that are no UTF-8. */
#define HOSTILE "\033]0;x\007\"a',b\"\n\r\t\xff\x9b\\%s"
#define HOSTILE_COMM "\033[2J\"\n,\xc3(\x7f"
/* What all formats but JSON must leave of it. */
#define PRINTABLE_PIECE "]0;x"

/* A process with a listener on 127.0.0.1. */
struct holder {
	pid_t pid;
	uint16_t port;
};

/* What it becomes: a file, or the program behind a descriptor, or (neither) another comm. */
struct guise {
	const char *path;
	int fd;
	const char *comm;
};

/* In the child: a listener that an exec does not close; its port goes to the parent. */
static void listen_and_tell(int line)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    write(line, &address.sin_port, sizeof(address.sin_port)) < 0)
		_exit(1);
}

static _Noreturn void hold(const struct guise *guise, int line)
{
	char *const argv[] = { "program", "hold", HOLD_MS, NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listen_and_tell(line);
	if (guise->path)
		execv(guise->path, argv);
	else if (guise->fd >= 0)
		fexecve(guise->fd, argv, environ);
	else
		prctl(PR_SET_NAME, guise->comm);
	close(line);
	pause();
	_exit(1);
}

static void holder_start(const struct guise *guise, struct holder *ret)
{
	uint16_t port_be = 0;
	int ends[2];
	char end;

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail_msg("pipe: %s", strerror(errno));
	ret->pid = fork();
	if (ret->pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (ret->pid == 0)
		hold(guise, ends[1]);
	close(ends[1]);
	/* The pipe's end comes when it has become what it is to be. */
	if (read(ends[0], &port_be, sizeof(port_be)) != sizeof(port_be) ||
	    read(ends[0], &end, 1) != 0)
		fail_msg("the process has no listener");
	close(ends[0]);
	ret->port = ntohs(port_be);
}

static void holder_end(struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
}

/* ---- finding its row ------------------------------------------------------------------------- */

/* Both lines of its row in the text of -anb: the socket, then the executable. */
static void copy_row(const char *text, const struct holder *holder, char socket[512],
		     char executable[8192])
{
	char pieces[64];
	const char *line, *next;

	snprintf(pieces, sizeof(pieces), "127.0.0.1:%d |LISTEN|%d", holder->port, holder->pid);
	line = display_find(text, pieces);
	next = line ? strchr(line, '\n') : NULL;
	if (!next)
		fail_msg("no row of port %d and pid %d in %s", holder->port, holder->pid, text);
	display_copy_line(line, socket, 512);
	display_copy_line(next + 1, executable, 8192);
}

/* Its row among the lines of -anj; to be freed. */
static char *find_object(const char *text, const struct holder *holder)
{
	char pieces[64];
	const char *line;

	snprintf(pieces, sizeof(pieces), "\"lport\":%d,|\"pid\":%d,", holder->port, holder->pid);
	line = display_find(text, pieces);
	if (!line)
		fail_msg("no row of port %d and pid %d in %s", holder->port, holder->pid, text);
	return strndup(line, strcspn(line, "\n"));
}

/* ---- no name any more ------------------------------------------------------------------------ */

static void need_shortlived(const struct suite *suite)
{
	if (access(suite->shortlived, X_OK) < 0)
		skip_because("%s: %s", suite->shortlived, strerror(errno));
}

static void a_deleted_executable_is_marked(struct suite *suite)
{
	char path[128], expected[160], socket[512], executable[8192], exe[4096] = "";
	const struct guise guise = { .path = path, .fd = -1 };
	struct program_result text, json;
	struct holder holder;
	char *object;
	bool marked;

	need_shortlived(suite);
	snprintf(path, sizeof(path), "%.60s/deleted-program", suite->scratch);
	if (copy_file(suite->shortlived, path) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	holder_start(&guise, &holder);
	unlink(path);
	display_show(suite, "-anb", &text);
	display_show(suite, "-anj", &json);
	holder_end(&holder);
	copy_row(text.out, &holder, socket, executable);
	snprintf(expected, sizeof(expected), "  [%s] (deleted)", path);
	assert_string_equal(executable, expected);
	object = find_object(json.out, &holder);
	jsonline_string(object, "exe", exe, sizeof(exe));
	marked = jsonline_is_true(object, "exe_deleted");
	free(object);
	assert_string_equal(exe, path);
	assert_true(marked);
	program_result_done(&text);
	program_result_done(&json);
}

static int load_into_memory(const char *path)
{
	int in = open(path, O_RDONLY | O_CLOEXEC);
	int memory = memfd_create("ghost", MFD_CLOEXEC);
	struct stat status;

	if (in < 0 || memory < 0 || fstat(in, &status) < 0 ||
	    sendfile(memory, in, NULL, (size_t)status.st_size) != status.st_size)
		fail_msg("memfd: %s", strerror(errno));
	close(in);
	return memory;
}

static void a_program_in_memory_is_marked(struct suite *suite)
{
	struct guise guise = { .fd = -1 };
	char socket[512], executable[8192];
	struct program_result text;
	struct holder holder;

	need_shortlived(suite);
	guise.fd = load_into_memory(suite->shortlived);
	holder_start(&guise, &holder);
	close(guise.fd);
	display_show(suite, "-anb", &text);
	holder_end(&holder);
	copy_row(text.out, &holder, socket, executable);
	/* In the kernel's own words, as /proc/PID/exe has them. */
	assert_string_equal(executable, "  [/memfd:ghost] (deleted)");
	program_result_done(&text);
}

/* ---- hostile names --------------------------------------------------------------------------- */

struct hostile {
	char path[128];
	struct holder by_path, by_comm;
};

static void start_hostile(struct suite *suite, struct hostile *ret)
{
	const struct guise file = { .path = ret->path, .fd = -1 };
	const struct guise comm = { .fd = -1, .comm = HOSTILE_COMM };

	need_shortlived(suite);
	snprintf(ret->path, sizeof(ret->path),
		 "%.60s/"
		 "%s",
		 suite->scratch, HOSTILE);
	if (copy_file(suite->shortlived, ret->path) < 0)
		fail_msg("%s: %s", ret->path, strerror(errno));
	holder_start(&file, &ret->by_path);
	holder_start(&comm, &ret->by_comm);
}

static void end_hostile(struct hostile *hostile)
{
	holder_end(&hostile->by_path);
	holder_end(&hostile->by_comm);
	unlink(hostile->path);
}

/* All other bytes are printable ASCII: the names of this test have nothing else worth showing. */
static void expect_printable(const char *line)
{
	for (const char *p = line; *p; p++)
		if (*p < ' ' || *p > '~')
			fail_msg("byte %#x in: %s", (unsigned char)*p, line);
}

static void expect_control_bytes(const char *text, const char *allowed)
{
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' && !strchr(allowed, *p)) || *p == '\x7f')
			fail_msg("control byte %#x before: %.200s", (unsigned char)*p, p + 1);
}

static void text_escapes_hostile_names(struct suite *suite)
{
	static const char *const lines[] = { "-anb", "-anbv", "-anb --style=xp" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct hostile hostile;
		struct program_result result;
		char socket[512], executable[8192];

		start_hostile(suite, &hostile);
		display_show(suite, lines[i], &result);
		end_hostile(&hostile);
		expect_control_bytes(result.out, "\n");
		copy_row(result.out, &hostile.by_path, socket, executable);
		expect_printable(socket);
		expect_printable(executable);
		assert_non_null(display_find(executable, "  [|" PRINTABLE_PIECE "|\\n|]"));
		program_result_done(&result);
	}
}

static void programs_escape_hostile_names(struct suite *suite)
{
	struct hostile hostile;
	struct program_result result;
	char pieces[64];
	const char *line;
	char row[1024];

	start_hostile(suite, &hostile);
	display_show(suite, "-anp", &result);
	end_hostile(&hostile);
	expect_control_bytes(result.out, "\n");
	snprintf(pieces, sizeof(pieces), "127.0.0.1:%d |LISTEN|%d/|[2J\"\\n,", hostile.by_comm.port,
		 hostile.by_comm.pid);
	line = display_find(result.out, pieces);
	if (!line)
		fail_msg("no row with %s in %s", pieces, result.out);
	display_copy_line(line, row, sizeof(row));
	expect_printable(row);
	program_result_done(&result);
}

static void expect_object(const char *line, void *arg)
{
	(void)arg;
	if (!jsonline_is_object(line))
		fail_msg("no JSON object: %s", line);
}

/* Bytes that are no UTF-8 cannot be in JSON; all others come back as they are. */
static void json_gives_hostile_names_back(struct suite *suite)
{
	struct hostile hostile;
	struct program_result result;
	char exe[4096] = "", comm[64] = "", *by_path, *by_comm;

	start_hostile(suite, &hostile);
	display_show(suite, "-anj", &result);
	end_hostile(&hostile);
	expect_control_bytes(result.out, "\n");
	by_path = find_object(result.out, &hostile.by_path);
	by_comm = find_object(result.out, &hostile.by_comm);
	jsonline_string(by_path, "exe", exe, sizeof(exe));
	jsonline_string(by_comm, "comm", comm, sizeof(comm));
	assert_non_null(strstr(exe, "\033]0;x\007\"a',b\"\n\r\t"));
	assert_non_null(strstr(exe, "\\%s"));
	assert_int_equal(strncmp(comm, "\033[2J\"\n,", 7), 0);
	free(by_path);
	free(by_comm);
	display_walk(result.out, expect_object, NULL);
	program_result_done(&result);
}

/* The fields of the record at *text, which moves on to the next; -1 if it is malformed. */
static int count_fields(const char **text)
{
	const char *p = *text;
	bool quoted = false;
	int fields = 1;

	for (; *p && (quoted || *p != '\r'); p++) {
		if (*p == '"')
			quoted = !quoted; /* a doubled one changes it twice */
		else if (!quoted && *p == '\n')
			return -1;
		else if (!quoted && *p == ',')
			fields++;
	}
	if (quoted || p[0] != '\r' || p[1] != '\n')
		return -1;
	*text = p + 2;
	return fields;
}

static void csv_keeps_its_columns_with_hostile_names(struct suite *suite)
{
	struct hostile hostile;
	struct program_result result;
	const char *at;
	int columns, fields;

	start_hostile(suite, &hostile);
	display_show(suite, "-an --format=csv", &result);
	end_hostile(&hostile);
	expect_control_bytes(result.out, "\r\n");
	assert_non_null(display_find(result.out, PRINTABLE_PIECE "|\"\"a',b\"\""));
	at = result.out;
	columns = count_fields(&at);
	assert_true(columns > 10);
	while (*at) {
		const char *record = at;

		fields = count_fields(&at);
		if (fields != columns)
			fail_msg("%d fields instead of %d: %.500s", fields, columns, record);
	}
	program_result_done(&result);
}

const struct test tests_netstat_names[] = {
	{ .name = "a_deleted_executable_is_marked", .run = a_deleted_executable_is_marked },
	{ .name = "a_program_in_memory_is_marked", .run = a_program_in_memory_is_marked },
	{ .name = "text_escapes_hostile_names", .run = text_escapes_hostile_names },
	{ .name = "programs_escape_hostile_names", .run = programs_escape_hostile_names },
	{ .name = "json_gives_hostile_names_back", .run = json_gives_hostile_names_back },
	{ .name = "csv_keeps_its_columns_with_hostile_names",
	  .run = csv_keeps_its_columns_with_hostile_names },
	{ .name = NULL },
};
