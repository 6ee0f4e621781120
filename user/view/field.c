// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be told, in the order in which it is told. */
#include "view/field.h"

#include <string.h>

#include "base/util.h"
#include "model/peers.h"
#include "model/process.h"
#include "model/stack.h"
#include "view/field_container.h"
#include "view/field_counter.h"
#include "view/field_owner.h"
#include "view/field_socket.h"

void field_set_text(struct value *ret, const char *text, size_t len)
{
	ret->kind = VALUE_TEXT;
	ret->text = text;
	ret->len = len;
}

void field_set_string(struct value *ret, const char *text)
{
	if (text)
		field_set_text(ret, text, strlen(text));
}

void field_set_number(struct value *ret, uint64_t number)
{
	ret->kind = VALUE_NUMBER;
	ret->number = number;
}

void field_set_true(struct value *ret)
{
	ret->kind = VALUE_BOOL;
	ret->number = 1;
}

static const struct process *owner_of(const struct field_context *context)
{
	return context->event->conn.owner;
}

static void get_ts(const struct field_context *context, struct value *ret)
{
	int64_t ns = (int64_t)context->event->ts_ns + context->realtime_offset_ns;

	field_set_text(ret, ret->buffer, format_time(ns, ret->buffer));
}

static void get_event(const struct field_context *context, struct value *ret)
{
	field_set_string(ret, event_kind_name(context->event->kind));
}

static void get_old(const struct field_context *context, struct value *ret)
{
	field_set_string(ret, conn_state_name(context->event->old_state));
}

static void get_new(const struct field_context *context, struct value *ret)
{
	field_set_string(ret, conn_state_name(context->event->new_state));
}

static void get_proto(const struct field_context *context, struct value *ret)
{
	if (context->socket)
		field_set_string(ret, socket_kind_name(context->socket->kind));
	else
		field_set_string(ret, context->event->conn.ends.protocol == SW_PROTO_UDP ? "udp"
											 : "tcp");
}

/* A unix socket has no addresses and ports. */
static bool is_inet(const struct field_context *context)
{
	return context->event->conn.ends.family != SW_FAMILY_UNIX;
}

static void get_family(const struct field_context *context, struct value *ret)
{
	if (is_inet(context))
		field_set_number(ret, conn_is_v6(&context->event->conn) ? 6 : 4);
}

static void get_laddr(const struct field_context *context, struct value *ret)
{
	const struct sw_endpoints *ends = &context->event->conn.ends;

	if (is_inet(context))
		field_set_text(ret, ret->buffer,
			       format_address(ends->family, ends->laddr, ret->buffer));
}

static void get_raddr(const struct field_context *context, struct value *ret)
{
	const struct sw_endpoints *ends = &context->event->conn.ends;

	if (is_inet(context))
		field_set_text(ret, ret->buffer,
			       format_address(ends->family, ends->raddr, ret->buffer));
}

static bool is_listener(const struct event *event)
{
	return event->new_state == SW_TCP_LISTEN || event->old_state == SW_TCP_LISTEN
		       ? event->new_state != SW_TCP_SYN_RECV
		       : event->conn.state == SW_TCP_LISTEN;
}

/* What a raw socket has is a protocol. */
static bool has_ports(const struct field_context *context)
{
	return is_inet(context) && !(context->socket && context->socket->kind == SOCKET_RAW);
}

static void get_lport(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.ends.lport || (context->socket && has_ports(context)))
		field_set_number(ret, context->event->conn.ends.lport);
}

static bool is_udp(const struct event *event)
{
	return event->conn.ends.protocol == SW_PROTO_UDP;
}

/* A listener's remote port is 0 as a fact, not for want of knowledge; so is that of a row. */
static void get_rport(const struct field_context *context, struct value *ret)
{
	if (has_ports(context) && (context->event->conn.ends.rport || is_listener(context->event) ||
				   context->socket || is_udp(context->event)))
		field_set_number(ret, context->event->conn.ends.rport);
}

