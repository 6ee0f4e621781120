// SPDX-License-Identifier: GPL-2.0-or-later
/* A hash table with chains. Cookies are the kernel's own numbers, one after the other. */
#include "model/stack_book.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/util.h"
#include "model/conn_table.h"

#define BUCKETS 4096 /* a power of two */

struct page {
	struct page *next;
	uint64_t cookie;
	uint32_t gen;
	struct sw_stack *stack;
};

struct stack_book {
	struct page *buckets[BUCKETS];
	size_t count;
};

struct stack_book *stack_book_new(void)
{
	return calloc(1, sizeof(struct stack_book));
}

static void free_page(struct page *page)
{
	free(page->stack);
	free(page);
}

void stack_book_free(struct stack_book *book)
{
	for (size_t i = 0; book && i < BUCKETS; i++) {
		struct page *next;

		for (struct page *page = book->buckets[i]; page; page = next) {
			next = page->next;
			free_page(page);
		}
	}
	free(book);
}

static struct page *find(const struct stack_book *book, uint64_t cookie, uint32_t gen)
{
	struct page *page = book->buckets[cookie & (BUCKETS - 1)];

	while (page && (page->cookie != cookie || page->gen != gen))
		page = page->next;
	return page;
}

void stack_book_put(struct stack_book *book, uint64_t cookie, uint32_t gen, struct sw_stack *stack)
{
	struct page *page = find(book, cookie, gen);

	if (!page && book->count < STACK_BOOK_MAX && (page = calloc(1, sizeof(*page)))) {
		page->cookie = cookie;
		page->gen = gen;
		page->next = book->buckets[cookie & (BUCKETS - 1)];
		book->buckets[cookie & (BUCKETS - 1)] = page;
		book->count++;
	}
	if (!page) {
		free(stack);
		return;
	}
	free(page->stack);
	page->stack = stack;
}

const struct sw_stack *stack_book_find(const struct stack_book *book, uint64_t cookie, uint32_t gen)
{
	const struct page *page = book ? find(book, cookie, gen) : NULL;

	return page ? page->stack : NULL;
}

static bool is_over(const struct page *page, const struct conn_table *conns, uint64_t before_ns)
{
	struct conn conn;

	/* UDP sockets are in no table: theirs go when others need the room. */
	if (page->stack->ends.protocol != SW_PROTO_TCP || page->stack->taken_ns >= before_ns)
		return false;
	return !conn_table_find(conns, page->cookie, &conn) || conn.gen != page->gen ||
	       conn.state == SW_TCP_CLOSE;
}

void stack_book_prune(struct stack_book *book, const struct conn_table *conns, uint64_t before_ns)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct page **at = &book->buckets[i]; *at;) {
			struct page *page = *at;

			if (!is_over(page, conns, before_ns)) {
				at = &page->next;
				continue;
			}
			*at = page->next;
			free_page(page);
			book->count--;
		}
	}
}

size_t stack_book_count(const struct stack_book *book)
{
	return book->count;
}
