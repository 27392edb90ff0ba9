/* SPDX-License-Identifier: Apache-2.0 */
/* What every service makes of the common rows of its settings. */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "daemon/settings.h"
#include "wire/kafka.h"

/* Sets up the log; CONFIG for a level or format that is none. Call it before
 * any thread starts. */
enum status common_log(
	const struct common_settings *common, struct reason *reterr) MUST_CHECK;
/* Brokers and properties as the Kafka calls take them, in `arena`; CONFIG with
 * the place of a property that is no single value. */
enum status common_kafka(struct arena *arena,
	const struct common_settings *common, const char *client_id,
	struct kafka_settings *ret, struct reason *reterr) MUST_CHECK;
