// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors to words and exit statuses. */
#include "cli/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/filter.h"
#include "cli/options.h"

int explain_output(int r)
{
	if (r == -EPIPE)
		return EXIT_OK;
	log_error("cannot write to standard output: %s", strerror(-r));
	return EXIT_FAILED;
}

int explain_waiting(size_t pending)
{
	log_error("the reader of standard output stopped: %zu bytes were not written", pending);
	return EXIT_FAILED;
}

int explain_stdout(void)
{
	return fflush(stdout) ? explain_output(-errno) : EXIT_OK;
}

int explain_filter(int count, char *const words[], struct filter **ret_filter)
{
	struct filter_error error;
	int r = filter_parse(count, words, ret_filter, &error);

	if (r == -EINVAL)
		log_error("%s", error.message);
	else if (r < 0)
		log_error("out of memory");
	return r == -EINVAL ? EXIT_USAGE : r < 0 ? EXIT_FAILED : EXIT_OK;
}

int explain_names(int error)
{
	log_error("cannot start the process that reads what containers are called: %s",
		  strerror(error));
	return EXIT_FAILED;
}