static void get_state(const struct field_context *context, struct value *ret)
{
	if (context->socket && !context->event->last)
		field_set_string(ret, socket_state_name(context->socket));
	else
		field_set_string(ret, conn_state_name(context->event->new_state));
}

static void get_pid(const struct field_context *context, struct value *ret)
{
	if (owner_of(context))
		field_set_number(ret, owner_of(context)->pid);
}

static void get_comm(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->comm[0])
		field_set_string(ret, owner_of(context)->comm);
}

static void get_exe(const struct field_context *context, struct value *ret)
{
	if (owner_of(context))
		field_set_string(ret, owner_of(context)->exe);
}

static void get_uid(const struct field_context *context, struct value *ret)
{
	if (owner_of(context))
		field_set_number(ret, owner_of(context)->uid);
	else if (context->event->conn.uid_known)
		field_set_number(ret, context->event->conn.ends.uid);
}

static void get_netns(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.ends.netns)
		field_set_number(ret, context->event->conn.ends.netns);
}

static void get_cookie(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.ends.cookie)
		field_set_number(ret, context->event->conn.ends.cookie);
}

static void get_gen(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->conn.gen);
}

static void get_ppid(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->ppid)
		field_set_number(ret, owner_of(context)->ppid);
}

static void get_exe_deleted(const struct field_context *context, struct value *ret)
{
	if (owner_of(context) && owner_of(context)->exe_deleted)
		field_set_true(ret);
}

static void get_by_pid(const struct field_context *context, struct value *ret)
{
	if (context->event->acted)
		field_set_number(ret, context->event->actor.pid);
}

static void get_by_comm(const struct field_context *context, struct value *ret)
{
	const char *comm = context->event->actor.comm;

	if (context->event->acted)
		field_set_text(ret, comm, strnlen(comm, SW_COMM_LEN));
}

static void get_inferred(const struct field_context *context, struct value *ret)
{
	if (context->event->inferred)
		field_set_true(ret);
}

static void get_previous_pid(const struct field_context *context, struct value *ret)
{
	if (context->event->previous_owner)
		field_set_number(ret, context->event->previous_owner->pid);
}

static void get_previous_comm(const struct field_context *context, struct value *ret)
{
	if (context->event->previous_owner && context->event->previous_owner->comm[0])
		field_set_string(ret, context->event->previous_owner->comm);
}

static void get_reason(const struct field_context *context, struct value *ret)
{
	field_set_string(ret, conn_reason_name(context->event->reason));
}

static void get_duration(const struct field_context *context, struct value *ret)
{
	const struct event *event = context->event;

	if (!event->conn.existed && event->ts_ns >= event->conn.opened_ns)
		field_set_number(ret, (event->ts_ns - event->conn.opened_ns) / NSEC_PER_USEC);
}

static void get_rx_bytes(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.counted)
		field_set_number(ret, context->event->conn.counters.rx_bytes);
}

static void get_tx_bytes(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.counted)
		field_set_number(ret, context->event->conn.counters.tx_bytes);
}

/* No sample yet is 0 in the kernel, which is no round-trip time. */
static void get_rtt(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.counted && context->event->conn.counters.rtt_us)
		field_set_number(ret, context->event->conn.counters.rtt_us);
}

static void get_retrans(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.counted && !is_udp(context->event))
		field_set_number(ret, context->event->conn.counters.retrans);
}

static void get_peer_count(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.peers)
		field_set_number(ret, peers_kept(context->event->conn.peers));
}

static void get_rx_datagrams(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.peers)
		field_set_number(ret, peers_total(context->event->conn.peers).rx_datagrams);
}

static void get_tx_datagrams(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.peers)
		field_set_number(ret, peers_total(context->event->conn.peers).tx_datagrams);
}

static void get_left_out(const struct field_context *context, struct value *ret)
{
	const struct peers *peers = context->event->conn.peers;

	if (peers)
		field_set_number(ret, peers->left_out.rx_datagrams + peers->left_out.tx_datagrams);
}

