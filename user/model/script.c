// SPDX-License-Identifier: GPL-2.0-or-later
/* How interpreters are called: which of their options take a value, and which end the search. */
#include "model/script.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

/* Words are separated by spaces. */
struct interpreter {
	const char *names;   /* of the program, without version: "python" is also python3.11 */
	const char *letters; /* short options whose value is the next word, if not attached */
	const char *words;   /* long ones */
	const char *inlines; /* the value is the program itself: told without it */
	const char *modules; /* the value names what is run: told with it */
};

static const struct interpreter interpreters[] = {
	{ "python pypy", "WX", "--check-hash-based-pycs", "-c", "-m" },
	{ "sh bash dash ash ksh mksh zsh", "oO", "--rcfile --init-file", "-c", "" },
	{ "perl", "", "", "-e -E", "" },
	{ "ruby", "rIEC", "", "-e", "" },
	{ "node nodejs", "r", "--require --import --loader", "-e -p --eval --print", "" },
	{ "java", "", "-cp -classpath --class-path -p --module-path --add-modules -d", "",
	  "-jar -m --module" },
	{ "php", "cdz", "", "-r", "-f" },
	{ "lua luajit", "l", "", "-e", "" },
};

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		if (size == len && strncmp(at, word, len) == 0)
			return true;
		at += size;
	}
	return false;
}

static const struct interpreter *find(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	size_t len;

	name += *name == '-'; /* a login shell */
	len = strlen(name);
	while (len && strchr("0123456789.-", name[len - 1]))
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		if (len && has_word(interpreters[i].names, name, len))
			return &interpreters[i];
	return NULL;
}

/* The argument at *at, ended by NUL in `out` and cut if it must be; false at the end. */
static bool next(const char *arguments, size_t len, size_t *at, char out[SCRIPT_SIZE])
{
	size_t size = *at < len ? strnlen(arguments + *at, len - *at) : 0;

	if (*at >= len)
		return false;
	snprintf(out, SCRIPT_SIZE, "%.*s", (int)(size < SCRIPT_SIZE ? size : SCRIPT_SIZE - 1),
		 arguments + *at);
	*at += size + 1;
	return true;
}

static bool is_among(const char *words, const char *option)
{
	return has_word(words, option, strlen(option));
}

/* An option's letter in a bundle, as the c in -ec, if all of it is letters. */
static bool bundles(const struct interpreter *interpreter, const char *option)
{
	const char *inlines = interpreter->inlines;

	return option[0] == '-' && option[1] != '-' && strlen(option) > 2 &&
	       strncmp(inlines, "-c", 2) == 0 && option[strlen(option) - 1] == 'c' &&
	       strspn(option + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
		       strlen(option) - 1;
}

static bool takes_value(const struct interpreter *interpreter, const char *option)
{
	if (is_among(interpreter->words, option))
		return true;
	return (option[0] == '-' || option[0] == '+') && option[1] && !option[2] &&
	       strchr(interpreter->letters, option[1]);
}

static size_t tell_module(const char *option, const char *value, char ret_script[SCRIPT_SIZE])
{
	/* A jar is a file like a script; a module has to be told as what it is. */
	if (strcmp(option, "-jar") == 0 || strcmp(option, "-f") == 0)
		snprintf(ret_script, SCRIPT_SIZE, "%s", value);
	else
		snprintf(ret_script, SCRIPT_SIZE, "%.16s %.480s", option, value);
	return strlen(ret_script);
}

size_t script_of(const char *program, const char *arguments, size_t len,
		 char ret_script[SCRIPT_SIZE])
{
	const struct interpreter *interpreter = find(program);
	char option[SCRIPT_SIZE], value[SCRIPT_SIZE];
	size_t at = 0;

	ret_script[0] = '\0';
	if (!interpreter || !next(arguments, len, &at, option))
		return 0;
	while (next(arguments, len, &at, option)) {
		bool is_option = (option[0] == '-' || option[0] == '+') && option[1];

		if (strcmp(option, "-") == 0)
			return 0; /* standard input */
		if (is_option && strcmp(option, "--") == 0) {
			if (!next(arguments, len, &at, option))
				return 0;
			is_option = false;
		}
		if (!is_option) {
			memcpy(ret_script, option, sizeof(option));
			return strlen(ret_script);
		}
		if (is_among(interpreter->modules, option) && next(arguments, len, &at, value))
			return tell_module(option, value, ret_script);
		if (is_among(interpreter->inlines, option) || bundles(interpreter, option))
			return (size_t)snprintf(ret_script, SCRIPT_SIZE, "%.64s", option);
		if (takes_value(interpreter, option))
			(void)next(arguments, len, &at, value);
	}
	return 0;
}
