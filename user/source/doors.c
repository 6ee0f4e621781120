// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens descriptors in network namespaces, and tells which namespaces were missed. */
#include "source/doors.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"
#include "source/netns.h"
#include "source/opener.h"

/* Inode numbers, each once. */
struct inodes {
	uint32_t *items;
	size_t count;
};

struct opened {
	uint32_t netns;
	int fds[DOORS_MAX];
};

struct doors {
	struct door doors[DOORS_MAX];
	size_t count;
	enum doors_where where;
	uint32_t netns;
	struct opener *opener; /* not owned; NULL: we are allowed */
	unsigned int set;
	struct opened *ahead; /* opened before they are asked for */
	size_t ahead_count, ahead_hidden;
	bool is_ahead;
	struct inodes expected, visited;
	bool told; /* doors_expect() tells what exists */
};

struct doors *doors_new(enum doors_where where, uint32_t netns)
{
	struct doors *doors = calloc(1, sizeof(*doors));

	if (!doors)
		return NULL;
	doors->where = where;
	doors->netns = netns;
	return doors;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		util_close_fd(&fds[i]);
}

static void drop_ahead(struct doors *doors)
{
	for (size_t i = 0; i < doors->ahead_count; i++)
		close_all(doors->ahead[i].fds, doors->count);
	free(doors->ahead);
	doors->ahead = NULL;
	doors->ahead_count = 0;
	doors->is_ahead = false;
}

void doors_free(struct doors *doors)
{
	if (!doors)
		return;
	drop_ahead(doors);
	free(doors->expected.items);
	free(doors->visited.items);
	free(doors);
}

size_t doors_add(struct doors *doors, const struct door *door)
{
	doors->doors[doors->count] = *door;
	return doors->count++;
}

size_t doors_count(const struct doors *doors)
{
	return doors->count;
}

size_t doors_links(const struct doors *doors, int ret_fds[DOORS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < doors->count; i++)
		if (doors->doors[i].kind == DOOR_ITERATOR)
			ret_fds[count++] = doors->doors[i].link_fd;
	return count;
}

void doors_delegate(struct doors *doors, struct opener *opener, unsigned int set)
{
	doors->opener = opener;
	doors->set = set;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_one(const struct door *door)
{
	int fd = -1;

	switch (door->kind) {
	case DOOR_ITERATOR:
		fd = bpf_iter_create(door->link_fd);
		break;
	case DOOR_SOCK_DIAG:
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
		break;
	case DOOR_FILE:
		fd = open(door->path, O_RDONLY | O_CLOEXEC);
		break;
	}
	return fd < 0 ? -errno : fd;
}

struct visit {
	const struct doors *doors;
	doors_visitor *visit;
	void *data;
};

/* With this thread inside of it. */
static int open_and_visit(void *data, uint32_t netns)
{
	const struct visit *visit = data;
	const struct doors *doors = visit->doors;
	int fds[DOORS_MAX], r;

	if (doors->netns && doors->netns != netns)
		return 0;
	for (size_t i = 0; i < doors->count; i++)
		fds[i] = open_one(&doors->doors[i]);
	r = visit->visit(visit->data, netns, fds);
	close_all(fds, doors->count);
	return r;
}

int doors_visit_here(const struct doors *doors, doors_visitor *visitor, void *data,
		     size_t *ret_hidden)
{
	struct visit visit = { doors, visitor, data };
	struct netns_list list;
	uint32_t home = 0;
	int r;

	*ret_hidden = 0;
	if (doors->where == DOORS_AT_HOME) {
		CLEANUP_FD int fd = netns_open_home(&home);

		return fd < 0 ? fd : open_and_visit(&visit, home);
	}
	r = netns_list_read(&list);
	if (r < 0)
		return r;
	r = netns_list_visit(&list, open_and_visit, &visit);
	*ret_hidden = list.unseen;
	netns_list_done(&list);
	return r < 0 ? r : 0;
}

/* Takes the descriptors over. */
static int keep_opened(void *data, uint32_t netns, const int *fds)
{
	struct doors *doors = data;
	struct opened *larger = realloc(doors->ahead, (doors->ahead_count + 1) * sizeof(*larger));
	struct opened *opened;

	if (!larger)
		return -ENOMEM;
	doors->ahead = larger;
	opened = &larger[doors->ahead_count++];
	opened->netns = netns;
	for (size_t i = 0; i < doors->count; i++)
		opened->fds[i] = fds[i] < 0 ? fds[i] : fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
	return 0;
}

int doors_open_ahead(struct doors *doors)
{
	int r;

	drop_ahead(doors);
	r = doors_visit_here(doors, keep_opened, doors, &doors->ahead_hidden);
	doors->is_ahead = r == 0;
	return r;
}

/* ---- visiting -------------------------------------------------------------------------------- */

static bool contains(const struct inodes *inodes, uint32_t inode)
{
	for (size_t i = 0; i < inodes->count; i++)
		if (inodes->items[i] == inode)
			return true;
	return false;
}

static int add_inode(struct inodes *inodes, uint32_t inode)
{
	uint32_t *larger;

	if (contains(inodes, inode))
		return 0;
	larger = realloc(inodes->items, (inodes->count + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	inodes->items = larger;
	larger[inodes->count++] = inode;
	return 0;
}

int doors_expect(struct doors *doors, uint32_t netns)
{
	doors->told = true;
	return netns ? add_inode(&doors->expected, netns) : 0;
}

/* Remembers where we have been. */
struct counted_visit {
	struct doors *doors;
	doors_visitor *visit;
	void *data;
};

static int count_and_visit(void *data, uint32_t netns, const int *fds)
{
	const struct counted_visit *visit = data;
	int r = add_inode(&visit->doors->visited, netns);

	return r < 0 ? r : visit->visit(visit->data, netns, fds);
}

static int visit_ahead(struct doors *doors, struct counted_visit *visit, size_t *ret_hidden)
{
	int r = 0;

	*ret_hidden = doors->ahead_hidden;
	for (size_t i = 0; i < doors->ahead_count && r >= 0; i++) {
		r = count_and_visit(visit, doors->ahead[i].netns, doors->ahead[i].fds);
		close_all(doors->ahead[i].fds, doors->count);
	}
	drop_ahead(doors);
	return r < 0 ? r : 0;
}

static size_t count_unseen(const struct doors *doors, size_t hidden)
{
	size_t unseen = 0;

	if (!doors->told)
		return hidden;
	for (size_t i = 0; i < doors->expected.count; i++)
		unseen += !contains(&doors->visited, doors->expected.items[i]);
	return unseen;
}

int doors_visit(struct doors *doors, doors_visitor *visitor, void *data, size_t *ret_unseen)
{
	struct counted_visit visit = { doors, visitor, data };
	size_t hidden = 0;
	int r;

	if (doors->is_ahead)
		r = visit_ahead(doors, &visit, &hidden);
	else if (doors->opener)
		r = opener_visit(doors->opener, doors->set, count_and_visit, &visit, &hidden);
	else
		r = doors_visit_here(doors, count_and_visit, &visit, &hidden);
	*ret_unseen = count_unseen(doors, hidden);
	doors->expected.count = doors->visited.count = 0;
	doors->told = false;
	return r;
}
