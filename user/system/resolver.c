// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for addresses and ports. A worker may hang in a lookup for ever: the threads are detached,
 * and the last one that lets go of the resolver frees it.
 */
#include "system/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/util.h"
#include "sockwatch/record.h"

#define ANSWERS_MAX 65536 /* 10 MB with names of common length */
#define NAME_SIZE NI_MAXHOST
#define SERVICE_SIZE 2048 /* a line of /etc/services with all its aliases */
#define PORTS 65536

struct key {
	uint8_t family;
	uint8_t address[16];
};

struct answer {
	struct key key;
	char *name;	      /* NULL: no answer yet, or none exists */
	char *short_name;     /* without the local domain; NULL: the same as name */
	struct answer *queue; /* the next one to ask for */
};

struct resolver {
	struct resolver_source source; /* `domain` is ours */
	unsigned int threads;
	const char **services[2]; /* of TCP and UDP, by port: NULL is not looked up. No lock */

	pthread_mutex_t lock; /* of all that follows, and of each answer until it is given */
	pthread_cond_t asked, answered;
	unsigned int references; /* the user's, and one of each worker */
	bool closed;
	void *answers; /* tsearch(3)'s tree: remote ends choose the keys, so no hash of them */
	size_t count;
	size_t open; /* asked for, not answered */
	struct answer *first, **last;
};

/* Stands for a port that was looked up and has no name. */
static const char no_service[] = "";

/* Of keys, with which answers begin. */
static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct key));
}

static void free_answer(void *data)
{
	struct answer *answer = data;

	free(answer->name);
	free(answer->short_name);
	free(answer);
}

static void free_services(const char **services)
{
	if (!services)
		return;
	for (size_t port = 0; port < PORTS; port++)
		if (services[port] != no_service)
			free((char *)services[port]);
	free(services);
}

/* Called with the lock, which it releases. */
static void release(struct resolver *resolver)
{
	bool last = --resolver->references == 0;

	pthread_mutex_unlock(&resolver->lock);
	if (!last)
		return;
	tdestroy(resolver->answers, free_answer);
	free_services(resolver->services[0]);
	free_services(resolver->services[1]);
	pthread_cond_destroy(&resolver->asked);
	pthread_cond_destroy(&resolver->answered);
	pthread_mutex_destroy(&resolver->lock);
	free((char *)resolver->source.domain);
	free(resolver);
}

static int ask_system(void *data, unsigned int family, const uint8_t address[16], char *ret_name,
		      size_t size)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (family == SW_FAMILY_INET) {
		memcpy(&v4.sin_addr, address, sizeof(v4.sin_addr));
		return getnameinfo((struct sockaddr *)&v4, sizeof(v4), ret_name, (socklen_t)size,
				   NULL, 0, NI_NAMEREQD);
	}
	memcpy(&v6.sin6_addr, address, sizeof(v6.sin6_addr));
	return getnameinfo((struct sockaddr *)&v6, sizeof(v6), ret_name, (socklen_t)size, NULL, 0,
			   NI_NAMEREQD);
}

/* Who owns the address may name it "10.0.0.1" to be taken for another. */
static bool reads_as_address(const char *name)
{
	struct in6_addr v6;
	struct in_addr v4;

	return inet_aton(name, &v4) || inet_pton(AF_INET6, name, &v6) == 1;
}

/* NULL if the name is not in the domain, or if nothing that names it would be left. */
static char *cut_domain(const char *name, const char *domain)
{
	size_t len = strlen(name), domain_len = domain ? strlen(domain) : 0;
	char *cut;

	if (!domain_len || len < domain_len + 2 || name[len - domain_len - 1] != '.' ||
	    strcasecmp(name + len - domain_len, domain) != 0)
		return NULL;
	cut = strndup(name, len - domain_len - 1);
	if (!cut || !reads_as_address(cut))
		return cut;
	free(cut);
	return NULL;
}

/* Called without the lock: it may take for ever. */
static void look_up(const struct resolver_source *source, const struct key *key, char **ret_name,
		    char **ret_short_name)
{
	char name[NAME_SIZE];

	if (source->lookup(source->data, key->family, key->address, name, sizeof(name)) != 0 ||
	    !name[0] || reads_as_address(name))
		return;
	*ret_name = strdup(name);
	*ret_short_name = cut_domain(name, source->domain);
}

static struct answer *take_question(struct resolver *resolver)
{
	struct answer *answer = resolver->first;

	resolver->first = answer->queue;
	if (!resolver->first)
		resolver->last = &resolver->first;
	return answer;
}

static void *work(void *data)
{
	struct resolver *resolver = data;

	pthread_mutex_lock(&resolver->lock);
	while (!resolver->closed) {
		struct answer *answer;
		char *name = NULL, *short_name = NULL;

		if (!resolver->first) {
			pthread_cond_wait(&resolver->asked, &resolver->lock);
			continue;
		}
		answer = take_question(resolver);
		pthread_mutex_unlock(&resolver->lock);
		look_up(&resolver->source, &answer->key, &name, &short_name);
		pthread_mutex_lock(&resolver->lock);
		answer->name = name;
		answer->short_name = short_name;
		if (--resolver->open == 0)
			pthread_cond_broadcast(&resolver->answered);
	}
	release(resolver);
	return NULL;
}

