// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --style=xp, from the command line to the bytes: tests/data/xp has a golden file for each switch
 * of Windows XP's help text. The kernel and the resolver are the ones below, which take the place
 * of the library's when this is linked.
 *
 * After a change of layout: SOCKWATCH_GOLDEN=write make unit, then read what git diff shows.
 */
#include "expect.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/netstat_options.h"
#include "cli/netstat_rows.h"
#include "cli/netstat_system.h"
#include "model/event.h"
#include "system/interfaces.h"
#include "system/protostats.h"
#include "system/resolver.h"
#include "system/routes.h"
#include "view/format.h"

#define DIRECTORY "tests/data/xp/"
#define GOLDEN_SIZE 32768
#define WORDS_MAX 16
#define DISPLAY_NS 5000000000ull		 /* from one to the next */
#define REALTIME_OFFSET_NS 1003968000000000000ll /* 2001-10-25, when XP came out */
#define HOSTILE "\x1b[2J\n\xff"

/* ---- processes: no PID is above 4194304, so that none is that of the test, which is hidden --- */

static struct process init = { .pid = 5000001, .comm = "init", .refs = 1 };
static struct process sshd = {
	.pid = 5000812,
	.comm = "sshd",
	.exe = (char *)"/usr/sbin/sshd",
	.parent = &init,
	.refs = 1,
};
static struct process hostile = {
	.pid = 5000066,
	.comm = HOSTILE,
	.exe = (char *)"/tmp/" HOSTILE,
	.parent = &sshd,
	.refs = 1,
};
static struct process upgraded = {
	.pid = 5000900,
	.comm = "updater",
	.exe = (char *)"/opt/old/updater",
	.exe_deleted = true,
	.parent = &init,
	.refs = 1,
};
static struct process thread = { .pid = 5000002, .comm = "kworker", .kernel = true, .refs = 1 };

/* ---- sockets --------------------------------------------------------------------------------- */

struct spec {
	enum socket_kind kind;
	uint8_t family, state;
	uint16_t lport, rport;
	struct process *owner;
};

/* In the order in which a snapshot brings them: any. */
static const struct spec specs[] = {
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_LISTEN, 22, 0, &sshd },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_ESTABLISHED, 22, 50123, &sshd },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_SYN_RECV, 22, 50124, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_SYN_SENT, 40001, 443, &upgraded },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_CLOSE_WAIT, 40002, 443, &upgraded },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_FIN_WAIT1, 40003, 443, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_FIN_WAIT2, 40004, 443, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_CLOSING, 40005, 443, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_LAST_ACK, 40006, 443, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_TIME_WAIT, 40007, 443, NULL },
	{ SOCKET_TCP, SW_FAMILY_INET6, SW_TCP_LISTEN, 22, 0, &sshd },
	{ SOCKET_TCP, SW_FAMILY_INET6, SW_TCP_ESTABLISHED, 40008, 443, &hostile },
	{ SOCKET_TCP, SW_FAMILY_INET6, SW_TCP_CLOSE, 0, 0, &hostile },
	{ SOCKET_UDP, SW_FAMILY_INET, SW_TCP_CLOSE, 53, 0, NULL },
	{ SOCKET_UDP, SW_FAMILY_INET, SW_TCP_ESTABLISHED, 40009, 53, &upgraded },
	{ SOCKET_UDP, SW_FAMILY_INET6, SW_TCP_CLOSE, 51820, 0, &thread },
};

static const uint8_t here[] = { 192, 0, 2, 7 }, there[] = { 198, 51, 100, 9 };
static const uint8_t here6[] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };
static const uint8_t there6[] = { 0x20, 1, 0xd, 0xb8, 0xff, 0xff, [15] = 9 };

/* Who waits for anybody has no addresses. */
static struct conn conn_of(const struct spec *spec)
{
	struct conn conn = {
		.ends = { .family = spec->family,
			  .protocol = spec->kind == SOCKET_TCP ? SW_PROTO_TCP : SW_PROTO_UDP,
			  .lport = spec->lport,
			  .rport = spec->rport },
		.state = spec->state,
		.owner = spec->owner,
	};

	if (spec->rport && spec->family == SW_FAMILY_INET) {
		memcpy(conn.ends.laddr, here, sizeof(here));
		memcpy(conn.ends.raddr, there, sizeof(there));
	} else if (spec->rport) {
		memcpy(conn.ends.laddr, here6, sizeof(here6));
		memcpy(conn.ends.raddr, there6, sizeof(there6));
	}
	return conn;
}

