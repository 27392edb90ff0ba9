/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All loops of a running notifier: intake, relay, and one dispatcher for each
 * instance of each sink. Opens them, starts them, closes them.
 */
#pragma once

#include "daemon/book.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "settings.h"
#include "wire/kafka.h"

struct deck_settings {
	const struct notifier_settings *values;
	const struct kafka_settings *kafka;
	struct book *book; /* of directories */
	struct health *health;
	struct metrics *metrics;
};

struct deck;
/* Connects to nothing yet but files. */
enum status deck_open(const struct deck_settings *settings, struct deck **ret,
	struct reason *reterr) MUST_CHECK;
void deck_start(struct deck *deck, struct service *service);
/*
 * A service_reload: reads both files, and takes them or (CONFIG) keeps those
 * before, in which case readiness and a metric say why. Dispatchers of
 * what is new are started, those of what is gone end what stands there and
 * rest, and who is owed what of open episodes is decided again.
 */
enum status deck_reload(void *deck, bool asked, struct reason *reterr);
/* After service_wait. */
void deck_close(struct deck **deck);
