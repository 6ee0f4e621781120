// SPDX-License-Identifier: GPL-2.0-or-later
/* Windows XP's layout and words, for eyes and scripts that know them. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/process.h"
#include "view/field_socket.h"
#include "view/table_write.h"

/* As `netstat -?` of Windows XP names them. */
static const char *xp_state(const struct socket_row *row)
{
	static const char *const names[SW_TCP_STATES] = {
		[SW_TCP_ESTABLISHED] = "ESTABLISHED",
		[SW_TCP_SYN_SENT] = "SYN_SENT",
		[SW_TCP_SYN_RECV] = "SYN_RECEIVED",
		[SW_TCP_FIN_WAIT1] = "FIN_WAIT_1",
		[SW_TCP_FIN_WAIT2] = "FIN_WAIT_2",
		[SW_TCP_TIME_WAIT] = "TIME_WAIT",
		[SW_TCP_CLOSE] = "CLOSED",
		[SW_TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[SW_TCP_LAST_ACK] = "LAST_ACK",
		[SW_TCP_LISTEN] = "LISTENING",
		[SW_TCP_CLOSING] = "CLOSING",
		[SW_TCP_NEW_SYN_RECV] = "SYN_RECEIVED",
	};

	/* UDP has no state there. */
	return row->kind == SOCKET_TCP && row->conn.state < SW_TCP_STATES && names[row->conn.state]
		       ? names[row->conn.state]
		       : "";
}

/* "address:port", "address:0" for a listener's remote end, "*:*" for UDP's. */
static void write_end(const struct field_context *context, bool local, char out[FIELD_BUFFER_SIZE])
{
	const struct sw_endpoints *ends = &context->event->conn.ends;
	struct value value = { .kind = VALUE_NONE };
	size_t len;

	(local ? field_get_local : field_get_remote)(context, &value);
	len = value.kind == VALUE_TEXT ? text_escape(value.text, value.len, out, FIELD_BUFFER_SIZE)
				       : (size_t)snprintf(out, FIELD_BUFFER_SIZE, "-");
	if (context->socket->kind == SOCKET_UNIX || (local ? ends->lport : ends->rport))
		return;
	if (!local && context->socket->kind != SOCKET_TCP)
		snprintf(out, FIELD_BUFFER_SIZE, "*:*");
	else if (len && out[len - 1] == '*')
		out[len - 1] = '0';
}

static bool has_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (strcmp(table->columns[i]->name, name) == 0)
			return true;
	return false;
}

void table_xp_titles(struct table *table)
{
	static const char titles[] = "  Proto  Local Address          Foreign Address        State";
	static const char pid[] = "           PID";

	json_raw(&table->out, titles, strlen(titles));
	if (has_column(table, "pid"))
		json_raw(&table->out, pid, strlen(pid));
	json_raw(&table->out, "\n", 1);
}

void table_xp_row(struct table *table, const struct field_context *context)
{
	char local[FIELD_BUFFER_SIZE], remote[FIELD_BUFFER_SIZE];
	char line[2 * FIELD_BUFFER_SIZE + 64], pid[16] = "";
	const struct process *owner = context->event->conn.owner;
	const char *proto = socket_kind_name(context->socket->kind);
	char upper[8] = "";
	int len;

	for (size_t i = 0; i < sizeof(upper) - 1 && proto[i]; i++)
		upper[i] = (char)(proto[i] - 'a' + 'A');
	write_end(context, true, local);
	write_end(context, false, remote);
	if (has_column(table, "pid"))
		snprintf(pid, sizeof(pid), owner ? "%u" : "-", owner ? owner->pid : 0);
	len = snprintf(line, sizeof(line), "  %-6s %-22s %-22s %-15s %s", upper, local, remote,
		       xp_state(context->socket), pid);
	while (len > 0 && line[len - 1] == ' ')
		len--;
	json_raw(&table->out, line, (size_t)len);
	json_raw(&table->out, "\n", 1);
	table_text_below(table, context);
	/* As XP has it: whose lines these are. */
	if (table->executable)
		json_raw(&table->out, "\n", 1);
}
