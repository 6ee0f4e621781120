// SPDX-License-Identifier: GPL-2.0-or-later
/* model/process.c: who lives, who is whose child, and who is still remembered. */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/process.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int open_table(void **state)
{
	*state = process_table_new();
	return *state ? 0 : -1;
}

static int close_table(void **state)
{
	process_table_free(*state);
	return 0;
}

static struct sw_task task_of(uint32_t pid, uint64_t start_ns, const char *comm)
{
	struct sw_task task = { .pid = pid, .start_ns = start_ns, .uid = 1000 };

	memcpy(task.comm, comm, strnlen(comm, sizeof(task.comm)));
	return task;
}

struct names {
	const char *bytes;
	size_t len;
};

#define NAMES(literal) ((struct names){ literal, sizeof(literal) - 1 })
#define NO_NAMES ((struct names){ "", 0 })

/* A record on the heap, with nothing behind its end, so that the sanitizer sees each look there. */
static struct sw_process *process_record(struct sw_task task, uint32_t flags, struct names exe,
					 struct names cgroup)
{
	size_t size = sizeof(struct sw_process) + exe.len + cgroup.len;
	struct sw_process *record = calloc(1, size);

	assert_non_null(record);
	record->header.size = (uint32_t)size;
	record->header.kind = SW_RECORD_PROCESS;
	record->task = task;
	record->flags = flags;
	record->exe_len = (uint16_t)exe.len;
	record->cgroup_len = (uint16_t)cgroup.len;
	memcpy((char *)(record + 1), exe.bytes, exe.len);
	memcpy((char *)(record + 1) + exe.len, cgroup.bytes, cgroup.len);
	return record;
}

static void apply(struct process_table *table, struct sw_process *record)
{
	expect_ok(process_table_exec(table, record));
	free(record);
}

static void apply_exec(struct process_table *table, uint32_t pid, uint64_t start_ns,
		       const char *comm, struct names exe)
{
	apply(table, process_record(task_of(pid, start_ns, comm), SW_PROCESS_EXEC, exe, NO_NAMES));
}

static void apply_fork(struct process_table *table, uint32_t pid, uint64_t start_ns,
		       uint32_t parent_pid, uint64_t parent_start_ns)
{
	struct sw_fork record = {
		.child = task_of(pid, start_ns, "child"),
		.parent_pid = parent_pid,
		.parent_start_ns = parent_start_ns,
	};

	expect_ok(process_table_fork(table, &record));
}

static void apply_exit(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct sw_exit record = { .task = task_of(pid, start_ns, "gone") };

	process_table_exit(table, &record);
}

static struct process *get(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct sw_task task = task_of(pid, start_ns, "task");

	return process_table_get(table, &task);
}

static void names_become_a_path(void **state)
{
	apply_exec(*state, 7, 70, "curl", NAMES("curl\0bin\0usr\0"));
	expect_text(process_table_find(*state, 7)->exe, "/usr/bin/curl");
	expect_text(process_table_find(*state, 7)->comm, "curl");
	assert_int_equal(process_table_find(*state, 7)->uid, 1000);
}

static void a_single_nul_is_the_root(void **state)
{
	apply(*state, process_record(task_of(7, 70, "a"), 0, NAMES("\0"), NAMES("\0")));
	expect_text(process_table_find(*state, 7)->exe, "/");
	expect_text(process_table_find(*state, 7)->cgroup, "/");
	expect_null(process_table_find(*state, 7)->container);
}

static void a_memfd_has_one_name(void **state)
{
	apply(*state, process_record(task_of(7, 70, "x"), SW_PROCESS_EXEC | SW_PROCESS_EXE_DELETED,
				     NAMES("memfd:x\0"), NO_NAMES));
	expect_text(process_table_find(*state, 7)->exe, "/memfd:x");
	assert_true(process_table_find(*state, 7)->exe_deleted);
}

static void unclean_names_stay_within_bounds(void **state)
{
	apply_exec(*state, 1, 1, "a", NAMES("curl"));
	expect_text(process_table_find(*state, 1)->exe, "/curl");
	apply_exec(*state, 1, 1, "a", NAMES("\0\0\0curl\0\0\0bin"));
	expect_text(process_table_find(*state, 1)->exe, "/bin/curl");
	apply_exec(*state, 1, 1, "a", NAMES("\0\0\0\0"));
	expect_text(process_table_find(*state, 1)->exe, "/");
	apply_exec(*state, 1, 1, "a", NAMES("\xff\n\0\x1b[31m\0"));
	expect_text(process_table_find(*state, 1)->exe, "/\x1b[31m/\xff\n");
}

