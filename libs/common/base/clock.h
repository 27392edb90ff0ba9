/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, handed in as an argument so that a test can hold it still. Instants
 * are microseconds since 1970-01-01 UTC in an int64, in C and in SQL text.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t instant; /* microseconds; the one typedef: it is not a struct */

#define INSTANT_SECOND ((instant)1000000)
#define INSTANT_MINUTE (60 * INSTANT_SECOND)
#define INSTANT_HOUR (60 * INSTANT_MINUTE)
#define INSTANT_DAY (24 * INSTANT_HOUR)
#define INSTANT_NEVER INT64_MAX

struct clock {
	instant (*now)(const struct clock *clock);
	instant held; /* used by clock_held only */
};

/* The wall clock (CLOCK_REALTIME). */
extern const struct clock clock_wall;
/* A clock that stands at `at` until the caller moves `held`. */
struct clock clock_held(instant at);
instant clock_now(const struct clock *clock);
/* For deadlines inside a process: never jumps, means nothing outside. */
instant clock_monotonic(void);
/* Sleeps at least `duration`; returns early on a signal. */
void clock_sleep(instant duration);

#define INSTANT_TEXT 40
/* RFC 3339 in UTC, "2026-11-24T08:00:00.123456Z", fraction only if not zero;
 * what lies beyond the years 0 to 9999 is shown as their ends. */
void instant_format(instant at, char text[INSTANT_TEXT]);
/* RFC 3339 with any zone and up to nine fraction digits (cut to six);
 * REJECT with a sentence otherwise. A leap second counts as the next one. */
struct reason;
enum status instant_parse(const char *text, size_t length, instant *ret,
	struct reason *reterr) MUST_CHECK;
/* "90s", "15m", "24h", "7d" or a bare number of seconds; REJECT otherwise. */
enum status duration_parse(
	const char *text, instant *ret, struct reason *reterr) MUST_CHECK;
/* The shortest of the forms above that loses nothing. */
void duration_format(instant duration, char text[INSTANT_TEXT]);
