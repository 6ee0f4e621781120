// SPDX-License-Identifier: GPL-2.0-or-later
/* system/container_files.c, system/container_names.c: a small root with the files of runtimes. */
#include "expect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/process.h"
#include "system/container_files.h"
#include "system/container_names.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define DOCKER "/var/lib/docker/containers/" ID
#define STORAGE "/var/lib/containers/storage/overlay-containers"
#define HOME_STORAGE "/home/joe/.local/share/containers/storage/overlay-containers"
#define TASKS "/run/containerd/io.containerd.runtime.v2.task"

struct root {
	char path[64];
};

static int open_root(void **state)
{
	struct root *root = calloc(1, sizeof(*root));

	*state = root;
	if (!root)
		return -1;
	snprintf(root->path, sizeof(root->path), "/tmp/sockwatch-test-XXXXXX");
	return mkdtemp(root->path) ? 0 : -1;
}

static int close_root(void **state)
{
	struct root *root = *state;
	char command[128];
	int r;

	snprintf(command, sizeof(command), "rm -rf '%s'", root->path);
	r = system(command);
	free(root);
	return r;
}

static void full_path(const struct root *root, const char *path, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s", root->path, path);
}

/* With the directories above it. */
static void make_directories(const struct root *root, const char *path)
{
	char full[PATH_MAX];

	full_path(root, path, full);
	for (char *slash = full + strlen(root->path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			fail_msg("mkdir %s: %s", full, strerror(errno));
		*slash = '/';
	}
}

static void write_file(const struct root *root, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file;

	make_directories(root, path);
	full_path(root, path, full);
	file = fopen(full, "we");
	assert_non_null(file);
	fputs(text, file);
	expect_ok(fclose(file));
}

static int find(const struct root *root, const char *runtime, const char *id, uint32_t user,
		struct container_config *ret_config)
{
	memset(ret_config, 0, sizeof(*ret_config));
	return container_files_find(root->path, runtime, id, user, ret_config);
}

static void expect_name(const struct root *root, const char *runtime, uint32_t user,
			const char *name)
{
	struct container_config config;
	int r = find(root, runtime, ID, user, &config);

	assert_int_equal(r, name ? 0 : -ENOENT);
	expect_text(config.name, name ? name : "");
}

static void each_runtime_has_its_files(void **state)
{
	const struct root *root = *state;

	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
	write_file(root, DOCKER "/config.v2.json", "{\"Name\":\"/d\"}");
	write_file(root, STORAGE "/volatile-containers.json",
		   "[{\"id\":\"" ID "\",\"names\":[\"p\"]}]");
	write_file(root, TASKS "/k8s.io/" ID "/config.json",
		   "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"c\"}}");
	write_file(root, "/run/containers/storage/overlay-containers/" ID "/userdata/config.json",
		   "{\"annotations\":{\"io.kubernetes.container.name\":\"o\"}}");
	expect_name(root, "docker", CONTAINER_NO_USER, "d");
	expect_name(root, "docker", 0, "d");
	expect_name(root, "podman", CONTAINER_NO_USER, "p");
	expect_name(root, "containerd", CONTAINER_NO_USER, "c");
	expect_name(root, "cri-o", CONTAINER_NO_USER, "o");
	expect_name(root, "kubepods", CONTAINER_NO_USER, "d");
	expect_name(root, "lxc", CONTAINER_NO_USER, NULL);
}

static void the_first_of_several_files_that_knows_it_counts(void **state)
{
	const struct root *root = *state;

	write_file(root, STORAGE "/containers.json", "[{\"id\":\"" OTHER "\",\"names\":[\"x\"]}]");
	write_file(root, STORAGE "/volatile-containers.json",
		   "[{\"id\":\"" ID "\",\"names\":[\"p\"]}]");
	write_file(root, TASKS "/default/" OTHER "/config.json", "{}");
	write_file(root, TASKS "/moby/" ID "/config.json", "{}");
	write_file(root,
		   "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
		   "{\"annotations\":{\"nerdctl/name\":\"k\"}}");
	expect_name(root, "podman", CONTAINER_NO_USER, "p");
	expect_name(root, "containerd", CONTAINER_NO_USER, "k");
}

static void a_users_containers_are_only_looked_for_in_its_home(void **state)
{
	const struct root *root = *state;

	write_file(root, "/etc/passwd",
		   "root:x:0:0::/root:/bin/sh\nbroken\njoe:x:1000:1000::/home/joe:/bin/sh\n"
		   "jim:x:1001:1001::relative:/bin/sh\n");
	write_file(root, STORAGE "/containers.json", "[{\"id\":\"" ID "\",\"names\":[\"root\"]}]");
	expect_name(root, "podman", 1000, NULL);
	write_file(root, HOME_STORAGE "/containers.json",
		   "[{\"id\":\"" ID "\",\"names\":[\"joe\"]}]");
	expect_name(root, "podman", 1000, "joe");
	expect_name(root, "podman", 1001, NULL);
	expect_name(root, "podman", 1002, NULL);
	expect_name(root, "podman", CONTAINER_NO_USER, "root");
	expect_name(root, "podman", 0, "root");
}

static void link_to(const struct root *root, const char *path, const char *target)
{
	char full[PATH_MAX];

	make_directories(root, path);
	full_path(root, path, full);
	expect_ok(symlink(target, full));
}

static void links_below_the_base_are_not_followed(void **state)
{
	const struct root *root = *state;

	write_file(root, "/etc/passwd", "joe:x:1000:1000::/home/joe:/bin/sh\n");
	write_file(root, "/secret", "{\"Name\":\"secret\"}");
	write_file(root, "/elsewhere/overlay-containers/containers.json",
		   "[{\"id\":\"" ID "\",\"names\":[\"joe\"]}]");
	link_to(root, DOCKER "/config.v2.json", "../../../../../secret");
	link_to(root, "/home/joe/.local/share/containers/storage", "../../../../../elsewhere");
	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
	expect_name(root, "podman", 1000, NULL);
}

static void the_base_may_be_a_link(void **state)
{
	const struct root *root = *state;

	write_file(root, "/data/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/d\"}");
	link_to(root, "/var/lib/docker", "../../data/docker");
	expect_name(root, "docker", CONTAINER_NO_USER, "d");
}

static void only_regular_files_of_some_size_are_read(void **state)
{
	const struct root *root = *state;
	char full[PATH_MAX];

	make_directories(root, DOCKER "/config.v2.json");
	full_path(root, DOCKER "/config.v2.json", full);
	expect_ok(mkfifo(full, 0644)); /* nobody writes: to wait would be for ever */
	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
	expect_ok(unlink(full));
	expect_ok(mkdir(full, 0755));
	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
	expect_ok(rmdir(full));
	write_file(root, DOCKER "/config.v2.json", "{\"Name\":\"/d\"}");
	expect_name(root, "docker", CONTAINER_NO_USER, "d");
	expect_ok(truncate(full, (2 << 20) + 1));
	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
	write_file(root, DOCKER "/config.v2.json", "");
	expect_name(root, "docker", CONTAINER_NO_USER, NULL);
}

static void ids_are_no_paths(void **state)
{
	const struct root *root = *state;
	struct container_config config;

	write_file(root, "/var/lib/docker/config.v2.json", "{\"Name\":\"/d\"}");
	make_directories(root, DOCKER "/x");
	assert_int_equal(find(root, "docker", "..", CONTAINER_NO_USER, &config), -ENOENT);
	assert_int_equal(find(root, "docker", "", CONTAINER_NO_USER, &config), -ENOENT);
	assert_int_equal(find(root, "docker", "a/../..", CONTAINER_NO_USER, &config), -ENOENT);
	assert_int_equal(find(root, "docker", "%n%s%i", CONTAINER_NO_USER, &config), -ENOENT);
}

static void every_directory_that_is_read_is_listed(void **state)
{
	size_t count = 0;

	(void)state;
	for (const char *path; (path = container_files_path(count)); count++)
		assert_int_equal(path[0], '/');
	assert_true(count > 4);
	expect_text(container_files_path(count - 1), "/etc/passwd");
}

/* ---- the worker ------------------------------------------------------------------------------ */

static void enter(struct process_table *table, uint32_t pid, const char *cgroup, size_t len)
{
	struct sw_process *record = calloc(1, sizeof(*record) + len);

	assert_non_null(record);
	record->header.size = (uint32_t)(sizeof(*record) + len);
	record->task.pid = pid;
	record->task.start_ns = pid;
	record->cgroup_len = (uint16_t)len;
	memcpy(record + 1, cgroup, len);
	expect_ok(process_table_exec(table, record));
	free(record);
}

#define ENTER(table, pid, cgroup) enter(table, pid, cgroup, sizeof(cgroup))

/* Returns how many there were. */
static unsigned int take_all(struct container_names *names, struct process_table *table)
{
	const struct sw_container *record;
	unsigned int count = 0;

	for (; (record = container_names_take(names, 60000)); count++)
		expect_ok(container_table_name(process_table_containers(table), record));
	return count;
}

static void answers_name_the_containers_of_the_table(void **state)
{
	const struct root *root = *state;
	struct container_names *names = container_names_new(root->path, false);
	struct process_table *table = process_table_new();

	assert_non_null(names);
	assert_non_null(table);
	write_file(root, DOCKER "/config.v2.json", "{\"Name\":\"/web\"}");
	expect_null(container_names_take(names, 60000)); /* nothing was asked */
	ENTER(table, 1, ID "\0docker");
	ENTER(table, 2, OTHER "\0docker");
	ENTER(table, 3, "plain");
	container_names_ask(names, process_table_containers(table));
	expect_null(container_table_nameless(process_table_containers(table)));
	assert_int_equal(take_all(names, table), 1);
	expect_text(process_table_find(table, 1)->container->name, "web");
	expect_null(process_table_find(table, 2)->container->name);
	/* Who is unknown is not asked for again. */
	container_names_ask(names, process_table_containers(table));
	expect_null(container_names_take(names, 60000));
	container_names_free(names);
	process_table_free(table);
}

static void more_than_the_queue_holds_wait_for_the_next_call(void **state)
{
	const struct root *root = *state;
	struct container_names *names = container_names_new(root->path, false);
	struct process_table *table = process_table_new();
	unsigned int calls = 0, found = 0;
	char cgroup[128], path[256];

	assert_non_null(names);
	assert_non_null(table);
	for (uint32_t i = 1; i <= 5000; i++) {
		snprintf(cgroup, sizeof(cgroup), "docker-%064x.scope", i);
		enter(table, i, cgroup, strlen(cgroup) + 1);
	}
	snprintf(path, sizeof(path), "/var/lib/docker/containers/%064x/config.v2.json", 4711);
	write_file(root, path, "{\"Name\":\"/web\"}");
	for (; container_table_nameless(process_table_containers(table)); calls++) {
		container_names_ask(names, process_table_containers(table));
		found += take_all(names, table);
	}
	assert_true(calls > 1);
	assert_int_equal(found, 1);
	expect_text(process_table_find(table, 4711)->container->name, "web");
	container_names_free(names);
	process_table_free(table);
}

static void an_end_does_not_wait_for_answers(void **state)
{
	const struct root *root = *state;
	struct container_names *names = container_names_new(root->path, false);
	struct process_table *table = process_table_new();

	assert_non_null(names);
	assert_non_null(table);
	write_file(root, DOCKER "/config.v2.json", "{\"Name\":\"/web\"}");
	ENTER(table, 1, ID "\0docker");
	container_names_ask(names, process_table_containers(table));
	container_names_free(names);
	process_table_free(table);
	container_names_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_runtime_has_its_files),
		TEST(the_first_of_several_files_that_knows_it_counts),
		TEST(a_users_containers_are_only_looked_for_in_its_home),
		TEST(links_below_the_base_are_not_followed),
		TEST(the_base_may_be_a_link),
		TEST(only_regular_files_of_some_size_are_read),
		TEST(ids_are_no_paths),
		cmocka_unit_test(every_directory_that_is_read_is_listed),
		TEST(answers_name_the_containers_of_the_table),
		TEST(more_than_the_queue_holds_wait_for_the_next_call),
		TEST(an_end_does_not_wait_for_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
