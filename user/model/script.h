/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interpreter runs, from the arguments of its process (/proc/PID/cmdline). */
#pragma once

#include <stddef.h>

#define SCRIPT_SIZE 512 /* longer ones are cut */

/*
 * `program` is the executable's path or the process's name; `arguments` are `len` bytes, each
 * argument ended by NUL (the last one may lack it). Writes the script as the process was given it,
 * or "-c" and the like for a program that is no file, "-m NAME" for a module. Returns its length,
 * 0 if the program is no interpreter we know or runs no script. Any bytes but NUL.
 */
size_t script_of(const char *program, const char *arguments, size_t len,
		 char ret_script[SCRIPT_SIZE]);
