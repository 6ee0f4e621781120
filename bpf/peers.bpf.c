// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom UDP sockets send to and hear from, counted here: a datagram makes no record. On its way out
 * it passes behind the firewall and the socket's checks, on its way in when it is about to be
 * queued at the socket. A packet may be several datagrams (UDP_SEGMENT, UDP_GRO).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "udp.h"

#define PACKET_IPV4 0x0800 /* ETH_P_IP, ETH_P_IPV6 */
#define PACKET_IPV6 0x86dd
#define UDP_HEADER_SIZE 8
#define SLOT_TRIES 4

/* Members of a struct that has no name of its own, which vmlinux/ cannot list. */
struct sk_buff___headers {
	__u16 transport_header;
	__u16 network_header;
} __attribute__((preserve_access_index));

/* As they are on the wire, as far as we read them. */
struct ipv4_header {
	__u8 version_length;
	__u8 skipped[11];
	__u32 source, destination;
};

struct ipv6_header {
	__u8 skipped[6];
	__u8 next_header;
	__u8 hop_limit;
	__u8 source[16], destination[16];
};

/* Behind extension headers: where the kernel has found it. */
static __always_inline __u32 udp_offset_raw(struct __sk_buff *skb)
{
	struct sk_buff___headers *headers = (void *)skb;

	return BPF_CORE_READ(headers, transport_header) - BPF_CORE_READ(headers, network_header);
}

/* Each returns where the UDP header is, or 0. */
static __always_inline __u32 read_ipv4_peer(struct __sk_buff *skb, bool sent, struct peer_key *to)
{
	struct ipv4_header *header = (void *)(long)skb->data;
	__u32 *address = (__u32 *)to->addr;

	if ((void *)(header + 1) > (void *)(long)skb->data_end)
		return 0;
	if (to->family == SW_FAMILY_INET6) { /* ::ffff:0:0/96 */
		address[2] = bpf_htonl(0xffff);
		address[3] = sent ? header->destination : header->source;
	} else {
		address[0] = sent ? header->destination : header->source;
	}
	return (header->version_length & 0xf) * 4;
}

static __always_inline __u32 read_ipv6_peer(struct __sk_buff *skb, bool sent, struct peer_key *to)
{
	struct ipv6_header *header = (void *)(long)skb->data;

	if ((void *)(header + 1) > (void *)(long)skb->data_end)
		return 0;
	__builtin_memcpy(to->addr, sent ? header->destination : header->source, 16);
	return header->next_header == SW_PROTO_UDP ? sizeof(*header) : udp_offset_raw(skb);
}

/* The packet's other end. Returns where its UDP header is, or 0. */
static __always_inline __u32 read_peer(struct __sk_buff *skb, bool sent, struct peer_key *to)
{
	__u32 udp_at = skb->protocol == bpf_htons(PACKET_IPV6) ? read_ipv6_peer(skb, sent, to)
							       : read_ipv4_peer(skb, sent, to);
	__u16 ports[2];

	if (!udp_at || bpf_skb_load_bytes(skb, udp_at, ports, sizeof(ports)) < 0)
		return 0;
	to->port = bpf_ntohs(ports[sent]);
	return udp_at;
}

/* A number for a new peer, which leads to it. False: there is none left. */
static __always_inline bool take_slot(struct udp_note *note, const struct peer_key *key,
				      struct slot_key *to)
{
	to->cookie = key->cookie;
	for (int i = 0; i < SLOT_TRIES; i++) {
		to->slot = note->slots + i;
		if (to->slot >= SW_PEERS_PER_SOCKET)
			return false;
		/* Another processor may have been faster. */
		if (bpf_map_update_elem(&peer_slots, to, key, BPF_NOEXIST) == 0) {
			note->slots = to->slot + 1;
			return true;
		}
	}
	return false;
}

static __always_inline struct peer *meet(struct udp_note *note, const struct peer_key *key)
{
	struct peer new = { .first_ns = bpf_ktime_get_ns() };
	struct slot_key slot = {};

	if (!take_slot(note, key, &slot))
		return NULL;
	new.slot = slot.slot;
	if (bpf_map_update_elem(&peers, key, &new, BPF_NOEXIST) < 0)
		bpf_map_delete_elem(&peer_slots, &slot);
	return bpf_map_lookup_elem(&peers, key);
}

static __always_inline void count_datagrams(struct __sk_buff *skb, bool sent)
{
	struct bpf_sock *sk = skb->sk;
	__u64 datagrams = skb->gso_segs ? skb->gso_segs : 1, bytes;
	struct peer_key key = {};
	struct udp_note *note;
	struct peer *peer;
	__u32 udp_at;

	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != SW_PROTO_UDP)
		return;
	key.cookie = bpf_get_socket_cookie(skb);
	key.family = sk->family;
	udp_at = read_peer(skb, sent, &key);
	if (!udp_at || skb->len < udp_at + UDP_HEADER_SIZE)
		return;
	bytes = skb->len - udp_at - UDP_HEADER_SIZE;
	peer = bpf_map_lookup_elem(&peers, &key);
	if (!peer) {
		note = udp_note_of(key.cookie);
		if (!note)
			return;
		peer = meet(note, &key);
		if (!peer) {
			traffic_add(&note->left_out, sent, datagrams, bytes);
			return;
		}
	}
	traffic_add(&peer->traffic, sent, datagrams, bytes);
	peer->last_ns = bpf_ktime_get_ns();
}

/* 1: let it pass. */
SEC("cgroup_skb/egress")
int on_datagram_sent(struct __sk_buff *skb)
{
	count_datagrams(skb, true);
	return 1;
}

SEC("cgroup_skb/ingress")
int on_datagram_received(struct __sk_buff *skb)
{
	count_datagrams(skb, false);
	return 1;
}

/* It was counted as received, but the program did not read in time. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(on_datagram_dropped, int error, struct sock *sk)
{
	struct udp_note *note = udp_note_of(bpf_get_socket_cookie(sk));

	if (note)
		__sync_fetch_and_add(&note->dropped, 1);
	return 0;
}

/* All that is kept, of the sockets of all network namespaces: a walk over the two maps. */
SEC("iter/bpf_map_elem")
int show_peer(struct bpf_iter__bpf_map_elem *ctx)
{
	struct peer_key *key = ctx->key;
	struct peer *peer = ctx->value;
	struct sw_peer record = {};

	if (!key || !peer)
		return 0;
	record_header(&record.header, SW_RECORD_PEER, sizeof(record));
	fill_peer(key, peer, &record);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

SEC("iter/bpf_map_elem")
int show_udp_count(struct bpf_iter__bpf_map_elem *ctx)
{
	struct udp_note *note = ctx->value;
	struct sw_udp_count record = {};
	__u64 *cookie = ctx->key;

	if (!note || !cookie || !is_worth_telling(note))
		return 0;
	record_header(&record.header, SW_RECORD_UDP_COUNT, sizeof(record));
	record.cookie = *cookie;
	record.left_out = note->left_out;
	record.dropped = note->dropped;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
