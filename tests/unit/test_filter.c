// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/filter*.c: what a filter lets through, and what it says about one that it does not accept. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/filter.h"
#include "model/conn.h"
#include "model/process.h"

#define WORDS_MAX 16

static char cgroup[] = "/system.slice/docker-abc.scope";
static struct container container = { .id = (char *)"abc", .runtime = "lxc" };
static char exe[] = "/usr/bin/curl";

static struct process curl(void)
{
	return (struct process){ .pid = 1234,
				 .uid = 1000,
				 .comm = "curl",
				 .exe = exe,
				 .cgroup = cgroup,
				 .container = &container };
}

/* 192.168.1.2:50000 to 10.1.2.3:443. */
static struct conn conn_v4(struct process *owner)
{
	return (struct conn){
		.ends = { .netns = 4026531840,
			  .family = SW_FAMILY_INET,
			  .protocol = SW_PROTO_TCP,
			  .lport = 50000,
			  .rport = 443,
			  .laddr = { 192, 168, 1, 2 },
			  .raddr = { 10, 1, 2, 3 } },
		.state = SW_TCP_ESTABLISHED,
		.owner = owner,
	};
}

static struct conn conn_v6(const char *laddr, const char *raddr)
{
	struct conn conn = conn_v4(NULL);

	conn.ends.family = SW_FAMILY_INET6;
	assert_int_equal(inet_pton(AF_INET6, laddr, conn.ends.laddr), 1);
	assert_int_equal(inet_pton(AF_INET6, raddr, conn.ends.raddr), 1);
	return conn;
}

static struct filter *parsed(const char *text)
{
	char *copy = strdup(text);
	struct filter *filter = NULL;
	struct filter_error error = { 0 };

	assert_non_null(copy);
	if (filter_parse(1, &copy, &filter, &error) != 0)
		fail_msg("%s: %s", text, error.message);
	free(copy);
	return filter;
}

static bool matches_conn(const char *text, const struct conn *conn, unsigned int state)
{
	struct filter *filter = parsed(text);
	bool matched = filter_matches(filter, conn, state);

	filter_free(filter);
	return matched;
}

static bool matches(const char *text)
{
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	return matches_conn(text, &conn, conn.state);
}

static bool matches_state(const char *text, unsigned int state)
{
	struct conn conn = conn_v4(NULL);

	return matches_conn(text, &conn, state);
}

#define expect_match(text) assert_true(matches(text))
#define expect_no_match(text) assert_false(matches(text))

static void no_words_match_everything(void **state)
{
	struct conn conn = conn_v4(NULL);
	struct filter *filter = NULL;
	struct filter_error error;

	(void)state;
	expect_ok(filter_parse(0, NULL, &filter, &error));
	assert_true(filter_matches(filter, &conn, SW_TCP_LISTEN));
	filter_free(filter);
	assert_true(filter_matches(NULL, &conn, SW_TCP_LISTEN));
	expect_match("");
	expect_match(" \t ");
}

static void ports_are_compared(void **state)
{
	(void)state;
	expect_match("dport 443");
	expect_match("dport = :443");
	expect_match("dport=:443");
	expect_match("dport==443");
	expect_match("dport eq :443");
	expect_match("dport https");
	expect_no_match("dport = :444");
	expect_match("dport != 444");
	expect_match("sport >= :1024");
	expect_match("sport>49999");
	expect_no_match("sport gt 50000");
	expect_match("sport le 50000 dport lt 444");
	expect_match("dport GE 443");
}

static void port_means_either_end(void **state)
{
	(void)state;
	expect_match("port 443");
	expect_match("port 50000");
	expect_no_match("port 22");
	expect_match("port != 22");
	expect_no_match("port != 443");
	expect_no_match("port != 50000");
	expect_match("port < 1000");
}

