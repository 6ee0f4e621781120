/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF expressions of call frame information (DWARF 5, 2.5), within hard limits. */
#pragma once

#ifdef SOCKWATCH_LIBDW

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an expression may look at. */
struct unwind_scene {
	/* False if the register's value is not known. */
	bool (*get_register)(const struct unwind_scene *scene, uint64_t number, uint64_t *ret);
	/* `size` bytes, 1 to 8, of the process's memory. False if they are not there. */
	bool (*read_memory)(const struct unwind_scene *scene, uint64_t address, unsigned int size,
			    uint64_t *ret);
	uint64_t cfa;
	bool cfa_known;
};

/*
 * Run it. ret_is_value: the result is no location in memory but the value itself. 0; -EFAULT if it
 * reads what is not there; -EINVAL if it is malformed, too long, or of no use here.
 */
int unwind_expression_run(const struct unwind_scene *scene, const Dwarf_Op *operations,
			  size_t count, uint64_t *ret, bool *ret_is_value);

#endif
