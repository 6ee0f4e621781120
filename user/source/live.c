// SPDX-License-Identifier: GPL-2.0-or-later
/* The running kernel: loads the programs, drains the ring, walks the iterators. */
#include "source/live.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "model/decode.h"
#include "source/batch.h"
#include "source/doors.h"
#include "source/iterator.h"
#include "source/ring.h"
#include "tracer.skel.h"

/* How often the kernel is asked for what its programs missed (a system call each). */
#define MISSES_INTERVAL_NS (500 * NSEC_PER_MSEC)
#define RELIEF_RECORDS 8192	 /* of a look: about 10 ms */
#define RELIEF_BYTES (256 << 20) /* that may wait here; then the ring fills, and loss is told */

struct live {
	struct tracer *tracer;
	struct btf *btf; /* of the kernel; only while it is being opened */
	struct ring *ring;
	struct hook_status *hooks;
	struct doors *doors; /* to the sockets of each namespace */
	struct kernel_facts facts;
	struct batch batch;   /* what live_at() shows */
	struct batch waiting; /* made in user space, for the next live_collect() */
	enum sw_mode mode;
	uint64_t opened_ns;  /* before the first hook was there */
	uint64_t drops_told; /* counts that SW_RECORD_LOST has told already */
	uint64_t misses_told;
	uint64_t doubts_seen; /* misses of MISS_IS_DOUBT */
	uint64_t results_missed;
	bool doubt, stacks;
	uint64_t misses_read_ns;
	uint64_t looked_at; /* records of looks */
	int64_t clock_told_ns;
	uint64_t clock_read_ns; /* then it was still that */
	uint64_t asleep_ns;	/* when that was told */
};

/* libbpf's talk has no context pointer, and is only of use when something has failed. */
static char libbpf_log[2048];

__attribute__((format(printf, 2, 0))) static int keep_log(enum libbpf_print_level level,
							  const char *format, va_list arguments)
{
	char line[1024];
	size_t len, used = strlen(libbpf_log);

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	len = strlen(line);
	if (used + len >= sizeof(libbpf_log))
		used = 0; /* the last words matter */
	memcpy(libbpf_log + used, line, len + 1);
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void explain(struct live_error *error, bool refused, const char *what, int r)
{
	char *newline;

	error->refused = refused;
	snprintf(error->message, sizeof(error->message), "%s: %s%s%.300s", what, strerror(-r),
		 libbpf_log[0] ? "; " : "", libbpf_log);
	while ((newline = strpbrk(error->message, "\n\r")))
		*newline = ' ';
}

static void settle_settings(struct live *live, const struct live_options *options)
{
	struct sw_settings *settings = (void *)&live->tracer->rodata->settings;

	bpf_map__set_max_entries(live->tracer->maps.events, options->ring_bytes);
	settings->wanted = options->wanted;
	settings->peers = options->peers;
	if (!options->peers) {
		bpf_map__set_max_entries(live->tracer->maps.peers, 1);
		bpf_map__set_max_entries(live->tracer->maps.peer_slots, 1);
	}
	settings->reset_has_reason = hooks_tracepoint_arguments(live->btf, "tcp_send_reset") >= 3;
	if (live->mode == SW_MODE_TRACEPOINT) {
		settings->timewait_timer = live->facts.timewait_timer;
		settings->request_timer = live->facts.request_timer;
	}
}

/*
 * What the kernel lacks libbpf looks for in its modules, too, which takes CAP_SYS_ADMIN; not if it
 * was told where the kernel's types are. That reads them twice, so only who must does so.
 */
static struct tracer *open_programs(const struct kernel_facts *facts)
{
	LIBBPF_OPTS(bpf_object_open_opts, options);

	if (!kernel_has_capability(facts, CAP_SYS_ADMIN))
		options.btf_custom_path = "/sys/kernel/btf/vmlinux";
	return tracer__open_opts(&options);
}

static int load(struct live *live, const struct live_options *options, struct live_error *error)
{
	const struct hook *failed = NULL;
	int r;

	live->tracer = open_programs(&live->facts);
	if (!live->tracer) {
		r = -errno;
		explain(error, false, "cannot open the BPF programs", r);
		return r;
	}
	hooks_select(live->mode, options->peers, &live->facts, live->btf, live->hooks);
	hooks_prepare(live->tracer->obj, live->hooks);
	settle_settings(live, options);
	r = tracer__load(live->tracer);
	if (r < 0) {
		explain(error, r == -EPERM, "cannot load the BPF programs", r);
		return r;
	}
	r = hooks_attach(live->tracer->obj, &live->facts, live->hooks, &failed);
	if (r < 0) {
		explain(error, true, failed ? failed->target : "cannot attach", r);
		return r;
	}
	return 0;
}

static struct bpf_link *iterator_link(const struct live *live, const char *program)
{
	for (size_t i = 0; i < hooks_count(); i++)
		if (strcmp(hooks_at(i)->program, program) == 0)
			return live->hooks[i].link;
	return NULL;
}

static int open_doors(struct live *live)
{
	static const char *const walks[] = { "show_socket", "show_udp_socket" };

	live->doors = doors_new(DOORS_EVERYWHERE, 0);
	if (!live->doors)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(walks); i++) {
		struct door door = { .kind = DOOR_ITERATOR,
				     .link_fd = bpf_link__fd(iterator_link(live, walks[i])) };

		doors_add(live->doors, &door);
	}
	return 0;
}

