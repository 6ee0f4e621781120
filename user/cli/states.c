// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockwatch states: what each state means, who has to act next, and what many sockets in it tell.
 * After RFC 9293 §3.3.2 and §3.6, and Linux (net/ipv4/tcp*.c, ip-sysctl) where it decides.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/netstat_options.h"
#include "model/conn.h"
#include "view/json.h"

#define COLUMNS 79
#define INDENT 2

enum actor {
	ACTOR_LOCAL_APPLICATION,
	ACTOR_REMOTE_APPLICATION,
	ACTOR_EITHER_APPLICATION,
	ACTOR_REMOTE_KERNEL,
	ACTOR_TIMER,
};

/* What JSON and text call them. */
static const char *const actor_names[][2] = {
	[ACTOR_LOCAL_APPLICATION] = { "local-application", "the local application" },
	[ACTOR_REMOTE_APPLICATION] = { "remote-application", "the remote application" },
	[ACTOR_EITHER_APPLICATION] = { "either-application", "the application on either side" },
	[ACTOR_REMOTE_KERNEL] = { "remote-kernel", "the remote kernel" },
	[ACTOR_TIMER] = { "timer", "nobody: the local kernel's timer" },
};

struct state_row {
	enum sw_tcp_state state;
	enum actor next;
	const char *proto;
	const char *name;    /* the kernel's; ss's for UDP */
	const char *xp;	     /* NULL: Windows XP has no such state */
	const char *rfc;     /* NULL: the RFC has no such state */
	const char *meaning; /* one sentence */
	const char *many;    /* what many of them mean, and what to look at */
};

