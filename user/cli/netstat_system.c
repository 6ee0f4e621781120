// SPDX-License-Identifier: GPL-2.0-or-later
/* -e, -i, -s and -r: asks system/ and lets view/ write, in the format of the options. */
#include "cli/netstat_system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "sockwatch/record.h"
#include "system/interfaces.h"
#include "system/protostats.h"
#include "system/routes.h"
#include "view/csv.h"
#include "view/interface_view.h"
#include "view/line.h"
#include "view/route_view.h"
#include "view/statistic_view.h"

_Static_assert(STATISTICS_IP == 1 << STATISTIC_IP && STATISTICS_TCP == 1 << STATISTIC_TCP &&
		       STATISTICS_UDPV6 == 1 << STATISTIC_UDPV6,
	       "the bits of the options are the protocols of the counters");

#define IPV4_PROTOCOLS (STATISTICS_IP | STATISTICS_ICMP | STATISTICS_UDP)
#define IPV6_PROTOCOLS (STATISTICS_IPV6 | STATISTICS_ICMPV6 | STATISTICS_TCPV6 | STATISTICS_UDPV6)

struct netstat_system {
	const struct netstat_options *options;
	struct statistic_list last; /* of the display before */
};

/* One display: what the functions below share. */
struct display {
	struct netstat_system *system;
	const struct netstat_options *options;
	struct record_style style;
	unsigned int number;
	bool begun; /* something is written: a blank line before the next */
	struct json *out;
};

struct netstat_system *netstat_system_new(const struct netstat_options *options)
{
	struct netstat_system *system = calloc(1, sizeof(*system));

	if (system)
		system->options = options;
	return system;
}

void netstat_system_free(struct netstat_system *system)
{
	if (!system)
		return;
	statistic_list_done(&system->last);
	free(system);
}

static bool is_for_people(const struct display *display)
{
	return display->style.format == RECORD_TEXT;
}

/* What a section of text begins with; tables of CSV are apart, too. */
static void begin(struct display *display)
{
	if (display->begun && display->style.format != RECORD_JSON)
		line_printf(display->out, is_for_people(display) ? "\n" : CSV_NEWLINE);
	display->begun = true;
}

static void tell_doubts(const char *what, size_t malformed, bool inconsistent)
{
	if (malformed)
		log_error(
			"%zu of the kernel's answers about %s could not be understood and are left out: please report this with `uname -r`",
			malformed, what);
	if (inconsistent)
		log_error(
			"the %s changed while they were read: some may be missing or double; try again when it is quieter",
			what);
}

static int fail(const char *what, int error)
{
	log_error("cannot read the %s through rtnetlink: %s%s", what, strerror(-error),
		  error == -EAFNOSUPPORT || error == -EPERM || error == -EACCES
			  ? "; let the sandbox allow sockets of AF_NETLINK"
			  : "");
	return error;
}

static int show_interfaces(struct display *display)
{
	const struct netstat_options *options = display->options;
	CLEANUP(interface_list_done) struct interface_list list = { 0 };
	int r = interfaces_read(&list);

	if (r < 0)
		return fail("interfaces", r);
	tell_doubts("interfaces", list.malformed, list.inconsistent);
	if (options->ethernet && is_for_people(display)) {
		begin(display);
		interface_view_totals(&list, options->format == FORMAT_XP, display->out);
	}
	if (options->interfaces || !is_for_people(display)) {
		begin(display);
		interface_view_rows(&display->style, &list, display->out);
	}
	return 0;
}

static void show_xp_family(struct display *display, const struct route_list *list, uint8_t family)
{
	if (family == SW_FAMILY_INET) {
		route_view_xp_ipv4(list, display->out);
		return;
	}
	begin(display);
	route_view_xp_ipv6(list, display->out);
}

static void show_family(struct display *display, const struct route_list *list, uint8_t family)
{
	if (is_for_people(display)) {
		begin(display);
		if (display->style.header)
			line_printf(display->out, "%s routes\n",
				    family == SW_FAMILY_INET6 ? "IPv6" : "IPv4");
	}
	route_view_rows(&display->style, list, display->out);
	/* A CSV has both families below one header. */
	if (display->style.format == RECORD_CSV)
		display->style.header = false;
}

