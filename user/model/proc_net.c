// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of /proc/net/tcp and its siblings:
 *   sl: local:port remote:port st tx_queue:rx_queue tr:when retransmits uid timeout inode ...
 * All but the slot, uid, timeout and inode are hexadecimal (get_tcp4_sock() in tcp_ipv4.c).
 */
#include "model/proc_net.h"

#include <errno.h>
#include <string.h>

#include "model/row_record.h"

#define USER_TICK_MS 10 /* USER_HZ is 100 wherever we run */

/* A place in the line; NULL once something was not what it should be. */
struct cursor {
	const char *at;
};

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* A number of at most `digits` digits, spaces before it. */
static uint64_t read_number(struct cursor *cursor, unsigned int base, unsigned int digits)
{
	uint64_t value = 0;
	unsigned int count = 0;

	while (cursor->at && *cursor->at == ' ')
		cursor->at++;
	while (cursor->at && digit_of(*cursor->at) < base && count < digits) {
		value = value * base + digit_of(*cursor->at++);
		count++;
	}
	if (!count || (cursor->at && digit_of(*cursor->at) < base))
		cursor->at = NULL;
	return cursor->at ? value : 0;
}

static void skip(struct cursor *cursor, char c)
{
	if (cursor->at && *cursor->at++ != c)
		cursor->at = NULL;
}

/* Exactly eight digits. */
static uint32_t read_word(struct cursor *cursor)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < 8 && cursor->at; i++) {
		unsigned int digit = digit_of(*cursor->at++);

		value = value << 4 | (digit & 15);
		if (digit > 15)
			cursor->at = NULL;
	}
	return value;
}

/* Each word of an address is printed as a number of this machine's byte order. */
static void read_end(struct cursor *cursor, uint16_t family, uint8_t address[16], uint16_t *port)
{
	size_t words = family == SW_FAMILY_INET6 ? 4 : 1;

	skip(cursor, ' ');
	for (size_t i = 0; i < words; i++) {
		uint32_t word = read_word(cursor);

		memcpy(address + 4 * i, &word, sizeof(word));
	}
	skip(cursor, ':');
	*port = (uint16_t)read_number(cursor, 16, 4);
}

static void read_timer(struct cursor *cursor, struct socket_row *row)
{
	uint64_t timer = read_number(cursor, 16, 2), ticks;

	skip(cursor, ':');
	ticks = read_number(cursor, 16, 16);
	row->retransmits = (uint32_t)read_number(cursor, 16, 8);
	if (timer > SOCKET_TIMER_PROBE) {
		cursor->at = NULL;
		return;
	}
	row->timer = (enum socket_timer)timer;
	if (timer != SOCKET_TIMER_OFF && ticks < UINT32_MAX / USER_TICK_MS)
		row->timer_ms = (uint32_t)ticks * USER_TICK_MS;
}

static void settle(uint16_t family, struct socket_row *row)
{
	struct conn *conn = &row->conn;

	conn->ends.family = family;
	if (row->kind == SOCKET_RAW) {
		conn->ends.protocol = conn->ends.lport; /* shown where others have their port */
		conn->ends.lport = conn->ends.rport = 0;
	} else {
		conn->ends.protocol = row->kind == SOCKET_TCP ? SW_PROTO_TCP : SW_PROTO_UDP;
	}
	row_settle_body(row);
}

int proc_net_parse(const char *line, uint16_t family, struct socket_row *row)
{
	struct cursor cursor = { line };
	struct socket_row parsed = *row;
	struct sw_endpoints *ends = &parsed.conn.ends;

	read_number(&cursor, 10, 10);
	skip(&cursor, ':');
	read_end(&cursor, family, ends->laddr, &ends->lport);
	read_end(&cursor, family, ends->raddr, &ends->rport);
	parsed.conn.state = (uint8_t)read_number(&cursor, 16, 2);
	parsed.send_q = (uint32_t)read_number(&cursor, 16, 8);
	skip(&cursor, ':');
	parsed.recv_q = (uint32_t)read_number(&cursor, 16, 8);
	read_timer(&cursor, &parsed);
	ends->uid = (uint32_t)read_number(&cursor, 10, 10);
	read_number(&cursor, 10, 10);
	parsed.inode = read_number(&cursor, 10, 19);
	if (!cursor.at || !parsed.conn.state || parsed.conn.state >= SW_TCP_STATES)
		return -EBADMSG;
	settle(family, &parsed);
	*row = parsed;
	return 0;
}

/* net/unix/af_unix.c, unix_seq_show(): flags are __SO_ACCEPTCON, "st" is enum socket_state. */
#define UNIX_ACCEPTS 0x10000
#define UNIX_CONNECTED 3

static uint8_t unix_state(uint64_t flags, uint64_t state)
{
	if (flags & UNIX_ACCEPTS)
		return SW_TCP_LISTEN;
	return state == UNIX_CONNECTED ? SW_TCP_ESTABLISHED : SW_TCP_CLOSE;
}

/* An abstract name begins with @ there, and each NUL in it is one. */
static void take_path(char *path, struct socket_row *row)
{
	if (*path++ != ' ' || !*path)
		return;
	row->path = path;
	row->path_len = strlen(path);
	if (*path != '@')
		return;
	for (size_t i = 0; i < row->path_len; i++)
		if (path[i] == '@')
			path[i] = '\0';
}

int proc_net_parse_unix(char *line, struct socket_row *row)
{
	struct cursor cursor = { line };
	uint64_t flags, type, state, inode;

	read_number(&cursor, 16, 16); /* its address, or zeros */
	skip(&cursor, ':');
	read_number(&cursor, 16, 8); /* references */
	read_number(&cursor, 16, 8); /* protocol */
	flags = read_number(&cursor, 16, 8);
	type = read_number(&cursor, 16, 4);
	state = read_number(&cursor, 16, 2);
	inode = read_number(&cursor, 10, 19);
	if (!cursor.at || !inode)
		return -EBADMSG;
	row->conn.state = unix_state(flags, state);
	row->type = (uint16_t)type;
	row->inode = inode;
	take_path(line + (cursor.at - line), row);
	return 0;
}
