/* SPDX-License-Identifier: Apache-2.0 */
/* What the program does but run: read its files, check, migrate, topics. */
#pragma once

#include "files.h"
#include "settings.h"
#include "wire/kafka.h"

struct notifier {
	struct arena *arena;
	struct notifier_settings values;
	struct settings_program program;
	struct kafka_settings kafka;
	struct directory *directory;
};

/* CONFIG with file:line:column. */
enum status notifier_read_files(
	struct notifier *notifier, struct reason *reterr) MUST_CHECK;
/* --check: reads all files, prints what would be done, touches nothing. */
enum status notifier_check(
	struct notifier *notifier, struct reason *reterr) MUST_CHECK;
/* One of notifier_switches by its number. */
enum status notifier_switch(struct notifier *notifier, int number,
	struct reason *reterr) MUST_CHECK;
