// SPDX-License-Identifier: GPL-2.0-or-later
/* system/resolver.c: names with a deadline. Nothing here asks the network. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/util.h"
#include "sockwatch/record.h"
#include "system/resolver.h"

#define LONG_MS 20000 /* for what must come: only a failure takes as long */

/* Stands for the system's resolver. Static in a test that leaves its workers in a lookup. */
struct fake {
	const char *name; /* NULL: none */
	unsigned int asked;
	unsigned int last_family;
	sem_t *gate; /* lookups wait here; NULL: they do not */
};

static int fake_lookup(void *data, unsigned int family, const uint8_t address[16], char *ret_name,
		       size_t size)
{
	struct fake *fake = data;

	(void)address;
	__atomic_add_fetch(&fake->asked, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&fake->last_family, family, __ATOMIC_RELAXED);
	while (fake->gate && sem_wait(fake->gate) < 0 && errno == EINTR)
		;
	if (!fake->name)
		return 1;
	snprintf(ret_name, size, "%s", fake->name);
	return 0;
}

static struct resolver *new_resolver(struct fake *fake, const char *domain)
{
	const struct resolver_source source = {
		.lookup = fake_lookup,
		.data = fake,
		.domain = domain,
	};
	struct resolver *resolver = resolver_new_with(2, &source);

	assert_non_null(resolver);
	return resolver;
}

static unsigned int parse(const char *text, uint8_t address[16])
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	memset(address, 0, 16);
	assert_int_equal(inet_pton(family, text, address), 1);
	return (unsigned int)family;
}

static void ask(struct resolver *resolver, const char *text)
{
	uint8_t address[16];
	unsigned int family = parse(text, address);

	resolver_ask(resolver, family, address);
}

static const char *host(struct resolver *resolver, const char *text, bool fqdn)
{
	uint8_t address[16];
	unsigned int family = parse(text, address);

	return resolver_host(resolver, family, address, fqdn);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NSEC_PER_MSEC;
}

static void an_answer_is_cached_and_asked_for_once(void **state)
{
	struct fake fake = { .name = "web.example.org" };
	struct resolver *resolver = new_resolver(&fake, NULL);

	(void)state;
	expect_null(host(resolver, "192.0.2.1", true));
	for (int i = 0; i < 100; i++)
		ask(resolver, "192.0.2.1");
	assert_true(resolver_wait(resolver, LONG_MS));
	ask(resolver, "192.0.2.1");
	assert_true(resolver_wait(resolver, LONG_MS));
	expect_text(host(resolver, "192.0.2.1", true), "web.example.org");
	expect_null(host(resolver, "192.0.2.2", true));
	assert_int_equal(fake.asked, 1);
	resolver_free(resolver);
}

static void no_name_is_an_answer_too(void **state)
{
	struct fake fake = {};
	struct resolver *resolver = new_resolver(&fake, NULL);

	(void)state;
	ask(resolver, "2001:db8::1");
	assert_true(resolver_wait(resolver, LONG_MS));
	ask(resolver, "2001:db8::1");
	assert_true(resolver_wait(resolver, LONG_MS));
	expect_null(host(resolver, "2001:db8::1", true));
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.last_family, SW_FAMILY_INET6);
	resolver_free(resolver);
}

static void wildcards_and_loopback_are_never_asked(void **state)
{
	static const char *const addresses[] = {
		"0.0.0.0", "127.0.0.1",	     "127.255.0.9",	 "::",
		"::1",	   "::ffff:0.0.0.0", "::ffff:127.0.0.1",
	};
	struct fake fake = { .name = "localhost" };
	struct resolver *resolver = new_resolver(&fake, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		ask(resolver, addresses[i]);
		expect_null(host(resolver, addresses[i], true));
	}
	assert_true(resolver_wait(resolver, 0));
	assert_int_equal(fake.asked, 0);
	resolver_free(resolver);
}

