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
/* Brokers and properties as the Kafka calls take them, in `arena`; NAME-file
 * gives the property NAME by a file. CONFIG with the place of one that is no
 * single value, or whose file cannot be read. */
enum status common_kafka(struct arena *arena,
	const struct common_settings *common, const char *client_id,
	struct kafka_settings *ret, struct reason *reterr) MUST_CHECK;
/* True where records, and perhaps a password, go unencrypted to another host.
 */
bool common_kafka_is_plain(const struct kafka_settings *kafka);
/* For a start, which it warns where the above is so: CONFIG where a broker is
 * there and refuses us, or we refuse it. OK otherwise; that none is there is
 * logged, and no reason to wait. */
enum status common_kafka_try(
	const struct kafka_settings *kafka, struct reason *reterr) MUST_CHECK;