static void the_longest_names_fit(void **state)
{
	static char names[65535];

	memset(names, 'a', sizeof(names));
	apply_exec(*state, 1, 1, "a", (struct names){ names, sizeof(names) });
	assert_int_equal(strlen(process_table_find(*state, 1)->exe), 65536);
	for (size_t i = 1; i < sizeof(names); i += 2)
		names[i] = '\0';
	apply_exec(*state, 1, 1, "a", (struct names){ names, sizeof(names) });
	assert_int_equal(strlen(process_table_find(*state, 1)->exe), 65536);
}

static void a_cut_path_shows_that_it_is_cut(void **state)
{
	uint32_t flags = SW_PROCESS_EXEC | SW_PROCESS_EXE_CUT;

	apply(*state, process_record(task_of(1, 1, "a"), flags, NAMES("a\0b\0c\0"), NO_NAMES));
	expect_text(process_table_find(*state, 1)->exe, ".../c/b/a");
	apply(*state, process_record(task_of(1, 1, "a"), flags, NAMES("a\0b\0par"), NO_NAMES));
	expect_text(process_table_find(*state, 1)->exe, ".../b/a");
	apply(*state, process_record(task_of(1, 1, "a"), flags, NAMES("par"), NO_NAMES));
	expect_text(process_table_find(*state, 1)->exe, ".../par");
	apply(*state, process_record(task_of(1, 1, "a"), flags, NAMES("\0\0par"), NO_NAMES));
	expect_text(process_table_find(*state, 1)->exe, ".../");
}

static void a_comm_without_nul_is_ended(void **state)
{
	struct sw_task task = { .pid = 1, .start_ns = 1 };

	memset(task.comm, 'x', sizeof(task.comm));
	expect_text(process_table_get(*state, &task)->comm, "xxxxxxxxxxxxxxxx");
}

static void exec_keeps_the_process_and_replaces_its_image(void **state)
{
	struct sw_process *record;
	struct process *process;

	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	process = process_table_find(*state, 7);
	record = process_record(task_of(7, 70, "sudo"), SW_PROCESS_EXEC, NAMES("sudo\0bin\0"),
				NAMES("b\0a\0"));
	record->task.uid = 0;
	apply(*state, record);
	assert_ptr_equal(process_table_find(*state, 7), process);
	assert_int_equal(process_table_count(*state), 1);
	expect_text(process->exe, "/bin/sudo");
	expect_text(process->comm, "sudo");
	expect_text(process->cgroup, "/a/b");
	assert_int_equal(process->uid, 0);
}

static void a_look_without_exe_keeps_the_older_one(void **state)
{
	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	apply(*state, process_record(task_of(7, 70, "sh"), 0, NO_NAMES, NO_NAMES));
	expect_text(process_table_find(*state, 7)->exe, "/bin/sh");
}

static void an_exec_of_something_unknown_forgets_the_older_exe(void **state)
{
	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	apply_exec(*state, 7, 70, "x", NO_NAMES);
	expect_null(process_table_find(*state, 7)->exe);
}

static void an_exec_without_cgroup_keeps_the_older_one(void **state)
{
	apply(*state, process_record(task_of(7, 70, "sh"), 0, NO_NAMES, NAMES("a\0")));
	apply_exec(*state, 7, 70, "x", NO_NAMES);
	expect_text(process_table_find(*state, 7)->cgroup, "/a");
}

static void a_container_comes_and_goes_with_the_cgroup(void **state)
{
	struct process *process;

	apply(*state, process_record(task_of(7, 70, "sh"), 0, NO_NAMES,
				     NAMES("docker-" ID ".scope\0system.slice\0")));
	process = process_table_find(*state, 7);
	expect_text(process->container->id, ID);
	expect_text(process->container->runtime, "docker");
	apply(*state, process_record(task_of(7, 70, "sh"), 0, NO_NAMES, NAMES("user.slice\0")));
	expect_null(process->container);
}