static void an_address_of_another_family_is_never_asked(void **state)
{
	struct fake fake = { .name = "x" };
	struct resolver *resolver = new_resolver(&fake, NULL);
	uint8_t address[16] = { 192, 0, 2, 1 };

	(void)state;
	resolver_ask(resolver, AF_UNIX, address);
	resolver_ask(resolver, AF_INET + 256, address);
	assert_true(resolver_wait(resolver, 0));
	expect_null(resolver_host(resolver, AF_UNIX, address, true));
	assert_int_equal(fake.asked, 0);
	resolver_free(resolver);
}

static void a_mapped_address_has_the_name_of_its_ipv4(void **state)
{
	struct fake fake = { .name = "web" };
	struct resolver *resolver = new_resolver(&fake, NULL);

	(void)state;
	ask(resolver, "::ffff:192.0.2.1");
	assert_true(resolver_wait(resolver, LONG_MS));
	expect_text(host(resolver, "192.0.2.1", true), "web");
	expect_text(host(resolver, "::ffff:192.0.2.1", true), "web");
	assert_int_equal(fake.last_family, SW_FAMILY_INET);
	resolver_free(resolver);
}

/* The workers of this one hang until the process ends, as with a dead name server. */
static void a_lookup_that_hangs_delays_nobody(void **state)
{
	static sem_t gate;
	static struct fake fake = { .gate = &gate };
	struct resolver *resolver = new_resolver(&fake, NULL);
	uint64_t begin = now_ms();

	(void)state;
	expect_ok(sem_init(&gate, 0, 0));
	ask(resolver, "192.0.2.1");
	ask(resolver, "192.0.2.2");
	ask(resolver, "192.0.2.3"); /* no worker is left for it */
	assert_false(resolver_wait(resolver, 0));
	assert_false(resolver_wait(resolver, 30));
	expect_null(host(resolver, "192.0.2.1", true));
	resolver_free(resolver);
	assert_in_range(now_ms() - begin, 30, LONG_MS);
}

static void an_answer_after_the_end_is_thrown_away(void **state)
{
	static sem_t gate;
	static struct fake fake = { .name = "late.example.org", .gate = &gate };
	struct resolver *resolver = new_resolver(&fake, "example.org");

	(void)state;
	expect_ok(sem_init(&gate, 0, 0));
	ask(resolver, "192.0.2.1");
	ask(resolver, "192.0.2.2");
	resolver_free(resolver);
	sem_post(&gate);
	sem_post(&gate);
}

static void an_answer_ends_the_wait(void **state)
{
	static sem_t gate;
	static struct fake fake = { .name = "web", .gate = &gate };
	struct resolver *resolver = new_resolver(&fake, NULL);

	(void)state;
	expect_ok(sem_init(&gate, 0, 0));
	ask(resolver, "192.0.2.1");
	ask(resolver, "192.0.2.2");
	assert_false(resolver_wait(resolver, 1));
	sem_post(&gate);
	assert_false(resolver_wait(resolver, 1));
	sem_post(&gate);
	assert_true(resolver_wait(resolver, LONG_MS));
	expect_text(host(resolver, "192.0.2.1", true), "web");
	expect_text(host(resolver, "192.0.2.2", true), "web");
	resolver_free(resolver);
}

static void the_cache_is_bounded(void **state)
{
	struct fake fake = {};
	struct resolver *resolver = new_resolver(&fake, NULL);
	uint8_t address[16] = { 10 };

	(void)state;
	for (unsigned int i = 0; i < 70000; i++) {
		address[1] = (uint8_t)(i >> 16);
		address[2] = (uint8_t)(i >> 8);
		address[3] = (uint8_t)i;
		resolver_ask(resolver, SW_FAMILY_INET, address);
	}
	assert_true(resolver_wait(resolver, LONG_MS));
	assert_int_equal(fake.asked, 65536);
	resolver_free(resolver);
}

