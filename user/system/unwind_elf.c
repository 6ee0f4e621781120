// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens one ELF file. What libdw and libelf say of it is believed, what they refuse is left out. */
#include "system/unwind_elf.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/util.h"
#include "sockwatch/stack.h"
#include "system/demangle.h"
#include "system/unwind_symbols.h"

#ifdef SOCKWATCH_LIBDW
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#endif

struct unwind_elf {
	int fd;
	Elf *elf;
	size_t segments;
	unsigned int machine; /* EM_* */
	bool is_64;
	bool symbols_read;
	struct unwind_symbols symbols, mini_symbols, dynamic_symbols;
	int mini_fd; /* MiniDebugInfo, compressed, in memory */
	Elf *mini;
#ifdef SOCKWATCH_LIBDW
	Dwarf_CFI *eh_frame;
	Dwarf *dwarf;
	Dwarf_CFI *debug_frame; /* owned by dwarf */
	bool dwarf_tried;
#endif
};

static int read_header(struct unwind_elf *elf)
{
	GElf_Ehdr header;

	if (elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &header) ||
	    elf_getphdrnum(elf->elf, &elf->segments) < 0)
		return -ENOEXEC;
	elf->machine = header.e_machine;
	elf->is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
	return 0;
}

int unwind_elf_open(int fd, struct unwind_elf **ret_elf)
{
	struct unwind_elf *elf = calloc(1, sizeof(*elf));
	int r;

	if (!elf) {
		close(fd);
		return -ENOMEM;
	}
	elf->fd = fd;
	elf->mini_fd = -1;
	elf_version(EV_CURRENT);
	elf->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	r = elf->elf ? read_header(elf) : -ENOEXEC;
	if (r < 0) {
		unwind_elf_close(elf);
		return r;
	}
#ifdef SOCKWATCH_LIBDW
	elf->eh_frame = dwarf_getcfi_elf(elf->elf);
#endif
	*ret_elf = elf;
	return 0;
}

void unwind_elf_close(struct unwind_elf *elf)
{
	if (!elf)
		return;
#ifdef SOCKWATCH_LIBDW
	if (elf->eh_frame)
		dwarf_cfi_end(elf->eh_frame);
	if (elf->dwarf)
		dwarf_end(elf->dwarf);
#endif
	elf_end(elf->mini);
	elf_end(elf->elf);
	util_close_fd(&elf->mini_fd);
	util_close_fd(&elf->fd);
	free(elf);
}

bool unwind_elf_is_for(const struct unwind_elf *elf, unsigned int machine)
{
	return elf->is_64 && elf->machine == (machine == SW_MACHINE_ARM64 ? EM_AARCH64 : EM_X86_64);
}

bool unwind_elf_address(const struct unwind_elf *elf, uint64_t file_offset, uint64_t *ret_address)
{
	for (size_t i = 0; i < elf->segments; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    file_offset < segment.p_offset ||
		    file_offset - segment.p_offset >= segment.p_filesz)
			continue;
		*ret_address = file_offset - segment.p_offset + segment.p_vaddr;
		return true;
	}
	return false;
}

static size_t id_of_notes(Elf_Data *notes, uint8_t ret_id[UNWIND_BUILD_ID_MAX])
{
	size_t at = 0, name, description;
	GElf_Nhdr note;

	while (notes && (at = gelf_getnote(notes, at, &note, &name, &description)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp((char *)notes->d_buf + name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz > UNWIND_BUILD_ID_MAX)
			continue;
		memcpy(ret_id, (char *)notes->d_buf + description, note.n_descsz);
		return note.n_descsz;
	}
	return 0;
}

size_t unwind_elf_build_id(const struct unwind_elf *elf, uint8_t ret_id[UNWIND_BUILD_ID_MAX])
{
	size_t len = 0;

	for (size_t i = 0; !len && i < elf->segments; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf->elf, (int)i, &segment) || segment.p_type != PT_NOTE)
			continue;
		len = id_of_notes(
			elf_getdata_rawchunk(elf->elf, (int64_t)segment.p_offset, segment.p_filesz,
					     segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
			ret_id);
	}
	return len;
}

const char *unwind_elf_soname(const struct unwind_elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn entry;

	while ((section = elf_nextscn(elf->elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
			if (entry.d_tag == DT_SONAME)
				return elf_strptr(elf->elf, header.sh_link, entry.d_un.d_val);
	}
	return NULL;
}

/* Decompressed by libdw, if that was built with LZMA. */
static void read_mini_debug_info(struct unwind_elf *elf)
{
#ifdef SOCKWATCH_LIBDW
	const Elf_Data *data = unwind_section(elf->elf, ".gnu_debugdata");

	if (!data || !data->d_buf || !data->d_size)
		return;
	elf->mini_fd = memfd_create("debugdata", MFD_CLOEXEC);
	if (elf->mini_fd < 0 ||
	    write(elf->mini_fd, data->d_buf, data->d_size) != (ssize_t)data->d_size)
		return;
	elf->mini = dwelf_elf_begin(elf->mini_fd);
	if (elf->mini && elf_kind(elf->mini) == ELF_K_ELF)
		unwind_symbols_find(elf->mini, SHT_SYMTAB, &elf->mini_symbols);
#endif
}

static void read_symbols(struct unwind_elf *elf)
{
	elf->symbols_read = true;
	if (!elf->is_64)
		return;
	unwind_symbols_find(elf->elf, SHT_SYMTAB, &elf->symbols);
	unwind_symbols_find(elf->elf, SHT_DYNSYM, &elf->dynamic_symbols);
	if (!elf->symbols.data)
		read_mini_debug_info(elf);
}

bool unwind_elf_function(struct unwind_elf *elf, uint64_t address, char ret_name[UNWIND_NAME_SIZE],
			 uint64_t *ret_offset)
{
	CLEANUP_FREE char *plain = NULL;
	const char *name;

	if (!elf->symbols_read)
		read_symbols(elf);
	name = unwind_symbols_name(&elf->symbols, address, ret_offset);
	if (!name)
		name = unwind_symbols_name(&elf->mini_symbols, address, ret_offset);
	if (!name)
		name = unwind_symbols_name(&elf->dynamic_symbols, address, ret_offset);
	if (!name)
		return false;
	plain = demangle(name);
	snprintf(ret_name, UNWIND_NAME_SIZE, "%s", plain ? plain : name);
	return true;
}

#ifdef SOCKWATCH_LIBDW

/* Go and old compilers have nothing but .debug_frame. */
static Dwarf_CFI *debug_frame(struct unwind_elf *elf)
{
	if (!elf->dwarf_tried) {
		elf->dwarf_tried = true;
		elf->dwarf = dwarf_begin_elf(elf->elf, DWARF_C_READ, NULL);
		elf->debug_frame = elf->dwarf ? dwarf_getcfi(elf->dwarf) : NULL;
	}
	return elf->debug_frame;
}

struct Dwarf_Frame_s *unwind_elf_frame(struct unwind_elf *elf, uint64_t address)
{
	Dwarf_Frame *frame;
	Dwarf_CFI *other;

	if (elf->eh_frame && dwarf_cfi_addrframe(elf->eh_frame, address, &frame) == 0)
		return frame;
	other = debug_frame(elf);
	return other && dwarf_cfi_addrframe(other, address, &frame) == 0 ? frame : NULL;
}

#else

struct Dwarf_Frame_s *unwind_elf_frame(struct unwind_elf *elf, uint64_t address)
{
	(void)elf;
	(void)address;
	return NULL;
}

#endif
