/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translating half of ingest: reads <prefix>.deliveries as an ordinary
 * consumer group, lets adapters turn whole deliveries into evidence with
 * deterministic ids, and commits its progress after the acknowledgements. What
 * cannot be translated goes to <prefix>.rejected with its reason. Knows no
 * HTTP; one struct translate is one loop's.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "edge/source.h"
#include "tally.h"
#include "wire/kafka.h"

struct translate_settings {
	struct kafka_settings kafka;
	const char *topic_prefix;
	const char *group;    /* of the consumers; the same in each process */
	const char *subjects; /* file of mapping rules; NULL: none */
	/* A delivery is stamped so long before it is on the topic at most:
	 * ack-deadline and what follows it. */
	instant punctuation_margin;
	/* Receipt time of the oldest delivery in the spool; INSTANT_NEVER where
	 * it is empty. Any thread, does not block. */
	instant (*spool_oldest)(void *context);
	void *context;
	struct source_book *book; /* labels of the sources in force */
	struct tally *tally;      /* tally_rejected, not for internal tools */
	const struct clock *clock;
	struct health *health;
	struct metrics *metrics; /* rows of meters.def */
};

/* Reads the subjects' file as translate_open would; CONFIG with
 * file:line:column. For --check and before a reload. */
enum status translate_check(
	const char *subjects, struct reason *reterr) MUST_CHECK;

struct translate;
/* CONFIG where the subjects' file is wrong. Opens without a broker. */
enum status translate_open(const struct translate_settings *settings,
	struct translate **ret, struct reason *reterr) MUST_CHECK;
/* After its loop has ended. Accepts NULL, leaves NULL. */
void translate_close(struct translate **translate);
/* A service_loop; the context is the translate. Leaves the group and joins it
 * again where Kafka's secrets have changed. At its end what is in flight
 * is acknowledged and committed. */
enum status translate_loop(
	void *translate, struct service *service, struct reason *reterr);
/* Reads the subjects' file anew; any thread. On CONFIG the old rules stay. */
enum status translate_reload(
	struct translate *translate, struct reason *reterr) MUST_CHECK;
