// SPDX-License-Identifier: GPL-2.0-or-later
/* model/holder_map.c: who owns a socket that several have open. */
#include "expect.h"

#include <stdlib.h>

#include "model/holder_map.h"
#include "records.h"

#define INODE 4242
#define SOCKET 0xffff888012345600 /* an address */

struct fixture {
	struct process_table *processes;
	struct holder_map *map;
};

static int open_map(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	fixture->processes = process_table_new();
	fixture->map = holder_map_new(fixture->processes);
	*state = fixture;
	return fixture->map ? 0 : -1;
}

static int close_map(void **state)
{
	struct fixture *fixture = *state;

	holder_map_free(fixture->map);
	process_table_free(fixture->processes);
	free(fixture);
	return 0;
}

static struct process *process_of(struct fixture *fixture, uint32_t pid, uint64_t start_ns)
{
	struct sw_task task = record_task(pid, "holder");

	task.start_ns = start_ns;
	return process_table_get(fixture->processes, &task);
}

static void hold(struct fixture *fixture, uint32_t pid, uint64_t start_ns, int32_t fd)
{
	expect_ok(holder_map_add(fixture->map, INODE, SOCKET, process_of(fixture, pid, start_ns),
				 fd));
}

static struct holder find(const struct fixture *fixture, uint64_t inode, uint64_t socket)
{
	struct holder holder = { 0 };

	assert_true(holder_map_find(fixture->map, inode, socket, &holder));
	return holder;
}

static void expect_nobody(const struct fixture *fixture, uint64_t inode, uint64_t socket)
{
	struct holder holder;

	assert_false(holder_map_find(fixture->map, inode, socket, &holder));
}

static void expect_owner(const struct fixture *fixture, uint32_t pid, int32_t fd,
			 uint32_t processes)
{
	struct holder holder = find(fixture, INODE, SOCKET);

	assert_int_equal(holder.owner->pid, pid);
	assert_int_equal(holder.fd, fd);
	assert_int_equal(holder.processes, processes);
}

static void a_socket_that_nobody_holds_is_not_found(void **state)
{
	const struct fixture *fixture = *state;

	expect_nobody(fixture, INODE, SOCKET);
	expect_nobody(fixture, INODE, 0);
}

static void the_only_holder_owns_it(void **state)
{
	hold(*state, 100, 5000, 3);
	expect_owner(*state, 100, 3, 1);
}

static void descriptors_of_one_process_count_once(void **state)
{
	hold(*state, 100, 5000, 7);
	hold(*state, 100, 5000, 3);
	hold(*state, 100, 5000, 9);
	expect_owner(*state, 100, 3, 1);
}

static void the_oldest_holder_owns_it_in_whatever_order_they_come(void **state)
{
	hold(*state, 300, 6000, 4);
	hold(*state, 100, 5000, 3);
	hold(*state, 200, 7000, 5);
	expect_owner(*state, 100, 3, 3);
}

static void of_the_same_age_the_lower_pid_owns_it(void **state)
{
	hold(*state, 101, 5000, 4);
	hold(*state, 100, 5000, 3);
	hold(*state, 102, 5000, 5);
	expect_owner(*state, 100, 3, 3);
}

static void process_1_owns_what_nobody_else_holds(void **state)
{
	hold(*state, 1, 10, 40);
	expect_owner(*state, 1, 40, 1);
	hold(*state, 700, 5000, 3);
	expect_owner(*state, 700, 3, 2);
}

static void process_1_does_not_take_it_back(void **state)
{
	hold(*state, 700, 5000, 3);
	hold(*state, 1, 10, 40);
	expect_owner(*state, 700, 3, 2);
}

static void the_list_has_the_owner_first_and_then_the_others_by_age(void **state)
{
	struct fixture *fixture = *state;
	static const uint32_t pids[] = { 700, 300, 900, 1 };
	static const int32_t fds[] = { 3, 4, 5, 40 };
	struct holder holder;

	hold(fixture, 300, 6000, 8);
	hold(fixture, 300, 6000, 4);
	holder = find(fixture, INODE, SOCKET);
	assert_int_equal(holder.listed, 0); /* there is only the owner */
	hold(fixture, 1, 10, 40);
	hold(fixture, 900, 9000, 5);
	hold(fixture, 700, 5000, 9);
	hold(fixture, 700, 5000, 3);
	holder = find(fixture, INODE, SOCKET);
	assert_int_equal(holder.listed, 4);
	for (uint32_t i = 0; i < holder.listed; i++) {
		assert_int_equal(holder.list[i].process->pid, pids[i]);
		assert_int_equal(holder.list[i].fd, fds[i]);
	}
}