static int keep_pieces(void *data, const struct ring_piece pieces[2])
{
	return batch_copy(data, pieces[0].bytes, pieces[0].len, pieces[1].bytes, pieces[1].len);
}

/* The kernel's BTF takes 15 MiB when it is parsed, and is not needed again. */
static void free_btf(struct live *live)
{
	btf__free(TAKE_PTR(live->btf));
	malloc_trim(0);
}

static int open_ring(struct live *live, const struct live_options *options,
		     struct live_error *error)
{
	int r = ring_open(bpf_map__fd(live->tracer->maps.events), options->ring_bytes, &live->ring);

	if (r < 0)
		explain(error, false, "cannot map the ring buffer", r);
	return r;
}

int live_open(const struct live_options *options, struct live **ret_live,
	      struct live_error *ret_error)
{
	struct live *live = calloc(1, sizeof(*live));
	int r;

	memset(ret_error, 0, sizeof(*ret_error));
	libbpf_log[0] = '\0';
	libbpf_set_print(keep_log);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (!live || !(live->hooks = calloc(hooks_count(), sizeof(*live->hooks)))) {
		free(live);
		explain(ret_error, false, "cannot start", -ENOMEM);
		return -ENOMEM;
	}
	live->opened_ns = clock_monotonic_ns();
	live->stacks = options->stacks;
	kernel_facts_read(&live->facts);
	if (kernel_refuses(&live->facts, ret_error->message, sizeof(ret_error->message))) {
		ret_error->refused = true;
		live_close(live);
		return -EPERM;
	}
	live->btf = btf__load_vmlinux_btf();
	live->mode = options->mode;
	if (live->mode == SW_MODE_NONE)
		live->mode = hooks_trampolines_work(live->btf) ? SW_MODE_TRAMPOLINE
							       : SW_MODE_TRACEPOINT;
	r = load(live, options, ret_error);
	if (r == 0)
		r = open_doors(live);
	if (r < 0 && !ret_error->message[0])
		explain(ret_error, false, "cannot start", r);
	if (r == 0)
		r = open_ring(live, options, ret_error);
	free_btf(live);
	if (r < 0) {
		live_close(live);
		return r;
	}
	*ret_live = live;
	return 0;
}

void live_stop(struct live *live)
{
	live->tracer->bss->reader_leaves = 1;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	hooks_detach(live->hooks);
	doors_free(live->doors);
	ring_close(live->ring);
	tracer__destroy(live->tracer);
	batch_done(&live->batch);
	batch_done(&live->waiting);
	free(live->hooks);
	free(live);
}

enum sw_mode live_mode(const struct live *live)
{
	return live->mode;
}

const struct hook_status *live_hooks(const struct live *live)
{
	return live->hooks;
}

const struct kernel_facts *live_facts(const struct live *live)
{
	return &live->facts;
}

bool live_counts_peers(const struct live *live)
{
	return (hooks_features(live->hooks) & SW_SEES_PEERS) && iterator_link(live, "show_peer") &&
	       iterator_link(live, "show_udp_count");
}

int live_fd(const struct live *live)
{
	return bpf_map__fd(live->tracer->maps.events);
}

/* ---- records made here ------------------------------------------------------------------------
 */

static void *make(struct live *live, uint16_t kind, size_t size)
{
	struct sw_header *header = batch_add(&live->waiting, size);

	if (header) {
		header->ts_ns = clock_monotonic_ns();
		header->kind = kind;
		header->size = (uint32_t)((size + 7) & ~(size_t)7);
	}
	return header;
}

/*
 * A step of the clock, or a suspend, in which CLOCK_MONOTONIC stands still. What the two readings
 * can be apart is no step: it would turn the times of one connection around. A suspend is told as
 * of the last reading: nearly all that came since then came after it, as we were frozen with those
 * who have sockets, and an idle machine wakes us for each record.
 */
