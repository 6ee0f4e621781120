// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics of protocols: records for programs, sections for people. */
#include "view/statistic_view.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "view/line.h"
#include "view/statistic_labels.h"

#define CELL_SIZE 64	   /* a value and its change: two 64-bit numbers */
#define COLUMN_LABEL 25	   /* XP's width of the label beside Received and Sent */
#define COLUMN_RECEIVED 11 /* and of the first of these, at least */

struct section {
	const struct statistic_section *of;
	const struct statistic_list *list;
	enum statistic_protocol protocol;
	bool xp, zeros;
	size_t hidden;	 /* counters that are 0 */
	int label_width; /* text */
	int value_width; /* if changes are shown beside it */
	int cell_width;	 /* of value and change, where another column follows */
	struct json *out;
};

static void get_proto(const void *record, int detail, struct record_value *ret)
{
	static const char *const names[STATISTIC_PROTOCOLS] = {
		[STATISTIC_IP] = "ip",	     [STATISTIC_IPV6] = "ip",	[STATISTIC_ICMP] = "icmp",
		[STATISTIC_ICMPV6] = "icmp", [STATISTIC_TCP] = "tcp",	[STATISTIC_TCPV6] = "tcp",
		[STATISTIC_UDP] = "udp",     [STATISTIC_UDPV6] = "udp",
	};
	const char *name = names[((const struct statistic *)record)->protocol];

	if (name)
		record_set_string(ret, name);
}

static void get_family(const void *record, int detail, struct record_value *ret)
{
	static const uint64_t families[STATISTIC_PROTOCOLS] = {
		[STATISTIC_IP] = 4,	[STATISTIC_IPV6] = 6,  [STATISTIC_ICMP] = 4,
		[STATISTIC_ICMPV6] = 6, [STATISTIC_TCPV6] = 6, [STATISTIC_UDP] = 4,
		[STATISTIC_UDPV6] = 6,
	};
	uint64_t family = families[((const struct statistic *)record)->protocol];

	if (family)
		record_set_number(ret, family);
}

static void get_name(const void *record, int detail, struct record_value *ret)
{
	record_set_string(ret, ((const struct statistic *)record)->name);
}

static void get_value(const void *record, int detail, struct record_value *ret)
{
	const struct statistic *statistic = record;

	if (!statistic->known)
		return;
	ret->kind = statistic->negative ? RECORD_SIGNED : RECORD_UNSIGNED;
	ret->number = statistic->value;
}

static void get_delta(const void *record, int detail, struct record_value *ret)
{
	const struct statistic *statistic = record;

	if (!statistic->delta_known)
		return;
	ret->kind = RECORD_SIGNED;
	ret->number = (uint64_t)statistic->delta;
}

void statistic_view_rows(const struct record_style *style, const struct statistic_list *list,
			 bool delta, struct json *out)
{
	static const struct record_field fields[] = {
		{ "proto", "PROTO", 0, 0, get_proto },
		{ "family", "FAMILY", 0, 0, get_family },
		{ "name", "NAME", 0, 0, get_name },
		{ "value", "VALUE", RECORD_RIGHT, 0, get_value },
		{ "delta", "DELTA", RECORD_RIGHT, 0, get_delta }, /* the last: may be left out */
	};
	struct record_list records = {
		.records = list->items,
		.count = list->count,
		.size = sizeof(*list->items),
		.fields = fields,
		.field_count = ARRAY_SIZE(fields) - !delta,
	};

	record_put(style, &records, out);
}

static int put_number(const struct statistic *statistic, char out[CELL_SIZE])
{
	if (!statistic || !statistic->known)
		return snprintf(out, CELL_SIZE, "-");
	if (statistic->negative)
		return snprintf(out, CELL_SIZE, "%lld", (long long)statistic->value);
	return snprintf(out, CELL_SIZE, "%llu", (unsigned long long)statistic->value);
}

/* A value and its change. statistic may be NULL. */
static void make_cell(const struct section *section, const struct statistic *statistic,
		      char out[CELL_SIZE])
{
	int len = put_number(statistic, out);

	if (!statistic || !statistic->delta_known)
		return;
	len = len < section->value_width ? section->value_width : len;
	for (int i = (int)strlen(out); i < len; i++)
		out[i] = ' ';
	snprintf(out + len, CELL_SIZE - (size_t)len, " (%+lld)", (long long)statistic->delta);
}

static void put_one(const struct section *section, const char *label,
		    const struct statistic *statistic)
{
	char cell[CELL_SIZE];

	make_cell(section, statistic, cell);
	if (section->xp)
		line_printf(section->out, "  %-*s = %s\n", section->of->xp_width, label, cell);
	else
		line_printf(section->out, "  %-*s  %s\n", section->label_width, label, cell);
}