/* Called with the lock. */
static void start_workers(struct resolver *resolver)
{
	pthread_attr_t detached;
	pthread_t thread;

	if (pthread_attr_init(&detached) != 0)
		return;
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (unsigned int i = 0; i < resolver->threads; i++)
		if (thread_start(&thread, &detached, work, resolver) == 0)
			resolver->references++;
	pthread_attr_destroy(&detached);
}

/* As hostname -d tells it without asking anybody. NULL: none. */
static const char *local_domain(char *host, size_t size)
{
	char *dot;

	if (gethostname(host, size - 1) < 0)
		return NULL;
	host[size - 1] = '\0';
	dot = strchr(host, '.');
	return dot ? dot + 1 : NULL;
}

struct resolver *resolver_new(unsigned int threads)
{
	char host[NAME_SIZE];
	const struct resolver_source system = {
		.lookup = ask_system,
		.domain = local_domain(host, sizeof(host)),
	};

	return resolver_new_with(threads, &system);
}

struct resolver *resolver_new_with(unsigned int threads, const struct resolver_source *source)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	pthread_condattr_t monotonic;

	if (!resolver)
		return NULL;
	resolver->source = *source;
	resolver->source.domain = source->domain ? strdup(source->domain) : NULL;
	resolver->threads = threads;
	resolver->references = 1;
	resolver->last = &resolver->first;
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_cond_init(&resolver->asked, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&resolver->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	pthread_mutex_lock(&resolver->lock);
	resolver->closed = true;
	pthread_cond_broadcast(&resolver->asked);
	release(resolver);
}

/* False for what has no name worth asking for. An IPv4 address has one key in both its forms. */
static bool make_key(unsigned int family, const uint8_t address[16], struct key *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t zero[16], loopback[16] = { [15] = 1 };
	struct key key = { .family = (uint8_t)family };

	if (family != SW_FAMILY_INET && family != SW_FAMILY_INET6)
		return false;
	if (family == SW_FAMILY_INET6 && memcmp(address, mapped, sizeof(mapped)) == 0) {
		key.family = SW_FAMILY_INET;
		address += sizeof(mapped);
	}
	memcpy(key.address, address, key.family == SW_FAMILY_INET ? 4 : 16);
	*ret = key;
	if (memcmp(key.address, zero, sizeof(zero)) == 0)
		return false;
	if (key.family == SW_FAMILY_INET)
		return key.address[0] != 127;
	return memcmp(key.address, loopback, sizeof(loopback)) != 0;
}

static struct answer *find(struct resolver *resolver, const struct key *key)
{
	struct answer *const *found = tfind(key, &resolver->answers, compare);

	return found ? *found : NULL;
}

/* Called with the lock. */
static void enqueue(struct resolver *resolver, const struct key *key)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return;
	answer->key = *key;
	if (!tsearch(answer, &resolver->answers, compare)) {
		free(answer);
		return;
	}
	*resolver->last = answer;
	resolver->last = &answer->queue;
	resolver->count++;
	resolver->open++;
	pthread_cond_signal(&resolver->asked);
}

void resolver_ask(struct resolver *resolver, unsigned int family, const uint8_t address[16])
{
	struct key key;

	if (!make_key(family, address, &key))
		return;
	pthread_mutex_lock(&resolver->lock);
	if (resolver->count < ANSWERS_MAX && !find(resolver, &key)) {
		if (resolver->references == 1)
			start_workers(resolver);
		/* Without any, nobody would answer. */
		if (resolver->references > 1)
			enqueue(resolver, &key);
	}
	pthread_mutex_unlock(&resolver->lock);
}

bool resolver_wait(struct resolver *resolver, unsigned int timeout_ms)
{
	const struct timespec until = thread_deadline(timeout_ms);
	bool all;

	pthread_mutex_lock(&resolver->lock);
	while (resolver->open > 0 &&
	       pthread_cond_timedwait(&resolver->answered, &resolver->lock, &until) == 0)
		;
	all = resolver->open == 0;
	pthread_mutex_unlock(&resolver->lock);
	return all;
}

const char *resolver_host(struct resolver *resolver, unsigned int family, const uint8_t address[16],
			  bool fqdn)
{
	const struct answer *answer;
	const char *name = NULL;
	struct key key;

	if (!make_key(family, address, &key))
		return NULL;
	pthread_mutex_lock(&resolver->lock);
	answer = find(resolver, &key);
	if (answer)
		name = fqdn || !answer->short_name ? answer->name : answer->short_name;
	pthread_mutex_unlock(&resolver->lock);
	return name;
}

static const char *look_up_service(unsigned int port, bool udp)
{
	struct servent buffer, *service = NULL;
	char strings[SERVICE_SIZE];

	if (getservbyport_r(htons((uint16_t)port), udp ? "udp" : "tcp", &buffer, strings,
			    sizeof(strings), &service) != 0 ||
	    !service || !service->s_name || !service->s_name[0])
		return no_service;
	return strdup(service->s_name);
}

const char *resolver_service(struct resolver *resolver, unsigned int port, unsigned int protocol)
{
	bool udp = protocol == SW_PROTO_UDP;
	const char ***services = &resolver->services[udp];
	const char **service;

	if (port == 0 || port >= PORTS || (!udp && protocol != SW_PROTO_TCP))
		return NULL;
	if (!*services)
		*services = calloc(PORTS, sizeof(**services));
	if (!*services)
		return NULL;
	service = &(*services)[port];
	if (!*service)
		*service = look_up_service(port, udp);
	return *service == no_service ? NULL : *service;
}
