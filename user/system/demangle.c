// SPDX-License-Identifier: GPL-2.0-or-later
/* libiberty knows both manglings. It recurses over hostile names: only for stack_child.c. */
#include "system/demangle.h"

#include <stddef.h>

#ifdef SOCKWATCH_LIBIBERTY

#include <libiberty/demangle.h>

char *demangle(const char *name)
{
	return cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
}

bool demangle_is_built_in(void)
{
	return true;
}

#else

char *demangle(const char *name)
{
	(void)name;
	return NULL;
}

bool demangle_is_built_in(void)
{
	return false;
}

#endif