static void name_container(struct process_table *table, const char *id, const char *runtime,
			   const char *name, const char *pod)
{
	size_t size = strlen(id) + strlen(runtime) + strlen(name) + strlen(pod);
	struct sw_container *record = calloc(1, sizeof(*record) + size + 1);

	assert_non_null(record);
	record->user = CONTAINER_NO_USER;
	record->id_len = (uint16_t)strlen(id);
	record->runtime_len = (uint16_t)strlen(runtime);
	record->name_len = (uint16_t)strlen(name);
	record->pod_len = (uint16_t)strlen(pod);
	snprintf((char *)(record + 1), size + 1, "%s%s%s%s", id, runtime, name, pod);
	expect_ok(container_table_name(process_table_containers(table), record));
	free(record);
}

static void all_processes_of_a_container_learn_its_name(void **state)
{
	struct container_table *containers = process_table_containers(*state);
	struct process *first, *second;

	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES, NAMES(ID "\0docker\0")));
	apply(*state, process_record(task_of(8, 80, "b"), 0, NO_NAMES, NAMES(ID "\0docker\0")));
	first = process_table_find(*state, 7);
	second = process_table_find(*state, 8);
	assert_ptr_equal(first->container, second->container);
	assert_ptr_equal(container_table_nameless(containers), first->container);
	name_container(*state, ID, "podman", "other", "");
	name_container(*state, "abc", "docker", "other", "");
	expect_null(first->container->name);
	name_container(*state, ID, "docker", "web", "shop/web-1");
	expect_text(second->container->name, "web");
	expect_text(second->container->pod, "shop/web-1");
	expect_null(container_table_nameless(containers));
}

static void a_name_is_asked_for_once_in_the_life_of_a_container(void **state)
{
	struct container_table *containers = process_table_containers(*state);

	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES, NAMES(ID "\0docker\0")));
	apply(*state, process_record(task_of(8, 80, "b"), 0, NO_NAMES, NAMES("x\0lxc\0")));
	expect_text(process_table_find(*state, 8)->container->name, "x"); /* its own */
	assert_non_null(container_table_nameless(containers));
	container_table_asked(container_table_nameless(containers));
	expect_null(container_table_nameless(containers));
	apply_fork(*state, 9, 90, 7, 70);
	apply_exit(*state, 7, 70);
	expect_null(container_table_nameless(containers));
	apply_exit(*state, 9, 90);
	apply(*state, process_record(task_of(7, 71, "a"), 0, NO_NAMES, NAMES(ID "\0docker\0")));
	assert_non_null(container_table_nameless(containers));
	apply_exit(*state, 7, 71);
	expect_null(container_table_nameless(containers));
}

static void the_same_id_of_two_users_is_two_containers(void **state)
{
	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES,
				     NAMES("libpod-" ID ".scope\0user-1000.slice\0user.slice\0")));
	apply(*state, process_record(task_of(8, 80, "b"), 0, NO_NAMES,
				     NAMES("libpod-" ID ".scope\0machine.slice\0")));
	name_container(*state, ID, "podman", "web", "");
	assert_int_equal(process_table_find(*state, 7)->container->user, 1000);
	expect_null(process_table_find(*state, 7)->container->name);
	expect_text(process_table_find(*state, 8)->container->name, "web");
}

static void a_machine_has_the_name_that_systemd_escaped(void **state)
{
	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES,
				     NAMES("machine-my\\x2dbox\\x2.scope\0machine.slice\0")));
	expect_text(process_table_find(*state, 7)->container->name, "my-box\\x2");
	expect_text(process_table_find(*state, 7)->container->runtime, "systemd-nspawn");
}

static void a_process_has_the_unit_of_its_cgroup(void **state)
{
	struct process *process;

	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES,
				     NAMES("nginx.service\0system.slice\0")));
	process = process_table_find(*state, 7);
	assert_int_equal(process->unit.len, strlen("nginx.service"));
	assert_memory_equal(process->unit.text, "nginx.service", process->unit.len);
	assert_int_equal(process->user_unit.len, 0);
	apply_fork(*state, 8, 80, 7, 70);
	apply(*state, process_record(task_of(7, 70, "a"), 0, NO_NAMES, NAMES("plain\0")));
	assert_int_equal(process->unit.len, 0);
	process = process_table_find(*state, 8);
	assert_memory_equal(process->unit.text, "nginx.service", process->unit.len);
}