/* Came and went between the first display and the second. */
static struct event gone(const struct spec *spec, uint64_t closed_ns)
{
	struct event event = { .kind = EVENT_STATE,
			       .ts_ns = closed_ns,
			       .old_state = spec->state,
			       .new_state = SW_TCP_CLOSE,
			       .last = true,
			       .reason = CONN_REASON_FIN_REMOTE,
			       .conn = conn_of(spec) };

	event.conn.opened_ns = closed_ns - 100000000;
	event.conn.counted = true;
	event.conn.counters = (struct sw_counters){ .rx_bytes = 1024, .tx_bytes = 96 };
	return event;
}

/* ---- names: as system/resolver.h promises them, at once and of this machine only --------------
 */

struct resolver {
	int unused;
};

struct resolver *resolver_new(unsigned int threads)
{
	static struct resolver resolver;

	return &resolver;
}

void resolver_free(struct resolver *resolver)
{
}

void resolver_ask(struct resolver *resolver, unsigned int family, const uint8_t address[16])
{
}

bool resolver_wait(struct resolver *resolver, unsigned int timeout_ms)
{
	return true;
}

const char *resolver_host(struct resolver *resolver, unsigned int family, const uint8_t address[16],
			  bool fqdn)
{
	if (family != SW_FAMILY_INET)
		return NULL;
	if (memcmp(address, here, sizeof(here)) == 0)
		return fqdn ? "workstation.example.org" : "workstation";
	return memcmp(address, there, sizeof(there)) == 0 ? "mail.example.net" : NULL;
}

const char *resolver_service(struct resolver *resolver, unsigned int port, unsigned int protocol)
{
	switch (port) {
	case 22:
		return protocol == SW_PROTO_TCP ? "ssh" : NULL;
	case 53:
		return "domain";
	case 443:
		return "https";
	default:
		return NULL;
	}
}

/* ---- interfaces, routes and counters --------------------------------------------------------- */