static void put_two(const struct section *section, const char *label,
		    const struct statistic *received, const struct statistic *sent)
{
	char left[CELL_SIZE], right[CELL_SIZE];

	make_cell(section, received, left);
	make_cell(section, sent, right);
	line_printf(section->out, "  %-*s %-*s %s\n", COLUMN_LABEL, label, section->cell_width,
		    left, right);
}

static const struct statistic *find(const struct section *section, const char *name)
{
	return name ? statistic_list_find(section->list, name) : NULL;
}

/* Is there something to see? What is unknown is. */
static bool is_zero(const struct statistic *statistic)
{
	return !statistic || (statistic->known && !statistic->value && !statistic->delta);
}

static void put_label(struct section *section, size_t index)
{
	const struct statistic_label *label = &section->of->labels[index];
	const struct statistic *first = find(section, label->name);
	const struct statistic *second = find(section, label->sent);
	bool is_xp = index < section->of->xp_count;

	if (section->xp ? !is_xp : !first && !second)
		return;
	if (!is_xp && !section->zeros && is_zero(first) && is_zero(second)) {
		section->hidden += (first != NULL) + (second != NULL);
		return;
	}
	if (section->of->two_columns)
		put_two(section, label->label, first, second);
	else
		put_one(section, label->label, first);
}

static bool has_label(const struct section *section, const char *name)
{
	for (size_t i = 0; i < section->of->count; i++) {
		const struct statistic_label *label = &section->of->labels[i];

		if ((label->name && !strcmp(label->name, name)) ||
		    (label->sent && !strcmp(label->sent, name)))
			return true;
	}
	return false;
}

/* Counters that we have no word for go by the kernel's. */
static bool is_other(const struct section *section, const struct statistic *statistic)
{
	return statistic->protocol == section->protocol && !has_label(section, statistic->name);
}

static void put_others(struct section *section)
{
	for (size_t i = 0; i < section->list->count; i++) {
		const struct statistic *statistic = &section->list->items[i];

		if (!is_other(section, statistic))
			continue;
		if (!section->zeros && is_zero(statistic))
			section->hidden++;
		else
			put_one(section, statistic->name, statistic);
	}
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static void measure_labels(struct section *section)
{
	section->label_width = section->of->two_columns ? COLUMN_LABEL - 1 : 0;
	for (size_t i = 0; i < section->of->count; i++)
		section->label_width =
			larger(section->label_width, (int)strlen(section->of->labels[i].label));
	for (size_t i = 0; i < section->list->count; i++) {
		const struct statistic *statistic = &section->list->items[i];

		if (is_other(section, statistic) && (section->zeros || !is_zero(statistic)))
			section->label_width =
				larger(section->label_width, (int)strlen(statistic->name));
	}
}

static void measure_values(struct section *section)
{
	char cell[CELL_SIZE];

	for (size_t i = 0; i < section->list->count; i++) {
		const struct statistic *statistic = &section->list->items[i];

		if (statistic->protocol == section->protocol && statistic->delta_known)
			section->value_width =
				larger(section->value_width, put_number(statistic, cell));
	}
	section->cell_width = COLUMN_RECEIVED;
	for (size_t i = 0; i < section->of->count; i++) {
		make_cell(section, find(section, section->of->labels[i].name), cell);
		section->cell_width = larger(section->cell_width, (int)strlen(cell));
	}
}

static void put_section(struct section *section)
{
	line_printf(section->out, "%s\n\n", section->of->title);
	if (section->of->two_columns)
		line_printf(section->out, "  %-*s %-*s %s\n", COLUMN_LABEL, "", section->cell_width,
			    "Received", "Sent");
	for (size_t i = 0; i < section->of->count; i++)
		put_label(section, i);
	if (!section->xp)
		put_others(section);
	if (section->hidden)
		line_printf(section->out, "  (%zu more are 0: -v shows them)\n", section->hidden);
	if (section->of->note)
		line_printf(section->out, "  %s\n", section->of->note);
}

void statistic_view_sections(const struct statistic_list *list, bool xp, bool zeros,
			     struct json *out)
{
	bool first = true;

	for (int i = 0; i < STATISTIC_PROTOCOLS; i++) {
		struct section section = {
			.of = statistic_section(i),
			.list = list,
			.protocol = i,
			.xp = xp,
			.zeros = zeros,
			.out = out,
		};

		if (!statistic_list_has(list, i) || (xp && !section.of->xp_count))
			continue;
		if (!first)
			json_raw(out, "\n", 1);
		first = false;
		measure_labels(&section);
		measure_values(&section);
		put_section(&section);
	}
}
