/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as the hooks write them, for tests: each filled in completely, and given its size. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"
#include "sockwatch/tcp_state.h"

#define RECORD_NETNS 4026531840u
#define RECORD_REMOTE_PORT 443
#define RECORD_ALL_FEATURES                                                                      \
	(SW_SEES_PORT | SW_SEES_REQUEST | SW_SEES_REQUEST_END | SW_SEES_TIMEWAIT |               \
	 SW_SEES_TIMEWAIT_FIN | SW_SEES_TIMEWAIT_END | SW_SEES_ACCEPT | SW_SEES_TIMEWAIT_RESET | \
	 SW_SEES_UDP_END)

static inline struct sw_header record_header(uint64_t ts_ns, uint16_t kind, size_t size)
{
	return (struct sw_header){ .ts_ns = ts_ns, .size = (uint32_t)size, .kind = kind };
}

/* 10.0.0.1:(40000 + cookie) → 10.0.0.2:443 */
static inline struct sw_endpoints record_ends(uint64_t cookie)
{
	return (struct sw_endpoints){
		.cookie = cookie,
		.netns = RECORD_NETNS,
		.family = SW_FAMILY_INET,
		.protocol = SW_PROTO_TCP,
		.lport = (uint16_t)(40000 + cookie),
		.rport = RECORD_REMOTE_PORT,
		.uid = 1000,
		.laddr = { 10, 0, 0, 1 },
		.raddr = { 10, 0, 0, 2 },
	};
}

static inline struct sw_task record_task(uint32_t pid, const char *comm)
{
	struct sw_task task = { .pid = pid, .start_ns = pid * 100ull, .uid = 1000 };

	for (size_t i = 0; i < sizeof(task.comm) && comm[i]; i++)
		task.comm[i] = comm[i];
	return task;
}

static inline struct sw_state record_state(uint64_t ts_ns, uint64_t cookie, uint8_t old_state,
					   uint8_t new_state)
{
	return (struct sw_state){
		.header = record_header(ts_ns, SW_RECORD_STATE, sizeof(struct sw_state)),
		.ends = record_ends(cookie),
		.old_state = old_state,
		.new_state = new_state,
	};
}

/* A row of a look. */
static inline struct sw_state record_found(uint64_t ts_ns, uint64_t cookie, uint8_t state,
					   uint32_t flags)
{
	struct sw_state record = record_state(ts_ns, cookie, SW_TCP_NONE, state);

	record.header.kind = SW_RECORD_SOCKET;
	record.flags = flags;
	return record;
}

/* PORT, CHILD, ACCEPT, RESET_*, ERROR, RETRANSMIT, DESTROY */
static inline struct sw_socket record_socket(uint64_t ts_ns, uint16_t kind, uint64_t cookie)
{
	return (struct sw_socket){
		.header = record_header(ts_ns, kind, sizeof(struct sw_socket)),
		.ends = record_ends(cookie),
	};
}

/* UDP, UDP_END: without a peer. */
static inline struct sw_socket record_udp(uint64_t ts_ns, uint16_t kind, uint64_t cookie)
{
	struct sw_socket record = record_socket(ts_ns, kind, cookie);

	record.ends.protocol = SW_PROTO_UDP;
	record.ends.rport = 0;
	for (size_t i = 0; i < sizeof(record.ends.raddr); i++)
		record.ends.raddr[i] = 0;
	record.state = SW_TCP_CLOSE;
	return record;
}

/* 10.0.0.2:(443 + slot): one datagram received, two sent, of 10 bytes each */
static inline struct sw_peer record_peer(uint64_t ts_ns, uint64_t cookie, uint32_t slot)
{
	return (struct sw_peer){
		.header = record_header(ts_ns, SW_RECORD_PEER, sizeof(struct sw_peer)),
		.cookie = cookie,
		.addr = { 10, 0, 0, 2 },
		.family = SW_FAMILY_INET,
		.port = (uint16_t)(RECORD_REMOTE_PORT + slot),
		.slot = slot,
		.traffic = { .rx_datagrams = 1, .tx_datagrams = 2, .rx_bytes = 10, .tx_bytes = 20 },
		.first_ns = ts_ns,
		.last_ns = ts_ns,
	};
}