static void addresses_have_prefixes_and_ports(void **state)
{
	(void)state;
	expect_match("dst 10.1.2.3");
	expect_match("dst 10.0.0.0/8");
	expect_match("dst 10/8");
	expect_match("dst 10.1.2.2/31");
	expect_no_match("dst 10.1.2.3/32 src 10.1.2.3");
	expect_no_match("dst 10.1.2.4/31");
	expect_match("dst 0.0.0.0/0");
	expect_match("dst 10.1.2.3:443");
	expect_match("dst 10.0.0.0/8:443");
	expect_match("dst 10.1.2.3:https");
	expect_no_match("dst 10.1.2.3:80");
	expect_match("dst :443");
	expect_match("dst *:443");
	expect_match("dst 10.1.2.3:*");
	expect_match("dst *");
	expect_match("src=192.168/16");
	expect_match("src != 10.0.0.0/8");
}

static void a_unix_socket_has_neither_ports_nor_addresses(void **state)
{
	static const char *const filters[] = { "sport < 1024", "sport != 22", "port = 0", "src *",
					       "host != 10.1.2.3" };
	struct process owner = curl();
	const struct conn conn = { .ends.family = SW_FAMILY_UNIX, .owner = &owner };

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct filter *filter = parsed(filters[i]);

		assert_false(filter_matches(filter, &conn, conn.state));
		filter_free(filter);
	}
}

static void host_means_either_end(void **state)
{
	(void)state;
	expect_match("host 10.1.2.3");
	expect_match("host 192.168.1.2");
	expect_match("host != 1.1.1.1");
	expect_no_match("host != 10.1.2.3");
	expect_no_match("host 192.168.1.2:443");
}

static void ipv6_needs_brackets_before_a_port(void **state)
{
	struct conn conn = conn_v6("2001:db8::1", "::1");

	(void)state;
	assert_true(matches_conn("dst [::1]:443", &conn, 1));
	assert_true(matches_conn("dst ::1", &conn, 1));
	assert_true(matches_conn("dst [::1]", &conn, 1));
	assert_false(matches_conn("dst ::1:443", &conn, 1));
	assert_true(matches_conn("src 2001:db8::/32", &conn, 1));
	assert_true(matches_conn("src [2001:db8::]/32:50000", &conn, 1));
	assert_true(matches_conn("src [2001:db8::/32]:50000", &conn, 1));
	assert_false(matches_conn("src [2001:db8::/33]:50001", &conn, 1));
	assert_false(matches_conn("src 2001:db9::/32", &conn, 1));
	assert_true(matches_conn("src ::/0", &conn, 1));
	assert_false(matches_conn("src 0.0.0.0/0", &conn, 1));
	expect_no_match("src ::/0");
}

static void an_ipv4_address_matches_its_mapped_form(void **state)
{
	struct conn conn = conn_v6("::ffff:192.168.1.2", "::ffff:10.1.2.3");

	(void)state;
	assert_true(matches_conn("dst 10.1.2.3", &conn, 1));
	assert_true(matches_conn("dst 10.1.0.0/16", &conn, 1));
	assert_false(matches_conn("dst 10.2.0.0/16", &conn, 1));
	assert_true(matches_conn("dst ::ffff:10.1.2.3", &conn, 1));
	assert_true(matches_conn("dst [::ffff:10.1.2.3]:443", &conn, 1));
	expect_no_match("dst ::ffff:10.1.2.3");
}

static void states_have_many_names(void **state)
{
	(void)state;
	expect_match("state established");
	expect_match("state ESTAB");
	expect_match("state time-wait,established");
	expect_no_match("state time-wait");
	expect_no_match("state established state time-wait");
	expect_match("exclude time-wait");
	expect_no_match("exclude established");
	expect_no_match("exclude listen,established");
	expect_match("state != listen");
	assert_true(matches_state("state LISTENING", SW_TCP_LISTEN));
	assert_true(matches_state("state syn-recv", SW_TCP_NEW_SYN_RECV));
	assert_true(matches_state("state unconn", CONN_UNCONN));
	assert_true(matches_state("state all", CONN_UNCONN));
	assert_false(matches_state("state connected", CONN_UNCONN));
	assert_false(matches_state("state close", CONN_UNCONN));
	assert_false(matches_state("state unconn", SW_TCP_CLOSE));
	/* Of a row ss says close. */
	assert_true(matches_state("state unconn", FILTER_STATE_UNCONN));
	assert_true(matches_state("state close", FILTER_STATE_UNCONN));
	assert_false(matches_state("exclude close", FILTER_STATE_UNCONN));
	assert_false(matches_state("state established", FILTER_STATE_UNCONN));
	assert_false(matches_state("state all", SW_TCP_NONE));
	assert_false(matches_state("state all", 200));
}

