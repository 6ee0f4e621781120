/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file as the unwinder reads it: where its segments are, its build-id, its call frame
 * information and its function names. Files are hostile input: this runs in a process that may
 * crash or be killed (stack_child.c). Addresses are those in the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind_elf;
struct Dwarf_Frame_s;

#define UNWIND_BUILD_ID_MAX 32 /* bytes; SHA-1 has 20 */
#define UNWIND_NAME_SIZE 512   /* longer function names are cut */

/* Takes the descriptor. 0; -ENOEXEC if it is no ELF file; other negative errno. */
int unwind_elf_open(int fd, struct unwind_elf **ret_elf);
/* Accepts NULL. */
void unwind_elf_close(struct unwind_elf *elf);

/* Is it for this machine (enum sw_machine)? */
bool unwind_elf_is_for(const struct unwind_elf *elf, unsigned int machine);

/* The address at which this byte of the file is loaded. False: no segment has it. */
bool unwind_elf_address(const struct unwind_elf *elf, uint64_t file_offset, uint64_t *ret_address);

/* Number of bytes; 0: it has none. */
size_t unwind_elf_build_id(const struct unwind_elf *elf, uint8_t ret_id[UNWIND_BUILD_ID_MAX]);

/* The name that it gives itself (DT_SONAME), in the file's memory; NULL: none. */
const char *unwind_elf_soname(const struct unwind_elf *elf);

/*
 * The function around an address: its name, demangled and ended by NUL, and how far from its
 * start. False: no symbol covers the address.
 */
bool unwind_elf_function(struct unwind_elf *elf, uint64_t address, char ret_name[UNWIND_NAME_SIZE],
			 uint64_t *ret_offset);

/* How to leave the frame at this address; to be freed by free(3). NULL: nothing tells. */
struct Dwarf_Frame_s *unwind_elf_frame(struct unwind_elf *elf, uint64_t address);
