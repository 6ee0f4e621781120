// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps over rtnetlink. What the messages mean is the caller's. */
#include "system/rtnetlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/util.h"

#define BUFFER_SIZE 65536 /* the kernel fills at most 32 KiB at once (NLMSG_GOODSIZE and up) */
#define SEQUENCE 1	  /* one request on each socket */

struct dump {
	uint32_t port;
	bool done;
	bool changed;
	int (*visit)(void *data, const struct nlmsghdr *message);
	void *data;
};

static void close_socket(struct mnl_socket **socket)
{
	if (*socket)
		mnl_socket_close(*socket);
}

/* The int that NLMSG_ERROR and NLMSG_DONE begin with: 0 or negative errno. */
static int result_of(const struct nlmsghdr *message)
{
	int result;

	if (!rtnetlink_has_header(message, sizeof(result)))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&result, mnl_nlmsg_get_payload(message), sizeof(result));
	return result < 0 ? result : 0;
}

static int take_message(struct dump *dump, const struct nlmsghdr *message)
{
	/* Not an answer to us. */
	if (!mnl_nlmsg_seq_ok(message, SEQUENCE) || !mnl_nlmsg_portid_ok(message, dump->port))
		return 0;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->changed = true;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		dump->done = true;
		return result_of(message);
	case NLMSG_NOOP:
		return 0;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	default:
		return dump->visit(dump->data, message);
	}
}

static int take_messages(struct dump *dump, const void *buffer, size_t size)
{
	const struct nlmsghdr *message = buffer;
	int left = (int)size, r = 0;

	while (r == 0 && !dump->done && mnl_nlmsg_ok(message, left)) {
		r = take_message(dump, message);
		message = mnl_nlmsg_next(message, &left);
	}
	return r;
}

static int ask(const struct mnl_socket *socket, uint16_t type, uint8_t family)
{
	_Alignas(struct nlmsghdr) char buffer[64] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *of;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = SEQUENCE;
	of = mnl_nlmsg_put_extra_header(request, sizeof(*of));
	of->rtgen_family = family;
	return mnl_socket_sendto(socket, request, request->nlmsg_len) < 0 ? -errno : 0;
}

int rtnetlink_dump(uint16_t type, uint8_t family,
		   int (*visit)(void *data, const struct nlmsghdr *message), void *data)
{
	CLEANUP(close_socket)
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	CLEANUP_FREE void *buffer = malloc(BUFFER_SIZE);
	struct dump dump = { .visit = visit, .data = data };
	int r;

	if (!buffer)
		return -ENOMEM;
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	dump.port = mnl_socket_get_portid(socket);
	r = ask(socket, type, family);
	while (r == 0 && !dump.done) {
		ssize_t size = mnl_socket_recvfrom(socket, buffer, BUFFER_SIZE);

		if (size < 0 && errno == EINTR)
			continue;
		r = size < 0 ? -errno : take_messages(&dump, buffer, (size_t)size);
	}
	return r < 0 ? r : dump.changed;
}

bool rtnetlink_has_header(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len >= mnl_nlmsg_size(size);
}

bool rtnetlink_has_attributes(const struct nlmsghdr *message, size_t header_size)
{
	return rtnetlink_has_header(message, header_size) &&
	       message->nlmsg_len % NLMSG_ALIGNTO == 0;
}

bool rtnetlink_is_whole(const struct nlmsghdr *message, const struct nlattr *end)
{
	return (const char *)end >= (const char *)mnl_nlmsg_get_payload_tail(message);
}

bool rtnetlink_read_u8(const struct nlattr *attr, uint8_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*ret))
		return false;
	*ret = mnl_attr_get_u8(attr);
	return true;
}

bool rtnetlink_read_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*ret))
		return false;
	*ret = mnl_attr_get_u32(attr);
	return true;
}