static void groups_of_states_are_those_of_ss(void **state)
{
	(void)state;
	for (unsigned int s = 1; s <= SW_TCP_CLOSING; s++) {
		bool ends = s == SW_TCP_LISTEN || s == SW_TCP_CLOSE;
		bool bucket = s == SW_TCP_TIME_WAIT || s == SW_TCP_SYN_RECV;

		assert_true(matches_state("state all", s));
		assert_int_equal(matches_state("state connected", s), !ends);
		assert_int_equal(matches_state("state synchronized", s),
				 !ends && s != SW_TCP_SYN_SENT);
		assert_int_equal(matches_state("state bucket", s), bucket);
		assert_int_equal(matches_state("state big", s), !bucket);
	}
}

static void the_owner_is_matched(void **state)
{
	(void)state;
	expect_match("pid 1234");
	expect_match("pid > 1000 pid < 2000");
	expect_match("uid = 1000");
	expect_no_match("uid 0");
	expect_match("user 1000");
	expect_no_match("user root");
	expect_match("user != root");
	expect_match("comm curl");
	expect_match("comm c*l");
	expect_match("comm=[!d]url");
	expect_no_match("comm cur");
	expect_match("comm != wget");
	expect_match("cgroup /system.slice/*");
	expect_match("container a?c");
}

#define ID "4f2a0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

static void a_container_is_its_name_its_id_or_the_beginning_of_that(void **state)
{
	struct container web = { .id = (char *)ID, .runtime = "docker", .name = (char *)"web-1" };
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	(void)state;
	owner.container = &web;
	assert_true(matches_conn("container web-1", &conn, 1));
	assert_true(matches_conn("container = web*", &conn, 1));
	assert_true(matches_conn("container " ID, &conn, 1));
	assert_true(matches_conn("container 4f2a*", &conn, 1));
	assert_true(matches_conn("container 4f2a", &conn, 1));
	assert_true(matches_conn("container 4f2a012", &conn, 1));
	assert_false(matches_conn("container 4f2", &conn, 1)); /* could be a name */
	assert_false(matches_conn("container 4f2b", &conn, 1));
	assert_false(matches_conn("container web", &conn, 1));
	assert_false(matches_conn("container != web-1", &conn, 1));
	assert_false(matches_conn("container != 4f2a0123", &conn, 1));
	assert_true(matches_conn("container != db", &conn, 1));
	web.name = NULL;
	assert_false(matches_conn("container web-1", &conn, 1));
	assert_true(matches_conn("container 4f2a", &conn, 1));
}

static void a_pod_has_a_namespace_that_may_be_left_out(void **state)
{
	struct container box = { .id = (char *)ID, .pod = (char *)"shop/cart-7f9c" };
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	(void)state;
	owner.container = &box;
	assert_true(matches_conn("pod shop/cart-7f9c", &conn, 1));
	assert_true(matches_conn("pod cart-*", &conn, 1));
	assert_true(matches_conn("pod shop/*", &conn, 1));
	assert_false(matches_conn("pod shop", &conn, 1));
	assert_false(matches_conn("pod bank/cart-7f9c", &conn, 1));
	assert_true(matches_conn("pod != bank/*", &conn, 1));
	assert_false(matches_conn("pod != cart-*", &conn, 1));
	box.pod = NULL;
	assert_false(matches_conn("pod *", &conn, 1));
	assert_true(matches_conn("pod != x", &conn, 1));
}

static void a_unit_may_lack_its_service(void **state)
{
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	(void)state;
	assert_false(matches_conn("unit *", &conn, 1));
	assert_true(matches_conn("unit != nginx", &conn, 1));
	owner.unit = (struct unit_name){ "nginx.service/x", strlen("nginx.service") };
	assert_true(matches_conn("unit nginx.service", &conn, 1));
	assert_true(matches_conn("unit = nginx", &conn, 1));
	assert_true(matches_conn("unit ngin?", &conn, 1));
	assert_false(matches_conn("unit nginx.scope", &conn, 1));
	assert_false(matches_conn("unit != nginx", &conn, 1));
	owner.unit = (struct unit_name){ "user@1000.service", strlen("user@1000.service") };
	owner.user_unit = (struct unit_name){ "app-x.scope", strlen("app-x.scope") };
	assert_true(matches_conn("unit user@1000", &conn, 1));
	assert_true(matches_conn("unit app-x.scope", &conn, 1));
	assert_false(matches_conn("unit app-x", &conn, 1));
	assert_false(matches_conn("unit != app-*", &conn, 1));
}