int interfaces_read(struct interface_list *ret_list)
{
	static const struct interface interfaces[] = {
		{ .index = 1,
		  .name = "lo",
		  .type = ARPHRD_LOOPBACK,
		  .flags = IFF_UP | IFF_LOOPBACK,
		  .counters_known = INTERFACE_COUNTERS,
		  .counters = { [INTERFACE_RX_BYTES] = 1000000 } },
		{ .index = 18,
		  .name = "eth0",
		  .type = ARPHRD_ETHER,
		  .address = { 2, 0xfc, 0, 0, 0, 1 },
		  .address_len = 6,
		  .flags = IFF_UP | IFF_BROADCAST,
		  .counters_known = INTERFACE_COUNTERS,
		  .counters = { [INTERFACE_RX_BYTES] = 20035012,
				[INTERFACE_TX_BYTES] = 20,
				[INTERFACE_RX_PACKETS] = 30,
				[INTERFACE_TX_PACKETS] = 40,
				[INTERFACE_RX_MULTICAST] = 7,
				[INTERFACE_RX_DROPPED] = 5,
				[INTERFACE_TX_ERRORS] = 6 } },
		{ .index = 19,
		  .name = HOSTILE,
		  .type = ARPHRD_TUNNEL,
		  .counters_known = INTERFACE_COUNTERS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		expect_ok(interface_list_add(ret_list, &interfaces[i]));
	return 0;
}

int routes_read(uint8_t family, bool all_tables, const struct interface_list *interfaces,
		struct route_list *ret_list)
{
	static const struct route routes[] = {
		{ .family = SW_FAMILY_INET,
		  .via_family = SW_FAMILY_INET,
		  .via = { 192, 0, 2, 1 },
		  .type = RTN_UNICAST,
		  .table = RT_TABLE_MAIN,
		  .metric = 100,
		  .index = 18,
		  .dev = "eth0" },
		{ .family = SW_FAMILY_INET,
		  .dst = { 192, 0, 2 },
		  .dst_len = 24,
		  .type = RTN_UNICAST,
		  .table = RT_TABLE_MAIN,
		  .index = 18,
		  .dev = "eth0" },
		{ .family = SW_FAMILY_INET,
		  .dst = { 10, 255, 255, 255 },
		  .dst_len = 32,
		  .type = RTN_BLACKHOLE,
		  .table = 1000,
		  .metric = UINT32_MAX },
		{ .family = SW_FAMILY_INET6,
		  .dst = { 0x20, 1, 0xd, 0xb8 },
		  .dst_len = 32,
		  .from = { 0xfd },
		  .from_len = 8,
		  .via_family = SW_FAMILY_INET6,
		  .via = { 0xfe, 0x80, [15] = 1 },
		  .type = RTN_UNICAST,
		  .table = RT_TABLE_MAIN,
		  .metric = 1024,
		  .index = 19,
		  .dev = HOSTILE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (routes[i].family == family && (all_tables || routes[i].table == RT_TABLE_MAIN))
			expect_ok(route_list_add(ret_list, &routes[i]));
	return 0;
}

/* As the kernel names and orders them: the value is 1000 times the line's number, plus the place.
 */
static const struct {
	enum statistic_protocol protocol;
	const char *names;
} counters[] = {
	{ STATISTIC_IP,
	  "IpForwarding IpDefaultTTL IpInReceives IpInHdrErrors IpInAddrErrors IpForwDatagrams "
	  "IpInUnknownProtos IpInDiscards IpInDelivers IpOutRequests IpOutDiscards IpOutNoRoutes "
	  "IpReasmTimeout IpReasmReqds IpReasmOKs IpReasmFails IpFragOKs IpFragFails "
	  "IpFragCreates IpOutTransmits" },
	{ STATISTIC_IPV6,
	  "Ip6InReceives Ip6InHdrErrors Ip6InTooBigErrors Ip6InNoRoutes Ip6InAddrErrors "
	  "Ip6InUnknownProtos Ip6InTruncatedPkts Ip6InDiscards Ip6InDelivers "
	  "Ip6OutForwDatagrams Ip6OutRequests Ip6OutDiscards Ip6OutNoRoutes Ip6ReasmTimeout "
	  "Ip6ReasmReqds Ip6ReasmOKs Ip6ReasmFails Ip6FragOKs Ip6FragFails Ip6FragCreates" },
	{ STATISTIC_ICMP,
	  "IcmpInMsgs IcmpInErrors IcmpInCsumErrors IcmpInDestUnreachs IcmpInTimeExcds "
	  "IcmpInParmProbs IcmpInSrcQuenchs IcmpInRedirects IcmpInEchos IcmpInEchoReps "
	  "IcmpInTimestamps IcmpInTimestampReps IcmpInAddrMasks IcmpInAddrMaskReps IcmpOutMsgs "
	  "IcmpOutErrors IcmpOutRateLimitGlobal IcmpOutRateLimitHost IcmpOutDestUnreachs "
	  "IcmpOutTimeExcds IcmpOutParmProbs IcmpOutSrcQuenchs IcmpOutRedirects IcmpOutEchos "
	  "IcmpOutEchoReps IcmpOutTimestamps IcmpOutTimestampReps IcmpOutAddrMasks "
	  "IcmpOutAddrMaskReps" },
	{ STATISTIC_ICMPV6,
	  "Icmp6InMsgs Icmp6InErrors Icmp6OutMsgs Icmp6OutErrors Icmp6InCsumErrors "
	  "Icmp6InDestUnreachs Icmp6InPktTooBigs Icmp6InTimeExcds Icmp6InParmProblems "
	  "Icmp6InEchos Icmp6InEchoReplies Icmp6InGroupMembQueries Icmp6InGroupMembResponses "
	  "Icmp6InGroupMembReductions Icmp6InRouterSolicits Icmp6InRouterAdvertisements "
	  "Icmp6InNeighborSolicits Icmp6InNeighborAdvertisements Icmp6InRedirects "
	  "Icmp6OutDestUnreachs Icmp6OutPktTooBigs Icmp6OutTimeExcds Icmp6OutParmProblems "
	  "Icmp6OutEchos Icmp6OutEchoReplies Icmp6OutGroupMembQueries "
	  "Icmp6OutGroupMembResponses Icmp6OutGroupMembReductions Icmp6OutRouterSolicits "
	  "Icmp6OutRouterAdvertisements Icmp6OutNeighborSolicits "
	  "Icmp6OutNeighborAdvertisements Icmp6OutRedirects" },
	{ STATISTIC_TCP,
	  "TcpRtoAlgorithm TcpRtoMin TcpRtoMax TcpMaxConn TcpActiveOpens TcpPassiveOpens "
	  "TcpAttemptFails TcpEstabResets TcpCurrEstab TcpInSegs TcpOutSegs TcpRetransSegs "
	  "TcpInErrs TcpOutRsts TcpInCsumErrors" },
	{ STATISTIC_TCPV6, "TCP6inuse" },
	{ STATISTIC_UDP,
	  "UdpInDatagrams UdpNoPorts UdpInErrors UdpOutDatagrams UdpRcvbufErrors UdpSndbufErrors" },
	/* An old kernel: no count of errors. */
	{ STATISTIC_UDPV6, "Udp6InDatagrams Udp6NoPorts" },
	{ STATISTIC_OTHER, "QuicWonders" },
};

/* How often the counters were read since the last command: by so much they have grown. */
static unsigned int reads;

int protostats_read(struct statistic_list *ret_list)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const char *name = counters[i].names;

		for (unsigned int place = 1; *name; place++) {
			struct statistic statistic = { .protocol = counters[i].protocol,
						       .known = true,
						       .value = 1000 * (i + 1) + place + reads };
			size_t len = strcspn(name, " ");

			memcpy(statistic.name, name, len);
			expect_ok(statistic_list_add(ret_list, &statistic));
			name += len + (name[len] == ' ');
		}
	}
	reads++;
	return 0;
}

/* ---- commands: what cli/netstat.c and netstat_watch.c do, with time given ----------------------
 */

static unsigned int displays_of(const struct netstat_options *options)
{
	return options->repeated ? options->count : 1;
}

static void show_gone(struct netstat_rows *rows)
{
	static const struct spec closed[] = {
		{ SOCKET_TCP, SW_FAMILY_INET, SW_TCP_LAST_ACK, 40010, 443, &upgraded },
		{ SOCKET_TCP, SW_FAMILY_INET6, SW_TCP_LAST_ACK, 40011, 443, &hostile },
	};

	table_put_lost(netstat_rows_table(rows), 3);
	table_begin_gone(netstat_rows_table(rows));
	for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
		struct event event = gone(&closed[i], 2 * DISPLAY_NS - 1000000);

		if (netstat_rows_wants_gone(rows, &event))
			expect_ok(netstat_rows_put_gone(rows, &event));
	}
	expect_ok(netstat_rows_flush(rows));
}

static void show_sockets(const struct netstat_options *options, struct output *output)
{
	struct process_table *processes = process_table_new();
	const struct netstat_rows_setup setup = {
		.options = options, .processes = processes, .output = output, .stop_fd = -1
	};
	struct netstat_rows *rows;
	struct table *table;

	assert_non_null(processes);
	expect_ok(netstat_rows_new(&setup, &rows));
	table = netstat_rows_table(rows);
	for (unsigned int display = 1; display <= displays_of(options); display++) {
		table->display = options->repeated ? display : 0;
		table->ts_ns = display * DISPLAY_NS;
		table->realtime_offset_ns = REALTIME_OFFSET_NS;
		netstat_rows_begin(rows, 0);
		for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
			struct socket_row row = { .kind = specs[i].kind,
						  .conn = conn_of(&specs[i]),
						  .fd = -1 };

			expect_ok(netstat_rows_visit(rows, &row));
		}
		expect_ok(netstat_rows_end(rows));
		if (display > 1)
			show_gone(rows);
	}
	netstat_rows_free(rows);
	process_table_free(processes);
}