static void set_inner(struct process_table *table, uint32_t pid, uint64_t start_ns,
		      struct sw_inner inner)
{
	struct sw_process *record = calloc(1, sizeof(*record) + sizeof(inner));

	assert_non_null(record);
	record->header.size = sizeof(*record) + sizeof(inner);
	record->task = task_of(pid, start_ns, "a");
	memcpy(record + 1, &inner, sizeof(inner));
	apply(table, record);
}

static void a_child_is_in_the_pid_namespace_of_its_parent(void **state)
{
	struct sw_fork record = {
		.child = task_of(8, 80, "b"), .parent_pid = 7, .parent_start_ns = 70, .inner_pid = 2
	};
	const struct process *child;

	set_inner(*state, 7, 70, (struct sw_inner){ 1, 4026532000 });
	assert_int_equal(process_table_find(*state, 7)->inner_pid, 1);
	expect_ok(process_table_fork(*state, &record));
	child = process_table_find(*state, 8);
	assert_int_equal(child->inner_pid, 2);
	assert_int_equal(child->pid_ns, 4026532000);
	/* It is the first process of a namespace further in, as its own record says. */
	set_inner(*state, 8, 80, (struct sw_inner){ 1, 4026532001 });
	assert_int_equal(child->inner_pid, 1);
	assert_int_equal(child->pid_ns, 4026532001);
}

static void an_older_recording_knows_no_pid_namespaces(void **state)
{
	apply_exec(*state, 7, 70, "a", NAMES("a\0"));
	apply_fork(*state, 8, 80, 7, 70);
	assert_int_equal(process_table_find(*state, 7)->inner_pid, 0);
	assert_int_equal(process_table_find(*state, 8)->pid_ns, 0);
}

static void a_child_takes_after_its_parent(void **state)
{
	struct process *parent, *child;

	apply(*state, process_record(task_of(7, 70, "sh"), SW_PROCESS_EXE_DELETED,
				     NAMES("sh\0bin\0"), NAMES(ID "\0docker\0")));
	apply_fork(*state, 8, 80, 7, 70);
	parent = process_table_find(*state, 7);
	child = process_table_find(*state, 8);
	assert_ptr_equal(child->parent, parent);
	assert_int_equal(child->ppid, 7);
	expect_text(child->exe, "/bin/sh");
	expect_text(child->cgroup, "/docker/" ID);
	assert_ptr_equal(child->container, parent->container);
	expect_text(child->container->id, ID);
	expect_text(child->comm, "child");
	assert_true(child->exe_deleted);
	assert_false(child->traced);
}

static void a_child_outlives_its_parent_who_is_remembered(void **state)
{
	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	apply_fork(*state, 8, 80, 7, 70);
	apply_exit(*state, 7, 70);
	expect_null(process_table_find(*state, 7));
	expect_text(process_table_find(*state, 8)->parent->comm, "sh");
	assert_true(process_table_find(*state, 8)->parent->exited);
	apply_exit(*state, 8, 80);
	assert_int_equal(process_table_count(*state), 0);
}

static void a_fork_of_an_unknown_parent_makes_the_child(void **state)
{
	apply_fork(*state, 8, 80, 7, 70);
	assert_non_null(process_table_find(*state, 8));
	assert_int_equal(process_table_find(*state, 8)->ppid, 7);
	apply_fork(*state, 9, 90, 0, 0);
	expect_null(process_table_find(*state, 9)->parent);
	assert_int_equal(process_table_find(*state, 9)->ppid, 0);
}

static void a_parent_told_of_after_its_child_fills_its_bare_entry(void **state)
{
	struct sw_process *child = process_record(task_of(8, 80, "child"), 0, NO_NAMES, NO_NAMES);

	child->parent_pid = 7;
	child->parent_start_ns = 70;
	apply(*state, child);
	expect_text(process_table_find(*state, 8)->parent->comm, "");
	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	assert_int_equal(process_table_count(*state), 2);
	expect_text(process_table_find(*state, 8)->parent->comm, "sh");
}

static void a_fork_after_the_exec_changes_nothing_but_the_parent(void **state)
{
	struct process *child;

	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	apply_exec(*state, 8, 80, "curl", NAMES("curl\0bin\0"));
	apply_fork(*state, 8, 80, 7, 70);
	child = process_table_find(*state, 8);
	expect_text(child->exe, "/bin/curl");
	expect_text(child->comm, "curl");
	assert_int_equal(child->parent->pid, 7);
	assert_int_equal(process_table_count(*state), 2);
}

