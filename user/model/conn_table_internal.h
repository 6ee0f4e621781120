/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the table share: rows and events (conn_table.c), records (conn_apply.c,
 * conn_mini.c, conn_udp.c), ends (conn_end.c), looks (conn_look.c), listeners (conn_listen.c),
 * reasons (conn_reason.c), stacks (conn_stack.c). Nobody else includes this. */
#pragma once

#include "base/util.h"
#include "model/conn_rows.h"
#include "model/conn_table.h"
#include "model/event_queue.h"
#include "model/holder_map.h"

#define UNTRACKED_COOKIES 1024
#define ENDED_COOKIES 1024

struct listener {
	uint32_t row;
	uint32_t netns;
	uint16_t lport;
};

struct conn_table {
	struct process_table *processes; /* not owned */
	struct conn_rows rows;
	struct event_queue queue;
	struct conn_table_stats stats;
	/* Counted as untracked already, as long as no other cookie takes their place. */
	uint64_t untracked_cookies[UNTRACKED_COOKIES];
	/* UDP sockets that are closed for good: a look may have had them in its hands before. */
	uint64_t ended_cookies[ENDED_COOKIES];
	uint64_t now_ns;     /* the latest time that a record told */
	uint32_t features;   /* enum sw_features of the stream */
	uint32_t answering;  /* the row of QUEUED_ANSWER that waits, or ROW_NONE */
	uint16_t answer_cpu; /* where its answer must come from, before anything else does */
	bool look_due;
	bool repairing; /* records were lost: the look to come may have what an event waits for */
	/* The look that is under way. */
	uint32_t look_cause; /* 0: none is */
	uint64_t look_begin_ns;
	uint32_t *visited; /* network namespaces it has been through */
	size_t visited_count;
	uint64_t added, changed, removed;
	/*
	 * By cookie, who holds sockets that have no row: it comes later in the look, or is in a
	 * namespace that no look can enter. Of this look, and of the last one. NULL: nothing.
	 */
	struct holder_map *holders, *last_holders;
	/* conn_listen.c's, in no order. */
	struct listener *listeners;
	uint32_t listeners_count, listeners_max;
	/* conn_stack.c's; NULL as long as there are no stacks. */
	struct conn *lives;
	struct process **exited; /* a ring of counted references */
	size_t exited_next;
};

/* For a row: 71 minutes is the longest that is known, and UINT32_MAX stands for all beyond. */
uint32_t table_us(uint64_t ns);

/* A row as events and views have it. No references are taken. */
void table_show(const struct conn_row *row, struct conn *ret_conn);

/* A copy of the row as an event, owner included. NULL on lack of memory, which is counted. */
struct event *table_push(struct conn_table *table, const struct conn_row *row, enum event_kind kind,
			 enum queued_kind queued, uint64_t ts_ns);

/* What a copy of a connection refers to is counted once more; and given back. */
void table_ref_conn(const struct conn *conn);
void table_unref_conn(struct conn_table *table, struct conn *conn);

/* A new life for a cookie: the next generation. ROW_NONE, counted, if there is no room. */
uint32_t table_add(struct conn_table *table, const struct sw_endpoints *ends, uint64_t ts_ns);
/* Take a row out of the index and free it. */
void table_forget(struct conn_table *table, uint32_t number);
/* Free a row that the index does not lead to. */
void table_release(struct conn_table *table, uint32_t number);

void table_set_owner(struct conn_table *table, struct conn_row *row, struct process *owner);
/* The owner has just made it, if nobody did before. */
void table_note_creator(struct conn_row *row);

/* What a row has of that, to be read; and to be changed, or NULL for lack of memory, counted. */
const struct conn_rare *table_rare(const struct conn_row *row);
struct conn_rare *table_make_rare(struct conn_table *table, struct conn_row *row);
/* The life of the same cookie before this one, if that is still in TIME_WAIT; or ROW_NONE. */
uint32_t table_older(const struct conn_table *table, uint32_t number);

/* The event that waits for this row, or NULL. */
struct queued *table_waiting(struct conn_table *table, const struct conn_row *row);
/* What the row waited for is decided: its event becomes `kind`. Does nothing if it waits not. */
void table_settle(struct conn_table *table, struct conn_row *row, enum queued_kind kind);

/* What would tell more has not come: the event is as good as it gets. */
void table_stop_waiting(struct conn_table *table, uint32_t number);

/* Move a row to a new state and push the event, which the caller may complete. NULL: no memory. */
struct event *table_transition(struct conn_table *table, uint32_t number, uint8_t new_state,
			       uint64_t ts_ns, enum queued_kind kind);

/* The whole life of a row from a record that tells it is over in an unseen way. */
void table_end_inferred(struct conn_table *table, uint32_t number, uint64_t ts_ns);

/* conn_apply.c */
/* A new life of this cookie begins: then its full socket has been closed, if nobody said so. */
void table_end_missed(struct conn_table *table, uint32_t number, uint64_t ts_ns);
/* The timer of a mini socket started again, or something tells more about its end. */
void table_drop_tentative_end(struct conn_table *table, struct conn_row *row);
/* Bring a row to a state that it is known to have been in, by inferred steps: some were missed. */
void table_catch_up(struct conn_table *table, uint32_t number, uint8_t state, uint64_t ts_ns);
/* The same, to the state from which this one is entered. */
void table_catch_up_before(struct conn_table *table, uint32_t number, uint8_t state,
			   uint64_t ts_ns);
