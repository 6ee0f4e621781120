/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The field table: for each thing that can be told about a connection, a row or an event its JSON
 * key, its column title, its help and how to get it. Text, JSON and CSV all read it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"
#include "model/socket_row.h"
#include "view/format.h"
#include "view/json.h"

#define FIELD_SHORT_ID 12      /* of a container: as docker ps shows it */
#define FIELD_BUFFER_SIZE 1024 /* the modules of a stack; a host name and service take 320 */

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT };

struct value {
	enum value_kind kind;
	uint64_t number;
	const char *text; /* into `buffer`, or owned by the event; any bytes */
	size_t len;
	char buffer[FIELD_BUFFER_SIZE];
};

/* When a field is told. */
enum field_when {
	FIELD_ROW,     /* with every connection; null if unknown */
	FIELD_STATE,   /* with each transition */
	FIELD_LAST,    /* with the last transition of a connection; null if unknown */
	FIELD_KNOWN,   /* with a connection, where there is something to tell */
	FIELD_EVENT,   /* with this kind of event only: see `kind` */
	FIELD_SOCKET,  /* with each row of a display; null if unknown */
	FIELD_COUNTER, /* with the last transition, and with rows if asked for */
	FIELD_LIVE,    /* with rows if asked for; null if unknown */
	FIELD_PEERS,   /* with rows and last transitions of UDP sockets whose peers are counted */
	FIELD_COLUMN,  /* a column of text tables, made of other fields */
	FIELD_DISPLAY, /* with each row of repeated displays */
	FIELD_GONE,    /* with rows that are gone from a display */
};

/* What the addresses and ports of a row are called; NULL: show the number. Any bytes. */
struct field_names {
	const char *lhost, *rhost, *lservice, *rservice;
};

struct field_context {
	const struct event *event;
	int64_t realtime_offset_ns;	 /* to add to the event's time */
	const struct socket_row *socket; /* of a row; else NULL, and all that follows */
	const struct field_names *names;
	const struct sw_stack *stack; /* that led to the connection, or NULL */
	unsigned int display;	      /* counts from 1; 0: displays are not repeated */
};

struct field {
	const char *name;  /* the JSON key: never renamed */
	const char *title; /* of the column */
	const char *help;
	enum field_when when;
	enum event_kind kind; /* FIELD_EVENT */
	unsigned int width;   /* of the column on a terminal; 0: as wide as it is */
	void (*get)(const struct field_context *context, struct value *ret);
	/* JSON of what is no single value, instead of what `get` sets; NULL: there is no such. */
	void (*write)(const struct field_context *context, struct json *out);
};

size_t field_count(void);
const struct field *field_at(size_t index);
/* Nothing, a number, a text ... as a getter sets it. The text must outlive the value. */
void field_set_text(struct value *ret, const char *text, size_t len);
void field_set_string(struct value *ret, const char *text); /* NULL: nothing */
void field_set_number(struct value *ret, uint64_t number);
void field_set_true(struct value *ret);

/* Does it tell where the owner runs: its cgroup, what follows from that, or its pid namespace? */
bool field_tells_place(const struct field *field);

/* What the interpreter runs. */
void field_get_script(const struct field_context *context, struct value *ret);

/* What `get` has set, as JSON. */
void field_write_json(const struct field *field, const struct field_context *context,
		      const struct value *value, struct json *out);

/* NULL if there is none. */
const struct field *field_find(const char *name);
/* Is the field told with this event? */
bool field_applies(const struct field *field, const struct event *event);

const char *event_kind_name(enum event_kind kind);
