/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on standard output: level, stable id, key=value fields;
 * logfmt or JSON by a setting. Services log once, where a status is consumed;
 * libraries never log above debug. Secrets and bodies never appear.
 */
#pragma once

#include "base/reason.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
	const char *key;
	const char *text; /* NULL: `number` counts */
	int64_t number;
};

#define LOG_TEXT(key, value) ((struct log_field){(key), (value), 0})
#define LOG_NUMBER(key, value)                                                 \
	((struct log_field){(key), NULL, (int64_t)(value)})

/* Sets what is written from now on; called once, before any thread starts. */
void log_setup(enum log_level least, bool json);
/* "debug", "info", "warn", "error"; REJECT for another word. */
enum status log_level_parse(const char *word, enum log_level *ret) MUST_CHECK;

/* Writes one line in one write; `fields` ends with a row whose key is NULL. */
void log_fields(
	enum log_level level, const char *id, const struct log_field *fields);
#define log_line(level, id, ...)                                               \
	log_fields((level), (id),                                              \
		(const struct log_field[]){__VA_ARGS__, {0, 0, 0}})
/* The line of a failure: what= and, where there is one, where=. */
void log_reason(
	enum log_level level, const char *id, const struct reason *reason);
