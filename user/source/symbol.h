/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the kernel's functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SYMBOL_NAME_MAX 63

struct symbol {
	const char *name; /* at most SYMBOL_NAME_MAX bytes */
	uint64_t address; /* 0: absent, or hidden from us */
};

/*
 * Fill in the addresses: by asking the kernel through a BPF program that runs once, a matter of
 * microseconds; from /proc/kallsyms, which the kernel takes tens of milliseconds to write, for what
 * is not found so, since a compiler may have given a static function a longer name.
 */
void symbols_find(struct symbol *symbols, size_t count);
