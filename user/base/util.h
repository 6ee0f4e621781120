/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every module may use: ownership by scope, and small arithmetic. No policy, no I/O. */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull

/* Hand ownership on: the variable no longer frees it. */
#define TAKE_PTR(pointer)                               \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

static inline void util_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void util_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void util_close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void util_close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE CLEANUP(util_free)
#define CLEANUP_FD CLEANUP(util_close_fd)
#define CLEANUP_FILE CLEANUP(util_close_file)
#define CLEANUP_DIR CLEANUP(util_close_dir)
