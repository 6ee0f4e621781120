/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records that travel from the hooks to the decoder: the same bytes in the ring buffer, in the
 * iterators' output and in a recording. A record starts with its header; kinds that a reader does
 * not know are skipped by their size. Records only grow at their end.
 *
 * Byte order is the host's everywhere, ports included; addresses are in network order. An IPv4
 * address takes the first 4 bytes of its field and leaves the others zero. Times are
 * CLOCK_MONOTONIC in nanoseconds unless a name says otherwise. Zero means unknown.
 */
#pragma once

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#define SW_COMM_LEN 16	   /* TASK_COMM_LEN */
#define SW_PATH_LEN 4096   /* PATH_MAX; longer paths are cut and marked */
#define SW_FAMILY_UNIX 1   /* AF_UNIX: only rows have it, never events */
#define SW_FAMILY_INET 2   /* AF_INET */
#define SW_FAMILY_INET6 10 /* AF_INET6 */
#define SW_PROTO_TCP 6	   /* IPPROTO_TCP */
#define SW_PROTO_UDP 17	   /* IPPROTO_UDP */

#define SW_PEERS_PER_SOCKET 4096 /* of a UDP socket; beyond that it is only counted */
#define SW_PEERS_MAX 65536	 /* of all sockets together: at most 16 MiB */

enum sw_record_kind {
	SW_RECORD_NONE = 0,
	/* Made in user space by the live source, so that a recording holds them too. */
	SW_RECORD_START = 1,	  /* struct sw_start: the first of each stream but its clock */
	SW_RECORD_CLOCK = 2,	  /* struct sw_clock: what to add to reach the wall clock */
	SW_RECORD_TICK = 3,	  /* struct sw_header: time has passed */
	SW_RECORD_LOST = 4,	  /* struct sw_lost: records that were never written */
	SW_RECORD_LOOK_BEGIN = 5, /* struct sw_look: a walk over the kernel's tables starts */
	SW_RECORD_LOOK_END = 6,	  /* struct sw_look: it is complete */
	SW_RECORD_END = 7,	  /* struct sw_header: the stream was closed in order */
	SW_RECORD_LOOK_NETNS = 8, /* struct sw_look_netns: the walk has been through this one */
	/* Processes. */
	SW_RECORD_PROCESS = 16, /* struct sw_process: exec, a new cgroup, or found at a look */
	SW_RECORD_FORK = 17,	/* struct sw_fork */
	SW_RECORD_EXIT = 18,	/* struct sw_exit */
	SW_RECORD_CONTAINER =
		19, /* struct sw_container: made in user space, from its runtime's files */
	/* Sockets. */
	SW_RECORD_STATE = 32,	     /* struct sw_state: a full socket changed its state */
	SW_RECORD_PORT = 33,	     /* struct sw_socket: connect() has chosen address and port */
	SW_RECORD_REQUEST = 34,	     /* struct sw_request: a request socket was born */
	SW_RECORD_REQUEST_END = 35,  /* struct sw_request: it is gone, completed or not */
	SW_RECORD_CHILD = 36,	     /* struct sw_socket: a child was queued for accept() */
	SW_RECORD_TIMEWAIT = 37,     /* struct sw_timewait: a time-wait socket started or changed */
	SW_RECORD_TIMEWAIT_END = 38, /* struct sw_timewait: it is gone, or about to be re-armed */
	SW_RECORD_ACCEPT = 39,	     /* struct sw_socket: the acceptor has the child */
	SW_RECORD_CONNECT = 40,	     /* struct sw_connect: connect(2) returned */
	SW_RECORD_RESET_IN = 41,     /* struct sw_socket: RST received */
	SW_RECORD_RESET_OUT = 42,    /* struct sw_socket: RST sent */
	SW_RECORD_ERROR = 43,	     /* struct sw_socket: sk_err was reported */
	SW_RECORD_RETRANSMIT = 44,   /* struct sw_socket: a segment was sent again */
	SW_RECORD_DESTROY = 45,	     /* struct sw_socket: the socket is being freed */
	SW_RECORD_SOCKET = 46,	     /* struct sw_state: found at a look; old_state is 0 */
	SW_RECORD_HOLDER = 47,	     /* struct sw_holder: a process has it open, found at a look */
	SW_RECORD_RELEASE = 48,	     /* struct sw_socket: `owner` closes it, others have it open */
	SW_RECORD_RECEIVE = 49,	     /* struct sw_socket: `owner` was handed a descriptor of it */
	SW_RECORD_STACK = 50,	     /* struct sw_stack: which functions led to the call */
	/* UDP. What was sent to whom comes before the end of its socket, or at a look at the peers.
	 */
	SW_RECORD_UDP = 51,	/* struct sw_socket: it is like this now; without a port: nowhere */
	SW_RECORD_UDP_END = 52, /* struct sw_socket: it was closed */
	SW_RECORD_UDP_COUNT = 53, /* struct sw_udp_count: how much of its peers is not kept */
	SW_RECORD_PEER = 54,	  /* struct sw_peer */
	/* Rows of a snapshot: from its iterators only, never in the ring or in a recording. */
	SW_RECORD_ROW = 64, /* struct sw_row: a TCP or UDP socket */
};

