/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values to text in a caller's buffer. Pure: no locale, no time zone but UTC, no name look-ups. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FORMAT_ADDRESS_SIZE 46	/* INET6_ADDRSTRLEN */
#define FORMAT_ENDPOINT_SIZE 56 /* [address]:port */
#define FORMAT_TIME_SIZE 31	/* 2026-11-24T00:11:22.123456789Z */
#define FORMAT_DURATION_SIZE 24

/* RFC 5952 for IPv6, v4-mapped as ::ffff:1.2.3.4. family is AF_INET or AF_INET6. Returns length. */
size_t format_address(unsigned int family, const uint8_t address[16],
		      char out[FORMAT_ADDRESS_SIZE]);

/* 1.2.3.4:80, [::1]:80; port 0 is "*". */
size_t format_endpoint(unsigned int family, const uint8_t address[16], unsigned int port,
		       char out[FORMAT_ENDPOINT_SIZE]);

/* RFC 3339 in UTC with nine digits. realtime_ns is CLOCK_REALTIME; before 1970 counts as 1970. */
size_t format_time(int64_t realtime_ns, char out[FORMAT_TIME_SIZE]);

/* Three digits and a unit: "830us", "1.20ms", "12.3s", "4m10s", "3h20m", "2d04h". */
size_t format_duration(uint64_t us, char out[FORMAT_DURATION_SIZE]);

/* The symbolic name of an errno ("ECONNREFUSED"), or NULL. */
const char *format_errno(int error);
