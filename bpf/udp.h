/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tracer keeps of a UDP socket: what it has told, and whom the socket talks to. */
#pragma once

#include "emit.h"
#include "sock.h"

/* From when it is told until it is closed. */
struct udp_note {
	struct sw_datagrams left_out; /* with peers that are not kept */
	__u64 dropped;
	struct sw_task owner;
	__u32 slots; /* of its peers, beginning with 0: the next one is probably free */
	__u16 lport; /* that has been told; 0: none */
	__u16 pad;
};

/*
 * By cookie. No storage of the socket: since Linux 7 that takes a processor with cmpxchg16b, and
 * without a note no peer is counted, and the owner not kept.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SW_PEERS_MAX);
	__type(key, __u64);
	__type(value, struct udp_note);
} udp_notes SEC(".maps");

/* NULL: there are too many. */
static __always_inline struct udp_note *udp_note_of(__u64 cookie)
{
	struct udp_note *note = bpf_map_lookup_elem(&udp_notes, &cookie), new = {};

	if (note)
		return note;
	bpf_map_update_elem(&udp_notes, &cookie, &new, BPF_NOEXIST);
	return bpf_map_lookup_elem(&udp_notes, &cookie);
}

struct peer_key {
	__u64 cookie;
	__u8 addr[16];
	__u16 family;
	__u16 port;
	__u32 pad;
};

struct peer {
	struct sw_datagrams traffic;
	__u64 first_ns;
	__u64 last_ns;
	__u32 slot;
	__u32 pad;
};

/* Grows as needed. The loader makes it small if peers are not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SW_PEERS_MAX);
	__type(key, struct peer_key);
	__type(value, struct peer);
} peers SEC(".maps");

struct slot_key {
	__u64 cookie;
	__u32 slot;
	__u32 pad;
};

/* The peers of a socket by number, so that they can be walked through when it is closed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SW_PEERS_MAX);
	__type(key, struct slot_key);
	__type(value, struct peer_key);
} peer_slots SEC(".maps");

static __always_inline void traffic_add(struct sw_datagrams *traffic, bool sent, __u64 datagrams,
					__u64 bytes)
{
	if (sent) {
		__sync_fetch_and_add(&traffic->tx_datagrams, datagrams);
		__sync_fetch_and_add(&traffic->tx_bytes, bytes);
	} else {
		__sync_fetch_and_add(&traffic->rx_datagrams, datagrams);
		__sync_fetch_and_add(&traffic->rx_bytes, bytes);
	}
}

/* ---- at the end of a socket -------------------------------------------------------------------
 */

static __always_inline void fill_peer(const struct peer_key *key, const struct peer *peer,
				      struct sw_peer *to)
{
	to->cookie = key->cookie;
	__builtin_memcpy(to->addr, key->addr, sizeof(to->addr));
	to->family = key->family;
	to->port = key->port;
	to->slot = peer->slot;
	to->traffic = peer->traffic;
	to->first_ns = peer->first_ns;
	to->last_ns = peer->last_ns;
}

static __always_inline void tell_peer(const struct peer_key *key, const struct peer *peer)
{
	struct sw_peer *record = record_reserve(SW_RECORD_PEER, sizeof(*record));

	if (!record)
		return;
	fill_peer(key, peer, record);
	record_submit(record);
}

static __always_inline void tell_count(__u64 cookie, const struct udp_note *note)
{
	struct sw_udp_count *record = record_reserve(SW_RECORD_UDP_COUNT, sizeof(*record));

	if (!record)
		return;
	record->cookie = cookie;
	record->left_out = note->left_out;
	record->dropped = note->dropped;
	record_submit(record);
}

static __always_inline bool is_worth_telling(const struct udp_note *note)
{
	return note->slots || note->left_out.rx_datagrams || note->left_out.tx_datagrams ||
	       note->dropped;
}

struct peer_walk {
	__u64 cookie;
	bool gives_up;
};

/*
 * Two processors that met the same peer at once leave a slot empty, now and then: three of them in
 * a row are the end. (To count them would be more than the verifier can follow.)
 */
static __always_inline bool are_empty(struct slot_key *slot)
{
	slot->slot++;
	if (bpf_map_lookup_elem(&peer_slots, slot))
		return false;
	slot->slot++;
	return !bpf_map_lookup_elem(&peer_slots, slot);
}

static long visit_peer(__u32 index, struct peer_walk *walk)
{
	struct slot_key slot = { .cookie = walk->cookie, .slot = index };
	struct peer_key *found = bpf_map_lookup_elem(&peer_slots, &slot), key;
	struct peer *peer;

	if (!found)
		return are_empty(&slot);
	key = *found;
	peer = bpf_map_lookup_elem(&peers, &key);
	if (peer)
		tell_peer(&key, peer);
	if (walk->gives_up) {
		bpf_map_delete_elem(&peers, &key);
		bpf_map_delete_elem(&peer_slots, &slot);
	}
	return 0;
}

/* Where the socket itself is not at hand. */
static __always_inline void udp_tell_peers(__u64 cookie)
{
	struct peer_walk walk = { .cookie = cookie };

	if (settings.peers)
		bpf_loop(SW_PEERS_PER_SOCKET, visit_peer, &walk, 0);
}

/* Tells its peers and gives their room back. */
static __always_inline void udp_give_up_peers(__u64 cookie, const struct udp_note *note)
{
	struct peer_walk walk = { .cookie = cookie, .gives_up = true };

	if (!settings.peers || !is_worth_telling(note))
		return;
	tell_count(cookie, note);
	bpf_loop(SW_PEERS_PER_SOCKET, visit_peer, &walk, 0);
}

/* ---- how it is now ----------------------------------------------------------------------------
 */

/* Of a life that has ended or not begun, ports tell nothing: the table decides what is wanted. */
static __always_inline bool is_wanted_udp(const struct sw_endpoints *ends)
{
	struct sw_endpoints any = { .netns = ends->netns, .family = ends->family };

	return is_wanted_connection(&any);
}

static __always_inline void read_udp_raw(struct sock *sk, __u64 cookie, struct sw_socket *to)
{
	read_ends_raw(&sk->__sk_common, &to->ends);
	to->ends.cookie = cookie;
	to->ends.protocol = SW_PROTO_UDP;
	to->ends.uid = BPF_CORE_READ(sk, sk_uid.val);
	to->state = BPF_CORE_READ(sk, __sk_common.skc_state);
}

/* `owner` may be NULL. */
static __always_inline void tell_udp(struct sock *sk, __u64 cookie, __u16 kind,
				     const struct sw_task *owner)
{
	struct sw_socket *record = record_reserve(kind, sizeof(*record));

	if (!record)
		return;
	read_udp_raw(sk, cookie, record);
	if (owner && owner->pid) {
		record->owner = *owner;
		record->flags = SW_SOCKET_OWNED;
	}
	if (is_wanted_udp(&record->ends))
		record_submit(record);
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
}

/*
 * connect(2) has returned from a UDP socket of which only the address is known. connect(AF_UNSPEC)
 * passes no program of the cgroup, but whoever has a peer has a cookie.
 */
static __always_inline void udp_connected(struct sock *sk)
{
	__u64 cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	struct sw_task owner = {};

	if (!cookie)
		return;
	/* A port that was chosen for it goes with its peer: a life ends. */
	if (!BPF_CORE_READ(sk, __sk_common.skc_num))
		udp_tell_peers(cookie);
	read_current_task(&owner);
	tell_udp(sk, cookie, SW_RECORD_UDP, &owner);
}
