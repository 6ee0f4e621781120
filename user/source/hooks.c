// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses, attaches and detaches hooks. Explains nothing: live.c and doctor do. */
#include "source/hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"

#define T (1u << SW_MODE_TRAMPOLINE)
#define N (1u << SW_MODE_TRACEPOINT)

/* clang-format off */
static const struct hook hooks[] = {
	{ "on_state_changed", "inet_sock_set_state", HOOK_TP_BTF, T | N, .required = true,
	  .miss = MISS_IS_NOTHING },
	{ "on_state_changed_again", "inet_sock_set_state", HOOK_TP_BTF, T | N, .required = true,
	  .copy_of = "on_state_changed", .miss = MISS_IS_NOTHING },
	{ "on_state_changed_preempted", "inet_sock_set_state", HOOK_TP_BTF, T | N, .preempted = true,
	  .copy_of = "on_state_changed", .miss = MISS_IS_DOUBT },
	{ "on_socket_destroyed", "tcp_destroy_sock", HOOK_TP_BTF, T | N, .miss = MISS_IS_DOUBT },
	{ "on_set_state", "tcp_set_state", HOOK_FENTRY, T, .miss = MISS_IS_NOTHING },
	{ "on_set_state_kprobe", "tcp_set_state", HOOK_KPROBE, T | N, .instead_of = "on_set_state",
	  .miss = MISS_IS_NOTHING },
	{ "on_connect_entered", "syscalls/sys_enter_connect", HOOK_TRACEPOINT, T | N,
	  .miss = MISS_IS_RESULT, .told_by = "on_connect_checked" },
	{ "on_connect_returned", "syscalls/sys_exit_connect", HOOK_TRACEPOINT, T | N,
	  .miss = MISS_IS_RESULT, .told_by = "on_connect_answered" },
	{ "on_connect_checked", "security_socket_connect", HOOK_FENTRY, T, .miss = MISS_IS_NOTHING },
	{ "on_connect_checked_again", "security_socket_connect", HOOK_FENTRY, T, .preempted = true,
	  .copy_of = "on_connect_checked", .miss = MISS_IS_RESULT },
	{ "on_connect_forbidden", "security_socket_connect", HOOK_FEXIT, T, .miss = MISS_IS_NOTHING },
	{ "on_connect_answered", "inet_stream_connect", HOOK_FEXIT, T, .miss = MISS_IS_NOTHING },
	{ "on_connect_answered_again", "inet_stream_connect", HOOK_FEXIT, T, .preempted = true,
	  .copy_of = "on_connect_answered", .miss = MISS_IS_RESULT },
	{ "on_udp_connected", "inet_dgram_connect", HOOK_FEXIT, T, .miss = MISS_IS_DOUBT },
	{ "on_port_chosen", "tcp_connect", HOOK_FENTRY, T, SW_SEES_PORT, .miss = MISS_IS_DOUBT },
	{ "on_socket_operation", "cgroup2", HOOK_SOCK_OPS, N, SW_SEES_PORT | SW_SEES_REQUEST },
	{ "on_request_born", "inet_csk_reqsk_queue_hash_add", HOOK_FENTRY, T, SW_SEES_REQUEST },
	{ "on_request_ended_v4", "tcp_v4_reqsk_destructor", HOOK_FENTRY, T, SW_SEES_REQUEST_END,
	  .miss = MISS_IS_NOTHING },
	{ "on_request_ended_v4_again", "tcp_v4_reqsk_destructor", HOOK_FENTRY, T,
	  .copy_of = "on_request_ended_v4", .miss = MISS_IS_DOUBT },
	{ "on_request_ended_v6", "tcp_v6_reqsk_destructor", HOOK_FENTRY, T, .miss = MISS_IS_NOTHING },
	{ "on_request_ended_v6_again", "tcp_v6_reqsk_destructor", HOOK_FENTRY, T,
	  .copy_of = "on_request_ended_v6", .miss = MISS_IS_DOUBT },
	{ "on_request_completed", "inet_csk_complete_hashdance", HOOK_FENTRY, T },
	{ "on_child_queued", "inet_csk_reqsk_queue_add", HOOK_FENTRY, T },
	{ "on_timewait_entered", "inet_twsk_hashdance_schedule", HOOK_FENTRY, T, SW_SEES_TIMEWAIT,
	  .miss = MISS_IS_NOTHING },
	{ "on_timewait_entered_again", "inet_twsk_hashdance_schedule", HOOK_FENTRY, T,
	  .copy_of = "on_timewait_entered", .miss = MISS_IS_DOUBT },
	{ "on_timewait_entered_6_1", "inet_twsk_hashdance", HOOK_FENTRY, T, SW_SEES_TIMEWAIT,
	  .instead_of = "on_timewait_entered" },
	{ "on_timewait_scheduled", "__inet_twsk_schedule", HOOK_FENTRY, T, SW_SEES_TIMEWAIT_FIN },
	{ "on_timewait_ended", "inet_twsk_kill", HOOK_FENTRY, T, SW_SEES_TIMEWAIT_END },
	{ "on_timer_start", "timer_start", HOOK_TP_BTF, N, SW_SEES_TIMEWAIT, .miss = MISS_IS_DOUBT },
	{ "on_timer_cancel", "timer_cancel", HOOK_TP_BTF, N, SW_SEES_REQUEST_END, .miss = MISS_IS_DOUBT },
	{ "on_timer_expire", "timer_expire_entry", HOOK_TP_BTF, N, SW_SEES_TIMEWAIT_END, .miss = MISS_IS_DOUBT },
	{ "on_timer_expired", "timer_expire_exit", HOOK_TP_BTF, N, .miss = MISS_IS_DOUBT },
	{ "on_segment_dropped", "kfree_skb", HOOK_TP_BTF, N, SW_SEES_TIMEWAIT_FIN, .arguments = 4,
	  .miss = MISS_IS_DOUBT },
	{ "on_accepted", "security_sock_graft", HOOK_FENTRY, T, SW_SEES_ACCEPT, .miss = MISS_IS_DOUBT },
	{ "on_accept_returned", "syscalls/sys_exit_accept", HOOK_TRACEPOINT, T | N, SW_SEES_ACCEPT, .miss = MISS_IS_DOUBT,
	  .instead_of = "on_accepted" },
	{ "on_accept4_returned", "syscalls/sys_exit_accept4", HOOK_TRACEPOINT, T | N, SW_SEES_ACCEPT, .miss = MISS_IS_DOUBT,
	  .instead_of = "on_accepted" },
	{ "on_close_entered", "syscalls/sys_enter_close", HOOK_TRACEPOINT, T | N, .miss = MISS_IS_DOUBT },
	{ "on_file_received", "security_file_receive", HOOK_FENTRY, T, .miss = MISS_IS_DOUBT },
	{ "on_reset_received", "tcp_receive_reset", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_reset_sent", "tcp_send_reset", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_remainder_reset", "tcp_send_reset", HOOK_TP_BTF, T | N, SW_SEES_TIMEWAIT_RESET, .arguments = 3,
	  .miss = MISS_IS_NOTHING },
	{ "on_remainder_reset_v4", "tcp_v4_send_reset", HOOK_FENTRY, T, SW_SEES_TIMEWAIT_RESET,
	  .instead_of = "on_remainder_reset", .miss = MISS_IS_NOTHING },
	{ "on_remainder_reset_v6", "tcp_v6_send_reset", HOOK_FENTRY, T, .instead_of = "on_remainder_reset",
	  .miss = MISS_IS_NOTHING },
	{ "on_error_reported", "inet_sk_error_report", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_retransmitted", "tcp_retransmit_skb", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_fork", "sched_process_fork", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_fork_again", "sched_process_fork", HOOK_TP_BTF, T | N,
	  .copy_of = "on_fork", .miss = MISS_IS_DOUBT },
	{ "on_exec", "sched_process_exec", HOOK_TP_BTF, T | N, .miss = MISS_IS_NOTHING },
	{ "on_exec_again", "sched_process_exec", HOOK_TP_BTF, T | N,
	  .copy_of = "on_exec", .miss = MISS_IS_DOUBT },
	{ "on_exit", "sched_process_exit", HOOK_TP_BTF, T | N, .miss = MISS_IS_DOUBT },
	{ "on_cgroup_entered", "cgroup_attach_task", HOOK_TP_BTF, T | N, .miss = MISS_IS_DOUBT },
	{ "on_udp_bound_v4", "post_bind4", HOOK_CGROUP, T | N },
	{ "on_udp_bound_v6", "post_bind6", HOOK_CGROUP, T | N },
	{ "on_udp_sends_v4", "sendmsg4", HOOK_CGROUP, T | N },
	{ "on_udp_sends_v6", "sendmsg6", HOOK_CGROUP, T | N },
	{ "on_udp_connects_v4", "connect4", HOOK_CGROUP, T | N },
	{ "on_udp_connects_v6", "connect6", HOOK_CGROUP, T | N },
	{ "on_udp_closed", "sock_release", HOOK_CGROUP, T | N, SW_SEES_UDP_END },
	{ "on_datagram_sent", "skb_egress", HOOK_CGROUP, T | N, SW_SEES_PEERS, .peers = true },
	{ "on_datagram_received", "skb_ingress", HOOK_CGROUP, T | N, .peers = true },
	{ "on_datagram_dropped", "udp_fail_queue_rcv_skb", HOOK_TP_BTF, T | N, .peers = true,
	  .miss = MISS_IS_NOTHING },
	{ "show_udp_socket", "udp", HOOK_ITERATOR, T | N, .required = true },
	{ "show_udp_count", "bpf_map_elem", HOOK_ITERATOR, T | N, .peers = true, .map = "udp_notes" },
	{ "show_peer", "bpf_map_elem", HOOK_ITERATOR, T | N, .peers = true, .map = "peers" },
	{ "show_socket", "tcp", HOOK_ITERATOR, T | N, .required = true },
	{ "show_process", "task", HOOK_ITERATOR, T | N, .required = true },
	{ "show_holder", "task_file", HOOK_ITERATOR, T | N, .required = true },
};
/* clang-format on */

