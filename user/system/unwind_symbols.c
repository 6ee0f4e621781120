// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks through a symbol table without an index: a millisecond for the largest, and no memory. */
#include "system/unwind_symbols.h"

#include <elf.h>
#include <gelf.h>
#include <string.h>

Elf_Data *unwind_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (found && strcmp(found, name) == 0)
			return elf_getdata(section, NULL);
	}
	return NULL;
}

void unwind_symbols_find(Elf *elf, uint32_t type, struct unwind_symbols *ret_symbols)
{
	Elf_Scn *section = NULL, *strings;
	GElf_Shdr header;

	*ret_symbols = (struct unwind_symbols){ .elf = elf };
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		strings = elf_getscn(elf, header.sh_link);
		ret_symbols->data = elf_getdata(section, NULL);
		ret_symbols->names = strings ? elf_getdata(strings, NULL) : NULL;
		return;
	}
}

/* The name as it stands in the table; NULL if it does not end there. */
static const char *name_at(const struct unwind_symbols *symbols, uint32_t offset)
{
	const Elf_Data *names = symbols->names;

	if (!names->d_buf || offset >= names->d_size ||
	    !memchr((const char *)names->d_buf + offset, '\0', names->d_size - offset))
		return NULL;
	return (const char *)names->d_buf + offset;
}

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

/* Of several names for one function: the innermost, then what others link to, then the plainest. */
static bool is_better(const struct unwind_symbols *symbols, const Elf64_Sym *a, const Elf64_Sym *b)
{
	bool a_local = ELF64_ST_BIND(a->st_info) == STB_LOCAL;
	bool b_local = ELF64_ST_BIND(b->st_info) == STB_LOCAL;
	const char *a_name = name_at(symbols, a->st_name), *b_name = name_at(symbols, b->st_name);

	if (!a_name || !a_name[0])
		return false;
	if (a->st_value != b->st_value)
		return a->st_value > b->st_value;
	if (a_local != b_local)
		return b_local;
	if ((a_name[0] == '_') != (b_name[0] == '_'))
		return b_name[0] == '_';
	return strlen(a_name) < strlen(b_name);
}

const char *unwind_symbols_name(const struct unwind_symbols *symbols, uint64_t address,
				uint64_t *ret_offset)
{
	const Elf64_Sym *table, *best = NULL;
	size_t count;

	if (!symbols->data || !symbols->names || !symbols->data->d_buf)
		return NULL;
	table = symbols->data->d_buf;
	count = symbols->data->d_size / sizeof(*table);
	for (size_t i = 0; i < count; i++) {
		const Elf64_Sym *symbol = &table[i];

		if (address < symbol->st_value || address - symbol->st_value >= symbol->st_size ||
		    !is_function(symbol))
			continue;
		if (best ? is_better(symbols, symbol, best)
			 : name_at(symbols, symbol->st_name) && *name_at(symbols, symbol->st_name))
			best = symbol;
	}
	if (!best)
		return NULL;
	*ret_offset = address - best->st_value;
	return name_at(symbols, best->st_name);
}
