/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --create-topics and --check-topics do, the same in every service: all
 * topics of the suite, by the common rows of the settings. Says what it did or
 * found, a line for each topic, in `out`.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "base/strbuf.h"
#include "daemon/settings.h"
#include "model/topics.h"
#include "wire/kafka.h"

/* Makes what is missing and changes nothing that is there. RETRY: no broker
 * answered within `wait`; CONFIG: the broker refuses. */
enum status topics_create(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, instant wait, struct strbuf *out,
	struct reason *reterr) MUST_CHECK;
/*
 * Touches nothing. Names for each topic what makes its records durable, or
 * warns that nothing does. OK also with warnings; CONFIG where a topic is
 * missing or would lose records (the other topics are looked at all the same).
 */
enum status topics_check(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, instant wait, struct strbuf *out,
	struct reason *reterr) MUST_CHECK;
/* One of them, as topics_check looks at it; `ret` is what is wanted. */
enum status topic_look(struct arena *arena,
	const struct common_settings *common, struct kafka_admin *admin,
	enum topic topic, instant wait, struct kafka_topic *ret,
	struct reason *reterr) MUST_CHECK;
/* What makes a topic durable that was found as wanted, for people. */
const char *topic_durability(const struct kafka_topic *topic);
