// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the owner runs: its cgroup, container, pod, systemd units and pid namespace. */
#include "view/field_container.h"

#include <string.h>

#include "base/util.h"
#include "model/container_table.h"
#include "model/process.h"

static const struct process *owner_of(const struct field_context *context)
{
	return context->event->conn.owner;
}

static const struct container *container_of_owner(const struct field_context *context)
{
	return owner_of(context) ? owner_of(context)->container : NULL;
}

void field_get_cgroup(const struct field_context *context, struct value *ret)
{
	if (owner_of(context))
		field_set_string(ret, owner_of(context)->cgroup);
}

void field_get_container(const struct field_context *context, struct value *ret)
{
	if (container_of_owner(context))
		field_set_string(ret, container_of_owner(context)->id);
}

void field_get_runtime(const struct field_context *context, struct value *ret)
{
	if (container_of_owner(context))
		field_set_string(ret, container_of_owner(context)->runtime);
}

void field_get_container_name(const struct field_context *context, struct value *ret)
{
	if (container_of_owner(context))
		field_set_string(ret, container_of_owner(context)->name);
}

void field_get_contained(const struct field_context *context, struct value *ret)
{
	const struct container *container = container_of_owner(context);

	if (container && container->name)
		field_set_string(ret, container->name);
	else if (container)
		field_set_text(ret, container->id, strnlen(container->id, FIELD_SHORT_ID));
}

void field_get_pod(const struct field_context *context, struct value *ret)
{
	if (container_of_owner(context))
		field_set_string(ret, container_of_owner(context)->pod);
}

void field_get_unit(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->unit.len)
		field_set_text(ret, owner_of(context)->unit.text, owner_of(context)->unit.len);
}

void field_get_user_unit(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->user_unit.len)
		field_set_text(ret, owner_of(context)->user_unit.text,
			       owner_of(context)->user_unit.len);
}

void field_get_inner_pid(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->inner_pid)
		field_set_number(ret, owner_of(context)->inner_pid);
}

void field_get_pid_ns(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->pid_ns)
		field_set_number(ret, owner_of(context)->pid_ns);
}

bool field_tells_place(const struct field *field)
{
	static void (*const getters[])(const struct field_context *, struct value *) = {
		field_get_cgroup,	  field_get_container, field_get_runtime,
		field_get_container_name, field_get_contained, field_get_pod,
		field_get_unit,		  field_get_user_unit, field_get_inner_pid,
		field_get_pid_ns,
	};

	for (size_t i = 0; i < ARRAY_SIZE(getters); i++)
		if (field->get == getters[i])
			return true;
	return false;
}
