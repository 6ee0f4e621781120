// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks names up in the kernel's own table. */
#include "source/symbol.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define NAME_WORDS ((SYMBOL_NAME_MAX + 1) / 4)
#define NAME_AT (-SYMBOL_NAME_MAX - 1) /* on the program's stack */
#define RESULT_AT (NAME_AT - 8)

static struct bpf_insn store_word(int16_t at, int32_t word)
{
	return (struct bpf_insn){
		.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = at, .imm = word
	};
}

static struct bpf_insn copy(uint8_t to, uint8_t from)
{
	return (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
				  .dst_reg = to,
				  .src_reg = from };
}

static struct bpf_insn set(uint8_t to, int32_t value)
{
	return (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
				  .dst_reg = to,
				  .imm = value };
}

static struct bpf_insn add(uint8_t to, int32_t value)
{
	return (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD, /* BPF_K is 0, too */
				  .dst_reg = to,
				  .imm = value };
}

/* *context = address of the name, or 0; the context is a number of 8 bytes. */
static size_t write_program(const char name[SYMBOL_NAME_MAX + 1], struct bpf_insn *program)
{
	struct bpf_insn *at = program;
	int32_t word;

	for (int i = 0; i < NAME_WORDS; i++) {
		memcpy(&word, name + 4 * i, sizeof(word));
		*at++ = store_word((int16_t)(NAME_AT + 4 * i), word);
	}
	*at++ = store_word(RESULT_AT, 0);
	*at++ = store_word(RESULT_AT + 4, 0);
	*at++ = copy(BPF_REG_6, BPF_REG_1);
	*at++ = copy(BPF_REG_1, BPF_REG_10);
	*at++ = add(BPF_REG_1, NAME_AT);
	*at++ = set(BPF_REG_2, (int32_t)strlen(name) + 1);
	*at++ = set(BPF_REG_3, 0);
	*at++ = copy(BPF_REG_4, BPF_REG_10);
	*at++ = add(BPF_REG_4, RESULT_AT);
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL,
				   .imm = BPF_FUNC_kallsyms_lookup_name };
	*at++ = (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW,
				   .dst_reg = BPF_REG_1,
				   .src_reg = BPF_REG_10,
				   .off = RESULT_AT };
	*at++ = (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW,
				   .dst_reg = BPF_REG_6,
				   .src_reg = BPF_REG_1 };
	*at++ = set(BPF_REG_0, 0);
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return (size_t)(at - program);
}

/* 0 if the kernel does not know it under this very name, or refuses. */
static uint64_t ask_kernel(const char *symbol)
{
	LIBBPF_OPTS(bpf_prog_load_opts, load, .prog_flags = BPF_F_SLEEPABLE);
	uint64_t address = 0;
	/* The kernel writes the context back to where it read it. */
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &address, .ctx_size_in = sizeof(address));
	struct bpf_insn program[NAME_WORDS + 16];
	char name[SYMBOL_NAME_MAX + 1] = "";
	CLEANUP_FD int fd = -1;

	snprintf(name, sizeof(name), "%s", symbol);
	fd = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "symbol", "GPL", program,
			   write_program(name, program), &load);
	if (fd < 0 || bpf_prog_test_run_opts(fd, &run) < 0)
		return 0;
	return address;
}

/* Static functions may carry a suffix from the compiler, as in tw_timer_handler.llvm.42. */
static bool is_symbol(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(name, wanted, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

static void read_line(const char *line, struct symbol *symbols, size_t count)
{
	unsigned long long address;
	char type, name[256];

	for (size_t i = 0; i < count; i++) {
		/* Most lines are no candidates, and sscanf is slow. */
		if (symbols[i].address || !strstr(line, symbols[i].name))
			continue;
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 &&
		    is_symbol(name, symbols[i].name))
			symbols[i].address = address;
	}
}

static void read_table(struct symbol *symbols, size_t count)
{
	CLEANUP_FILE FILE *file = fopen("/proc/kallsyms", "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		read_line(line, symbols, count);
}

void symbols_find(struct symbol *symbols, size_t count)
{
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		symbols[i].address = ask_kernel(symbols[i].name);
		all &= symbols[i].address != 0;
	}
	if (!all)
		read_table(symbols, count);
}
