/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All loops of a running notifier: intake, relay, and one dispatcher for each
 * instance of each sink. Opens them, starts them, closes them.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "route.h"
#include "settings.h"
#include "wire/kafka.h"

struct deck_settings {
	const struct notifier_settings *values;
	const struct kafka_settings *kafka;
	const struct roles *roles;
	const struct routes *routes;
	struct health *health;
	struct metrics *metrics;
};

struct deck;
/* Connects to nothing yet but files. */
enum status deck_open(const struct deck_settings *settings, struct deck **ret,
	struct reason *reterr) MUST_CHECK;
void deck_start(struct deck *deck, struct service *service);
/* After service_wait. */
void deck_close(struct deck **deck);