static void show_tables(const struct netstat_options *options, struct output *output)
{
	struct netstat_system *system = netstat_system_new(options);
	struct json out;

	assert_non_null(system);
	json_init(&out);
	reads = 0;
	for (unsigned int display = 1; display <= displays_of(options); display++) {
		char time[FORMAT_TIME_SIZE];

		format_time((int64_t)(display * DISPLAY_NS) + REALTIME_OFFSET_NS, time);
		expect_ok(netstat_system_show(system, display, time, &out));
	}
	expect_ok(output_append(output, out.data, out.len));
	expect_ok(output_finish(output, -1));
	json_done(&out);
	netstat_system_free(system);
}

/* The command line as it would be typed, and what it prints. */
static void run(const char *switches, struct output *output)
{
	char line[128], *argv[WORDS_MAX], *rest = line;
	struct netstat_options options;
	int argc = 0;

	assert_in_range(snprintf(line, sizeof(line), "sockwatch --style=xp %s", switches), 1,
			sizeof(line) - 1);
	expect_ok(output_append(output, "$ ", 2));
	expect_ok(output_append(output, line, strlen(line)));
	expect_ok(output_append(output, "\n", 1));
	while (rest) {
		assert_in_range(argc, 0, WORDS_MAX - 2);
		argv[argc++] = strsep(&rest, " ");
	}
	argv[argc] = NULL;
	expect_ok(netstat_options_parse(argc, argv, &options));
	if (options.sockets)
		show_sockets(&options, output);
	else
		show_tables(&options, output);
}

