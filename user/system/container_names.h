/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What containers are called, found by a child process in the files of their runtimes: a slow disk
 * delays nobody, whoever asks may have given its privileges away, and hostile JSON is parsed where
 * it can do little. The answers are records: the same way into the table live and from a recording,
 * and nobody reads files for a recording.
 */
#pragma once

#include <stdbool.h>

#include "model/container_table.h"

struct container_names;

/*
 * Forks the child, which keeps nothing of ours but what it asks and answers by, and ends with us.
 * To be called by a process with one thread, which ignores SIGPIPE. `root` is put before every path
 * that is read: "" but in tests. `sandboxed`: the child keeps of its privileges only the right to
 * read all files, below the runtimes' directories; not with another root. NULL if that fails.
 */
struct container_names *container_names_new(const char *root, bool sandboxed);
/* Does not wait for a question that is still open. Accepts NULL. */
void container_names_free(struct container_names *names);

/*
 * Ask for the containers of the table that nobody asked for yet, each once. Those that do not fit
 * into the queue stay for the next call. Never blocks.
 */
void container_names_ask(struct container_names *names, struct container_table *table);

/*
 * The next name that was found, valid until the next call; its time is 0. Waits for it at most
 * `timeout_ms`. NULL: the time is up, or no question is open.
 */
struct sw_container *container_names_take(struct container_names *names, unsigned int timeout_ms);