static int show_families(struct display *display, const struct interface_list *interfaces)
{
	static const uint8_t families[] = { SW_FAMILY_INET, SW_FAMILY_INET6 };
	const struct netstat_options *options = display->options;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		CLEANUP(route_list_done) struct route_list list = { 0 };
		int r;

		if (families[i] == SW_FAMILY_INET6 ? !options->ipv6 : !options->ipv4)
			continue;
		r = routes_read(families[i], options->verbose, interfaces, &list);
		if (r < 0)
			return fail("routes", r);
		tell_doubts("routes", list.malformed, list.inconsistent);
		if (options->format == FORMAT_XP)
			show_xp_family(display, &list, families[i]);
		else
			show_family(display, &list, families[i]);
	}
	return 0;
}

static int show_routes(struct display *display)
{
	CLEANUP(interface_list_done) struct interface_list interfaces = { 0 };
	int r = interfaces_read(&interfaces);

	if (r < 0)
		return fail("interfaces", r);
	if (display->options->format != FORMAT_TEXT)
		begin(display);
	if (display->options->format == FORMAT_XP) {
		line_printf(display->out, "Route Table\n");
		route_view_xp_interfaces(&interfaces, display->out);
	}
	return show_families(display, &interfaces);
}

/* Counters of both families, and those of unknown groups, are of no family that one could deny. */
static unsigned int wanted_protocols(const struct netstat_options *options)
{
	unsigned int wanted = options->statistics_mask;

	if (wanted == STATISTICS_ALL)
		wanted |= 1u << STATISTIC_OTHER;
	if (!options->ipv4)
		wanted &= ~(unsigned int)IPV4_PROTOCOLS;
	if (!options->ipv6)
		wanted &= ~(unsigned int)IPV6_PROTOCOLS;
	return wanted;
}

static int show_statistics(struct display *display)
{
	const struct netstat_options *options = display->options;
	struct statistic_list *last = &display->system->last;
	CLEANUP(statistic_list_done) struct statistic_list list = { 0 };
	/* A CSV has the column from its header on. */
	bool delta = display->number > 1 ||
		     (display->style.format == RECORD_CSV && options->repeated);
	int r = protostats_read(&list);

	if (r < 0) {
		log_error(
			"cannot read the counters in /proc/net (snmp, netstat, snmp6): %s; is /proc mounted?",
			strerror(-r));
		return r;
	}
	tell_doubts("counters", list.malformed, false);
	statistic_list_keep(&list, wanted_protocols(options));
	statistic_list_compare(&list, last);
	begin(display);
	if (is_for_people(display))
		statistic_view_sections(&list, options->format == FORMAT_XP, options->verbose,
					display->out);
	else
		statistic_view_rows(&display->style, &list, delta, display->out);
	statistic_list_done(last);
	*last = list;
	list = (struct statistic_list){ 0 };
	return 0;
}

static struct record_style style_of(const struct netstat_options *options, unsigned int number,
				    const char *ts)
{
	static const enum record_format formats[] = {
		[FORMAT_TEXT] = RECORD_TEXT,
		[FORMAT_XP] = RECORD_TEXT,
		[FORMAT_JSON] = RECORD_JSON,
		[FORMAT_CSV] = RECORD_CSV,
	};
	bool one_table = (options->ethernet || options->interfaces) + options->routes +
				 options->statistics ==
			 1;

	return (struct record_style){
		.format = formats[options->format],
		/* A CSV of one table has its header once. */
		.header = !options->no_header &&
			  (options->format != FORMAT_CSV || number == 1 || !one_table),
		.display = options->repeated && ts ? number : 0,
		.ts = ts,
	};
}

int netstat_system_show(struct netstat_system *system, unsigned int display, const char *ts,
			struct json *out)
{
	const struct netstat_options *options = system->options;
	struct display shown = {
		.system = system,
		.options = options,
		.style = style_of(options, display, ts),
		.number = display,
		.out = out,
	};
	int interfaces = 0, statistics = 0, routes = 0;

	if (shown.style.display && is_for_people(&shown))
		line_printf(out, "%s%.10s %.8s UTC  display %u\n", display > 1 ? "\n" : "", ts,
			    ts + strlen("2026-01-01T"), display);
	/* One that fails does not keep the others from being shown. */
	if (options->ethernet || options->interfaces)
		interfaces = show_interfaces(&shown);
	if (options->statistics)
		statistics = show_statistics(&shown);
	if (options->routes)
		routes = show_routes(&shown);
	if (out->failed)
		return -ENOMEM;
	return interfaces < 0 ? interfaces : statistics < 0 ? statistics : routes;
}