/* Five datagrams of 500 bytes sent to peers that are not kept; three that were not taken. */
static inline struct sw_udp_count record_udp_count(uint64_t ts_ns, uint64_t cookie)
{
	return (struct sw_udp_count){
		.header = record_header(ts_ns, SW_RECORD_UDP_COUNT, sizeof(struct sw_udp_count)),
		.cookie = cookie,
		.left_out = { .tx_datagrams = 5, .tx_bytes = 500 },
		.dropped = 3,
	};
}

static inline struct sw_request record_request(uint64_t ts_ns, uint16_t kind, uint64_t cookie,
					       uint64_t listener)
{
	return (struct sw_request){
		.header = record_header(ts_ns, kind, sizeof(struct sw_request)),
		.ends = record_ends(cookie),
		.listener_cookie = listener,
	};
}

static inline struct sw_timewait record_timewait(uint64_t ts_ns, uint16_t kind, uint64_t cookie,
						 uint8_t substate)
{
	return (struct sw_timewait){
		.header = record_header(ts_ns, kind, sizeof(struct sw_timewait)),
		.ends = record_ends(cookie),
		.substate = substate,
		.final = 1,
	};
}

static inline struct sw_connect record_connect(uint64_t ts_ns, uint64_t cookie, int32_t result)
{
	return (struct sw_connect){
		.header = record_header(ts_ns, SW_RECORD_CONNECT, sizeof(struct sw_connect)),
		.ends = record_ends(cookie),
		.latency_ns = 250000,
		.result = result,
	};
}

static inline struct sw_holder record_holder(uint64_t ts_ns, uint64_t cookie, struct sw_task task)
{
	return (struct sw_holder){
		.header = record_header(ts_ns, SW_RECORD_HOLDER, sizeof(struct sw_holder)),
		.task = task,
		.cookie = cookie,
		.fd = 3,
		.state = SW_TCP_ESTABLISHED,
	};
}

static inline struct sw_fork record_fork(uint64_t ts_ns, struct sw_task child,
					 struct sw_task parent)
{
	return (struct sw_fork){
		.header = record_header(ts_ns, SW_RECORD_FORK, sizeof(struct sw_fork)),
		.child = child,
		.parent_start_ns = parent.start_ns,
		.parent_pid = parent.pid,
	};
}

static inline struct sw_exit record_exit(uint64_t ts_ns, struct sw_task task)
{
	return (struct sw_exit){
		.header = record_header(ts_ns, SW_RECORD_EXIT, sizeof(struct sw_exit)),
		.task = task,
	};
}

static inline struct sw_start record_start(uint64_t ts_ns, uint32_t features)
{
	return (struct sw_start){
		.header = record_header(ts_ns, SW_RECORD_START, sizeof(struct sw_start)),
		.mode = SW_MODE_TRAMPOLINE,
		.features = features,
		.version = "0.1.0",
		.kernel = "6.12.0-test",
	};
}

static inline struct sw_lost record_lost(uint64_t ts_ns, uint64_t count)
{
	return (struct sw_lost){
		.header = record_header(ts_ns, SW_RECORD_LOST, sizeof(struct sw_lost)),
		.count = count,
	};
}

static inline struct sw_look record_look(uint64_t ts_ns, uint16_t kind, uint32_t cause,
					 uint64_t begin_ns)
{
	return (struct sw_look){
		.header = record_header(ts_ns, kind, sizeof(struct sw_look)),
		.begin_ns = begin_ns,
		.cause = cause,
	};
}

static inline struct sw_look_netns record_look_netns(uint64_t ts_ns, uint32_t netns)
{
	return (struct sw_look_netns){
		.header = record_header(ts_ns, SW_RECORD_LOOK_NETNS, sizeof(struct sw_look_netns)),
		.netns = netns,
	};
}