/* In the order of a connection's life. */
static const struct state_row rows[] = {
	{ SW_TCP_LISTEN, ACTOR_REMOTE_APPLICATION, "tcp", "LISTEN", "LISTENING", "LISTEN",
	  "A local program waits for connections on this port; there is no peer yet.",
	  "Normal: one for each address, port and (with SO_REUSEPORT) worker. What counts "
	  "is the queue: recv_q, connections that wait for accept(2), near send_q, how many "
	  "may wait, means that the program accepts too slowly. nstat's "
	  "TcpExtListenOverflows counts what was turned away." },
	{ SW_TCP_SYN_SENT, ACTOR_REMOTE_KERNEL, "tcp", "SYN_SENT", "SYN_SENT", "SYN-SENT",
	  "A local program is connecting: our SYN is out, and no answer has come yet.",
	  "Nobody answers, not even with a refusal: a firewall drops the SYNs, the host is "
	  "down, the route is wrong, or the listener's queue is full. Linux gives up after "
	  "about two minutes (tcp_syn_retries). Many destinations from one process: it "
	  "scans." },
	{ SW_TCP_SYN_RECV, ACTOR_REMOTE_KERNEL, "tcp", "SYN_RECV", "SYN_RECEIVED", "SYN-RECEIVED",
	  "A SYN has come in and we have answered with SYN-ACK; the ACK that completes the "
	  "handshake is still missing.",
	  "From many addresses that never answer: a SYN flood; nstat's TcpExtSyncookiesSent "
	  "says whether cookies were needed. From real clients: our SYN-ACKs get lost on "
	  "the way back, or the program accepts too slowly, so that Linux ignores the last "
	  "ACK (see the listener's recv_q). They end after about a minute "
	  "(tcp_synack_retries)." },
	{ SW_TCP_ESTABLISHED, ACTOR_EITHER_APPLICATION, "tcp", "ESTABLISHED", "ESTABLISHED",
	  "ESTABLISHED", "The connection is open, and data can flow in both directions.",
	  "Normal for pools and busy servers. recv_q that stays above 0: our program does "
	  "not read. send_q that stays: the peer does not read, or is gone (timer, "
	  "retransmits). Idle for hours without a keepalive timer: a peer that vanished "
	  "would never be noticed." },
	{ SW_TCP_FIN_WAIT1, ACTOR_REMOTE_KERNEL, "tcp", "FIN_WAIT1", "FIN_WAIT_1", "FIN-WAIT-1",
	  "Our side has closed, and our FIN is not yet acknowledged; it may still wait "
	  "behind data that the peer has not taken.",
	  "The peers are unreachable, or do not read what was sent before the FIN: look at "
	  "send_q, in which the FIN counts as 1, and retransmits. Where no process holds "
	  "them any more, tcp_orphan_retries limits how long they last." },
	{ SW_TCP_FIN_WAIT2, ACTOR_REMOTE_APPLICATION, "tcp", "FIN_WAIT2", "FIN_WAIT_2",
	  "FIN-WAIT-2",
	  "Our side has closed and the peer has acknowledged our FIN; we wait for the "
	  "peer's FIN, because its application has not closed yet.",
	  "The remote programs do not close: there, the same connections are in CLOSE_WAIT, "
	  "and there is the fault. Where no local process holds them any more, they end "
	  "after tcp_fin_timeout (60 s); where one still does, after shutdown(2) without "
	  "close(2), only keepalive can end them." },
	{ SW_TCP_CLOSING, ACTOR_REMOTE_KERNEL, "tcp", "CLOSING", "CLOSING", "CLOSING",
	  "Both sides have closed at the same time: the peer's FIN has come, but our own is "
	  "not yet acknowledged.",
	  "Rare, and over in a round trip. More than a handful: segments get lost, or the "
	  "peers vanished after their FIN; look at retransmits." },
	{ SW_TCP_TIME_WAIT, ACTOR_TIMER, "tcp", "TIME_WAIT", "TIME_WAIT", "TIME-WAIT",
	  "Both sides have closed; the side that closed first (or both, if at the same "
	  "time) keeps the ports for 60 s, so that late segments reach no new connection "
	  "and a lost last ACK can be sent again.",
	  "Normal where many short connections are closed first by this side; they cost "
	  "little memory and no process. A problem only if they use up the local ports "
	  "towards one destination: keep connections open and use them again. The 60 s are "
	  "fixed; tcp_fin_timeout does not change them, tcp_tw_reuse lets connect(2) take "
	  "such a port sooner." },
	{ SW_TCP_CLOSE_WAIT, ACTOR_LOCAL_APPLICATION, "tcp", "CLOSE_WAIT", "CLOSE_WAIT",
	  "CLOSE-WAIT", "The peer has closed (its FIN has come), but our application has not.",
	  "The fault is in the local program: it does not notice the end, hangs, or leaks "
	  "the descriptor. It lasts until the program closes or ends, and no kernel setting "
	  "helps: look at pid and fd. recv_q 0: it has read the end, and keeps the socket; "
	  "above 0: it does not read (the FIN counts as 1)." },
	{ SW_TCP_LAST_ACK, ACTOR_REMOTE_KERNEL, "tcp", "LAST_ACK", "LAST_ACK", "LAST-ACK",
	  "The peer closed first and now we have closed too; only the acknowledgement of "
	  "our FIN is missing.",
	  "The peers, or firewalls between, forgot the connection before it was over: our "
	  "FIN goes unanswered until the retransmissions end. Look at retransmits, and at "
	  "send_q: above 1, data was not acknowledged either." },
	{ SW_TCP_CLOSE, ACTOR_LOCAL_APPLICATION, "tcp", "CLOSE", "CLOSED", "CLOSED",
	  "There is no connection: the socket is new, or its connection is over.",
	  "Sockets that a program has made or kept without using them: it leaks them, or is "
	  "between two attempts to connect." },
	{ SW_TCP_BOUND_INACTIVE, ACTOR_LOCAL_APPLICATION, "tcp", "BOUND_INACTIVE", NULL, NULL,
	  "The socket has taken a port by bind(2), but neither listens nor connects yet: "
	  "CLOSED in the RFC's terms, told apart since Linux 6.8.",
	  "A program reserves ports, or failed between bind(2) and listen(2) or connect(2) "
	  "and forgot the socket. Each keeps others from its port." },
	{ CONN_UNCONN, ACTOR_EITHER_APPLICATION, "udp", "UNCONN", NULL, NULL,
	  "A UDP (or raw) socket without a fixed peer: it takes datagrams from anybody, and "
	  "can send to anybody.",
	  "Normal: services, and clients between question and answer. recv_q that stays "
	  "above 0: the program does not read, and what comes when the buffer is full is "
	  "dropped (nstat's UdpRcvbufErrors). Ever more in one process: a leak." },
	{ SW_TCP_ESTABLISHED, ACTOR_EITHER_APPLICATION, "udp", "ESTABLISHED", NULL, NULL,
	  "A UDP socket whose peer was fixed by connect(2): it takes datagrams from that "
	  "peer only, which need not even exist, because nothing was sent to fix it.",
	  "Normal: resolvers, QUIC and other clients, one for each peer. UDP has no end: "
	  "they stay until the program closes them." },
};

