// SPDX-License-Identifier: GPL-2.0-or-later
/* Values to text, by hand because these run for every event. Escaping is base/text's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np() */
#endif
#include "view/format.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NS_PER_SECOND 1000000000ULL
#define SECONDS_PER_DAY 86400U

static char *put_decimal(char *out, unsigned int value)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		*out++ = digits[--n];
	return out;
}

static char *put_padded(char *out, unsigned int value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + width;
}

static char *put_ipv4(char *out, const uint8_t *address)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*out++ = '.';
		out = put_decimal(out, address[i]);
	}
	return out;
}

static unsigned int group(const uint8_t *address, int i)
{
	return (unsigned int)address[2 * i] << 8 | address[2 * i + 1];
}

static char *put_group(char *out, unsigned int value)
{
	static const char digits[] = "0123456789abcdef";

	if (value > 0xfff)
		*out++ = digits[value >> 12];
	if (value > 0xff)
		*out++ = digits[value >> 8 & 0xf];
	if (value > 0xf)
		*out++ = digits[value >> 4 & 0xf];
	*out++ = digits[value & 0xf];
	return out;
}

/* RFC 5952, 4.2: "::" is for the longest run of at least two zero groups, the first of equals. */
static int longest_zero_run(const uint8_t *address, int *ret_length)
{
	int best = -1, best_length = 1;

	for (int i = 0; i < 8; i++) {
		int start = i;

		while (i < 8 && !group(address, i))
			i++;
		if (i - start > best_length) {
			best = start;
			best_length = i - start;
		}
	}
	*ret_length = best_length;
	return best;
}

static char *put_ipv6(char *out, const uint8_t *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	int run_length, run = longest_zero_run(address, &run_length);

	if (!memcmp(address, mapped, sizeof(mapped))) {
		memcpy(out, "::ffff:", 7);
		return put_ipv4(out + 7, address + 12);
	}
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			*out++ = ':';
			*out++ = ':';
			i += run_length - 1;
			continue;
		}
		if (i && (run < 0 || i != run + run_length))
			*out++ = ':';
		out = put_group(out, group(address, i));
	}
	return out;
}

size_t format_address(unsigned int family, const uint8_t address[16], char out[FORMAT_ADDRESS_SIZE])
{
	char *end = out;

	if (family == AF_INET)
		end = put_ipv4(out, address);
	else if (family == AF_INET6)
		end = put_ipv6(out, address);
	*end = '\0';
	return (size_t)(end - out);
}

size_t format_endpoint(unsigned int family, const uint8_t address[16], unsigned int port,
		       char out[FORMAT_ENDPOINT_SIZE])
{
	bool brackets = family == AF_INET6;
	char *end = out;

	if (brackets)
		*end++ = '[';
	end += format_address(family, address, end);
	if (brackets)
		*end++ = ']';
	*end++ = ':';
	if (port)
		end = put_decimal(end, port);
	else
		*end++ = '*';
	*end = '\0';
	return (size_t)(end - out);
}

/*
 * The Gregorian date of a day since 1970-01-01. Years begin in March here, so that the leap day is
 * their last; after Howard Hinnant's civil_from_days().
 */
static void civil_date(unsigned int day, unsigned int *ret_year, unsigned int *ret_month,
		       unsigned int *ret_day)
{
	unsigned int shifted = day + 719468; /* days from 0000-03-01 to 1970-01-01 */
	unsigned int era = shifted / 146097; /* days in 400 years */
	unsigned int of_era = shifted % 146097;
	unsigned int year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned int month = (5 * of_year + 2) / 153; /* 0 is March; 153 days in 5 months */

	*ret_day = of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = era * 400 + year_of_era + (*ret_month <= 2);
}

size_t format_time(int64_t realtime_ns, char out[FORMAT_TIME_SIZE])
{
	uint64_t ns = realtime_ns > 0 ? (uint64_t)realtime_ns : 0;
	uint64_t seconds = ns / NS_PER_SECOND;
	unsigned int of_day = (unsigned int)(seconds % SECONDS_PER_DAY);
	unsigned int year, month, day;
	char *end = out;

	civil_date((unsigned int)(seconds / SECONDS_PER_DAY), &year, &month, &day);
	end = put_padded(end, year, 4);
	*end++ = '-';
	end = put_padded(end, month, 2);
	*end++ = '-';
	end = put_padded(end, day, 2);
	*end++ = 'T';
	end = put_padded(end, of_day / 3600, 2);
	*end++ = ':';
	end = put_padded(end, of_day / 60 % 60, 2);
	*end++ = ':';
	end = put_padded(end, of_day % 60, 2);
	*end++ = '.';
	end = put_padded(end, (unsigned int)(ns % NS_PER_SECOND), 9);
	*end++ = 'Z';
	*end = '\0';
	return (size_t)(end - out);
}

/* `thousandths` of a unit with three digits. Digits are dropped, never rounded up to the next. */
static int three_digits(uint64_t thousandths, const char *unit, char out[FORMAT_DURATION_SIZE])
{
	unsigned int whole = (unsigned int)(thousandths / 1000);
	unsigned int rest = (unsigned int)(thousandths % 1000);

	if (whole < 10)
		return snprintf(out, FORMAT_DURATION_SIZE, "%u.%02u%s", whole, rest / 10, unit);
	if (whole < 100)
		return snprintf(out, FORMAT_DURATION_SIZE, "%u.%u%s", whole, rest / 100, unit);
	return snprintf(out, FORMAT_DURATION_SIZE, "%u%s", whole, unit);
}

size_t format_duration(uint64_t us, char out[FORMAT_DURATION_SIZE])
{
	unsigned long long s = us / 1000000;
	int n;

	if (us < 1000)
		n = snprintf(out, FORMAT_DURATION_SIZE, "%uus", (unsigned int)us);
	else if (us < 1000000)
		n = three_digits(us, "ms", out);
	else if (s < 60)
		n = three_digits(us / 1000, "s", out);
	else if (s < 3600)
		n = snprintf(out, FORMAT_DURATION_SIZE, "%llum%02llus", s / 60, s % 60);
	else if (s < SECONDS_PER_DAY)
		n = snprintf(out, FORMAT_DURATION_SIZE, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		n = snprintf(out, FORMAT_DURATION_SIZE, "%llud%02lluh", s / SECONDS_PER_DAY,
			     s / 3600 % 24);
	return (size_t)n;
}

const char *format_errno(int error)
{
	return error > 0 ? strerrorname_np(error) : NULL;
}
