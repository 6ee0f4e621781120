// SPDX-License-Identifier: GPL-2.0-or-later
/* RTM_NEWQDISC by hand: there may be no tc(8) in a virtual machine. */
#include "netem.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr header;
	struct tcmsg body;
	char attributes[256];
};

/* Returns what was put, to be closed by its length. */
static struct rtattr *put(struct request *request, unsigned short type, const void *data,
			  size_t len)
{
	struct rtattr *attribute =
		(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attribute), data, len);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static void make_request(unsigned int delay_ms, unsigned int loss_percent, struct request *request)
{
	struct tc_netem_qopt options = { .limit = 1000, .loss = UINT32_MAX / 100 * loss_percent };
	int64_t delay_ns = delay_ms * 1000000ll;
	struct rtattr *outer;

	*request = (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			    .nlmsg_type = RTM_NEWQDISC,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
					   NLM_F_REPLACE },
		.body = { .tcm_family = AF_UNSPEC,
			  .tcm_ifindex = (int)if_nametoindex("lo"),
			  .tcm_parent = TC_H_ROOT },
	};
	put(request, TCA_KIND, "netem", sizeof("netem"));
	outer = put(request, TCA_OPTIONS, &options, sizeof(options));
	put(request, TCA_NETEM_LATENCY64, &delay_ns, sizeof(delay_ns));
	outer->rta_len =
		(unsigned short)((char *)request + request->header.nlmsg_len - (char *)outer);
}

int netem_set(unsigned int delay_ms, unsigned int loss_percent)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct request request;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} answer = { 0 };
	int r = 0;

	if (fd < 0)
		return -errno;
	make_request(delay_ms, loss_percent, &request);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		r = -errno;
	else if (answer.header.nlmsg_type == NLMSG_ERROR)
		r = answer.body.error;
	close(fd);
	return r;
}