struct selection {
	uint32_t states; /* bits 1 << enum sw_tcp_state, or CONN_UNCONN; 0: all */
	bool as_json;
};

/* Words until the line is full; the lines after the first begin below the first word. */
static void print_wrapped(const char *label, const char *text)
{
	int column = printf("%*s%-6s ", INDENT, "", label), margin = column;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > margin && column + 1 + len > COLUMNS) {
			printf("\n%*s", margin, "");
			column = margin;
		}
		column += printf("%s%.*s", column > margin ? " " : "", len, text);
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

static void print_text(const struct state_row *row, bool first)
{
	printf("%s%s%s", first ? "" : "\n", row->name,
	       strcmp(row->proto, "udp") == 0 ? " of UDP" : "");
	if (row->xp && row->rfc)
		printf(" (Windows: %s, RFC 9293: %s)", row->xp, row->rfc);
	putchar('\n');
	print_wrapped("Means:", row->meaning);
	print_wrapped("Next:", actor_names[row->next][1]);
	print_wrapped("Many:", row->many);
}

static void print_json(struct json *line, const struct state_row *row)
{
	const char *const pairs[][2] = {
		{ "proto", row->proto },     { "name", row->name },
		{ "xp", row->xp },	     { "rfc", row->rfc },
		{ "meaning", row->meaning }, { "next_actor", actor_names[row->next][0] },
		{ "many", row->many },
	};

	json_reset(line);
	json_object_begin(line);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		json_key(line, pairs[i][0]);
		if (pairs[i][1])
			json_string(line, pairs[i][1], strlen(pairs[i][1]));
		else
			json_null(line);
	}
	json_object_end(line);
	json_newline(line);
	fwrite(line->data, 1, line->len, stdout);
}

static int finish(void)
{
	if (fflush(stdout) == 0)
		return EXIT_OK;
	log_error("cannot write to standard output");
	return EXIT_FAILED;
}

static int print(const struct selection *selection)
{
	struct json line;
	bool first = true;

	json_init(&line);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (selection->states && !(selection->states >> rows[i].state & 1))
			continue;
		if (selection->as_json)
			print_json(&line, &rows[i]);
		else
			print_text(&rows[i], first);
		first = false;
	}
	json_done(&line);
	return finish();
}

static int help(void)
{
	puts("Usage: sockwatch states [-j] [STATE ...]\n"
	     "\n"
	     "What each state of a socket means, who has to act next, and what many of them tell.\n"
	     "STATE is a name in the kernel's, Windows's or RFC 9293's spelling. Without any: all.\n"
	     "\n"
	     "  -j, --json   one JSON object a line\n"
	     "  -h, --help   this text");
	return finish();
}

int cli_states(int argc, char **argv)
{
	struct selection selection = {};
	unsigned int state;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0) {
			selection.as_json = true;
		} else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			return help();
		} else if (argv[i][0] == '-') {
			log_error("'%s' is no option of states (see sockwatch states --help)",
				  argv[i]);
			return EXIT_USAGE;
		} else {
			state = conn_state_parse(argv[i]);
			if (state == SW_TCP_NONE) {
				log_error("'%s' is no state (see sockwatch states)", argv[i]);
				return EXIT_USAGE;
			}
			if (state == SW_TCP_NEW_SYN_RECV)
				state = SW_TCP_SYN_RECV;
			selection.states |= 1u << state;
		}
	}
	return print(&selection);
}
