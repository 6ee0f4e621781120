// SPDX-License-Identifier: GPL-2.0-or-later
/* view/field*.c: what the field table says of its own fields. */
#include "expect.h"

#include <string.h>

#include "model/container_table.h"
#include "model/process.h"
#include "records.h"
#include "view/field.h"

static struct container container = {
	.id = (char *)"0123456789abcdef",
	.runtime = "docker",
	.name = (char *)"web",
	.pod = (char *)"shop/web-0",
};

static const struct process somewhere = {
	.pid = 812,
	.comm = "nginx",
	.exe = (char *)"/usr/sbin/nginx",
	.cgroup = (char *)"/user.slice/nginx.service",
	.container = &container,
	.unit = { "nginx.service", 13 },
	.user_unit = { "nginx.service", 13 },
	.inner_pid = 1,
	.pid_ns = 4026532000,
};

/* The same, as a program tells that was not asked where it runs. */
static struct process nowhere(void)
{
	struct process process = somewhere;

	process.cgroup = NULL;
	process.container = NULL;
	process.unit.len = process.user_unit.len = 0;
	process.inner_pid = process.pid_ns = 0;
	return process;
}

static void get(const struct field *field, const struct process *owner, struct value *ret)
{
	const struct event event = { .kind = EVENT_STATE,
				     .conn = { .ends = record_ends(5),
					       .owner = (struct process *)owner } };
	const struct socket_row row = { .kind = SOCKET_TCP, .conn = event.conn, .fd = 3 };
	const struct field_context context = { .event = &event, .socket = &row };

	*ret = (struct value){ 0 };
	field->get(&context, ret);
}

static bool is_same(const struct value *left, const struct value *right)
{
	return left->kind == right->kind && left->number == right->number &&
	       left->len == right->len &&
	       (!left->len || memcmp(left->text, right->text, left->len) == 0);
}

/* A snapshot asks the kernel where processes run if such a field is shown, and only then. */
static void fields_that_tell_a_place_say_so(void **state)
{
	const struct process elsewhere = nowhere();

	(void)state;
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *field = field_at(i);
		struct value here, there;

		if (!field->get)
			continue;
		get(field, &somewhere, &here);
		get(field, &elsewhere, &there);
		if (is_same(&here, &there) == field_tells_place(field))
			fail_msg("%s", field->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_that_tell_a_place_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