static int tell_clock(struct live *live)
{
	uint64_t spread_ns, asleep_ns, last_ns = live->clock_read_ns;
	int64_t offset;
	struct sw_clock *clock;

	live->clock_read_ns = clock_monotonic_ns();
	offset = clock_realtime_offset_ns(&spread_ns);
	if ((uint64_t)llabs(offset - live->clock_told_ns) < NSEC_PER_MSEC + spread_ns)
		return 0;
	clock = make(live, SW_RECORD_CLOCK, sizeof(*clock));
	if (!clock)
		return -ENOMEM;
	asleep_ns = clock_asleep_ns();
	if (asleep_ns > live->asleep_ns + NSEC_PER_MSEC)
		clock->header.ts_ns = last_ns;
	live->asleep_ns = asleep_ns;
	clock->realtime_offset_ns = live->clock_told_ns = offset;
	return 0;
}

/* "mechanism:target" of each attached hook, ended by NUL. Returns the length. */
static size_t write_hooks(const struct live *live, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < hooks_count(); i++) {
		const struct hook *hook = hooks_at(i);

		if (live->hooks[i].state != HOOK_ATTACHED || hook->mechanism == HOOK_ITERATOR)
			continue;
		/* A second copy at the same place is no other hook. */
		if (i > 0 && strcmp(hook->target, hooks_at(i - 1)->target) == 0 &&
		    hook->mechanism == hooks_at(i - 1)->mechanism)
			continue;
		len += sprintf(out + len, "%s:%s", hook_mechanism_name(hook->mechanism),
			       hook->target) +
		       1;
	}
	return len;
}

int live_start(struct live *live)
{
	char names[4096]; /* 70 hooks of at most 50 bytes */
	size_t len = write_hooks(live, names);
	struct sw_header *clock;
	struct sw_start *start;

	if (tell_clock(live) < 0)
		return -ENOMEM;
	start = make(live, SW_RECORD_START, sizeof(*start) + len);
	if (!start)
		return -ENOMEM;
	/* Both come before what the hooks wrote while they were being attached. */
	clock = (struct sw_header *)batch_at(&live->waiting, 0);
	clock->ts_ns = start->header.ts_ns = live->opened_ns;
	start->mode = live->mode;
	start->features = hooks_features(live->hooks) | (live->stacks ? SW_TAKES_STACKS : 0);
	snprintf(start->version, sizeof(start->version), "%s", SOCKWATCH_VERSION);
	memcpy(start->kernel, live->facts.release, sizeof(start->kernel) - 1);
	memcpy(start + 1, names, len);
	return 0;
}

int live_tick(struct live *live, uint16_t kind)
{
	return make(live, kind, sizeof(struct sw_header)) ? 0 : -ENOMEM;
}

int live_give(struct live *live, const struct sw_header *record)
{
	return batch_copy(&live->waiting, record, record->size, NULL, 0);
}

/* ---- loss -------------------------------------------------------------------------------------
 */

/*
 * A program that is interrupted on its processor is not run a second time; the kernel counts it.
 * For the timer hooks that is nearly always about somebody else's timer: a look will tell.
 */
static uint64_t read_misses(struct live *live)
{
	uint64_t misses = 0, doubts = 0, results = 0;

	for (size_t i = 0; i < hooks_count(); i++) {
		const struct hook *hook = hooks_at(i);
		enum hook_miss miss = hooks_miss(i, live->hooks);
		struct bpf_program *program;
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);

		if (live->hooks[i].state != HOOK_ATTACHED || hook->mechanism == HOOK_ITERATOR)
			continue;
		program = bpf_object__find_program_by_name(live->tracer->obj, hook->program);
		if (!program || bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0)
			continue;
		if (miss == MISS_IS_DOUBT)
			doubts += info.recursion_misses;
		else if (miss == MISS_IS_RESULT)
			results += info.recursion_misses;
		else if (miss == MISS_IS_LOSS)
			misses += info.recursion_misses;
	}
	live->doubt |= doubts != live->doubts_seen || results != live->results_missed;
	live->doubts_seen = doubts;
	live->results_missed = results;
	return misses;
}

uint64_t live_results_missed(struct live *live)
{
	(void)read_misses(live);
	return live->results_missed;
}

bool live_take_doubt(struct live *live)
{
	bool doubt = live->doubt;

	live->doubt = false;
	return doubt;
}

