// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends and receives datagrams as a test says, and reads what sockwatch tells about them. */
#define _GNU_SOURCE
#include "datagrams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "jsonline.h"

#define PATIENCE_S 20
#define DATAGRAM_MAX 65000

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static const char zeros[DATAGRAM_MAX];

/* args: slot */
static long op_udp_socket(struct hands *hands, const long args[4])
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(net_family(hands->net), SOCK_DGRAM | SOCK_CLOEXEC, 0), off = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (hands->net == NET_V4MAPPED)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	hands->fd[args[0]] = fd;
	return fd;
}

/* args: slot, port, bytes, count */
static long op_udp_send(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	socklen_t len = net_address(hands->net, PLACE_LOOPBACK, (uint16_t)args[1], &address);

	for (long i = 0; i < args[3]; i++) {
		ssize_t sent = sendto(hands->fd[args[0]], zeros, (size_t)args[2], 0,
				      args[1] ? (struct sockaddr *)&address : NULL,
				      args[1] ? len : 0);

		if (sent != args[2])
			return sent < 0 ? -errno : -EMSGSIZE;
	}
	return args[3];
}

/* args: slot, count */
static long op_udp_receive(struct hands *hands, const long args[4])
{
	static char bytes[DATAGRAM_MAX];
	long sum = 0;

	for (long i = 0; i < args[1]; i++) {
		ssize_t received = recv(hands->fd[args[0]], bytes, sizeof(bytes), 0);

		if (received < 0)
			return -errno;
		sum += received;
	}
	return sum;
}

/* args: slot, count, bytes */
static long op_udp_answer(struct hands *hands, const long args[4])
{
	struct sockaddr_storage from;
	char byte;

	for (long i = 0; i < args[1]; i++) {
		socklen_t len = sizeof(from);

		if (recvfrom(hands->fd[args[0]], &byte, 1, 0, (struct sockaddr *)&from, &len) < 0 ||
		    sendto(hands->fd[args[0]], zeros, (size_t)args[2], 0, (struct sockaddr *)&from,
			   len) < 0)
			return -errno;
	}
	return args[1];
}

/* args: slot */
static long op_udp_drain(struct hands *hands, const long args[4])
{
	long count = 0;
	char byte;

	while (recv(hands->fd[args[0]], &byte, 1, MSG_DONTWAIT) >= 0)
		count++;
	return errno == EAGAIN ? count : -errno;
}

/* args: slot, port, bytes, size */
static long op_udp_send_segmented(struct hands *hands, const long args[4])
{
	struct sockaddr_storage address;
	struct iovec data = { (void *)zeros, (size_t)args[2] };
	char control[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct msghdr message = {
		.msg_name = &address,
		.msg_namelen = net_address(hands->net, PLACE_LOOPBACK, (uint16_t)args[1], &address),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	uint16_t size = (uint16_t)args[3];

	header->cmsg_level = IPPROTO_UDP;
	header->cmsg_type = UDP_SEGMENT;
	header->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(header), &size, sizeof(size));
	return sendmsg(hands->fd[args[0]], &message, 0) < 0 ? -errno : 0;
}

/* args: slot, port, bytes, count */
static long op_udp_send_around(struct hands *hands, const long args[4])
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)args[1]) };

	for (long i = 0; i < args[3]; i++) {
		to.sin_addr.s_addr = htonl(0x7f010000 + (uint32_t)i);
		if (sendto(hands->fd[args[0]], zeros, (size_t)args[2], 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			return -errno;
	}
	return args[3];
}

long udp_socket(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_udp_socket, slot, 0, 0, 0);
}

long udp_serve(struct puppet *puppet, int slot, uint16_t port)
{
	long r = udp_socket(puppet, slot);

	if (r >= 0)
		r = puppet_bind(puppet, slot, PLACE_LOOPBACK, port);
	return r < 0 ? r : puppet_port(puppet, slot);
}

long udp_send(struct puppet *puppet, int slot, uint16_t port, long bytes, long count)
{
	return puppet_call(puppet, op_udp_send, slot, port, bytes, count);
}

long udp_receive(struct puppet *puppet, int slot, long count)
{
	return puppet_call(puppet, op_udp_receive, slot, count, 0, 0);
}

long udp_answer(struct puppet *puppet, int slot, long count, long bytes)
{
	return puppet_call(puppet, op_udp_answer, slot, count, bytes, 0);
}

long udp_drain(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_udp_drain, slot, 0, 0, 0);
}

long udp_disconnect(struct puppet *puppet, int slot)
{
	return puppet_call(puppet, op_disconnect, slot, 0, 0, 0);
}

long udp_send_segmented(struct puppet *puppet, int slot, uint16_t port, long bytes, long size)
{
	return puppet_call(puppet, op_udp_send_segmented, slot, port, bytes, size);
}

long udp_send_around(struct puppet *puppet, int slot, uint16_t port, long bytes, long count)
{
	return puppet_call(puppet, op_udp_send_around, slot, port, bytes, count);
}

/* ---- what was told --------------------------------------------------------------------------- */

static void read_peer(const char *object, struct peer *ret_peer)
{
	*ret_peer = (struct peer){
		.rport = -1, .rx_datagrams = -1, .tx_datagrams = -1, .rx_bytes = -1, .tx_bytes = -1
	};
	jsonline_string(object, "raddr", ret_peer->raddr, sizeof(ret_peer->raddr));
	jsonline_string(object, "first", ret_peer->first, sizeof(ret_peer->first));
	jsonline_string(object, "last", ret_peer->last, sizeof(ret_peer->last));
	jsonline_number(object, "rport", &ret_peer->rport);
	jsonline_number(object, "rx_datagrams", &ret_peer->rx_datagrams);
	jsonline_number(object, "tx_datagrams", &ret_peer->tx_datagrams);
	jsonline_number(object, "rx_bytes", &ret_peer->rx_bytes);
	jsonline_number(object, "tx_bytes", &ret_peer->tx_bytes);
}

/* The objects are flat, and what is in them has neither braces nor brackets. */
long peers_of_line(const char *line, struct peer *ret_peers, long max)
{
	const char *at = strstr(line, "\"peers\":[");
	char object[512];
	long count = 0;

	if (!at)
		return -1;
	for (at += strlen("\"peers\":["); *at == '{' || *at == ','; count++) {
		size_t len;

		at += *at == ',';
		len = strcspn(at, "}") + 1;
		if (count < max && len < sizeof(object)) {
			memcpy(object, at, len);
			object[len] = '\0';
			read_peer(object, &ret_peers[count]);
		}
		at += len;
	}
	return *at == ']' ? count : -1;
}
