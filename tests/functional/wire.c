// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hand-driven peer: addresses and routes by ioctl, segments through AF_PACKET on lo. IPv6 turns
 * a route to lo into one that rejects (net/ipv6/route.c), so there the wire is a TUN device.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

struct wire {
	int fd;	      /* packet socket, or TUN */
	int loopback; /* interface index of lo */
	bool v6;
	uint8_t near[16], far[16]; /* addresses; IPv4 in the first 4 bytes */
};

union header {
	struct iphdr ip;
	struct ip6_hdr ip6;
};

/* What an IP packet from the far to the near address carries. */
#define PAYLOAD_MAX 80

/* A segment without options: nothing that we play needs them. At most one byte of data. */
struct segment {
	struct tcphdr tcp;
	uint8_t data[2]; /* the second is for the checksum */
};

#define SUMMED (sizeof(struct tcphdr) + 2)

static void add_address_v4(struct stage *stage, int fd)
{
	struct ifreq request = { .ifr_name = "lo:9" };
	struct sockaddr_storage address;
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = (char *)"lo" };

	net_address(NET_V4, PLACE_NEAR, 0, &address);
	memcpy(&request.ifr_addr, &address, sizeof(request.ifr_addr));
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		stage_skip(stage, "SIOCSIFADDR: %s", strerror(errno));
	/* A wider mask would make the far address local as well. */
	((struct sockaddr_in *)&request.ifr_addr)->sin_addr.s_addr = 0xffffffff;
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		stage_skip(stage, "SIOCSIFNETMASK: %s", strerror(errno));
	net_address(NET_V4, PLACE_FAR, 0, &address);
	memcpy(&route.rt_dst, &address, sizeof(route.rt_dst));
	memcpy(&route.rt_genmask, &request.ifr_addr, sizeof(route.rt_genmask));
	if (ioctl(fd, SIOCADDRT, &route) < 0)
		stage_skip(stage, "SIOCADDRT: %s", strerror(errno));
}

/* The kernel's struct in6_ifreq, whose header does not go together with the C library's. */
struct address_request {
	struct in6_addr address;
	uint32_t prefix_len;
	int index;
};

static int open_tun(struct stage *stage, int control)
{
	struct ifreq request = { .ifr_name = "wire0" };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		stage_skip(stage, "/dev/net/tun: %s (modprobe tun)", strerror(errno));
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		stage_skip(stage, "TUNSETIFF: %s", strerror(errno));
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(control, SIOCSIFFLAGS, &request) < 0)
		stage_fail(stage, "wire0 up: %s", strerror(errno));
	return fd;
}

static void add_address_v6(struct stage *stage, int control)
{
	int index = (int)if_nametoindex("wire0");
	struct address_request request = { .prefix_len = 128, .index = index };
	struct in6_rtmsg route = { .rtmsg_dst_len = 128,
				   .rtmsg_metric = 1,
				   .rtmsg_flags = RTF_UP | RTF_HOST,
				   .rtmsg_ifindex = index };
	struct sockaddr_storage address;

	net_address(NET_V6, PLACE_NEAR, 0, &address);
	request.address = ((struct sockaddr_in6 *)&address)->sin6_addr;
	if (ioctl(control, SIOCSIFADDR, &request) < 0)
		stage_skip(stage, "SIOCSIFADDR (IPv6): %s", strerror(errno));
	net_address(NET_V6, PLACE_FAR, 0, &address);
	route.rtmsg_dst = ((struct sockaddr_in6 *)&address)->sin6_addr;
	if (ioctl(control, SIOCADDRT, &route) < 0)
		stage_skip(stage, "SIOCADDRT (IPv6): %s", strerror(errno));
	/* What comes to an address that is still tentative is dropped. */
	if (!net_wait_usable(NET_V6, PLACE_NEAR))
		stage_skip(stage, "the IPv6 address is not usable");
}

static int open_packet_socket(struct stage *stage, int loopback)
{
	struct sockaddr_ll bound = { .sll_family = AF_PACKET,
				     .sll_ifindex = loopback,
				     .sll_protocol = htons(ETHERTYPE_IP) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&bound, sizeof(bound)) < 0)
		stage_skip(stage, "AF_PACKET: %s", strerror(errno));
	return fd;
}

static void take_address(bool v6, enum place place, uint8_t out[16])
{
	struct sockaddr_storage address;

	net_address(v6 ? NET_V6 : NET_V4, place, 0, &address);
	if (v6)
		memcpy(out, &((struct sockaddr_in6 *)&address)->sin6_addr, 16);
	else
		memcpy(out, &((struct sockaddr_in *)&address)->sin_addr, 4);
}