static void a_fork_after_a_socket_event_fills_what_is_missing(void **state)
{
	apply_exec(*state, 7, 70, "sh", NAMES("sh\0bin\0"));
	get(*state, 8, 80);
	apply_fork(*state, 8, 80, 7, 70);
	expect_text(process_table_find(*state, 8)->exe, "/bin/sh");
	expect_text(process_table_find(*state, 8)->comm, "task");
}

static void an_exit_of_a_stranger_is_ignored(void **state)
{
	apply_exit(*state, 7, 70);
	apply_exit(*state, 0, 0);
	assert_int_equal(process_table_count(*state), 0);
}

static void an_exit_of_an_older_life_spares_the_living(void **state)
{
	apply_exec(*state, 7, 70, "sh", NO_NAMES);
	apply_exit(*state, 7, 60);
	assert_non_null(process_table_find(*state, 7));
}

static void a_second_exit_is_harmless(void **state)
{
	struct process *process = process_ref(get(*state, 7, 70));

	apply_exit(*state, 7, 70);
	apply_exit(*state, 7, 70);
	assert_true(process->exited);
	process_unref(*state, process);
	assert_int_equal(process_table_count(*state), 0);
}

static void the_dead_stay_while_somebody_refers_to_them(void **state)
{
	struct process *process = process_ref(get(*state, 7, 70));

	process_ref(process);
	apply_exit(*state, 7, 70);
	assert_ptr_equal(get(*state, 7, 70), process);
	process_unref(*state, process);
	expect_text(process->comm, "task");
	process_unref(*state, process);
	assert_int_equal(process_table_count(*state), 0);
}

static void the_living_stay_without_reference(void **state)
{
	process_unref(*state, process_ref(get(*state, 7, 70)));
	assert_non_null(process_table_find(*state, 7));
}

static void a_pid_used_again_is_another_process(void **state)
{
	struct process *old = process_ref(get(*state, 7, 70));
	struct process *young = get(*state, 7, 71);

	assert_ptr_not_equal(old, young);
	assert_true(old->exited);
	assert_ptr_equal(process_table_find(*state, 7), young);
	assert_ptr_equal(get(*state, 7, 70), old);
	process_unref(*state, old);
	assert_int_equal(process_table_count(*state), 1);
}

static void an_older_life_told_of_late_is_dead(void **state)
{
	struct process *young = get(*state, 7, 71);
	struct process *old = process_ref(get(*state, 7, 70));

	assert_true(old->exited);
	assert_false(young->exited);
	assert_ptr_equal(process_table_find(*state, 7), young);
	process_unref(*state, old);
	assert_int_equal(process_table_count(*state), 1);
}

static void older_lives_nobody_wants_do_not_pile_up(void **state)
{
	get(*state, 7, 1000000);
	for (uint64_t start = 1; start < 1000; start++) {
		get(*state, 7, start);
		apply_exec(*state, 7, start, "a", NAMES("a\0"));
		apply_fork(*state, 7, start, 6, 1);
	}
	assert_true(process_table_count(*state) <= 3);
}

static void an_unknown_start_means_the_living(void **state)
{
	struct process *process = get(*state, 7, 0);

	assert_ptr_equal(get(*state, 7, 70), process);
	assert_int_equal(process->start_ns, 70);
	assert_ptr_equal(get(*state, 7, 0), process);
	apply_exit(*state, 7, 0);
	assert_int_equal(process_table_count(*state), 0);
}

static void pid_zero_is_nobody(void **state)
{
	struct sw_task task = { 0 };

	expect_null(get(*state, 0, 5));
	apply_exec(*state, 0, 5, "swapper", NAMES("a\0"));
	apply_fork(*state, 0, 5, 1, 1);
	assert_int_equal(process_table_trace(*state, &task), -EINVAL);
	assert_int_equal(process_table_count(*state), 0);
}

static void the_mark_goes_to_later_children_only(void **state)
{
	struct sw_task task = task_of(7, 70, "sh");

	apply_fork(*state, 8, 80, 7, 70);
	expect_ok(process_table_trace(*state, &task));
	apply_fork(*state, 9, 90, 7, 70);
	apply_fork(*state, 10, 100, 9, 90);
	assert_true(process_table_find(*state, 7)->traced);
	assert_false(process_table_find(*state, 8)->traced);
	assert_true(process_table_find(*state, 9)->traced);
	assert_true(process_table_find(*state, 10)->traced);
}