static void get_left_out_bytes(const struct field_context *context, struct value *ret)
{
	const struct peers *peers = context->event->conn.peers;

	if (peers)
		field_set_number(ret, peers->left_out.rx_bytes + peers->left_out.tx_bytes);
}

static void get_dropped(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.peers)
		field_set_number(ret, context->event->conn.peers->dropped);
}

static void get_error(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.error)
		field_set_string(ret, format_errno(context->event->conn.error));
}

static void get_attempts(const struct field_context *context, struct value *ret)
{
	if (context->event->failed)
		field_set_number(ret, conn_attempts(&context->event->conn));
}

static void get_reset_reason(const struct field_context *context, struct value *ret)
{
	if (context->event->last)
		field_set_string(ret, conn_reset_reason_name(context->event->conn.reset_reason));
}

static void get_connect(const struct field_context *context, struct value *ret)
{
	if (context->event->conn.connect_ns)
		field_set_number(ret, context->event->conn.connect_ns / NSEC_PER_USEC);
}

static const struct sw_stack *stack_of(const struct field_context *context)
{
	return context->stack;
}

void field_get_script(const struct field_context *context, struct value *ret)
{
	const char *script = stack_of(context) ? stack_script(stack_of(context)) : NULL;

	if (!script && owner_of(context))
		script = owner_of(context)->script;
	field_set_string(ret, script);
}

static void get_call(const struct field_context *context, struct value *ret)
{
	if (stack_of(context))
		field_set_string(ret, stack_call_name(stack_of(context)->call));
}

static void get_modules(const struct field_context *context, struct value *ret)
{
	size_t len = 0;

	if (stack_of(context))
		len = stack_modules(stack_of(context), ret->buffer, sizeof(ret->buffer));
	if (len)
		field_set_text(ret, ret->buffer, len);
}

static void get_incomplete(const struct field_context *context, struct value *ret)
{
	if (stack_of(context))
		field_set_string(ret, stack_end_name(stack_of(context)->end));
}

static void get_count(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->count);
}

static void get_added(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->resync.added);
}

static void get_changed(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->resync.changed);
}

static void get_removed(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->resync.removed);
}

static void get_cause(const struct field_context *context, struct value *ret)
{
	field_set_string(ret, context->event->resync.verified ? "verify" : "lost");
}

static void get_unseen(const struct field_context *context, struct value *ret)
{
	field_set_number(ret, context->event->resync.unseen_netns);
}

/* clang-format off */
#define ROW(name, title, width, get, help) { name, title, help, FIELD_ROW, EVENT_NONE, width, get }
#define ON(when, name, get, help) { name, name, help, when, EVENT_NONE, 0, get }
#define TITLED(when, name, title, width, get, help) { name, title, help, when, EVENT_NONE, width, get }
#define FOR(kind, name, get, help) { name, name, help, FIELD_EVENT, kind, 0, get }