size_t hooks_count(void)
{
	return ARRAY_SIZE(hooks);
}

const struct hook *hooks_at(size_t index)
{
	return &hooks[index];
}

const char *hook_mechanism_name(enum hook_mechanism mechanism)
{
	static const char *const names[] = {
		[HOOK_TP_BTF] = "tp_btf",	  [HOOK_FENTRY] = "fentry",
		[HOOK_FEXIT] = "fexit",		  [HOOK_KPROBE] = "kprobe",
		[HOOK_TRACEPOINT] = "tracepoint", [HOOK_SOCK_OPS] = "sock_ops",
		[HOOK_CGROUP] = "cgroup",	  [HOOK_ITERATOR] = "iter",
	};

	return names[mechanism];
}

/* r0 = 0; exit */
bool hooks_function_traceable(const struct btf *btf, const char *function)
{
	static const struct bpf_insn program[] = {
		{ .code = 0xb7, .dst_reg = 0, .imm = 0 },
		{ .code = 0x95 },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	CLEANUP_FD int fd = -1;
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -ENOENT;

	if (id <= 0)
		return false;
	options.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", program, ARRAY_SIZE(program),
			   &options);
	return fd >= 0;
}

bool hooks_trampolines_work(const struct btf *btf)
{
	return hooks_function_traceable(btf, "tcp_set_state");
}

