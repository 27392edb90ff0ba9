/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/topics_admin.h"

#include "wire/kafka_try.h"

#define SHOWN_WAIT (10 * INSTANT_SECOND)
#define TRY_WAIT (5 * INSTANT_SECOND)
#define PAUSE (200 * INSTANT_SECOND / 1000)

static struct kafka_topic wanted(struct arena *arena,
	const struct common_settings *common, enum topic topic)
{
	return topic_wanted(arena, common->topic_prefix, topic,
		(int)common->partitions, (int)common->replication,
		common->flush_each);
}

typedef enum status ask(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr);

/* A broker that is just coming up is worth waiting for. */
static enum status ask_until(ask *ask_one, struct kafka_admin *admin,
	const struct kafka_topic *topic, instant until, struct reason *reterr)
{
	for (;;) {
		enum status status = ask_one(admin, topic, reterr);

		if (status != RETRY || clock_monotonic() >= until)
			return status;
		clock_sleep(PAUSE);
	}
}

/* The controller knows a new topic a little before each broker shows it: what
 * we say was made is there for whoever asks next. */
static enum status wait_shown(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr)
{
	instant until = clock_monotonic() + SHOWN_WAIT;

	for (;;) {
		enum status status = kafka_topic_check(admin, topic, reterr);

		if (status == OK || status == IGNORED)
			return OK;
		if (clock_monotonic() >= until)
			return status;
		clock_sleep(PAUSE);
	}
}

/* A broker that refuses us would only look as if it were away. */
static enum status open_admin(const struct kafka_settings *kafka,
	struct kafka_admin **ret, struct reason *reterr)
{
	enum status status = kafka_try(kafka, TRY_WAIT, reterr);

	return status == CONFIG ? status : kafka_admin_open(kafka, ret, reterr);
}

enum status topics_create(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, instant wait, struct strbuf *out,
	struct reason *reterr)
{
	instant until = clock_monotonic() + wait;
	struct kafka_admin *admin = NULL;
	enum status status = open_admin(kafka, &admin, reterr);

	for (int i = 0; i < TOPICS && status == OK; i++) {
		struct kafka_topic topic = wanted(arena, common, i);

		status = ask_until(
			kafka_topic_create, admin, &topic, until, reterr);
		if (status == IGNORED) {
			strbuf_addf(out, "%s: is there already\n", topic.name);
			status = OK;
			continue;
		}
		if (status == OK)
			status = wait_shown(admin, &topic, reterr);
		if (status == OK)
			strbuf_addf(out,
				"%s: made, %d partitions, %d replicas%s\n",
				topic.name, topic.partitions, topic.replication,
				topic.flush_each ? ", each record flushed"
						 : "");
	}
	kafka_admin_close(&admin);
	return status;
}

/* What the settings promise and the check above found to be so. */
const char *topic_durability(const struct kafka_topic *topic)
{
	if (topic->flush_each)
		return "durable: each record is flushed";
	if (topic->min_insync >= 2)
		return "durable: two replicas acknowledge";
	return topic->compacted ? "compacted: what it holds can be made again"
				: "durable: as the settings want it";
}

static void say(struct strbuf *out, const struct kafka_topic *topic,
	enum status status, const struct reason *reason)
{
	if (status == OK)
		strbuf_addf(out, "%s: ok, %s\n", topic->name,
			topic_durability(topic));
	else
		strbuf_addf(out, "%s: %s, %s\n", topic->name,
			status == IGNORED ? "warning" : "wrong",
			reason->sentence);
}

enum status topic_look(struct arena *arena,
	const struct common_settings *common, struct kafka_admin *admin,
	enum topic topic, instant wait, struct kafka_topic *ret,
	struct reason *reterr)
{
	*ret = wanted(arena, common, topic);
	return ask_until(kafka_topic_check, admin, ret,
		clock_monotonic() + wait, reterr);
}

enum status topics_check(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, instant wait, struct strbuf *out,
	struct reason *reterr)
{
	instant until = clock_monotonic() + wait;
	struct kafka_admin *admin;
	enum status worst = open_admin(kafka, &admin, reterr);

	if (worst != OK)
		return worst;
	for (int i = 0; i < TOPICS; i++) {
		struct kafka_topic topic;
		struct reason reason = {0};
		enum status status = topic_look(arena, common, admin, i,
			until - clock_monotonic(), &topic, &reason);

		say(out, &topic, status, &reason);
		if (status == OK || status == IGNORED || worst != OK)
			continue;
		*reterr = reason;
		worst = status;
		if (status == RETRY)
			break;
	}
	kafka_admin_close(&admin);
	return worst;
}