static void a_mark_survives_exec_and_a_dead_parent(void **state)
{
	struct sw_task task = task_of(7, 70, "sh");

	expect_ok(process_table_trace(*state, &task));
	apply_fork(*state, 8, 80, 7, 70);
	apply_exit(*state, 7, 70);
	apply_exec(*state, 8, 80, "curl", NAMES("curl\0"));
	apply_fork(*state, 9, 90, 8, 80);
	assert_true(process_table_find(*state, 9)->traced);
}

static void the_first_parent_stays(void **state)
{
	struct sw_process *record = process_record(task_of(8, 80, "child"), 0, NO_NAMES, NO_NAMES);

	get(*state, 1, 1);
	apply_fork(*state, 8, 80, 7, 70);
	apply_exit(*state, 7, 70);
	record->parent_pid = 1;
	record->parent_start_ns = 1;
	apply(*state, record);
	assert_int_equal(process_table_find(*state, 8)->ppid, 7);
	assert_int_equal(process_table_find(*state, 8)->parent->pid, 7);
}

static unsigned int chain_length(const struct process *process)
{
	unsigned int length = 0;

	while ((process = process->parent))
		length++;
	return length;
}

static void a_daemon_that_forks_itself_for_ever_keeps_few_dead(void **state)
{
	for (uint32_t pid = 2; pid < 10000; pid++) {
		apply_fork(*state, pid, pid, pid - 1, pid - 1);
		apply_exit(*state, pid - 1, pid - 1);
		assert_true(chain_length(process_table_find(*state, pid)) <= 16);
		assert_true(process_table_count(*state) <= 17);
	}
	apply_exit(*state, 9999, 9999);
	assert_int_equal(process_table_count(*state), 0);
}

static void living_ancestors_are_kept_for_longer(void **state)
{
	for (uint32_t pid = 2; pid < 40; pid++)
		apply_fork(*state, pid, pid, pid - 1, pid - 1);
	assert_int_equal(chain_length(process_table_find(*state, 39)), 38);
	for (uint32_t pid = 40; pid < 1000; pid++)
		apply_fork(*state, pid, pid, pid - 1, pid - 1);
	assert_true(chain_length(process_table_find(*state, 999)) <= 64);
}

static void a_cut_chain_stays_cut(void **state)
{
	for (uint32_t pid = 2; pid < 200; pid++)
		apply_fork(*state, pid, pid, pid - 1, pid - 1);
	for (uint32_t pid = 2; pid < 200; pid++) {
		struct sw_process *look =
			process_record(task_of(pid, pid, "look"), 0, NO_NAMES, NO_NAMES);

		look->parent_pid = pid - 1;
		look->parent_start_ns = pid - 1;
		apply(*state, look);
	}
	assert_true(chain_length(process_table_find(*state, 199)) <= 64);
}

static void nobody_is_his_own_ancestor(void **state)
{
	struct process *p;

	apply_fork(*state, 5, 50, 5, 50);
	expect_null(process_table_find(*state, 5)->parent);
	apply_fork(*state, 6, 50, 5, 50);
	apply_fork(*state, 5, 50, 6, 50);
	expect_null(process_table_find(*state, 5)->parent);
	apply_fork(*state, 7, 70, 8, 80);
	p = process_table_find(*state, 7);
	expect_null(p->parent);
	assert_int_equal(p->ppid, 8);
}

static void a_child_with_the_pid_of_the_parent_of_a_dead_holder_is_safe(void **state)
{
	/* 5 dies and is held by 6 alone; a new 6 releases both while 5 is told to be its parent. */
	apply_fork(*state, 6, 60, 5, 50);
	apply_exit(*state, 5, 50);
	apply_fork(*state, 6, 61, 5, 50);
	assert_int_equal(process_table_find(*state, 6)->parent->pid, 5);
	assert_int_equal(process_table_count(*state), 2);
}

static void many_processes_come_and_go(void **state)
{
	enum { PROCESSES = 50000 };

	for (uint32_t pid = 1; pid <= PROCESSES; pid++)
		apply_exec(*state, pid, pid, "a", NAMES("a\0bin\0"));
	assert_int_equal(process_table_count(*state), PROCESSES);
	for (uint32_t pid = 1; pid <= PROCESSES; pid++)
		assert_int_equal(process_table_find(*state, pid)->pid, pid);
	for (uint32_t pid = 1; pid <= PROCESSES; pid++)
		apply_exit(*state, pid, pid);
	assert_int_equal(process_table_count(*state), 0);
}

