/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks by the connection that they led to, for displays that show them later. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sockwatch/record.h"

struct stack_book;
struct conn_table;

#define STACK_BOOK_MAX 16384 /* about 40 MiB; of more connections the stacks are not kept */

struct stack_book *stack_book_new(void);
/* Accepts NULL. */
void stack_book_free(struct stack_book *book);

/* Takes the stack over, and drops an older one of the same connection. */
void stack_book_put(struct stack_book *book, uint64_t cookie, uint32_t gen, struct sw_stack *stack);
/* NULL: there is none. It stays the book's, until the next put or prune. Accepts no book. */
const struct sw_stack *stack_book_find(const struct stack_book *book, uint64_t cookie,
				       uint32_t gen);
/* Drop what was taken before this time if the table does not have the connection any more. */
void stack_book_prune(struct stack_book *book, const struct conn_table *conns, uint64_t before_ns);
size_t stack_book_count(const struct stack_book *book);