struct sw_header {
	__u64 ts_ns;
	__u32 size; /* of the whole record, this header included */
	__u16 kind; /* enum sw_record_kind */
	__u16 cpu;
};

/* A process: the thread group, never the thread. */
struct sw_task {
	__u64 start_ns; /* start_boottime of the group leader: (pid, start_ns) is unique */
	__u32 pid;	/* tgid in the first pid namespace; 0: unknown, or the kernel itself */
	__u32 uid;
	char comm[SW_COMM_LEN]; /* the group leader's; ends with NUL unless someone is hostile */
};

/* The thread that ran when something happened. */
struct sw_actor {
	__u32 pid;
	__u32 tid;
	char comm[SW_COMM_LEN]; /* the thread's own */
};

/* A socket's identity and its two ends. */
struct sw_endpoints {
	__u64 cookie; /* the kernel's socket cookie, the one inet_diag shows */
	__u32 netns;  /* inode number of the network namespace */
	__u16 family; /* SW_FAMILY_*: the socket's, so a v4-mapped connection has AF_INET6 */
	__u16 protocol;
	__u16 lport;
	__u16 rport;
	__u32 uid; /* sk_uid; mini sockets have none */
	__u8 laddr[16];
	__u8 raddr[16];
};

/* What the transport counted (struct tcp_sock). */
struct sw_counters {
	__u64 rx_bytes; /* payload received */
	__u64 tx_bytes; /* payload sent, without retransmissions */
	__u32 rtt_us;	/* smoothed */
	__u32 retrans;	/* segments sent again */
};

/* The same, as far as it came later; see sw_state_traffic(). Segments are counted modulo 2^32. */
struct sw_traffic {
	__u32 rx_segs; /* all segments, those without payload included */
	__u32 tx_segs;
	__u32 rx_data_segs; /* with payload */
	__u32 tx_data_segs; /* those sent again included */
	__u32 unread;	    /* payload that the program has not read */
	__u32 unacked;	    /* payload of the program that the peer has not acknowledged */
};

