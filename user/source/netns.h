/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network namespaces of this machine, and visits to them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct netns_list {
	struct {
		uint32_t inode;
		int fd; /* owned */
	} * items;
	size_t count;
	size_t unseen; /* that exist but could not be opened, or may: a process hides its own */
};

/* Our own: a descriptor to come back by, and its inode number. Negative errno. */
int netns_open_home(uint32_t *ret_inode);

/*
 * Every namespace that a process lives in (/proc/PID/ns/net) or that is mounted somewhere (ip
 * netns, docker: type nsfs in /proc/self/mountinfo). Those kept alive by nothing but sockets
 * cannot be found. 0, or -ENOMEM.
 */
int netns_list_read(struct netns_list *ret_list);
void netns_list_done(struct netns_list *list);

/*
 * Call `visit` once in each, with this thread inside; afterwards the thread is back. Stops at the
 * first negative result and returns it; namespaces that cannot be entered count as unseen.
 */
int netns_list_visit(struct netns_list *list, int (*visit)(void *data, uint32_t inode), void *data);

/* May we enter it? 0; -ENOENT if there is none; -EACCES or -EPERM if it is not ours to enter. */
int netns_try(uint32_t inode);

/*
 * The inode number of the namespace that `text` names: "self", a name of ip-netns(8), the PID of a
 * process in it, or the inode number itself, as lsns(8) and our netns column print it. A name goes
 * before a number. 0; -ENOENT if there is none; -EINVAL if it is no such name, or names a file
 * that is no network namespace; -EACCES or -EPERM if it is not ours to know.
 */
int netns_resolve(const char *text, uint32_t *ret_inode);
