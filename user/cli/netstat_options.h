/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switches of the bare command: Windows XP's netstat, Linux's, and our own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

enum netstat_style { STYLE_AUTO, STYLE_XP, STYLE_LINUX };

enum netstat_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_XP };

/* Protocols of socket rows (-t -u -w -x, -4 -6, -p PROTO): bits. */
enum netstat_sockets {
	SOCKETS_TCP4 = 1 << 0,
	SOCKETS_TCP6 = 1 << 1,
	SOCKETS_UDP4 = 1 << 2,
	SOCKETS_UDP6 = 1 << 3,
	SOCKETS_RAW4 = 1 << 4,
	SOCKETS_RAW6 = 1 << 5,
	SOCKETS_UNIX = 1 << 6,
};

/* Protocols of -s: bits. */
enum netstat_statistics {
	STATISTICS_IP = 1 << 0,
	STATISTICS_IPV6 = 1 << 1,
	STATISTICS_ICMP = 1 << 2,
	STATISTICS_ICMPV6 = 1 << 3,
	STATISTICS_TCP = 1 << 4,
	STATISTICS_TCPV6 = 1 << 5,
	STATISTICS_UDP = 1 << 6,
	STATISTICS_UDPV6 = 1 << 7,
	STATISTICS_ALL = (1 << 8) - 1,
};

struct netstat_options {
	/* What is shown; `sockets` unless one of the others is asked for alone. */
	bool sockets;
	bool ethernet;		      /* -e as XP means it: totals of the interfaces */
	bool interfaces;	      /* -i: one line an interface */
	bool statistics;	      /* -s */
	bool routes;		      /* -r */
	unsigned int socket_mask;     /* enum netstat_sockets; never 0 */
	unsigned int statistics_mask; /* enum netstat_statistics; never 0 */
	bool ipv4, ipv6;	      /* of routes and statistics too; both true unless narrowed */
	/* Which sockets. */
	bool all;	/* -a: listeners too */
	bool listening; /* -l: only these */
	/* What of them. */
	bool pid;	 /* -o as XP means it */
	bool programs;	 /* -p as Linux means it: PID/comm */
	bool executable; /* -b: the full path, on a line of its own */
	bool components; /* -v with -b */
	bool verbose;	 /* -v; with -r: all tables */
	bool peers;	 /* --peers: of UDP sockets */
	bool timers;	 /* -o among Linux letters, --timers */
	bool extended;	 /* -e among Linux letters, --extend */
	bool numeric;	 /* -n */
	bool fqdn;	 /* -f */
	bool wide;	 /* -W */
	/* How. */
	enum netstat_style style;   /* STYLE_XP or STYLE_LINUX after parsing */
	enum netstat_format format; /* FORMAT_XP with --style=xp and no other --format */
	bool no_header;		    /* -H */
	enum when color;
	const char *columns; /* --columns=, or NULL; "help" lists them */
	const char *sort;    /* --sort=, or NULL */
	const char *netns;   /* --netns=NAME|PID|self, or NULL: all */
	/* How often. */
	bool no_sandbox;
	bool repeated;		 /* INTERVAL or -c was given */
	unsigned int interval_s; /* at least 1 */
	unsigned int count;	 /* displays; 0: until Ctrl-C */
	unsigned int verify_s;	 /* compare with the kernel so often; 0: not asked for */
	/* Which, by filter: words of the command line. */
	int filter_count;
	char **filter_words;
	bool help;
};

/*
 * Explains what is wrong on standard error, in one line that names the word. EXIT_OK or EXIT_USAGE.
 * ret_options points into argv, whose order may change.
 */
int netstat_options_parse(int argc, char **argv, struct netstat_options *ret_options);
void netstat_options_help(void);

/* sockwatch [SWITCHES] [FILTER] [INTERVAL [COUNT]] */
int cli_netstat(int argc, char **argv);
int cli_states(int argc, char **argv);
