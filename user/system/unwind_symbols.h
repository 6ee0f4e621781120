/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Function names of an ELF file: .symtab, MiniDebugInfo (.gnu_debugdata), .dynsym. */
#pragma once

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

/* One symbol table, read in place. */
struct unwind_symbols {
	Elf *elf;
	Elf_Data *data, *names; /* NULL: it has no such table */
};

/* `type` is SHT_SYMTAB or SHT_DYNSYM. */
void unwind_symbols_find(Elf *elf, uint32_t type, struct unwind_symbols *ret_symbols);

/* The best name for the function around an address, in the file's memory, or NULL. */
const char *unwind_symbols_name(const struct unwind_symbols *symbols, uint64_t address,
				uint64_t *ret_offset);

/* The data of a section, or NULL. */
Elf_Data *unwind_section(Elf *elf, const char *name);
