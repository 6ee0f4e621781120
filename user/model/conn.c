// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of states and reasons, both ways. What a state means for a connection is conn_table's. */
#include "model/conn.h"

#include <stddef.h>

struct state_alias {
	const char *name; /* in lower case, with "-" */
	unsigned int state;
};

static const char *const state_names[CONN_STATES] = {
	[SW_TCP_ESTABLISHED] = "ESTABLISHED",
	[SW_TCP_SYN_SENT] = "SYN_SENT",
	[SW_TCP_SYN_RECV] = "SYN_RECV",
	[SW_TCP_FIN_WAIT1] = "FIN_WAIT1",
	[SW_TCP_FIN_WAIT2] = "FIN_WAIT2",
	[SW_TCP_TIME_WAIT] = "TIME_WAIT",
	[SW_TCP_CLOSE] = "CLOSE",
	[SW_TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	[SW_TCP_LAST_ACK] = "LAST_ACK",
	[SW_TCP_LISTEN] = "LISTEN",
	[SW_TCP_CLOSING] = "CLOSING",
	[SW_TCP_NEW_SYN_RECV] = "SYN_RECV",
	[SW_TCP_BOUND_INACTIVE] = "BOUND_INACTIVE",
	[CONN_UNCONN] = "UNCONN",
};

/* What others call them: RFC 9293, netstat, ss and Windows. */
static const struct state_alias aliases[] = {
	{ "estab", SW_TCP_ESTABLISHED },    { "syn-received", SW_TCP_SYN_RECV },
	{ "syn-rcvd", SW_TCP_SYN_RECV },    { "fin-wait-1", SW_TCP_FIN_WAIT1 },
	{ "fin-wait-2", SW_TCP_FIN_WAIT2 }, { "closed", SW_TCP_CLOSE },
	{ "unconnected", CONN_UNCONN },	    { "listening", SW_TCP_LISTEN },
	{ "bound", SW_TCP_BOUND_INACTIVE }, { "new-syn-recv", SW_TCP_SYN_RECV },
};

static const char *const reason_names[CONN_REASONS] = {
	[CONN_REASON_FIN_LOCAL] = "fin-local",
	[CONN_REASON_FIN_REMOTE] = "fin-remote",
	[CONN_REASON_FIN_BOTH] = "fin-both",
	[CONN_REASON_RST_SENT] = "rst-sent",
	[CONN_REASON_RST_RECEIVED] = "rst-received",
	[CONN_REASON_REFUSED] = "refused",
	[CONN_REASON_TIMEOUT] = "timeout",
	[CONN_REASON_UNREACHABLE] = "unreachable",
	[CONN_REASON_ABORTED] = "aborted",
	[CONN_REASON_KILLED] = "killed",
	[CONN_REASON_LISTENER_CLOSED] = "listener-closed",
	[CONN_REASON_SYN_EXPIRED] = "syn-expired",
	[CONN_REASON_UNKNOWN] = "unknown",
};

#define RESET(name) [SW_RESET_##name] = #name

static const char *const reset_names[SW_RESETS] = {
	RESET(NO_SOCKET),
	RESET(TCP_INVALID_ACK_SEQUENCE),
	RESET(TCP_RFC7323_PAWS),
	RESET(TCP_TOO_OLD_ACK),
	RESET(TCP_ACK_UNSENT_DATA),
	RESET(TCP_FLAGS),
	RESET(TCP_OLD_ACK),
	RESET(TCP_ABORT_ON_DATA),
	RESET(TCP_TIMEWAIT_SOCKET),
	RESET(INVALID_SYN),
	RESET(TCP_ABORT_ON_CLOSE),
	RESET(TCP_ABORT_ON_LINGER),
	RESET(TCP_ABORT_ON_MEMORY),
	RESET(TCP_STATE),
	RESET(TCP_KEEPALIVE_TIMEOUT),
	RESET(TCP_DISCONNECT_WITH_DATA),
	RESET(MPTCP_RST_EUNSPEC),
	RESET(MPTCP_RST_EMPTCP),
	RESET(MPTCP_RST_ERESOURCE),
	RESET(MPTCP_RST_EPROHIBIT),
	RESET(MPTCP_RST_EWQ2BIG),
	RESET(MPTCP_RST_EBADPERF),
	RESET(MPTCP_RST_EMIDDLEBOX),
	RESET(ERROR),
};

static char fold(char c)
{
	if (c == '_')
		return '-';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

const char *conn_state_name(unsigned int state)
{
	return state < CONN_STATES ? state_names[state] : NULL;
}

unsigned int conn_state_parse(const char *name)
{
	for (unsigned int state = 1; state < CONN_STATES; state++) {
		if (same_name(name, state_names[state]))
			return state;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (same_name(name, aliases[i].name))
			return aliases[i].state;
	}
	return SW_TCP_NONE;
}

const char *conn_reason_name(enum conn_reason reason)
{
	return (unsigned int)reason < CONN_REASONS ? reason_names[reason] : NULL;
}

const char *conn_reset_reason_name(unsigned int reason)
{
	return reason < SW_RESETS ? reset_names[reason] : NULL;
}