static const struct field fields[] = {
	{ "ts", "TIME", "when, RFC 3339 in UTC", FIELD_EVENT, EVENT_NONE, 0, get_ts },
	{ "display", "DISPLAY", "which display, from 1", FIELD_DISPLAY, EVENT_NONE, 0, field_get_display },
	{ "event", "EVENT", "state, exists, failed, owner, stack, lost or resync", FIELD_EVENT, EVENT_NONE, 0, get_event },
	ON(FIELD_STATE, "old", get_old, "the state before"),
	ON(FIELD_STATE, "new", get_new, "the state after"),
	ON(FIELD_KNOWN, "inferred", get_inferred, "concluded, or found by a look; not seen by a hook"),
	ROW("proto", "PROTO", 5, get_proto, "tcp or udp"),
	ROW("family", "FAMILY", 1, get_family, "4 or 6, the socket's"),
	ROW("laddr", "LOCAL", 0, get_laddr, "local address"),
	ROW("lport", "LPORT", 5, get_lport, "local port"),
	ROW("raddr", "REMOTE", 0, get_raddr, "remote address"),
	ROW("rport", "RPORT", 5, get_rport, "remote port"),
	ROW("state", "State", 11, get_state, "TCP state, the kernel's name"),
	ROW("pid", "PID", 7, get_pid, "process that owns the connection"),
	ROW("comm", "COMM", 15, get_comm, "its name"),
	ROW("exe", "EXE", 0, get_exe, "full path of its executable"),
	ROW("uid", "UID", 5, get_uid, "its user"),
	ROW("netns", "NETNS", 10, get_netns, "network namespace (inode number)"),
	ROW("cgroup", "CGROUP", 0, field_get_cgroup, "its cgroup"),
	ROW("container", "CONTAINER", 12, field_get_container, "container it runs in"),
	ROW("cookie", "COOKIE", 8, get_cookie, "the kernel's socket cookie"),
	ROW("gen", "GEN", 3, get_gen, "which life of the socket, from 1"),
	TITLED(FIELD_SOCKET, "recv_q", "Recv-Q", 6, field_get_recv_q, "bytes not read yet; of a listener: connections that wait for accept()"),
	TITLED(FIELD_SOCKET, "send_q", "Send-Q", 6, field_get_send_q, "bytes not acknowledged yet; of a listener: how many may wait"),
	TITLED(FIELD_SOCKET, "inode", "INODE", 8, field_get_inode, "inode number of the socket's file"),
	TITLED(FIELD_SOCKET, "holders", "HOLDERS", 0, field_get_holders, "how many processes have it open"),
	{ "held_by", "HELD-BY", "these, if there are several: the owner first", FIELD_KNOWN, EVENT_NONE, 0, field_get_held_by, field_write_held_by },
	TITLED(FIELD_KNOWN, "fd", "FD", 3, field_get_fd, "the owner's file descriptor"),
	TITLED(FIELD_KNOWN, "timer", "TIMER", 0, field_get_timer, "retransmit, keepalive, timewait or probe"),
	TITLED(FIELD_KNOWN, "timer_ms", "EXPIRES", 0, field_get_timer_ms, "until it fires"),
	TITLED(FIELD_KNOWN, "retransmits", "RETRIES", 0, field_get_retransmits, "of the segment that is under way"),
	TITLED(FIELD_KNOWN, "type", "TYPE", 9, field_get_type, "of a unix socket: stream, dgram or seqpacket"),
	TITLED(FIELD_KNOWN, "path", "PATH", 0, field_get_path, "of a unix socket; @ begins an abstract one"),
	TITLED(FIELD_KNOWN, "peer_inode", "PEER", 8, field_get_peer_inode, "of a unix socket: the other end's inode"),
	TITLED(FIELD_KNOWN, "fresh", "NEW", 3, field_get_fresh, "not there at the last display"),
	TITLED(FIELD_COLUMN, "protocol", "Proto", 5, field_get_protocol, "tcp, tcp6, udp, udp6, raw, raw6 or unix"),
	TITLED(FIELD_COLUMN, "local", "Local Address", 21, field_get_local, "local address and port, or the path"),
	TITLED(FIELD_COLUMN, "remote", "Foreign Address", 21, field_get_remote, "remote address and port"),
	TITLED(FIELD_COLUMN, "program", "PID/Program", 0, field_get_program, "PID and name of the owner"),
	TITLED(FIELD_COLUMN, "timers", "Timer", 0, field_get_timers, "timer, seconds until it fires, retries"),
	TITLED(FIELD_COLUMN, "contained", "Container", 12, field_get_contained, "name of the container, else the beginning of its id"),
	ON(FIELD_KNOWN, "runtime", field_get_runtime, "what runs the container"),
	TITLED(FIELD_KNOWN, "container_name", "NAME", 12, field_get_container_name, "what the runtime calls the container"),
	TITLED(FIELD_KNOWN, "pod", "POD", 0, field_get_pod, "namespace and name of its Kubernetes pod"),
	TITLED(FIELD_KNOWN, "unit", "UNIT", 15, field_get_unit, "systemd unit of the owner"),
	TITLED(FIELD_KNOWN, "user_unit", "USER-UNIT", 15, field_get_user_unit, "the same, of a user's systemd"),
	TITLED(FIELD_KNOWN, "inner_pid", "INNER", 7, field_get_inner_pid, "the owner's PID in its own pid namespace"),
	TITLED(FIELD_KNOWN, "pid_ns", "PIDNS", 10, field_get_pid_ns, "that namespace (inode number)"),
	ON(FIELD_KNOWN, "ppid", get_ppid, "the owner's parent"),
	ON(FIELD_KNOWN, "exe_deleted", get_exe_deleted, "the executable has no name any more"),
	ON(FIELD_KNOWN, "script", field_get_script, "what the interpreter runs"),
	ON(FIELD_KNOWN, "call", get_call, "the call that the stack is of: connect, listen or send"),
	ON(FIELD_KNOWN, "modules", get_modules, "with -v: files whose functions led to the call"),
	ON(FIELD_KNOWN, "incomplete", get_incomplete, "why frames are missing from its stack"),
	ON(FIELD_KNOWN, "by_pid", get_by_pid, "process that acted, if it is not the owner"),
	ON(FIELD_KNOWN, "by_comm", get_by_comm, "name of its thread"),
	ON(FIELD_LAST, "reason", get_reason, "why it ended"),
	ON(FIELD_LAST, "duration_us", get_duration, "how long it lived"),
	ON(FIELD_GONE, "gone", field_get_gone, "closed since the last display"),
	ON(FIELD_GONE, "opened", field_get_opened, "when its first transition was"),
	ON(FIELD_GONE, "closed", field_get_closed, "when its last one was"),
	TITLED(FIELD_COUNTER, "rx_bytes", "RX-BYTES", 0, get_rx_bytes, "payload received"),
	TITLED(FIELD_COUNTER, "tx_bytes", "TX-BYTES", 0, get_tx_bytes, "payload sent"),
	TITLED(FIELD_COUNTER, "rx_segs", "RX-SEGS", 0, field_get_rx_segs, "segments received"),
	TITLED(FIELD_COUNTER, "tx_segs", "TX-SEGS", 0, field_get_tx_segs, "segments sent"),
	TITLED(FIELD_COUNTER, "rx_data_segs", "RX-DATA", 0, field_get_rx_data_segs, "of these, with payload"),
	TITLED(FIELD_COUNTER, "tx_data_segs", "TX-DATA", 0, field_get_tx_data_segs, "of these, with payload"),
	TITLED(FIELD_COUNTER, "rtt_us", "RTT-US", 0, get_rtt, "smoothed round-trip time"),
	TITLED(FIELD_COUNTER, "retrans", "RETRANS", 0, get_retrans, "segments sent again"),
	TITLED(FIELD_COUNTER, "unread_bytes", "UNREAD", 0, field_get_unread, "payload that the program has not read"),
	TITLED(FIELD_COUNTER, "unacked_bytes", "UNACKED", 0, field_get_unacked, "payload that the peer has not acknowledged"),
	ON(FIELD_LAST, "error", get_error, "the socket's error"),
	ON(FIELD_KNOWN, "attempts", get_attempts, "of a failed connect: how often SYN was sent"),
	ON(FIELD_KNOWN, "reset_reason", get_reset_reason, "why the kernel sent a reset, in its own words"),
	ON(FIELD_KNOWN, "connect_us", get_connect, "how long connect(2) took"),
	TITLED(FIELD_KNOWN, "handshake_us", "HANDSHAKE-US", 0, field_get_handshake, "from SYN_SENT or SYN_RECV to ESTABLISHED"),
	TITLED(FIELD_LIVE, "state_age_us", "STATE-AGE-US", 0, field_get_state_age, "how long it is in its state"),
	TITLED(FIELD_LIVE, "age_us", "AGE-US", 0, field_get_age, "how long the connection is there"),
	TITLED(FIELD_COLUMN, "state_age", "STATE-AGE", 0, field_get_state_age_text, "the same for people"),
	TITLED(FIELD_COLUMN, "age", "AGE", 0, field_get_age_text, "the same for people"),
	ON(FIELD_KNOWN, "creator_pid", field_get_creator_pid, "process that made the connection, if it is not the owner"),
	ON(FIELD_KNOWN, "creator_comm", field_get_creator_comm, "its name"),
	ON(FIELD_KNOWN, "creator_exe", field_get_creator_exe, "full path of its executable"),
	TITLED(FIELD_PEERS, "peer_count", "PEERS", 5, get_peer_count, "of a UDP socket: peers that are listed"),
	TITLED(FIELD_PEERS, "rx_datagrams", "RX-DGRAMS", 9, get_rx_datagrams, "datagrams received"),
	TITLED(FIELD_PEERS, "tx_datagrams", "TX-DGRAMS", 9, get_tx_datagrams, "datagrams sent"),
	TITLED(FIELD_PEERS, "left_out", "LEFT-OUT", 8, get_left_out, "datagrams of these with peers that found no room"),
	TITLED(FIELD_PEERS, "left_out_bytes", "LEFT-BYTES", 10, get_left_out_bytes, "the payload in them"),
	TITLED(FIELD_PEERS, "dropped", "DROPPED", 7, get_dropped, "received datagrams that found the socket's queue full"),
	FOR(EVENT_OWNER, "previous_pid", get_previous_pid, "the owner before"),
	FOR(EVENT_OWNER, "previous_comm", get_previous_comm, "its name"),
	FOR(EVENT_LOST, "count", get_count, "records that found no room"),
	FOR(EVENT_RESYNC, "added", get_added, "connections that had been missed"),
	FOR(EVENT_RESYNC, "changed", get_changed, "connections that were in another state"),
	FOR(EVENT_RESYNC, "removed", get_removed, "connections that had ended"),
	FOR(EVENT_RESYNC, "unseen_netns", get_unseen, "namespaces that could not be entered"),
	FOR(EVENT_RESYNC, "cause", get_cause, "lost: records were; verify: --verify found it"),
};
/* clang-format on */