struct wire *wire_open(struct stage *stage)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int control;

	if (!wire)
		stage_fail(stage, "out of memory");
	wire->v6 = stage->net == NET_V6;
	wire->loopback = (int)if_nametoindex("lo");
	control = socket(wire->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		stage_skip(stage, "socket: %s", strerror(errno));
	if (wire->v6) {
		wire->fd = open_tun(stage, control);
		add_address_v6(stage, control);
	} else {
		add_address_v4(stage, control);
		wire->fd = open_packet_socket(stage, wire->loopback);
	}
	close(control);
	take_address(wire->v6, PLACE_NEAR, wire->near);
	take_address(wire->v6, PLACE_FAR, wire->far);
	return wire;
}

/* The segment in `bytes` if it goes from the near to the far address. */
static const struct tcphdr *parse(const struct wire *wire, const uint8_t *bytes, size_t len)
{
	size_t skip;

	if (wire->v6) {
		const struct ip6_hdr *ip6 = (const void *)bytes;

		skip = sizeof(*ip6);
		if (len < skip + sizeof(struct tcphdr) || ip6->ip6_nxt != IPPROTO_TCP ||
		    memcmp(&ip6->ip6_dst, wire->far, 16) != 0)
			return NULL;
	} else {
		const struct iphdr *ip = (const void *)bytes;

		skip = len ? ip->ihl * 4U : 0;
		if (len < skip + sizeof(struct tcphdr) || ip->protocol != IPPROTO_TCP ||
		    memcmp(&ip->daddr, wire->far, 4) != 0)
			return NULL;
	}
	return (const void *)(bytes + skip);
}

static int flags_of(const struct tcphdr *tcp)
{
	return ((const uint8_t *)tcp)[13];
}

/* Payload is not counted: the plays let the kernel send data only into the void. */
static void wait_segment(struct stage *stage, struct wire *wire, int far_port, int near_port,
			 int with, int without, struct tcphdr *ret_tcp)
{
	uint64_t begin = now_ns();
	int limit = suite_deadline_ms(stage->suite, 10);

	while (now_ns() - begin < (uint64_t)limit * 1000000) {
		struct pollfd poller = { .fd = wire->fd, .events = POLLIN };
		uint8_t bytes[2048] __attribute__((aligned(8)));
		const struct tcphdr *tcp;
		ssize_t len;

		if (poll(&poller, 1, 100) != 1)
			continue;
		/* A packet socket of one protocol sees only what comes in: on lo, each once. */
		len = read(wire->fd, bytes, sizeof(bytes));
		if (len < 0)
			continue;
		tcp = parse(wire, bytes, (size_t)len);
		if (!tcp || ntohs(tcp->dest) != far_port ||
		    (near_port != 0 && ntohs(tcp->source) != near_port) ||
		    (flags_of(tcp) & with) != with || (flags_of(tcp) & without))
			continue;
		*ret_tcp = *tcp;
		return;
	}
	stage_fail(stage, "no segment with flags %#x came", with);
}

void wire_expect(struct stage *stage, struct far_end *end, int with, int without)
{
	struct tcphdr tcp;

	wait_segment(stage, end->wire, end->far_port, end->near_port, with, without, &tcp);
	end->expected = ntohl(tcp.seq) + !!(flags_of(&tcp) & (WIRE_SYN | WIRE_FIN));
}

void wire_expect_syn(struct stage *stage, struct wire *wire, uint16_t far_port,
		     struct far_end *ret_end)
{
	struct tcphdr tcp;

	wait_segment(stage, wire, far_port, 0, WIRE_SYN, WIRE_ACK, &tcp);
	*ret_end = wire_end(wire, far_port, ntohs(tcp.source));
	ret_end->expected = ntohl(tcp.seq) + 1;
}

struct far_end wire_end(struct wire *wire, uint16_t far_port, uint16_t near_port)
{
	return (struct far_end){ wire, far_port, near_port, 1000, 0 };
}