static void exe_is_the_path_or_its_last_name(void **state)
{
	(void)state;
	expect_match("exe /usr/bin/curl");
	expect_match("exe curl");
	expect_match("exe c*");
	expect_match("exe /usr/*");
	expect_no_match("exe bin/curl");
	expect_no_match("exe usr");
	expect_match("exe */curl");
	expect_no_match("exe != curl");
}

static void without_owner_nothing_of_it_matches(void **state)
{
	static const char *const terms[] = { "pid 1234", "pid != 1", "pid >= 0",    "uid 0",
					     "uid != 5", "comm *",   "comm != x",   "exe *",
					     "exe != x", "cgroup *", "cgroup != x", "container *",
					     "pod != x", "unit *",   "unit != x",   "user root" };
	struct conn conn = conn_v4(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		char negated[64];

		snprintf(negated, sizeof(negated), "not %s", terms[i]);
		assert_false(matches_conn(terms[i], &conn, 1));
		assert_true(matches_conn(negated, &conn, 1));
	}
}

static void unknown_texts_match_nothing_but_no_container_is_known(void **state)
{
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	(void)state;
	owner.exe = NULL;
	owner.cgroup = NULL;
	owner.container = NULL;
	assert_false(matches_conn("exe *", &conn, 1));
	assert_false(matches_conn("exe != x", &conn, 1));
	assert_false(matches_conn("cgroup != x", &conn, 1));
	assert_false(matches_conn("container *", &conn, 1));
	assert_true(matches_conn("container != x", &conn, 1));
}

static void protocols_and_families(void **state)
{
	struct conn v6 = conn_v6("::1", "::1");

	(void)state;
	expect_match("proto tcp");
	expect_match("proto TCP");
	expect_no_match("proto udp");
	expect_no_match("proto tcpv6");
	expect_match("proto != udp");
	assert_true(matches_conn("proto tcp", &v6, 1));
	assert_true(matches_conn("proto TCPv6", &v6, 1));
	assert_false(matches_conn("proto udpv6", &v6, 1));
	expect_match("family inet");
	expect_match("family 4");
	expect_no_match("family inet6");
	assert_true(matches_conn("family 6", &v6, 1));
	expect_match("netns 4026531840");
	expect_no_match("netns != 4026531840");
}

static void and_binds_tighter_than_or(void **state)
{
	(void)state;
	expect_match("dport 443 or dport 1 dport 2");
	expect_match("dport 1 dport 2 or dport 443");
	expect_no_match("dport 1 and dport 443 or dport 2");
	expect_no_match("( dport 443 or dport 1 ) and dport 2");
	expect_match("(dport 443|dport 1)&sport 50000");
	expect_match("dport 1 || dport 443 && sport 50000");
	expect_match("dport 443 OR dport 1");
}

static void not_binds_tightest(void **state)
{
	(void)state;
	expect_match("not dport 1");
	expect_match("not dport 1 and dport 443");
	expect_no_match("not dport 443 or dport 1");
	expect_match("! dport 1");
	expect_match("!dport=1");
	expect_match("not not dport 443");
	expect_match("not ( dport 1 or dport 2 )");
	expect_no_match("!(dport 1 or dport 443)");
	expect_match("not(not(dport 443))");
	expect_match("not exclude established");
}

static void operators_touch_words(void **state)
{
	(void)state;
	expect_match("(dport=:443)");
	expect_match("((dport>=443)and(sport>443))");
	expect_match("dport=443|dport=80");
	expect_match("comm=curl&exe=curl");
}

static void several_words_are_one_filter(void **state)
{
	char *words[] = { (char *)"dport",   (char *)"=",      (char *)"",
			  (char *)":443 or", (char *)" sport", (char *)"1" };
	struct conn conn = conn_v4(NULL);
	struct filter *filter = NULL;
	struct filter_error error;

	(void)state;
	expect_ok(filter_parse(6, words, &filter, &error));
	assert_true(filter_matches(filter, &conn, 1));
	filter_free(filter);
}