enum sw_socket_flags {
	SW_SOCKET_OWNED = 1 << 0, /* `owner` is filled */
	SW_SOCKET_ACTED = 1 << 1, /* `actor` operated on the socket: it held the socket lock */
	SW_SOCKET_FIN_RECEIVED = 1 << 2, /* the peer's FIN was taken (SOCK_DONE) */
	SW_SOCKET_ORPHAN = 1 << 3,	 /* no process holds it any more (SOCK_DEAD) */
	SW_SOCKET_COUNTED = 1 << 4,	 /* `counters` are filled */
	SW_SOCKET_MINI = 1 << 5,	 /* a request or time-wait socket */
	SW_SOCKET_PREIMAGE = 1 << 6, /* came through tcp_set_state(), which kept the port for us */
	SW_SOCKET_AGAIN = 1 << 7,    /* STATE: may repeat the record before it about this socket */
	/* STATE, of the last transition. */
	SW_SOCKET_HELD = 1 << 8,    /* it has a file: a child was accepted, and not closed yet */
	SW_SOCKET_SILENT = 1 << 9,  /* it has not sent a single segment */
	SW_SOCKET_CALLED = 1 << 10, /* the actor is inside of connect(2): a CONNECT will follow */
};

/* Why the kernel sent a reset: its enum sk_rst_reason, whose numbers change between versions. */
enum sw_reset_reason {
	SW_RESET_UNKNOWN = 0, /* before 6.10 always */
	SW_RESET_NO_SOCKET,
	SW_RESET_TCP_INVALID_ACK_SEQUENCE,
	SW_RESET_TCP_RFC7323_PAWS,
	SW_RESET_TCP_TOO_OLD_ACK,
	SW_RESET_TCP_ACK_UNSENT_DATA,
	SW_RESET_TCP_FLAGS,
	SW_RESET_TCP_OLD_ACK,
	SW_RESET_TCP_ABORT_ON_DATA,
	SW_RESET_TCP_TIMEWAIT_SOCKET,
	SW_RESET_INVALID_SYN,
	SW_RESET_TCP_ABORT_ON_CLOSE,
	SW_RESET_TCP_ABORT_ON_LINGER,
	SW_RESET_TCP_ABORT_ON_MEMORY,
	SW_RESET_TCP_STATE,
	SW_RESET_TCP_KEEPALIVE_TIMEOUT,
	SW_RESET_TCP_DISCONNECT_WITH_DATA,
	SW_RESET_MPTCP_RST_EUNSPEC,
	SW_RESET_MPTCP_RST_EMPTCP,
	SW_RESET_MPTCP_RST_ERESOURCE,
	SW_RESET_MPTCP_RST_EPROHIBIT,
	SW_RESET_MPTCP_RST_EWQ2BIG,
	SW_RESET_MPTCP_RST_EBADPERF,
	SW_RESET_MPTCP_RST_EMIDDLEBOX,
	SW_RESET_ERROR,
	SW_RESETS,
};

/* Everything about a socket that is not a transition. */
struct sw_socket {
	struct sw_header header;
	struct sw_endpoints ends;
	struct sw_task owner;
	__u32 flags; /* enum sw_socket_flags */
	__u8 state;
	__u8 reset_reason; /* RESET_OUT: enum sw_reset_reason */
	__u16 error;	   /* errno: sk_err; for RESET_OUT the kernel's own number of the reason */
	__u64 listener_cookie; /* CHILD only */
};

struct sw_state {
	struct sw_header header;
	struct sw_endpoints ends;
	struct sw_task owner;
	__u32 flags; /* enum sw_socket_flags */
	__u8 old_state;
	__u8 new_state;
	__u16 error; /* sk_err at that moment */
	struct sw_actor actor;
	struct sw_counters counters;
	struct sw_traffic traffic; /* not in the oldest recordings */
};

#define SW_STATE_SIZE_MIN offsetof(struct sw_state, traffic)

struct sw_request {
	struct sw_header header;
	struct sw_endpoints ends;
	__u64 listener_cookie;
	__u8 expired;	 /* REQUEST_END: after the last SYN-ACK went unanswered */
	__u8 final;	 /* REQUEST_END: certain; else its timer was stopped, and may start again */
	__u8 reset_sent; /* REQUEST_END: the listener has just answered with a reset */
	__u8 pad[5];
};

