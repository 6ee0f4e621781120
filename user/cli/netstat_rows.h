/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of a display on their way from a snapshot to the table: chosen, named, sorted, written.
 * Without sorting only a window of them is kept, to align the columns and to ask for names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/output.h"
#include "cli/filter.h"
#include "cli/netstat_options.h"
#include "model/conn_table.h"
#include "model/stack_book.h"
#include "system/resolver.h"
#include "view/table.h"

struct netstat_rows;

struct netstat_rows_setup {
	const struct netstat_options *options;
	const struct filter *filter;	 /* or NULL */
	struct process_table *processes; /* keeps the owners of rows that wait */
	struct output *output;
	int stop_fd; /* interrupt_catch()'s: stop waiting for a slow reader; -1: none */
};

/*
 * EXIT_OK, or an exit status after an explanation (--columns, --sort). ret_rows is freed by
 * netstat_rows_free(), which accepts NULL.
 */
int netstat_rows_new(const struct netstat_rows_setup *setup, struct netstat_rows **ret_rows);
void netstat_rows_free(struct netstat_rows *rows);

/* Another table keeps the owners from now on; no row waits. */
void netstat_rows_use(struct netstat_rows *rows, struct process_table *processes);

/* This table knows owners and ages that a snapshot cannot show. It must outlive the rows. */
void netstat_rows_watch(struct netstat_rows *rows, const struct conn_table *conns);

/* What led to connections made while we watch; it must outlive the rows. */
void netstat_rows_show_stacks(struct netstat_rows *rows, const struct stack_book *stacks);

/* Where they are written to: for headings and what is gone. Owned by `rows`. */
struct table *netstat_rows_table(struct netstat_rows *rows);

/* A display begins: since when rows count as fresh (CLOCK_MONOTONIC; 0: none is). */
void netstat_rows_begin(struct netstat_rows *rows, uint64_t fresh_since_ns);
/* A visit() for snapshot_walk(): `data` is struct netstat_rows. 0 or negative errno. */
int netstat_rows_visit(void *data, const struct socket_row *row);
/* All are there: write those that wait. 0 or negative errno. */
int netstat_rows_end(struct netstat_rows *rows);

/* A connection that is over: is it wanted? Then it is written at once. 0 or negative errno. */
bool netstat_rows_wants_gone(const struct netstat_rows *rows, const struct event *event);
int netstat_rows_put_gone(struct netstat_rows *rows, const struct event *event);
/* What is in the table's buffer goes to the output. 0 or negative errno. */
int netstat_rows_flush(struct netstat_rows *rows);
