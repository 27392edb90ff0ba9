/* SPDX-License-Identifier: Apache-2.0 */
/* What the program does but run: read its files, check, migrate, topics. */
#pragma once

#include "pack.h"
#include "settings.h"
#include "wire/kafka.h"
#include "wire/pg.h"

struct evaluator {
	struct arena *arena;
	struct evaluator_settings values;
	struct settings_program program;
	struct kafka_settings kafka;
	struct pack *pack;
	uint64_t stamp; /* of its files, as they were read */
};

/* Reads the pack; CONFIG with file:line:column. */
enum status evaluator_read_files(
	struct evaluator *evaluator, struct reason *reterr) MUST_CHECK;
/* --check: reads all files, prints what would be done, touches nothing. */
enum status evaluator_check(
	struct evaluator *evaluator, struct reason *reterr) MUST_CHECK;
/* One of evaluator_switches by its number. */
enum status evaluator_switch(struct evaluator *evaluator, int number,
	struct reason *reterr) MUST_CHECK;
/* CONFIG where the schema is not that of this program; RETRY where there is no
 * database within some seconds. */
enum status evaluator_check_schema(
	const struct evaluator *evaluator, struct reason *reterr) MUST_CHECK;
/* How a loop of this name connects. */
struct pg_settings evaluator_database(
	const struct evaluator *evaluator, const char *name);