struct sw_timewait {
	struct sw_header header;
	struct sw_endpoints ends;
	__u8 substate; /* SW_TCP_FIN_WAIT2 or SW_TCP_TIME_WAIT */
	/*
	 * TIMEWAIT: its timer was started; else only its substate was seen. TIMEWAIT_END: certain;
	 * else its timer was stopped, and may start again.
	 */
	__u8 final;
	__u8 early; /* TIMEWAIT_END: not by its timer, which would have had more time */
	__u8 pad[5];
};

/*
 * A cookie of 0: nobody has ever asked for it, so the socket has had no transition. If `state` is
 * CLOSE and the call has failed, the remote end is where it should have led.
 */
struct sw_connect {
	struct sw_header header;
	struct sw_endpoints ends;
	struct sw_task owner;
	__u64 latency_ns; /* from sys_enter to sys_exit */
	__s32 result;	  /* 0 or negative errno */
	__u8 state;	  /* afterwards */
	__u8 pad[3];
};

struct sw_holder {
	struct sw_header header;
	struct sw_task task;
	__u64 cookie;
	__u32 fd;
	__u8 state;
	__u8 pad[3];
};

enum sw_process_flags {
	SW_PROCESS_EXEC = 1 << 0,	 /* this record is an exec */
	SW_PROCESS_KERNEL = 1 << 1,	 /* a kernel thread: no exe */
	SW_PROCESS_EXE_DELETED = 1 << 2, /* the file has no name any more */
	SW_PROCESS_EXE_CUT = 1 << 3,	 /* exe_len bytes are not all of it */
	SW_PROCESS_CGROUP_CUT = 1 << 4,
};

/*
 * The header is followed by `exe_len` and then `cgroup_len` bytes: the names on the path, each
 * ended by NUL, the last name first. No bytes: unknown. A single NUL: the root itself. Behind
 * them, at the next multiple of 8, struct sw_inner; older recordings end before it.
 */
struct sw_process {
	struct sw_header header;
	struct sw_task task;
	__u64 parent_start_ns;
	__u32 parent_pid;
	__u32 flags; /* enum sw_process_flags */
	__u16 exe_len;
	__u16 cgroup_len;
	__u32 netns;
};

/* What a process is inside of its own pid namespace. Both 0: it is in the machine's first one. */
struct sw_inner {
	__u32 pid;
	__u32 pid_ns; /* inode number of the namespace; 0 with a pid: unknown */
};

struct sw_fork {
	struct sw_header header;
	struct sw_task child;
	__u64 parent_start_ns;
	__u32 parent_pid;
	__u32 inner_pid; /* the child's, as in struct sw_inner; the namespace is its parent's */
};

struct sw_exit {
	struct sw_header header;
	struct sw_task task;
};

#define SW_CONTAINER_TEXT_LEN 512 /* a pod's name and namespace take 317 */

/*
 * What the runtime calls a container. Followed by these four texts, without NUL; each has at most
 * SW_CONTAINER_TEXT_LEN bytes. No bytes: unknown.
 */
struct sw_container {
	struct sw_header header;
	__u16 id_len; /* as in the names of its cgroups */
	__u16 runtime_len;
	__u16 name_len;
	__u16 pod_len; /* "namespace/name" */
	__u32 user;    /* in whose slice its cgroup is; all bits set: nobody's */
	__u32 pad;
};

enum sw_stack_call {
	SW_CALL_CONNECT = 1,
	SW_CALL_LISTEN = 2,
	SW_CALL_SEND = 3, /* the first datagram of a UDP socket */
	SW_CALLS,
};