static bool kprobes_work(void)
{
	/* The PMU is there if and only if CONFIG_KPROBE_EVENTS is. */
	return access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
}

int hooks_tracepoint_arguments(const struct btf *btf, const char *name)
{
	const struct btf_type *type;
	char typedef_name[64];
	int id;

	if (!btf)
		return -ENOENT;
	snprintf(typedef_name, sizeof(typedef_name), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, typedef_name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -ENOENT;
	/* typedef → pointer → prototype, whose first argument is the tracer's own. */
	type = btf__type_by_id(btf, id);
	type = type ? btf__type_by_id(btf, type->type) : NULL;
	type = type ? btf__type_by_id(btf, type->type) : NULL;
	return type && btf_vlen(type) ? btf_vlen(type) - 1 : -ENOENT;
}

static const char *why_missing(const struct hook *hook, const struct kernel_facts *facts,
			       const struct btf *btf, bool tracefs)
{
	int arguments;

	switch (hook->mechanism) {
	case HOOK_TP_BTF:
		arguments = hooks_tracepoint_arguments(btf, hook->target);
		if (arguments < 0)
			return "this kernel has no such tracepoint";
		if ((unsigned int)arguments < hook->arguments)
			return "the tracepoint tells too little before Linux 6.11";
		if (strncmp(hook->target, "timer_", 6) == 0 && !facts->timewait_timer)
			return "/proc/kallsyms hides addresses: set kernel.kptr_restrict to 0 or 1";
		return NULL;
	case HOOK_FENTRY:
	case HOOK_FEXIT:
		return hooks_function_traceable(btf, hook->target)
			       ? NULL
			       : "the function cannot be traced";
	case HOOK_KPROBE:
		return kprobes_work() ? NULL : "this kernel was built without CONFIG_KPROBES";
	case HOOK_TRACEPOINT:
		return tracefs ? NULL
			       : "tracefs is not to be had: mount it at /sys/kernel/tracing, and run as root";
	case HOOK_SOCK_OPS:
	case HOOK_CGROUP:
		return facts->cgroup2[0]
			       ? NULL
			       : "the root of cgroup2 is not mounted: mount -t cgroup2 none DIR";
	case HOOK_ITERATOR:
		break;
	}
	return NULL;
}

static bool is_in_state(const char *program, const struct hook_status *status,
			enum hook_state state)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (strcmp(hooks[i].program, program) == 0)
			return status[i].state == state;
	return false;
}

static bool is_selected(const char *program, const struct hook_status *status)
{
	return is_in_state(program, status, HOOK_SELECTED);
}