static uint32_t add_sum(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The header of a packet between the two addresses; its length. */
static size_t fill_header(const struct wire *wire, bool to_near, uint8_t protocol, size_t len,
			  union header *out)
{
	const uint8_t *from = to_near ? wire->far : wire->near;
	const uint8_t *to = to_near ? wire->near : wire->far;

	memset(out, 0, sizeof(*out));
	if (wire->v6) {
		out->ip6.ip6_flow = htonl(6U << 28);
		out->ip6.ip6_plen = htons((uint16_t)len);
		out->ip6.ip6_nxt = protocol;
		out->ip6.ip6_hlim = 64;
		memcpy(&out->ip6.ip6_src, from, 16);
		memcpy(&out->ip6.ip6_dst, to, 16);
		return sizeof(out->ip6);
	}
	out->ip.version = 4;
	out->ip.ihl = sizeof(out->ip) / 4;
	out->ip.tot_len = htons((uint16_t)(sizeof(out->ip) + len));
	out->ip.ttl = 64;
	out->ip.protocol = protocol;
	memcpy(&out->ip.saddr, from, 4);
	memcpy(&out->ip.daddr, to, 4);
	out->ip.check = fold(add_sum(0, &out->ip, sizeof(out->ip)));
	return sizeof(out->ip);
}

/* Of the pseudo header from the far to the near address. */
static uint32_t pseudo_sum(const struct wire *wire, uint8_t protocol, size_t len)
{
	size_t address_len = wire->v6 ? 16 : 4;
	uint32_t sum = protocol + (uint32_t)len;

	sum = add_sum(sum, wire->far, address_len);
	return add_sum(sum, wire->near, address_len);
}

static void put_packet(struct stage *stage, struct wire *wire, uint8_t protocol,
		       const void *payload, size_t payload_len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = wire->loopback,
				  .sll_protocol = htons(ETHERTYPE_IP),
				  .sll_halen = 6 };
	union header header;
	uint8_t bytes[sizeof(header) + PAYLOAD_MAX];
	size_t len = fill_header(wire, true, protocol, payload_len, &header);
	ssize_t sent;

	memcpy(bytes, &header, len);
	memcpy(bytes + len, payload, payload_len);
	len += payload_len;
	if (wire->v6)
		sent = write(wire->fd, bytes, len);
	else
		sent = sendto(wire->fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to));
	if (sent < 0)
		stage_fail(stage, "sending on the wire: %s", strerror(errno));
}

static void put_segment(struct stage *stage, struct far_end *end, int flags, size_t data_len)
{
	struct segment segment = { .data = { 'x' } };
	size_t len = sizeof(segment.tcp) + data_len;

	segment.tcp.source = htons(end->far_port);
	segment.tcp.dest = htons(end->near_port);
	segment.tcp.seq = htonl(end->next);
	segment.tcp.ack_seq = flags & WIRE_ACK ? htonl(end->expected) : 0;
	segment.tcp.doff = sizeof(segment.tcp) / 4;
	segment.tcp.window = htons(65535);
	((uint8_t *)&segment.tcp)[13] = (uint8_t)flags;
	if (!data_len)
		segment.data[0] = 0;
	segment.tcp.check =
		fold(add_sum(pseudo_sum(end->wire, IPPROTO_TCP, len), &segment, SUMMED));
	put_packet(stage, end->wire, IPPROTO_TCP, &segment, len);
	end->next += !!(flags & WIRE_SYN) + !!(flags & WIRE_FIN) + (uint32_t)data_len;
}

void wire_send(struct stage *stage, struct far_end *end, int flags)
{
	put_segment(stage, end, flags, 0);
}

void wire_send_data(struct stage *stage, struct far_end *end)
{
	put_segment(stage, end, WIRE_PSH | WIRE_ACK, 1);
}

/* The message quotes the header of what could not be delivered, and its ports and number. */
void wire_send_unreachable(struct stage *stage, const struct far_end *end)
{
	struct wire *wire = end->wire;
	uint8_t message[PAYLOAD_MAX] = { wire->v6 ? 1 : 3, wire->v6 ? 3 : 1 };
	union header quoted;
	size_t quoted_len = fill_header(wire, false, IPPROTO_TCP, sizeof(struct tcphdr), &quoted);
	const uint16_t ports[2] = { htons(end->near_port), htons(end->far_port) };
	const uint32_t number = htonl(end->expected);
	size_t len = 8 + quoted_len + sizeof(ports) + sizeof(number);
	uint8_t protocol = wire->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint16_t check;

	memcpy(message + 8, &quoted, quoted_len);
	memcpy(message + 8 + quoted_len, ports, sizeof(ports));
	memcpy(message + 8 + quoted_len + sizeof(ports), &number, sizeof(number));
	check = fold(add_sum(wire->v6 ? pseudo_sum(wire, protocol, len) : 0, message, len));
	memcpy(message + 2, &check, sizeof(check));
	put_packet(stage, wire, protocol, message, len);
}

struct far_end wire_connect(struct stage *stage, uint16_t far_port)
{
	struct wire *wire = wire_open(stage);
	struct puppet *client = puppet_new(stage, ROLE_CLIENT);
	struct far_end end;

	stage->facts->server_port = far_port;
	puppet_begin(client, op_connect, 1, PLACE_FAR, far_port, 0);
	wire_expect_syn(stage, wire, far_port, &end);
	stage->facts->client_port = end.near_port;
	return end;
}

struct far_end wire_establish(struct stage *stage, uint16_t far_port)
{
	struct far_end end = wire_connect(stage, far_port);

	wire_send(stage, &end, WIRE_SYN | WIRE_ACK);
	must(stage, puppet_finish(stage->puppets[ROLE_CLIENT]));
	return end;
}