/* Why the frames do not reach to where the thread began. */
enum sw_stack_end {
	SW_STACK_COMPLETE = 0,
	SW_STACK_GONE = 1,	   /* the process had ended before its memory map was read */
	SW_STACK_BUSY = 2,	   /* too many were waiting to be unwound */
	SW_STACK_NO_FILE = 3,	   /* the file of a module could not be opened, or is no ELF file */
	SW_STACK_NO_TABLE = 4,	   /* a module tells nothing about how to unwind it */
	SW_STACK_JIT = 5,	   /* code that is in no file */
	SW_STACK_CUT = 6,	   /* deeper than what was copied, or on another stack */
	SW_STACK_DEEP = 7,	   /* more frames than are unwound */
	SW_STACK_DAMAGED = 8,	   /* what is there is no stack, or the tables are wrong */
	SW_STACK_TIMEOUT = 9,	   /* it took too long */
	SW_STACK_CRASHED = 10,	   /* the unwinder has ended */
	SW_STACK_NO_UNWINDER = 11, /* built without libdw */
	SW_STACK_IO_URING = 12,	   /* made by the kernel for the process */
	SW_STACK_ENDS,
};

/*
 * Made in user space from a copy of the stack. Followed by `frame_count` frames, the innermost
 * first, and then `text_len` bytes of text, the last of which is NUL. Offsets into the text lead
 * to strings; 0: unknown.
 */
struct sw_stack {
	struct sw_header header;
	struct sw_endpoints ends;
	struct sw_task owner;
	__u64 taken_ns; /* when the call was made */
	__u32 frame_count;
	__u32 text_len;
	__u32 script; /* in the text: what the interpreter runs */
	__u8 call;    /* enum sw_stack_call */
	__u8 end;     /* enum sw_stack_end */
	__u8 pad[2];
};

struct sw_frame {
	__u64 address;	/* in the process */
	__u64 offset;	/* from the function's start, or without one the address in the module */
	__u32 module;	/* in the text: path of the file */
	__u32 function; /* in the text, demangled */
	__u32 build_id; /* in the text: hexadecimal */
	__u32 soname;	/* in the text: the library's own name, if its file is called after it */
};

enum sw_mode {
	SW_MODE_NONE = 0,
	SW_MODE_TRAMPOLINE = 1,
	SW_MODE_TRACEPOINT = 2,
};

/* Followed by the names of the attached hooks, each ended by NUL. */
struct sw_start {
	struct sw_header header;
	__u32 mode;	/* enum sw_mode */
	__u32 features; /* enum sw_features: what the hooks of this run can see */
	char version[16];
	char kernel[64]; /* uname -r */
};

enum sw_features {
	SW_SEES_PORT = 1 << 0,	  /* PORT follows CLOSE→SYN_SENT */
	SW_SEES_REQUEST = 1 << 1, /* births of request sockets */
	SW_SEES_REQUEST_END = 1 << 2,
	SW_SEES_TIMEWAIT = 1 << 3,     /* births of time-wait sockets */
	SW_SEES_TIMEWAIT_FIN = 1 << 4, /* FIN_WAIT2→TIME_WAIT of a time-wait socket */
	SW_SEES_TIMEWAIT_END = 1 << 5,
	SW_SEES_ACCEPT = 1 << 6,
	SW_SEES_TIMEWAIT_RESET = 1 << 7, /* resets that a time-wait socket answers with */
	SW_SEES_UDP_END = 1 << 8,
	SW_SEES_PEERS = 1 << 9,	   /* whom UDP sockets send to and hear from is counted */
	SW_TAKES_STACKS = 1 << 16, /* STACK follows the beginning of connections and listeners */
};

/* Datagrams, and the payload in them. */
struct sw_datagrams {
	__u64 rx_datagrams;
	__u64 tx_datagrams;
	__u64 rx_bytes;
	__u64 tx_bytes;
};

/* One peer of a UDP socket, since we watch. */
struct sw_peer {
	struct sw_header header;
	__u64 cookie; /* the socket's */
	__u8 addr[16];
	__u16 family; /* the socket's, as in sw_endpoints */
	__u16 port;
	__u32 slot; /* below SW_PEERS_PER_SOCKET: no two peers of a socket have the same */
	struct sw_datagrams traffic;
	__u64 first_ns;
	__u64 last_ns;
};