static bool is_wanted(const struct hook *hook, enum sw_mode mode, bool peers,
		      const struct kernel_facts *facts, const struct hook_status *status)
{
	if (!(hook->modes & 1u << mode) || (hook->peers && !peers) ||
	    (hook->preempted && !kernel_preempts_tracepoints(facts)))
		return false;
	if (hook->copy_of)
		return is_selected(hook->copy_of, status);
	return !hook->instead_of || !is_selected(hook->instead_of, status);
}

void hooks_select(enum sw_mode mode, bool peers, const struct kernel_facts *facts,
		  const struct btf *btf, struct hook_status *status)
{
	CLEANUP_FD int tracefs = kernel_open_tracefs();

	memset(status, 0, sizeof(*status) * ARRAY_SIZE(hooks));
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (!is_wanted(&hooks[i], mode, peers, facts, status))
			continue;
		status[i].why = why_missing(&hooks[i], facts, btf, tracefs >= 0);
		status[i].state = status[i].why ? HOOK_MISSING : HOOK_SELECTED;
	}
}

void hooks_prepare(struct bpf_object *object, const struct hook_status *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(object, hooks[i].program);

		if (program)
			bpf_program__set_autoload(program, status[i].state == HOOK_SELECTED);
	}
}

/* perf_event_open(2) wants the tracepoint's number, which only tracefs tells. */
static int tracepoint_open(const char *target)
{
	CLEANUP_FD int tracefs = kernel_open_tracefs(), fd = -1;
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT,
					      .size = sizeof(attributes),
					      .sample_period = 1,
					      .wakeup_events = 1 };
	char path[128], text[16] = "";
	int event;

	if (tracefs < 0)
		return tracefs;
	snprintf(path, sizeof(path), "events/%s/id", target);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -errno;
	attributes.config = strtoull(text, NULL, 10);
	event = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return event < 0 ? -errno : event;
}

static struct bpf_link *attach_tracepoint(struct bpf_program *program, const char *target)
{
	int event = tracepoint_open(target);
	struct bpf_link *link;

	if (event < 0) {
		errno = -event;
		return NULL;
	}
	link = bpf_program__attach_perf_event(program, event); /* owns the event from here on */
	if (!link)
		close(event);
	return link;
}

static struct bpf_link *attach_cgroup(struct bpf_program *program, const char *cgroup2)
{
	CLEANUP_FD int fd = open(cgroup2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : bpf_program__attach_cgroup(program, fd);
}

/* An iterator over the elements of a map of ours. */
static struct bpf_link *attach_to_map(struct bpf_program *program, const struct bpf_map *map)
{
	union bpf_iter_link_info info = { .map.map_fd = (uint32_t)bpf_map__fd(map) };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));

	return bpf_program__attach_iter(program, &options);
}

static struct bpf_link *attach_one(const struct hook *hook, struct bpf_object *object,
				   struct bpf_program *program, const struct kernel_facts *facts)
{
	switch (hook->mechanism) {
	case HOOK_TRACEPOINT:
		return attach_tracepoint(program, hook->target);
	case HOOK_SOCK_OPS:
	case HOOK_CGROUP:
		return attach_cgroup(program, facts->cgroup2);
	case HOOK_ITERATOR:
		if (hook->map)
			return attach_to_map(program,
					     bpf_object__find_map_by_name(object, hook->map));
		return bpf_program__attach_iter(program, NULL);
	default:
		return bpf_program__attach(program);
	}
}

int hooks_attach(struct bpf_object *object, const struct kernel_facts *facts,
		 struct hook_status *status, const struct hook **ret_failed)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct bpf_program *program;

		if (hooks[i].required && status[i].state != HOOK_SELECTED) {
			*ret_failed = &hooks[i];
			return -EOPNOTSUPP;
		}
		if (status[i].state != HOOK_SELECTED)
			continue;
		program = bpf_object__find_program_by_name(object, hooks[i].program);
		status[i].link = program ? attach_one(&hooks[i], object, program, facts) : NULL;
		status[i].state = status[i].link ? HOOK_ATTACHED : HOOK_FAILED;
		status[i].error = status[i].link ? 0 : -errno;
		if (!status[i].link && hooks[i].required) {
			*ret_failed = &hooks[i];
			return status[i].error;
		}
	}
	return 0;
}

enum hook_miss hooks_miss(size_t index, const struct hook_status *status)
{
	const struct hook *hook = &hooks[index];

	return hook->told_by && is_in_state(hook->told_by, status, HOOK_ATTACHED) ? MISS_IS_DOUBT
										  : hook->miss;
}

void hooks_detach(struct hook_status *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		bpf_link__destroy(status[i].link);
		status[i].link = NULL;
	}
}

uint32_t hooks_features(const struct hook_status *status)
{
	uint32_t features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (status[i].state == HOOK_ATTACHED)
			features |= hooks[i].features;
	return features;
}
