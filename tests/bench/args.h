/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the generators share: numbers as options, each bounded. */
#pragma once

#include <stddef.h>

struct arg {
	char letter;
	long *value; /* holds the default */
	long max;
};

/* Exits with 2 if an option is unknown or out of its bounds. */
void args_parse(int argc, char **argv, const struct arg *args, size_t count);

/* As many descriptors as the hard limit allows. */
void args_allow_files(void);

/* Says what failed with errno, and exits with 1. */
__attribute__((noreturn)) void fail(const char *what);