/* What is not among the peers of a UDP socket. */
struct sw_udp_count {
	struct sw_header header;
	__u64 cookie;
	struct sw_datagrams left_out; /* with peers that found no room */
	__u64 dropped;		      /* datagrams that found the socket's queue full */
};

struct sw_clock {
	struct sw_header header;
	__s64 realtime_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
};

struct sw_lost {
	struct sw_header header;
	__u64 count;
};

enum sw_look_cause {
	SW_LOOK_START = 1,
	SW_LOOK_LOST = 2,   /* to repair the table after a loss */
	SW_LOOK_DRIFT = 3,  /* to find what no hook shows */
	SW_LOOK_VERIFY = 4, /* the same, and to tell what a hook should have shown */
};

struct sw_look {
	struct sw_header header;
	__u64 begin_ns;	  /* when the walk began: what is younger may be missing from it */
	__u32 cause;	  /* enum sw_look_cause */
	__u32 incomplete; /* LOOK_END: network namespaces that could not be entered */
};

struct sw_look_netns {
	struct sw_header header;
	__u32 netns;
	__u32 pad;
};

/* What inet_diag calls idiag_timer. */
enum sw_timer {
	SW_TIMER_OFF = 0,
	SW_TIMER_RETRANSMIT = 1,
	SW_TIMER_KEEPALIVE = 2,
	SW_TIMER_TIMEWAIT = 3,
	SW_TIMER_PROBE = 4,
	SW_TIMERS,
};

/* The time stamps of row records are 0: they tell the present. */
struct sw_row {
	struct sw_header header;
	struct sw_endpoints ends;
	struct sw_counters counters;
	__u64 socket;	/* address of its struct socket, as in struct sw_holding; 0: it has none */
	__u64 inode;	/* number of the socket's file; 0: it has none */
	__u32 recv_q;	/* bytes; of a listener: connections that wait for accept() */
	__u32 send_q;	/* bytes; of a listener: how many may wait */
	__u32 timer_ms; /* until it fires */
	__u32 flags;	/* enum sw_socket_flags */
	__u8 state;
	__u8 timer;	  /* enum sw_timer */
	__u8 retransmits; /* of the segment that is under way, or probes that went unanswered */
	__u8 pad[5];
	struct sw_traffic traffic;
};

#define SW_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
SW_ASSERT_SIZE(sw_header, 16);
SW_ASSERT_SIZE(sw_task, 32);
SW_ASSERT_SIZE(sw_actor, 24);
SW_ASSERT_SIZE(sw_endpoints, 56);
SW_ASSERT_SIZE(sw_counters, 24);
SW_ASSERT_SIZE(sw_traffic, 24);
SW_ASSERT_SIZE(sw_socket, 120);
SW_ASSERT_SIZE(sw_state, 184);
SW_ASSERT_SIZE(sw_request, 88);
SW_ASSERT_SIZE(sw_timewait, 80);
SW_ASSERT_SIZE(sw_connect, 120);
SW_ASSERT_SIZE(sw_holder, 64);
SW_ASSERT_SIZE(sw_process, 72);
SW_ASSERT_SIZE(sw_inner, 8);
SW_ASSERT_SIZE(sw_fork, 64);
SW_ASSERT_SIZE(sw_exit, 48);
SW_ASSERT_SIZE(sw_container, 32);
SW_ASSERT_SIZE(sw_stack, 128);
SW_ASSERT_SIZE(sw_frame, 32);
SW_ASSERT_SIZE(sw_start, 104);
SW_ASSERT_SIZE(sw_peer, 96);
SW_ASSERT_SIZE(sw_udp_count, 64);
SW_ASSERT_SIZE(sw_clock, 24);
SW_ASSERT_SIZE(sw_lost, 24);
SW_ASSERT_SIZE(sw_look, 32);
SW_ASSERT_SIZE(sw_look_netns, 24);
SW_ASSERT_SIZE(sw_row, 160);
