// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks records before anybody uses them. Knows their form, not their meaning. */
#include "model/decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "sockwatch/tcp_state.h"

/* Larger than any record, so that a wrong size is noticed before it is waited for. */
#define RECORD_SIZE_MAX (64 << 10)

/* The smallest sizes: records have grown at their end. */
static const uint32_t kind_sizes[] = {
	[SW_RECORD_START] = sizeof(struct sw_start),
	[SW_RECORD_CLOCK] = sizeof(struct sw_clock),
	[SW_RECORD_TICK] = sizeof(struct sw_header),
	[SW_RECORD_LOST] = sizeof(struct sw_lost),
	[SW_RECORD_LOOK_BEGIN] = sizeof(struct sw_look),
	[SW_RECORD_LOOK_END] = sizeof(struct sw_look),
	[SW_RECORD_END] = sizeof(struct sw_header),
	[SW_RECORD_LOOK_NETNS] = sizeof(struct sw_look_netns),
	[SW_RECORD_PROCESS] = sizeof(struct sw_process),
	[SW_RECORD_FORK] = sizeof(struct sw_fork),
	[SW_RECORD_EXIT] = sizeof(struct sw_exit),
	[SW_RECORD_CONTAINER] = sizeof(struct sw_container),
	[SW_RECORD_STATE] = SW_STATE_SIZE_MIN,
	[SW_RECORD_PORT] = sizeof(struct sw_socket),
	[SW_RECORD_REQUEST] = sizeof(struct sw_request),
	[SW_RECORD_REQUEST_END] = sizeof(struct sw_request),
	[SW_RECORD_CHILD] = sizeof(struct sw_socket),
	[SW_RECORD_TIMEWAIT] = sizeof(struct sw_timewait),
	[SW_RECORD_TIMEWAIT_END] = sizeof(struct sw_timewait),
	[SW_RECORD_ACCEPT] = sizeof(struct sw_socket),
	[SW_RECORD_CONNECT] = sizeof(struct sw_connect),
	[SW_RECORD_RESET_IN] = sizeof(struct sw_socket),
	[SW_RECORD_RESET_OUT] = sizeof(struct sw_socket),
	[SW_RECORD_ERROR] = sizeof(struct sw_socket),
	[SW_RECORD_RETRANSMIT] = sizeof(struct sw_socket),
	[SW_RECORD_DESTROY] = sizeof(struct sw_socket),
	[SW_RECORD_SOCKET] = SW_STATE_SIZE_MIN,
	[SW_RECORD_HOLDER] = sizeof(struct sw_holder),
	[SW_RECORD_RELEASE] = sizeof(struct sw_socket),
	[SW_RECORD_RECEIVE] = sizeof(struct sw_socket),
	[SW_RECORD_STACK] = sizeof(struct sw_stack),
	[SW_RECORD_UDP] = sizeof(struct sw_socket),
	[SW_RECORD_UDP_END] = sizeof(struct sw_socket),
	[SW_RECORD_UDP_COUNT] = sizeof(struct sw_udp_count),
	[SW_RECORD_PEER] = sizeof(struct sw_peer),
};

static bool family_is_valid(const struct sw_endpoints *ends)
{
	return ends->family == SW_FAMILY_INET || ends->family == SW_FAMILY_INET6;
}

static bool ends_are_valid(const struct sw_endpoints *ends)
{
	return ends->cookie && family_is_valid(ends);
}

static bool state_is_valid(const struct sw_state *state)
{
	bool is_row = state->header.kind == SW_RECORD_SOCKET;

	return ends_are_valid(&state->ends) && state->new_state > SW_TCP_NONE &&
	       state->new_state < SW_TCP_STATES && state->old_state < SW_TCP_STATES &&
	       (is_row || state->old_state > SW_TCP_NONE);
}

static bool timewait_is_valid(const struct sw_timewait *timewait)
{
	return ends_are_valid(&timewait->ends) &&
	       (timewait->substate == SW_TCP_FIN_WAIT2 || timewait->substate == SW_TCP_TIME_WAIT);
}

static bool peer_is_valid(const struct sw_peer *peer)
{
	return peer->cookie && peer->slot < SW_PEERS_PER_SOCKET && peer->first_ns &&
	       (peer->family == SW_FAMILY_INET || peer->family == SW_FAMILY_INET6);
}

/* Names follow the record; each ends with NUL, so the last byte of a part must be one. */
static bool names_are_valid(const struct sw_process *process)
{
	const char *names = (const char *)(process + 1);
	size_t room = process->header.size - sizeof(*process);
	size_t exe = process->exe_len, cgroup = process->cgroup_len;

	if (exe + cgroup > room)
		return false;
	return (!exe || names[exe - 1] == '\0') && (!cgroup || names[exe + cgroup - 1] == '\0');
}

/* Without NUL, so that they are the same as strings. */
static bool container_is_valid(const struct sw_container *container)
{
	const uint16_t lens[] = { container->id_len, container->runtime_len, container->name_len,
				  container->pod_len };
	size_t room = container->header.size - sizeof(*container), len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		if (lens[i] > SW_CONTAINER_TEXT_LEN)
			return false;
		len += lens[i];
	}
	return len <= room && !memchr(container + 1, '\0', len);
}