static void random_records_leave_a_sound_table(void **state)
{
	struct process *held[32] = { 0 };

	srand(1);
	for (int i = 0; i < 300000; i++) {
		uint32_t pid = (uint32_t)rand() % 6, parent = (uint32_t)rand() % 6;
		uint64_t start = (uint64_t)rand() % 5, parent_start = (uint64_t)rand() % 5;
		int slot = rand() % 32;

		switch (rand() % 4) {
		case 0:
			apply_fork(*state, pid, start, parent, parent_start);
			break;
		case 1:
			apply_exit(*state, pid, start);
			break;
		case 2:
			apply_exec(*state, pid, start, "a", NAMES("a\0"));
			break;
		default:
			process_unref(*state, held[slot]);
			held[slot] = process_ref(get(*state, pid, start));
			break;
		}
	}
	for (int i = 0; i < 32; i++)
		process_unref(*state, held[i]);
	for (uint32_t pid = 0; pid < 6; pid++)
		apply_exit(*state, pid, 0);
	assert_true(process_table_count(*state) <= 1);
}

static void null_is_accepted(void **state)
{
	process_table_free(NULL);
	process_unref(*state, NULL);
	expect_null(process_ref(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	const struct CMUnitTest tests[] = {
		TEST(names_become_a_path),
		TEST(a_single_nul_is_the_root),
		TEST(a_memfd_has_one_name),
		TEST(unclean_names_stay_within_bounds),
		TEST(the_longest_names_fit),
		TEST(a_cut_path_shows_that_it_is_cut),
		TEST(a_comm_without_nul_is_ended),
		TEST(exec_keeps_the_process_and_replaces_its_image),
		TEST(a_look_without_exe_keeps_the_older_one),
		TEST(an_exec_of_something_unknown_forgets_the_older_exe),
		TEST(an_exec_without_cgroup_keeps_the_older_one),
		TEST(a_container_comes_and_goes_with_the_cgroup),
		TEST(all_processes_of_a_container_learn_its_name),
		TEST(a_name_is_asked_for_once_in_the_life_of_a_container),
		TEST(the_same_id_of_two_users_is_two_containers),
		TEST(a_machine_has_the_name_that_systemd_escaped),
		TEST(a_process_has_the_unit_of_its_cgroup),
		TEST(a_child_is_in_the_pid_namespace_of_its_parent),
		TEST(an_older_recording_knows_no_pid_namespaces),
		TEST(a_child_takes_after_its_parent),
		TEST(a_child_outlives_its_parent_who_is_remembered),
		TEST(a_fork_of_an_unknown_parent_makes_the_child),
		TEST(a_parent_told_of_after_its_child_fills_its_bare_entry),
		TEST(a_fork_after_the_exec_changes_nothing_but_the_parent),
		TEST(a_fork_after_a_socket_event_fills_what_is_missing),
		TEST(an_exit_of_a_stranger_is_ignored),
		TEST(an_exit_of_an_older_life_spares_the_living),
		TEST(a_second_exit_is_harmless),
		TEST(the_dead_stay_while_somebody_refers_to_them),
		TEST(the_living_stay_without_reference),
		TEST(a_pid_used_again_is_another_process),
		TEST(an_older_life_told_of_late_is_dead),
		TEST(older_lives_nobody_wants_do_not_pile_up),
		TEST(an_unknown_start_means_the_living),
		TEST(pid_zero_is_nobody),
		TEST(the_mark_goes_to_later_children_only),
		TEST(a_mark_survives_exec_and_a_dead_parent),
		TEST(the_first_parent_stays),
		TEST(a_daemon_that_forks_itself_for_ever_keeps_few_dead),
		TEST(living_ancestors_are_kept_for_longer),
		TEST(a_cut_chain_stays_cut),
		TEST(nobody_is_his_own_ancestor),
		TEST(a_child_with_the_pid_of_the_parent_of_a_dead_holder_is_safe),
		TEST(many_processes_come_and_go),
		TEST(random_records_leave_a_sound_table),
		TEST(null_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