static void of_too_many_holders_the_oldest_are_listed(void **state)
{
	struct fixture *fixture = *state;
	struct holder holder;

	for (uint32_t pid = 100; pid < 100 + 3 * HOLDERS_LISTED; pid++)
		hold(fixture, pid, 9000 - pid, 3);
	holder = find(fixture, INODE, SOCKET);
	assert_int_equal(holder.processes, 3 * HOLDERS_LISTED);
	assert_int_equal(holder.listed, HOLDERS_LISTED);
	assert_ptr_equal(holder.list[0].process, holder.owner);
	assert_int_equal(holder.list[0].process->pid, 99 + 3 * HOLDERS_LISTED);
	assert_int_equal(holder.list[HOLDERS_LISTED - 1].process->pid, 100 + 2 * HOLDERS_LISTED);
}

static void addresses_tell_sockets_of_the_same_number_apart(void **state)
{
	struct fixture *fixture = *state;

	expect_ok(holder_map_add(fixture->map, INODE, 1, process_of(fixture, 100, 10), 3));
	expect_ok(holder_map_add(fixture->map, INODE, 2, process_of(fixture, 200, 20), 4));
	assert_int_equal(find(fixture, INODE, 1).owner->pid, 100);
	assert_int_equal(find(fixture, INODE, 2).owner->pid, 200);
	expect_nobody(fixture, INODE, 3);
}

static void without_an_address_the_number_decides(void **state)
{
	struct fixture *fixture = *state;

	hold(fixture, 100, 10, 3);
	assert_int_equal(find(fixture, INODE, 0).owner->pid, 100);
	expect_ok(holder_map_add(fixture->map, INODE + 1, 0, process_of(fixture, 200, 20), 4));
	assert_int_equal(find(fixture, INODE + 1, 99).owner->pid, 200);
}

static void an_owner_that_has_exited_stays_known_while_the_map_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct sw_exit gone = record_exit(9, record_task(100, "holder"));

	gone.task.start_ns = 5000;
	hold(fixture, 100, 5000, 3);
	process_table_exit(fixture->processes, &gone);
	expect_owner(fixture, 100, 3, 1);
	holder_map_free(fixture->map);
	fixture->map = NULL;
	assert_int_equal(process_table_count(fixture->processes), 0);
}

/* Its threads come one by one, if their leader has exited. */
static void a_process_that_comes_again_counts_once(void **state)
{
	hold(*state, 100, 5000, 3);
	hold(*state, 200, 6000, 4);
	hold(*state, 100, 5000, 3);
	expect_owner(*state, 100, 3, 2);
}

static void many_sockets_are_all_found(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = process_of(fixture, 100, 5000);

	for (uint64_t i = 1; i <= 20000; i++)
		expect_ok(holder_map_add(fixture->map, i * 4096, i, process, (int32_t)i));
	for (uint64_t i = 1; i <= 20000; i++) {
		assert_int_equal(find(fixture, i * 4096, i).fd, i);
	}
	expect_nobody(fixture, 4095, 0);
}

int main(void)
{
#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, open_map, close_map)
	const struct CMUnitTest tests[] = {
		MAP_TEST(a_socket_that_nobody_holds_is_not_found),
		MAP_TEST(the_only_holder_owns_it),
		MAP_TEST(descriptors_of_one_process_count_once),
		MAP_TEST(the_oldest_holder_owns_it_in_whatever_order_they_come),
		MAP_TEST(of_the_same_age_the_lower_pid_owns_it),
		MAP_TEST(process_1_owns_what_nobody_else_holds),
		MAP_TEST(process_1_does_not_take_it_back),
		MAP_TEST(the_list_has_the_owner_first_and_then_the_others_by_age),
		MAP_TEST(of_too_many_holders_the_oldest_are_listed),
		MAP_TEST(addresses_tell_sockets_of_the_same_number_apart),
		MAP_TEST(without_an_address_the_number_decides),
		MAP_TEST(an_owner_that_has_exited_stays_known_while_the_map_is_there),
		MAP_TEST(a_process_that_comes_again_counts_once),
		MAP_TEST(many_sockets_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
