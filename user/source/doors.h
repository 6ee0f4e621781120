/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors into network namespaces. Entering one takes CAP_SYS_ADMIN, reading what was opened in
 * there takes nothing: so they are opened before the privileges go, or by a process that keeps them
 * and does nothing else (opener.h), and whoever reads and decodes needs none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct opener;

enum door_kind {
	DOOR_ITERATOR,	/* a BPF iterator made from a link */
	DOOR_SOCK_DIAG, /* a netlink socket, not bound */
	DOOR_FILE,	/* for reading: below /proc/thread-self/net */
};

struct door {
	enum door_kind kind;
	int link_fd;	  /* DOOR_ITERATOR; not owned */
	const char *path; /* DOOR_FILE; static */
};

#define DOORS_MAX 12 /* in one namespace */

/* Where they go. In all namespaces, unless told otherwise. */
enum doors_where { DOORS_EVERYWHERE, DOORS_AT_HOME };

struct doors;

/* `netns`: the inode number of the only namespace that is wanted; 0: all. NULL: out of memory. */
struct doors *doors_new(enum doors_where where, uint32_t netns);
/* Accepts NULL. */
void doors_free(struct doors *doors);

/* One more in each namespace: its index. At most DOORS_MAX. */
size_t doors_add(struct doors *doors, const struct door *door);

/*
 * There is this namespace, as the kernel says: it counts as unseen if it is not visited. After the
 * first call a process that hides its namespace counts no more by itself. For the next visit only.
 * 0 or -ENOMEM.
 */
int doors_expect(struct doors *doors, uint32_t netns);

/*
 * Called in each namespace. `fds` are in the order of doors_add(), closed afterwards; where one
 * could not be opened there is a negative errno instead.
 */
typedef int doors_visitor(void *data, uint32_t netns, const int *fds);

/*
 * Open them in all namespaces now, for the next visit. 0 or negative errno. Not worth it where an
 * opener does it.
 */
int doors_open_ahead(struct doors *doors);

/*
 * Visit each namespace. Stops at the first negative result and returns it; otherwise 0 or negative
 * errno. ret_unseen: how many there are that could not be entered.
 */
int doors_visit(struct doors *doors, doors_visitor *visit, void *data, size_t *ret_unseen);

/* ---- for opener.c ---------------------------------------------------------------------------- */

/* From now on this process opens them; `set` is how it knows them. */
void doors_delegate(struct doors *doors, struct opener *opener, unsigned int set);
/* What is opened from this process: visits as doors_visit() does, through no opener. */
int doors_visit_here(const struct doors *doors, doors_visitor *visit, void *data,
		     size_t *ret_hidden);
size_t doors_count(const struct doors *doors);
/* The links that are needed to open them: at most DOORS_MAX. Their number. */
size_t doors_links(const struct doors *doors, int ret_fds[DOORS_MAX]);