static void values_may_be_quoted_or_hold_parentheses(void **state)
{
	struct process owner = curl();
	struct conn conn = conn_v4(&owner);

	(void)state;
	strcpy(owner.comm, "Web Content");
	assert_true(matches_conn("comm \"Web Content\"", &conn, 1));
	assert_true(matches_conn("(comm='Web Content')", &conn, 1));
	assert_true(matches_conn("dport \"443\"", &conn, 1));
	strcpy(owner.comm, "(sd-pam)");
	assert_true(matches_conn("comm (sd-pam)", &conn, 1));
	assert_true(matches_conn("(comm=(sd-pam))", &conn, 1));
	strcpy(owner.comm, "a|b&c");
	assert_true(matches_conn("comm 'a|b&c'", &conn, 1));
	assert_true(matches_conn("comm = eq or comm 'a*'", &conn, 1));
}

struct malformed {
	const char *text;
	const char *said;
	size_t column;
};

static void check_malformed(const struct malformed *malformed)
{
	struct filter *filter = (struct filter *)-1;
	struct filter_error error = { .word = 77 };
	char *word = strdup(malformed->text);

	assert_non_null(word);
	if (filter_parse(1, &word, &filter, &error) != -EINVAL)
		fail_msg("accepted: %s", malformed->text);
	if (!strstr(error.message, malformed->said))
		fail_msg("%s: \"%s\" lacks \"%s\"", malformed->text, error.message,
			 malformed->said);
	if (error.column != malformed->column)
		fail_msg("%s: column %zu", malformed->text, error.column);
	assert_int_equal(error.word, 0);
	expect_null(strchr(error.message, '\n'));
	assert_ptr_equal(filter, (struct filter *)-1);
	free(word);
}

