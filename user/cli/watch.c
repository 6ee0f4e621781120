// SPDX-License-Identifier: GPL-2.0-or-later
/* Draining, looking and sleeping. What the records mean is the table's. */
#include "cli/watch.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/options.h"
#include "model/decode.h"

#define DRAIN_MS 20		   /* how often the ring is emptied while there is traffic */
#define QUIET_DRAINS 5		   /* empty drains before we sleep until woken */
#define IDLE_MS 500		   /* then still look for losses */
#define LOOK_NS (4 * NSEC_PER_SEC) /* a correction comes within 5 seconds */
#define REPAIR_NS NSEC_PER_SEC
#define VERIFY_NS (60 * NSEC_PER_SEC) /* without any doubt: some kernels hide silently */
#define LOOK_SHARE 50		      /* looks take at most this part of the time */

static int look(struct watch *watch, uint32_t cause)
{
	uint64_t begin_ns = live_now_ns();
	int r = live_look(watch->live, cause);

	watch->looked_ns = live_now_ns();
	watch->look_took_ns = watch->looked_ns - begin_ns;
	if (r < 0)
		log_error("cannot read the kernel's socket tables: %s", strerror(-r));
	return r;
}

int watch_open(struct watch *watch, const struct live_options *options, struct conn_table *table)
{
	struct live_error error;
	int r;

	*watch = (struct watch){ .table = table };
	r = live_open(options, &watch->live, &error);
	if (r < 0) {
		log_error("%s", error.message);
		return error.refused ? EXIT_REFUSED : EXIT_FAILED;
	}
	if (live_start(watch->live) < 0 || look(watch, SW_LOOK_START) < 0)
		return EXIT_FAILED;
	return EXIT_OK;
}

void watch_close(struct watch *watch)
{
	live_close(TAKE_PTR(watch->live));
}

int watch_drain(struct watch *watch, int (*take)(void *data, const struct sw_header *record),
		void *data)
{
	int count, r = 0;

	if (conn_table_holds(watch->table))
		(void)live_tick(watch->live, SW_RECORD_TICK);
	count = live_collect(watch->live);
	for (int i = 0; r >= 0 && i < count; i++) {
		const struct sw_header *bytes = live_at(watch->live, i), *checked;

		if (decode_record(bytes, bytes->size, &checked) == 0)
			r = take(data, checked);
	}
	return r < 0 ? r : count;
}

void watch_look_if_due(struct watch *watch)
{
	uint64_t age_ns = live_now_ns() - watch->looked_ns;

	if (watch->repair_due && age_ns > REPAIR_NS) {
		watch->repair_due = false;
		(void)look(watch, SW_LOOK_LOST);
	} else if (age_ns > LOOK_NS && age_ns > LOOK_SHARE * watch->look_took_ns &&
		   (live_take_doubt(watch->live) || conn_table_wants_look(watch->table) ||
		    age_ns > VERIFY_NS)) {
		(void)look(watch, SW_LOOK_DRIFT);
	}
}

int watch_timeout(struct watch *watch, int count, bool *ret_wakes)
{
	*ret_wakes = false;
	if (conn_table_holds(watch->table)) {
		watch->quiet = 0;
		return WATCH_HOLD_MS;
	}
	watch->quiet = count > 0 ? 0 : watch->quiet + 1;
	if (watch->quiet <= QUIET_DRAINS || !live_sleep(watch->live))
		return DRAIN_MS;
	*ret_wakes = true;
	return IDLE_MS;
}
