// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks are unwound beside the stream and come late: the connection may have gone on, or be over.
 * Those that are over are kept for a while, as many as there is room for.
 */
#include "model/conn_table_internal.h"
#include "model/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A power of two; 0.75 MiB. At 500 new connections a second each is kept for about 8 seconds. */
#define LIVES_MAX 4096
#define EXITED_MAX 1024 /* a power of two: processes that have ended, as many */
/* The hook that copies the stack and the one that tells the transition run one after the other. */
#define HOOKS_APART_NS NSEC_PER_MSEC

void lives_keep(struct conn_table *table)
{
	/* Without memory for them, they are not found. */
	if (!table->lives)
		table->lives = calloc(LIVES_MAX, sizeof(*table->lives));
	if (!table->exited)
		table->exited = calloc(EXITED_MAX, sizeof(struct process *));
}

/* A UDP socket keeps nobody in the table, and its stack may come after its owner's end. */
void lives_note_exit(struct conn_table *table, struct process *process)
{
	struct process **place;

	if (!table->exited || !process)
		return;
	place = &table->exited[table->exited_next++ & (EXITED_MAX - 1)];
	process_ref(process);
	process_unref(table->processes, *place);
	*place = process;
}

/* Without its peers; cookie 0: unused. */
static struct conn *life_of(const struct conn_table *table, uint64_t cookie)
{
	return &table->lives[cookie & (LIVES_MAX - 1)];
}

void lives_note_end(struct conn_table *table, const struct conn_row *row)
{
	struct conn *life;

	if (!table->lives)
		return;
	life = life_of(table, row->ends.cookie);
	table_unref_conn(table, life);
	table_show(row, life);
	life->peers = NULL;
	table_ref_conn(life);
}

void lives_free(struct conn_table *table)
{
	for (size_t i = 0; table->lives && i < LIVES_MAX; i++)
		table_unref_conn(table, &table->lives[i]);
	for (size_t i = 0; table->exited && i < EXITED_MAX; i++)
		process_unref(table->processes, table->exited[i]);
	free(TAKE_PTR(table->lives));
	free(TAKE_PTR(table->exited));
}

static bool is_of(uint64_t opened_ns, const struct sw_stack *record)
{
	return opened_ns <= record->taken_ns + HOOKS_APART_NS;
}

/* The life of the socket in which the call was made. The references are the table's. */
static bool find_life(const struct conn_table *table, const struct sw_stack *record,
		      struct conn *ret_conn)
{
	uint32_t number = conn_rows_find(&table->rows, record->ends.cookie);
	const struct conn *life;

	while (number != ROW_NONE) {
		const struct conn_row *row = conn_rows_at(&table->rows, number);

		if (is_of(row->opened_ns, record)) {
			table_show(row, ret_conn);
			return true;
		}
		number = table_older(table, number);
	}
	life = table->lives ? life_of(table, record->ends.cookie) : NULL;
	if (!life || life->ends.cookie != record->ends.cookie || !is_of(life->opened_ns, record))
		return false;
	*ret_conn = *life;
	return true;
}

/* Nobody has told us of the socket: UDP, or its records were lost. */
static void fill_from_record(struct conn_table *table, struct conn *conn,
			     const struct sw_stack *record)
{
	conn->ends = record->ends;
	conn->uid_known = true;
	conn->gen = 1;
	conn->state = record->call == SW_CALL_CONNECT  ? SW_TCP_SYN_SENT
		      : record->call == SW_CALL_LISTEN ? SW_TCP_LISTEN
						       : SW_TCP_CLOSE;
	conn->owner = process_ref(process_table_get(table->processes, &record->owner));
}

static void count(struct conn_table *table, const struct sw_stack *record)
{
	table->stats.stacks++;
	table->stats.stacks_incomplete += record->end != SW_STACK_COMPLETE;
	table->stats.stack_ends[record->end]++;
}

int stack_apply(struct conn_table *table, const struct sw_stack *record)
{
	struct sw_stack *copy = malloc(record->header.size);
	struct event *event;

	count(table, record);
	event = copy ? table_push(table, NULL, EVENT_STACK, QUEUED_READY, record->header.ts_ns)
		     : NULL;
	if (!event) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, record, record->header.size);
	event->stack = copy;
	if (find_life(table, record, &event->conn))
		table_ref_conn(&event->conn);
	else
		fill_from_record(table, &event->conn, record);
	event->new_state = event->conn.state;
	process_table_script(table->processes, &record->owner, stack_script(record),
			     record->taken_ns);
	return 0;
}
