// SPDX-License-Identifier: GPL-2.0-or-later
/* NETLINK_SOCK_DIAG: asks for all sockets of a kind and hands on what comes. */
#include "source/snapshot_diag.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "source/diag_message.h"

/* What the kernel fills at once if it is given the room (NLMSG_GOODSIZE is smaller). */
#define ANSWER_SIZE (32 << 10)
#define REQUEST_SIZE 128 /* either request, its header included */

struct dump {
	enum socket_kind kind;
	int fd; /* of the netlink socket */
	const struct row_sink *sink;
};

static int put_message(const struct nlmsghdr *message, void *data)
{
	const struct dump *dump = data;
	const struct row_sink *sink = dump->sink;
	struct socket_row row;
	int r = dump->kind == SOCKET_UNIX ? diag_parse_unix(message, sink->netns, &row)
					  : diag_parse_inet(message, dump->kind, sink->netns, &row);

	if (r == 0)
		r = sink->put(sink->data, &row);
	if (r >= 0)
		return MNL_CB_OK;
	errno = -r;
	return MNL_CB_ERROR;
}

static int receive(struct mnl_socket *netlink, unsigned int sequence, struct dump *dump)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	unsigned int port = mnl_socket_get_portid(netlink);
	ssize_t n;
	int r;

	do {
		n = mnl_socket_recvfrom(netlink, answer, sizeof(answer));
		if (n < 0 && errno == EINTR) {
			r = MNL_CB_OK;
			continue;
		}
		r = n < 0 ? MNL_CB_ERROR : mnl_cb_run(answer, n, sequence, port, put_message, dump);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}

static void close_netlink(struct mnl_socket **netlink)
{
	if (*netlink)
		mnl_socket_close(*netlink);
	*netlink = NULL;
}

/* The second dump on a socket finds it bound. */
static struct mnl_socket *use_socket(int fd)
{
	CLEANUP_FD int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* which libmnl closes */
	struct mnl_socket *netlink = copy < 0 ? NULL : mnl_socket_fdopen(copy);

	if (!netlink)
		return NULL;
	(void)TAKE_FD(copy);
	if (mnl_socket_get_portid(netlink) == 0 &&
	    mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		close_netlink(&netlink);
	return netlink;
}

static int run_dump(struct nlmsghdr *request, struct dump *dump)
{
	CLEANUP(close_netlink) struct mnl_socket *netlink = use_socket(dump->fd);

	if (!netlink)
		return -errno;
	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		return -errno;
	return receive(netlink, request->nlmsg_seq, dump);
}

static int dump_inet(uint16_t family, struct dump *dump)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *want = mnl_nlmsg_put_extra_header(request, sizeof(*want));

	want->sdiag_family = (uint8_t)family;
	want->sdiag_protocol = dump->kind == SOCKET_UDP ? SW_PROTO_UDP : SW_PROTO_TCP;
	/* BOUND_INACTIVE (6.8) is asked for by nobody: iterators and ss do not show it either. */
	want->idiag_states = (1u << SW_TCP_BOUND_INACTIVE) - 1;
	if (dump->kind == SOCKET_TCP)
		want->idiag_ext = 1 << (INET_DIAG_INFO - 1);
	return run_dump(request, dump);
}

static int dump_unix(struct dump *dump)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct unix_diag_req *want = mnl_nlmsg_put_extra_header(request, sizeof(*want));

	want->sdiag_family = SW_FAMILY_UNIX;
	want->udiag_states = ~0u;
	want->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
	return run_dump(request, dump);
}

int snapshot_diag_rows(const struct snapshot_options *options, enum socket_kind kind, int fd,
		       const struct row_sink *sink)
{
	struct dump dump = { kind, fd, sink };
	int r = 0;

	if (fd < 0)
		return fd;
	if (kind == SOCKET_UNIX)
		return dump_unix(&dump);
	if (options->ipv4)
		r = dump_inet(SW_FAMILY_INET, &dump);
	if (r >= 0 && options->ipv6)
		r = dump_inet(SW_FAMILY_INET6, &dump);
	return r;
}