static void hostile_names_are_kept_as_bytes(void **state)
{
	struct fake fake = { .name = "\x1b[2J\n\"\\\xff\xfe%s" };
	struct resolver *resolver = new_resolver(&fake, "example.org");

	(void)state;
	ask(resolver, "192.0.2.1");
	assert_true(resolver_wait(resolver, LONG_MS));
	expect_text(host(resolver, "192.0.2.1", true), fake.name);
	expect_text(host(resolver, "192.0.2.1", false), fake.name);
	resolver_free(resolver);
}

static void check_name(const char *name, const char *domain, const char *whole, const char *cut)
{
	struct fake fake = { .name = name };
	struct resolver *resolver = new_resolver(&fake, domain);

	ask(resolver, "192.0.2.1");
	assert_true(resolver_wait(resolver, LONG_MS));
	if (whole) {
		expect_text(host(resolver, "192.0.2.1", true), whole);
		expect_text(host(resolver, "192.0.2.1", false), cut);
	} else {
		expect_null(host(resolver, "192.0.2.1", true));
		expect_null(host(resolver, "192.0.2.1", false));
	}
	resolver_free(resolver);
}

static void the_local_domain_is_cut(void **state)
{
	static const char domain[] = "example.org";

	(void)state;
	check_name("web.example.org", domain, "web.example.org", "web");
	check_name("WEB.Example.ORG", domain, "WEB.Example.ORG", "WEB");
	check_name("a.b.example.org", domain, "a.b.example.org", "a.b");
	check_name("web.example.com", domain, "web.example.com", "web.example.com");
	check_name("webexample.org", domain, "webexample.org", "webexample.org");
	check_name("example.org", domain, "example.org", "example.org");
	check_name(".example.org", domain, ".example.org", ".example.org");
	check_name("web.example.org", "", "web.example.org", "web.example.org");
	check_name("web.example.org", NULL, "web.example.org", "web.example.org");
}

static void an_address_is_no_name(void **state)
{
	(void)state;
	check_name("10.0.0.1", NULL, NULL, NULL);
	check_name("2001:db8::1", NULL, NULL, NULL);
	check_name("", NULL, NULL, NULL);
	check_name("10.0.0.1.example.org", "example.org", "10.0.0.1.example.org",
		   "10.0.0.1.example.org");
}

static void services_are_named_by_protocol(void **state)
{
	struct resolver *resolver = resolver_new(1);
	const char *ssh;

	(void)state;
	assert_non_null(resolver);
	ssh = resolver_service(resolver, 22, SW_PROTO_TCP);
	if (ssh)
		expect_text(ssh, "ssh");
	else
		print_message("SKIP: /etc/services does not know port 22\n");
	assert_ptr_equal(resolver_service(resolver, 22, SW_PROTO_TCP), ssh);
	expect_null(resolver_service(resolver, 0, SW_PROTO_TCP));
	expect_null(resolver_service(resolver, 65536, SW_PROTO_UDP));
	expect_null(resolver_service(resolver, 22, 1));
	expect_null(resolver_service(resolver, 65535, SW_PROTO_UDP));
	expect_null(resolver_service(resolver, 65535, SW_PROTO_UDP));
	resolver_free(resolver);
}

static void nothing_can_be_freed(void **state)
{
	(void)state;
	resolver_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_cached_and_asked_for_once),
		cmocka_unit_test(no_name_is_an_answer_too),
		cmocka_unit_test(wildcards_and_loopback_are_never_asked),
		cmocka_unit_test(an_address_of_another_family_is_never_asked),
		cmocka_unit_test(a_mapped_address_has_the_name_of_its_ipv4),
		cmocka_unit_test(a_lookup_that_hangs_delays_nobody),
		cmocka_unit_test(an_answer_after_the_end_is_thrown_away),
		cmocka_unit_test(an_answer_ends_the_wait),
		cmocka_unit_test(the_cache_is_bounded),
		cmocka_unit_test(hostile_names_are_kept_as_bytes),
		cmocka_unit_test(the_local_domain_is_cut),
		cmocka_unit_test(an_address_is_no_name),
		cmocka_unit_test(services_are_named_by_protocol),
		cmocka_unit_test(nothing_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
