/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/reason.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static instant read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (instant)now.tv_sec * INSTANT_SECOND + now.tv_nsec / 1000;
}

static instant wall_now(const struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static instant held_now(const struct clock *clock)
{
	return clock->held;
}

const struct clock clock_wall = {.now = wall_now};

struct clock clock_held(instant at)
{
	return (struct clock){.now = held_now, .held = at};
}

instant clock_now(const struct clock *clock)
{
	return clock->now(clock);
}

instant clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep(instant duration)
{
	struct timespec span = {
		.tv_sec = duration / INSTANT_SECOND,
		.tv_nsec = (duration % INSTANT_SECOND) * 1000,
	};

	if (duration > 0)
		nanosleep(&span, NULL);
}

/* strftime costs more than all else that is done to a record's time. */
static char *put_number(char *out, unsigned number, int digits)
{
	for (int i = digits; i-- > 0; number /= 10)
		out[i] = (char)('0' + number % 10);
	return out + digits;
}

/* Date of a day since 1970-01-01, counted in eras of 400 years from March. */
static char *put_date(char *out, int64_t day)
{
	int64_t since = day + 719468;
	int64_t era = (since >= 0 ? since : since - 146096) / 146097;
	unsigned of_era = (unsigned)(since - era * 146097);
	unsigned year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned march = (5 * of_year + 2) / 153;
	unsigned month = march < 10 ? march + 3 : march - 9;

	out = put_number(
		out, (unsigned)(era * 400 + year + (month <= 2 ? 1 : 0)), 4);
	*out++ = '-';
	out = put_number(out, month, 2);
	*out++ = '-';
	return put_number(out, of_year - (153 * march + 2) / 5 + 1, 2);
}

/* What a year of four digits can say. */
#define YEAR_0_SECONDS (-62167219200)
#define YEAR_10000_SECONDS 253402300800

void instant_format(instant at, char text[INSTANT_TEXT])
{
	int64_t fraction = at % INSTANT_SECOND;
	int64_t seconds = at / INSTANT_SECOND;
	int64_t day, of_day;
	char *out = text;

	if (fraction < 0) {
		fraction += INSTANT_SECOND;
		seconds--;
	}
	if (seconds < YEAR_0_SECONDS)
		seconds = YEAR_0_SECONDS;
	if (seconds >= YEAR_10000_SECONDS)
		seconds = YEAR_10000_SECONDS - 1;
	day = seconds / 86400;
	of_day = seconds % 86400;
	if (of_day < 0) {
		of_day += 86400;
		day--;
	}
	out = put_date(out, day);
	*out++ = 'T';
	out = put_number(out, (unsigned)(of_day / 3600), 2);
	*out++ = ':';
	out = put_number(out, (unsigned)(of_day / 60 % 60), 2);
	*out++ = ':';
	out = put_number(out, (unsigned)(of_day % 60), 2);
	if (fraction) {
		*out++ = '.';
		out = put_number(out, (unsigned)fraction, 6);
	}
	*out++ = 'Z';
	*out = '\0';
}

/* Reads exactly `digits` decimal digits; -1 where there is another byte. */
static int take_number(const char **at, const char *end, int digits)
{
	int number = 0;

	for (int i = 0; i < digits; i++, (*at)++) {
		if (*at >= end || !isdigit((unsigned char)**at))
			return -1;
		number = number * 10 + (**at - '0');
	}
	return number;
}

static bool take_byte(const char **at, const char *end, const char *accepted)
{
	if (*at >= end || !**at || !strchr(accepted, **at))
		return false;
	(*at)++;
	return true;
}

static instant take_fraction(const char **at, const char *end)
{
	instant fraction = 0;
	instant unit = INSTANT_SECOND / 10;

	if (*at >= end || **at != '.')
		return 0;
	for ((*at)++; *at < end && isdigit((unsigned char)**at); (*at)++) {
		fraction += unit * (**at - '0');
		unit /= 10;
	}
	return fraction;
}

/* Offset from UTC in seconds; false where neither Z nor +hh:mm follows. */
static bool take_zone(const char **at, const char *end, int *ret)
{
	int sign;
	int hours;
	int minutes;

	*ret = 0;
	if (take_byte(at, end, "Zz"))
		return true;
	if (*at >= end || (**at != '+' && **at != '-'))
		return false;
	sign = *(*at)++ == '-' ? -1 : 1;
	hours = take_number(at, end, 2);
	take_byte(at, end, ":");
	minutes = take_number(at, end, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ret = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month] + (month == 1 && leap);
}

static bool take_date_time(const char **at, const char *end, struct tm *ret)
{
	*ret = (struct tm){0};
	ret->tm_year = take_number(at, end, 4) - 1900;
	if (!take_byte(at, end, "-"))
		return false;
	ret->tm_mon = take_number(at, end, 2) - 1;
	if (!take_byte(at, end, "-"))
		return false;
	ret->tm_mday = take_number(at, end, 2);
	if (!take_byte(at, end, "Tt "))
		return false;
	ret->tm_hour = take_number(at, end, 2);
	if (!take_byte(at, end, ":"))
		return false;
	ret->tm_min = take_number(at, end, 2);
	if (!take_byte(at, end, ":"))
		return false;
	ret->tm_sec = take_number(at, end, 2);
	return ret->tm_year >= -1900 && ret->tm_mon >= 0 && ret->tm_mon < 12 &&
	       ret->tm_mday >= 1 &&
	       ret->tm_mday <= days_in(ret->tm_year + 1900, ret->tm_mon) &&
	       ret->tm_hour >= 0 && ret->tm_hour < 24 && ret->tm_min >= 0 &&
	       ret->tm_min < 60 && ret->tm_sec >= 0 && ret->tm_sec <= 60;
}

/* The same count as put_date's, the other way; timegm costs five times it. */
static int64_t seconds_of(const struct tm *parts)
{
	int64_t year = parts->tm_year + 1900 - (parts->tm_mon < 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t month = (parts->tm_mon + 10) % 12; /* from March */
	int64_t of_year = (153 * month + 2) / 5 + parts->tm_mday - 1;
	int64_t day = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
		      of_year - 719468;

	return day * 86400 + parts->tm_hour * 3600 + parts->tm_min * 60 +
	       parts->tm_sec;
}

enum status instant_parse(
	const char *text, size_t length, instant *ret, struct reason *reterr)
{
	const char *at = text;
	const char *end = text + length;
	struct tm parts;
	instant fraction;
	int offset;

	if (take_date_time(&at, end, &parts)) {
		fraction = take_fraction(&at, end);
		if (take_zone(&at, end, &offset) && at == end) {
			*ret = (seconds_of(&parts) - offset) * INSTANT_SECOND +
			       fraction;
			return OK;
		}
	}
	reason_set(reterr, NULL, "\"%.*s\" is no RFC 3339 time",
		(int)(length < 60 ? length : 60), text);
	return REJECT;
}

static instant unit_of(const char *suffix)
{
	static const struct {
		const char *suffix;
		instant unit;
	} units[] = {
		{"", INSTANT_SECOND},
		{"ms", 1000},
		{"s", INSTANT_SECOND},
		{"m", INSTANT_MINUTE},
		{"h", INSTANT_HOUR},
		{"d", INSTANT_DAY},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(suffix, units[i].suffix) == 0)
			return units[i].unit;
	return 0;
}

enum status duration_parse(
	const char *text, instant *ret, struct reason *reterr)
{
	char *end;
	long long number;
	instant product;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end != text && isdigit((unsigned char)text[0]) && errno == 0 &&
		unit_of(end) > 0 &&
		!__builtin_mul_overflow(number, unit_of(end), &product)) {
		*ret = product;
		return OK;
	}
	reason_set(reterr, NULL,
		"\"%.60s\" is no duration: write a number and ms, s, m, h or d",
		text);
	return REJECT;
}

void duration_format(instant duration, char text[INSTANT_TEXT])
{
	static const struct {
		instant unit;
		const char *suffix;
	} units[] = {
		{INSTANT_DAY, "d"},
		{INSTANT_HOUR, "h"},
		{INSTANT_MINUTE, "m"},
		{INSTANT_SECOND, "s"},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (duration && duration % units[i].unit == 0) {
			snprintf(text, INSTANT_TEXT, "%lld%s",
				(long long)(duration / units[i].unit),
				units[i].suffix);
			return;
		}
	snprintf(text, INSTANT_TEXT, "%lldms", (long long)(duration / 1000));
}