static bool start_is_valid(const struct sw_start *start)
{
	const char *hooks = (const char *)(start + 1);
	size_t room = start->header.size - sizeof(*start);

	return !room || hooks[room - 1] == '\0';
}

static bool frame_is_valid(const struct sw_frame *frame, uint32_t text_len)
{
	return frame->module < text_len && frame->function < text_len &&
	       frame->build_id < text_len && frame->soname < text_len;
}

/* The text ends with NUL, and so does each string in it, wherever it begins. */
static bool stack_is_valid(const struct sw_stack *stack)
{
	const struct sw_frame *frames = (const struct sw_frame *)(stack + 1);
	size_t room = stack->header.size - sizeof(*stack);

	if (stack->frame_count > room / sizeof(*frames) || !stack->text_len ||
	    stack->text_len > room - stack->frame_count * sizeof(*frames) ||
	    ((const char *)(frames + stack->frame_count))[stack->text_len - 1] != '\0' ||
	    stack->script >= stack->text_len || stack->end >= SW_STACK_ENDS || !stack->call ||
	    stack->call >= SW_CALLS)
		return false;
	for (uint32_t i = 0; i < stack->frame_count; i++)
		if (!frame_is_valid(&frames[i], stack->text_len))
			return false;
	return ends_are_valid(&stack->ends);
}

/* Every socket record but those above begins with its header and its ends. */
static bool content_is_valid(const struct sw_header *header)
{
	switch (header->kind) {
	case SW_RECORD_STATE:
	case SW_RECORD_SOCKET:
		return state_is_valid((const struct sw_state *)header);
	case SW_RECORD_TIMEWAIT:
	case SW_RECORD_TIMEWAIT_END:
		return timewait_is_valid((const struct sw_timewait *)header);
	case SW_RECORD_PROCESS:
		return names_are_valid((const struct sw_process *)header);
	case SW_RECORD_CONTAINER:
		return container_is_valid((const struct sw_container *)header);
	case SW_RECORD_START:
		return start_is_valid((const struct sw_start *)header);
	case SW_RECORD_CONNECT: /* of a socket that nobody knows yet it has no cookie */
		return family_is_valid(&((const struct sw_connect *)header)->ends);
	case SW_RECORD_STACK:
		return stack_is_valid((const struct sw_stack *)header);
	case SW_RECORD_HOLDER:
		return ((const struct sw_holder *)header)->cookie != 0;
	case SW_RECORD_UDP_COUNT:
		return ((const struct sw_udp_count *)header)->cookie != 0;
	case SW_RECORD_PEER:
		return peer_is_valid((const struct sw_peer *)header);
	default:
		return header->kind < SW_RECORD_STATE ||
		       ends_are_valid(&((const struct sw_socket *)header)->ends);
	}
}

/* 0 if a whole record is there, of whatever kind. */
static int check_frame(const struct sw_header *header, size_t size)
{
	if (size < sizeof(*header))
		return -EAGAIN;
	if (header->size < sizeof(*header) || header->size > RECORD_SIZE_MAX ||
	    header->size % 8 > 0)
		return -EBADMSG;
	return header->size > size ? -EAGAIN : 0;
}

int decode_record(const void *bytes, size_t size, const struct sw_header **ret_record)
{
	const struct sw_header *header = bytes;
	int r = check_frame(header, size);

	if (r < 0)
		return r;
	if (header->kind >= ARRAY_SIZE(kind_sizes) || !kind_sizes[header->kind])
		return -ENOTSUP;
	if (header->size < kind_sizes[header->kind] || !content_is_valid(header))
		return -EBADMSG;
	*ret_record = header;
	return 0;
}

static bool row_is_valid(const struct sw_row *row)
{
	return ends_are_valid(&row->ends) && row->state > SW_TCP_NONE &&
	       row->state < SW_TCP_STATES && row->timer < SW_TIMERS;
}

/* The smallest size of a record of a walk; 0: its kind is none of these. */
static size_t row_size(uint16_t kind)
{
	switch (kind) {
	case SW_RECORD_PROCESS:
		return sizeof(struct sw_process);
	case SW_RECORD_ROW:
		return sizeof(struct sw_row);
	default:
		return 0;
	}
}

static bool row_content_is_valid(const struct sw_header *header)
{
	switch (header->kind) {
	case SW_RECORD_ROW:
		return row_is_valid((const struct sw_row *)header);
	default:
		return names_are_valid((const struct sw_process *)header);
	}
}

int decode_row(const void *bytes, size_t size, const struct sw_header **ret_record)
{
	const struct sw_header *header = bytes;
	int r = check_frame(header, size);

	if (r < 0)
		return r;
	if (!row_size(header->kind))
		return -ENOTSUP;
	if (header->size < row_size(header->kind) || !row_content_is_valid(header))
		return -EBADMSG;
	*ret_record = header;
	return 0;
}

const struct sw_inner *decode_inner(const struct sw_process *record)
{
	size_t names = ((size_t)record->exe_len + record->cgroup_len + 7) & ~(size_t)7;

	if (record->header.size < sizeof(*record) + names + sizeof(struct sw_inner))
		return NULL;
	return (const struct sw_inner *)((const char *)(record + 1) + names);
}