void field_write_json(const struct field *field, const struct field_context *context,
		      const struct value *value, struct json *out)
{
	switch (value->kind) {
	case VALUE_NONE:
		json_null(out);
		break;
	case VALUE_NUMBER:
		json_u64(out, value->number);
		break;
	case VALUE_BOOL:
		json_bool(out, value->number);
		break;
	case VALUE_TEXT:
		if (field->write)
			field->write(context, out);
		else
			json_string(out, value->text, value->len);
		break;
	}
}

size_t field_count(void)
{
	return ARRAY_SIZE(fields);
}

const struct field *field_at(size_t index)
{
	return &fields[index];
}

const struct field *field_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

bool field_applies(const struct field *field, const struct event *event)
{
	bool about_conn = event->kind != EVENT_LOST && event->kind != EVENT_RESYNC;

	switch (field->when) {
	case FIELD_ROW:
	case FIELD_KNOWN:
		return about_conn;
	case FIELD_STATE:
		return event->kind == EVENT_STATE;
	case FIELD_LAST:
		return event->last;
	case FIELD_COUNTER:
		return event->last || (event->kind == EVENT_ROW && event->conn.peers);
	case FIELD_PEERS:
		return (event->last || event->kind == EVENT_ROW) && event->conn.peers;
	case FIELD_EVENT:
		return event->kind != EVENT_ROW &&
		       (field->kind == EVENT_NONE || field->kind == event->kind);
	case FIELD_SOCKET:
	case FIELD_DISPLAY:
		return event->kind == EVENT_ROW;
	case FIELD_GONE:
		return event->kind == EVENT_ROW && event->last;
	case FIELD_COLUMN:
	case FIELD_LIVE:
		break;
	}
	return false;
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
		[EVENT_STATE] = "state", [EVENT_EXISTS] = "exists", [EVENT_OWNER] = "owner",
		[EVENT_LOST] = "lost",	 [EVENT_RESYNC] = "resync", [EVENT_FAILED] = "failed",
		[EVENT_STACK] = "stack", [EVENT_ROW] = NULL,
	};

	return names[kind];
}