static int tell_lost(struct live *live)
{
	uint64_t drops = live->tracer->bss->records_dropped, misses = live->misses_told;
	uint64_t now_ns = clock_monotonic_ns();
	struct sw_lost *lost;

	if (now_ns - live->misses_read_ns > MISSES_INTERVAL_NS) {
		misses = read_misses(live);
		live->misses_read_ns = now_ns;
	}
	if (drops == live->drops_told && misses == live->misses_told)
		return 0;
	lost = make(live, SW_RECORD_LOST, sizeof(*lost));
	if (!lost)
		return -ENOMEM;
	lost->count = drops - live->drops_told + misses - live->misses_told;
	live->drops_told = drops;
	live->misses_told = misses;
	return 0;
}

/* ---- collecting -------------------------------------------------------------------------------
 */

int live_collect(struct live *live)
{
	struct batch done = live->batch;
	int r;

	/* While we are here, nobody needs to wake us. */
	live->tracer->bss->reader_sleeps = 0;
	r = ring_consume(live->ring, keep_pieces, &live->waiting);
	if (r == 0)
		r = tell_lost(live);
	if (r == 0)
		r = tell_clock(live);
	if (r < 0)
		return r;
	live->batch = live->waiting;
	live->waiting = done;
	batch_clear(&live->waiting);
	batch_sort(&live->batch);
	return (int)live->batch.count;
}

void live_relieve(struct live *live)
{
	if (live->waiting.len < RELIEF_BYTES &&
	    ring_consume(live->ring, keep_pieces, &live->waiting) < 0)
		live->drops_told--; /* told as lost by the next collection */
}

unsigned int live_fill_percent(const struct live *live)
{
	return (unsigned int)(live->batch.len * 100 /
			      bpf_map__max_entries(live->tracer->maps.events));
}

const struct sw_header *live_at(const struct live *live, size_t index)
{
	return batch_at(&live->batch, index);
}

bool live_sleep(struct live *live)
{
	live->tracer->bss->reader_sleeps = 1;
	__sync_synchronize();
	/* A record that came just before the flag was set has woken nobody. */
	live_relieve(live);
	return live->waiting.count == 0;
}

/* ---- looks ------------------------------------------------------------------------------------
 */

static int keep_record(void *data, const struct sw_header *record)
{
	struct live *live = data;

	if (++live->looked_at % RELIEF_RECORDS == 0)
		live_relieve(live);
	return batch_copy(&live->waiting, record, record->size, NULL, 0);
}

static int run_iterator(struct live *live, const char *program)
{
	return iterator_run(bpf_link__fd(iterator_link(live, program)), decode_record, keep_record,
			    live);
}

int live_look_at_peers(struct live *live)
{
	int r = live_counts_peers(live) ? run_iterator(live, "show_udp_count") : 0;

	return r == 0 && live_counts_peers(live) ? run_iterator(live, "show_peer") : r;
}

static int visit_netns(void *data, uint32_t netns, const int *fds)
{
	struct live *live = data;
	struct sw_look_netns *record;
	int r = iterator_read(fds[0], decode_record, keep_record, live);

	if (r == 0)
		r = iterator_read(fds[1], decode_record, keep_record, live);
	if (r < 0)
		return r;
	record = make(live, SW_RECORD_LOOK_NETNS, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->netns = netns;
	return 0;
}

/* Those of the processes that wait to be told. */
static int expect_namespaces(struct live *live)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->waiting.count; i++) {
		const struct sw_header *record = batch_at(&live->waiting, i);

		if (record->kind == SW_RECORD_PROCESS)
			r = doors_expect(live->doors, ((const struct sw_process *)record)->netns);
	}
	return r;
}

/* Processes first, then who holds sockets, then these: so each is told with its owner. */
int live_look(struct live *live, uint32_t cause)
{
	uint64_t begin_ns = clock_monotonic_ns();
	size_t unseen = 0;
	struct sw_look *look;
	int r;

	look = make(live, SW_RECORD_LOOK_BEGIN, sizeof(*look));
	if (!look)
		return -ENOMEM;
	look->begin_ns = begin_ns;
	look->cause = cause;
	r = run_iterator(live, "show_process");
	if (r == 0)
		r = expect_namespaces(live);
	if (r == 0)
		r = run_iterator(live, "show_holder");
	if (r == 0)
		r = doors_visit(live->doors, visit_netns, live, &unseen);
	if (r < 0)
		return r;
	look = make(live, SW_RECORD_LOOK_END, sizeof(*look));
	if (!look)
		return -ENOMEM;
	look->begin_ns = begin_ns;
	look->cause = cause;
	look->incomplete = (uint32_t)unseen;
	return 0;
}

struct doors *live_doors(const struct live *live)
{
	return live->doors;
}