static void malformed_filters_are_explained(void **state)
{
	static const struct malformed cases[] = {
		{ "dport 99999", "dport: '99999' is not a port (0 to 65535) or a known service",
		  6 },
		{ "dport -1", "'-1'", 6 },
		{ "dport = :", "':'", 8 },
		{ "sport = ::22", "'::22'", 8 },
		{ "sport=http2x", "'http2x'", 6 },
		{ "sport = = 22", "'='", 8 },
		{ "dport", "dport: a port (0 to 65535) or a known service is missing", 5 },
		{ "dport >", "dport: a port", 7 },
		{ "port and pid 1", "port: 'and'", 5 },
		{ "port )", "port: a port", 5 },
		{ "sport :22 :80", "':80' is no filter word; known: state exclude", 10 },
		{ "443", "'443' is no filter word", 0 },
		{ "bogus 1", "'bogus' is no filter word", 0 },
		{ "dport 1 or bogus", "'bogus'", 11 },
		{ "dports 1", "'dports'", 0 },
		{ "pid abc", "pid: 'abc' is not a number (0 to 4294967295)", 4 },
		{ "pid 4294967296", "'4294967296'", 4 },
		{ "pid 99999999999999999999999", "'99999999999999999999999'", 4 },
		{ "pid 0x10", "'0x10'", 4 },
		{ "uid -1", "uid: '-1'", 4 },
		{ "user no-such-user-here", "user: 'no-such-user-here' is not a known user", 5 },
		{ "user > 5", "user: '>' means nothing here, only = and != do", 5 },
		{ "comm >= a", "comm: '>='", 5 },
		{ "state", "state: a TCP state", 5 },
		{ "state bogus", "state: 'bogus' is not a TCP state", 6 },
		{ "state established,bogus,listen", "state: 'bogus' is not", 18 },
		{ "state established,", "state: '' is not", 18 },
		{ "state < listen", "state: '<'", 6 },
		{ "exclude nothing", "exclude: 'nothing'", 8 },
		{ "src", "src: an address", 3 },
		{ "src 1.2.3", "src: '1.2.3' is not an address", 4 },
		{ "src 1.2.3.4.5/8", "'1.2.3.4.5/8'", 4 },
		{ "src 1.2.3.4/33", "'1.2.3.4/33'", 4 },
		{ "src 1.2.3.4/", "'1.2.3.4/'", 4 },
		{ "src 1.2.3.4/8/9", "'1.2.3.4/8/9'", 4 },
		{ "src 1.2.3.4:99999", "'1.2.3.4:99999'", 4 },
		{ "src 1.2.3.4:", "'1.2.3.4:'", 4 },
		{ "src */8", "'*/8'", 4 },
		{ "src /8", "'/8'", 4 },
		{ "src :", "':'", 4 },
		{ "src [::1", "'[::1'", 4 },
		{ "src [::1]80", "'[::1]80'", 4 },
		{ "src [1.2.3.4]:80", "'[1.2.3.4]:80'", 4 },
		{ "src [1.2.3.4]", "'[1.2.3.4]'", 4 },
		{ "src []", "'[]'", 4 },
		{ "src ]:80[", "']:80['", 4 },
		{ "src ::1/129", "'::1/129'", 4 },
		{ "src fe80::1%eth0", "'fe80::1%eth0'", 4 },
		{ "src example.org", "'example.org'", 4 },
		{ "dst < 1.2.3.4", "dst: '<'", 4 },
		{ "proto sctp", "proto: 'sctp' is not tcp, udp, tcpv6 or udpv6", 6 },
		{ "proto tcpv4", "'tcpv4'", 6 },
		{ "family 5", "family: '5' is not inet, inet6, 4 or 6", 7 },
		{ "( dport 1", "'(' is not closed", 0 },
		{ "dport 1 )", "')' has no '(' before it", 8 },
		{ "()", "')' needs a term before it", 1 },
		{ "and dport 1", "'and' needs a term before it", 0 },
		{ "or", "'or' needs a term before it", 0 },
		{ "dport 1 or", "'or' needs a term after it", 8 },
		{ "dport 1 and and dport 2", "'and' needs a term before it", 12 },
		{ "not", "'not' needs a term after it", 0 },
		{ "dport 1 !", "'!' needs a term after it", 8 },
		{ "= 22", "'=' needs a term before it", 0 },
		{ "dport 22 = 22", "'=' needs a term before it", 9 },
		{ "comm 'abc", "''abc' has a quote that is not closed", 5 },
		{ "bo\x1b[31mgus\n", "'bo\\x1b[31mgus'", 0 },
		{ "bo\xffgus", "'bo\\xffgus'", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_malformed(&cases[i]);
}

static void an_error_names_the_argument_it_is_in(void **state)
{
	char *words[] = { (char *)"dport", (char *)"443", (char *)"and  sport", (char *)"x" };
	struct filter *filter;
	struct filter_error error;

	(void)state;
	assert_int_equal(filter_parse(4, words, &filter, &error), -EINVAL);
	assert_int_equal(error.word, 3);
	assert_int_equal(error.column, 0);
	assert_int_equal(filter_parse(3, words, &filter, &error), -EINVAL);
	assert_int_equal(error.word, 2);
	assert_int_equal(error.column, strlen(words[2]));
}

static void a_long_word_is_cut_in_the_message(void **state)
{
	char word[5000];
	const struct malformed malformed = {
		word, "'xxxxxxxxxxxxxxxxxxxxxxxxxx...' is no filter word; known: state", 0
	};
	struct filter_error error;
	struct filter *filter;
	char *words[] = { word };

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	check_malformed(&malformed);
	filter_parse(1, words, &filter, &error);
	assert_non_null(strstr(error.message, "netns proto family"));
}

static void repeat(char *out, const char *piece, int times)
{
	for (int i = 0; i < times; i++)
		out = strcpy(out, piece) + strlen(piece);
}

static void parentheses_have_a_limit(void **state)
{
	char text[1024] = "";

	(void)state;
	repeat(text, "(", 64);
	strcat(text, "dport 443");
	repeat(text + strlen(text), ")", 64);
	expect_match(text);
	memset(text, 0, sizeof(text));
	repeat(text, "(", 65);
	check_malformed(&(struct malformed){ text, "'(' is nested too deeply", 64 });
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check_malformed(&(struct malformed){ text, "'(' is nested too deeply", 64 });
}

static void words_have_a_limit(void **state)
{
	enum { TERMS = 1365 }; /* each with its "or" takes three of the 4096 */
	static char text[(TERMS + 2) * 16];

	(void)state;
	repeat(text, "dport 7 or ", TERMS);
	strcat(text, "dport");
	text[strlen(text) - strlen("or dport") - 1] = '\0';
	expect_no_match(text);
	strcat(text, " or dport 1");
	check_malformed(&(struct malformed){ text, "'1' is one word too many for a filter",
					     strlen(text) - 1 });
}

static void many_nots_are_no_recursion(void **state)
{
	static char text[4 * 5000];

	(void)state;
	repeat(text, "not ", 4000);
	strcat(text, "dport 443");
	expect_match(text);
}

static void free_accepts_null(void **state)
{
	(void)state;
	filter_free(NULL);
}

static struct sw_wanted wanted_of(const char *text)
{
	char *words[] = { (char *)text };
	struct filter_error error;
	struct sw_wanted wanted;
	struct filter *filter;

	expect_ok(filter_parse(1, words, &filter, &error));
	filter_wanted(filter, &wanted);
	filter_free(filter);
	return wanted;
}

static void what_all_matches_share_is_for_the_kernel_to_decide(void **state)
{
	struct sw_wanted wanted = wanted_of("dport = 443 and family inet6 and netns 7 and pid 9");

	assert_int_equal(wanted.rport, 443);
	assert_int_equal(wanted.family, SW_FAMILY_INET6);
	assert_int_equal(wanted.netns, 7);
	assert_int_equal(wanted_of("dport 443").rport, 443);
}

static void what_only_some_matches_share_is_not(void **state)
{
	static const char *const texts[] = { "dport 443 or pid 9",
					     "not dport 443",
					     "dport != 443",
					     "dport > 443",
					     "sport 443",
					     "port 443",
					     "not (dport 443 and family inet)" };
	struct sw_wanted wanted;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		wanted = wanted_of(texts[i]);
		assert_int_equal(wanted.rport, 0);
		assert_int_equal(wanted.family, 0);
	}
	filter_wanted(NULL, &wanted);
	assert_int_equal(wanted.netns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_match_everything),
		cmocka_unit_test(ports_are_compared),
		cmocka_unit_test(port_means_either_end),
		cmocka_unit_test(addresses_have_prefixes_and_ports),
		cmocka_unit_test(a_unix_socket_has_neither_ports_nor_addresses),
		cmocka_unit_test(host_means_either_end),
		cmocka_unit_test(ipv6_needs_brackets_before_a_port),
		cmocka_unit_test(an_ipv4_address_matches_its_mapped_form),
		cmocka_unit_test(states_have_many_names),
		cmocka_unit_test(groups_of_states_are_those_of_ss),
		cmocka_unit_test(the_owner_is_matched),
		cmocka_unit_test(a_container_is_its_name_its_id_or_the_beginning_of_that),
		cmocka_unit_test(a_pod_has_a_namespace_that_may_be_left_out),
		cmocka_unit_test(a_unit_may_lack_its_service),
		cmocka_unit_test(exe_is_the_path_or_its_last_name),
		cmocka_unit_test(without_owner_nothing_of_it_matches),
		cmocka_unit_test(unknown_texts_match_nothing_but_no_container_is_known),
		cmocka_unit_test(protocols_and_families),
		cmocka_unit_test(and_binds_tighter_than_or),
		cmocka_unit_test(not_binds_tightest),
		cmocka_unit_test(operators_touch_words),
		cmocka_unit_test(several_words_are_one_filter),
		cmocka_unit_test(values_may_be_quoted_or_hold_parentheses),
		cmocka_unit_test(malformed_filters_are_explained),
		cmocka_unit_test(an_error_names_the_argument_it_is_in),
		cmocka_unit_test(a_long_word_is_cut_in_the_message),
		cmocka_unit_test(parentheses_have_a_limit),
		cmocka_unit_test(words_have_a_limit),
		cmocka_unit_test(many_nots_are_no_recursion),
		cmocka_unit_test(free_accepts_null),
		cmocka_unit_test(what_all_matches_share_is_for_the_kernel_to_decide),
		cmocka_unit_test(what_only_some_matches_share_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