/* What the record knows of the two ends; zero fields leave the row's as they are. */
void table_update_ends(struct conn_row *row, const struct sw_endpoints *ends, uint32_t flags);
/* What a STATE or SOCKET record has counted: not all of it is there in old recordings. */
void table_count(struct conn_row *row, const struct sw_state *record);
/*
 * What a record says of it, unless accept() or a look has told something newer. Old recordings say
 * it with each record, others when there is something new.
 */
void table_note_owner(struct conn_table *table, struct conn_row *row, uint32_t flags,
		      const struct sw_task *task, uint64_t ts_ns);
/* The present life of this cookie; NULL if it is unknown. */
struct conn_row *table_row_of(const struct conn_table *table, const struct sw_endpoints *ends);
/* Another process acted than the owner, or a thread that goes by a name of its own. */
void table_note_actor(struct event *event, const struct sw_state *record);
/* A row for a socket that we have not heard of, in the state that it had before the record. */
uint32_t table_meet(struct conn_table *table, const struct sw_endpoints *ends, uint8_t state,
		    uint64_t ts_ns);
/*
 * A child whose request nobody showed: Fast Open, SYN cookies. Emits LISTEN→SYN_RECV. `owner` is
 * NULL but in old recordings, where sockets had a note of their owner.
 */
uint32_t table_meet_child(struct conn_table *table, const struct sw_endpoints *ends,
			  uint64_t listener_cookie, const struct sw_task *owner, uint64_t ts_ns,
			  bool inferred);
/* Until somebody accepts it, a connection belongs to its listener's owner. Cookie 0: unknown. */
void table_inherit(struct conn_table *table, struct conn_row *row, uint64_t cookie);

/* conn_listen.c */
/* The row may listen now, or have got its port; and it goes. */
void listeners_note(struct conn_table *table, uint32_t number);
void listeners_drop(struct conn_table *table, struct conn_row *row);
/* The cookie of the listener that this is a child of. 0: none fits, or more than one. */
uint64_t listeners_find(const struct conn_table *table, const struct sw_endpoints *child);

/* conn_mini.c */
/* The life of the cookie that this time-wait socket is the remainder of, or ROW_NONE. */
uint32_t mini_find_timewait(const struct conn_table *table, const struct sw_endpoints *ends);
int mini_apply(struct conn_table *table, const struct sw_header *record);

/* conn_udp.c */
int udp_apply(struct conn_table *table, const struct sw_header *record);
/* A row of a look that is about UDP. */
int udp_look(struct conn_table *table, const struct sw_state *record);

/* conn_look.c */
int look_apply(struct conn_table *table, const struct sw_header *record);
/* Who held it at the last look, though it had no row; or NULL. */
struct process *look_holder_of(const struct conn_table *table, uint64_t cookie);
/* A row that a look adds has been seen in somebody's hands before: then it is his. */
void look_take_holder(struct conn_table *table, struct conn_row *row);
void look_free(struct conn_table *table);
/* RELEASE, RECEIVE: who has it now is for a look to find out. */
void look_note_handover(struct conn_table *table, const struct sw_socket *record);

/* conn_end.c */
/* A full socket is closed, and no time-wait socket follows. */
void end_close(struct conn_table *table, uint32_t number, const struct sw_state *record);
/* RESET_IN, RESET_OUT, ERROR, RETRANSMIT: why it ends, or has just ended. */
void end_apply_sign(struct conn_table *table, const struct sw_socket *record);
int end_apply_connect(struct conn_table *table, const struct sw_connect *record);
/*
 * An orphan may be about to answer with a reset what has ended it, on the same processor and next
 * of all: another record from there says that it does not.
 */
void end_watch_answer(struct conn_table *table, const struct sw_header *record);
/* A socket is freed. False: its row stays until its event is out, and goes then. */
bool end_is_told(struct conn_table *table, uint32_t number);
/* The connection goes on: what was seen until now does not end it. */
void end_forget_signs(struct conn_row *row);

/* conn_stack.c: connections whose stack may come when they are over. */
int stack_apply(struct conn_table *table, const struct sw_stack *record);
void lives_note_exit(struct conn_table *table, struct process *process);
void lives_note_end(struct conn_table *table, const struct conn_row *row);
/* From here on. */
void lives_keep(struct conn_table *table);
void lives_free(struct conn_table *table);

/* conn_reason.c: why a full socket in `old_state` was closed, as far as is known by now. */
enum conn_reason reason_of_close(const struct conn_table *table, const struct conn_row *row,
				 uint8_t old_state);
/* A connection that ends in LAST_ACK or TIME_WAIT: who sent the first FIN. */
enum conn_reason reason_of_fin(const struct conn_row *row);
/* What connect(2) returned, as a positive errno, is all that tells. */
enum conn_reason reason_of_result(int error);
/* A time-wait socket that is still in its last state; `early`: before its timer ran out. */
enum conn_reason reason_of_timewait(const struct conn_table *table, const struct conn_row *row,
				    bool early);
enum conn_reason reason_of_request(const struct conn_table *table, const struct conn_row *row,
				   const struct sw_request *end);
