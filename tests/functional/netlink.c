// SPDX-License-Identifier: GPL-2.0-or-later
/* Netlink requests, each with its acknowledgement. */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* What the kernel says to a request: 0 or negative errno. */
static long ask(int protocol, const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	long result = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, request, request->nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		result = -errno;
	else if (answer.header.nlmsg_type == NLMSG_ERROR)
		result = answer.error.error;
	close(fd);
	return result;
}

/* The bytes of an address; how many. */
static size_t address_bytes(enum net net, enum place place, uint8_t out[16])
{
	struct sockaddr_storage address;

	net_address(net, place, 0, &address);
	if (net == NET_V4) {
		memcpy(out, &((struct sockaddr_in *)&address)->sin_addr, 4);
		return 4;
	}
	memcpy(out, &((struct sockaddr_in6 *)&address)->sin6_addr, 16);
	return 16;
}

long netlink_add_route(enum net net, enum place place, unsigned char type)
{
	enum net routed = net == NET_V6 ? NET_V6 : NET_V4; /* a mapped address goes the other way */
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
		struct rtattr attribute;
		uint8_t address[16];
	} request = {
		.header = { .nlmsg_type = RTM_NEWROUTE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.route = { .rtm_family = (unsigned char)net_family(routed),
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC,
			   .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = type },
		.attribute = { .rta_type = RTA_DST },
	};
	size_t len = address_bytes(routed, place, request.address);

	request.route.rtm_dst_len = (unsigned char)(len * 8);
	request.attribute.rta_len = (unsigned short)RTA_LENGTH(len);
	request.header.nlmsg_len =
		(uint32_t)(NLMSG_LENGTH(sizeof(request.route)) + RTA_LENGTH(len));
	return ask(NETLINK_ROUTE, &request.header);
}

long netlink_destroy_tcp(enum net net, uint16_t lport, uint16_t rport)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 socket;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = SOCK_DESTROY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.socket = { .sdiag_family = (uint8_t)net_family(net),
			    .sdiag_protocol = IPPROTO_TCP,
			    .idiag_states = ~0U,
			    .id = { .idiag_sport = htons(lport),
				    .idiag_dport = htons(rport),
				    .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	uint8_t address[16];
	size_t len = address_bytes(net, PLACE_LOOPBACK, address);

	memcpy(request.socket.id.idiag_src, address, len);
	memcpy(request.socket.id.idiag_dst, address, len);
	return ask(NETLINK_SOCK_DIAG, &request.header);
}
