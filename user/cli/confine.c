// SPDX-License-Identifier: GPL-2.0-or-later
/* The sandbox, and the one process outside of it. */
#include "cli/confine.h"

#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "cli/options.h"
#include "source/opener.h"

int confine(bool wanted, unsigned int needs, struct doors *const sets[], size_t count,
	    struct opener **ret_opener)
{
	struct sandbox_report report;
	int r;

	*ret_opener = NULL;
	if (!wanted)
		return EXIT_OK;
	if (count) {
		r = opener_start(sets, count, ret_opener);
		if (r < 0) {
			log_error("cannot start the process that enters namespaces: %s",
				  strerror(-r));
			return EXIT_FAILED;
		}
	}
	r = sandbox_enter(needs, &report);
	if (r < 0) {
		log_error("cannot drop capabilities: %s; --no-sandbox goes on with them",
			  strerror(-r));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}