/* ---- golden files ---------------------------------------------------------------------------- */

static void write_golden(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(text, 1, len, file) != len || fclose(file))
		fail_msg("%s cannot be written: %s", path, strerror(errno));
}

static void compare(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "re");
	static char expected[GOLDEN_SIZE];
	size_t expected_len;

	if (!file)
		fail_msg("%s cannot be read: run this from the top of the tree", path);
	expected_len = fread(expected, 1, sizeof(expected), file);
	fclose(file);
	if (expected_len == len && memcmp(expected, text, len) == 0)
		return;
	fprintf(stderr, "---- %s:\n%.*s---- printed now:\n%.*s----\n", path, (int)expected_len,
		expected, (int)len, text);
	fail_msg("%s is not what is printed now", path);
}

/* What the commands print, one after the other, is in the file. */
static void check(const char *path, const char *const commands[])
{
	const char *wanted = getenv("SOCKWATCH_GOLDEN");
	static char text[GOLDEN_SIZE];
	struct output output;
	ssize_t len;
	int fd = memfd_create("golden", MFD_CLOEXEC);

	assert_true(fd >= 0);
	output_init(&output, fd);
	for (size_t i = 0; commands[i]; i++) {
		if (i)
			expect_ok(output_append(&output, "\n", 1));
		run(commands[i], &output);
	}
	output_done(&output);
	len = pread(fd, text, sizeof(text), 0);
	close(fd);
	assert_in_range(len, 1, sizeof(text) - 1);
	if (wanted && strcmp(wanted, "write") == 0)
		write_golden(path, text, (size_t)len);
	else
		compare(path, text, (size_t)len);
}

#define CHECK(name, ...) check(DIRECTORY name ".txt", (const char *const[]){ __VA_ARGS__, NULL })

static void a_adds_who_waits(void **state)
{
	CHECK("a", "-a");
}

static void b_has_the_executable_in_brackets(void **state)
{
	CHECK("b", "-a -b -n");
}

static void e_sums_up_the_interfaces(void **state)
{
	CHECK("e", "-e");
}

static void n_leaves_names_out(void **state)
{
	CHECK("n", "-n", "-a -n");
}

static void o_adds_the_pid(void **state)
{
	CHECK("o", "-o", "-a -n -o");
}

static void p_chooses_a_protocol(void **state)
{
	CHECK("p", "-a -n -p tcp", "-a -n -p tcpv6", "-a -n -p udp", "-a -n -p udpv6", "-s -p udp");
}

static void r_is_the_route_table(void **state)
{
	CHECK("r", "-r", "-r -v");
}

static void s_has_all_protocols(void **state)
{
	CHECK("s", "-s", "-e -s -p tcp");
}

static void v_adds_what_led_to_it(void **state)
{
	CHECK("v", "-a -b -v -n");
}

static void an_interval_repeats_and_tells_what_closed(void **state)
{
	CHECK("interval", "-n 5 2", "-b -n -p tcpv6 5 2", "-s -p udp 5 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_adds_who_waits),
		cmocka_unit_test(b_has_the_executable_in_brackets),
		cmocka_unit_test(e_sums_up_the_interfaces),
		cmocka_unit_test(n_leaves_names_out),
		cmocka_unit_test(o_adds_the_pid),
		cmocka_unit_test(p_chooses_a_protocol),
		cmocka_unit_test(r_is_the_route_table),
		cmocka_unit_test(s_has_all_protocols),
		cmocka_unit_test(v_adds_what_led_to_it),
		cmocka_unit_test(an_interval_repeats_and_tells_what_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
