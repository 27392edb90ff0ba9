/* SPDX-License-Identifier: Apache-2.0 */
/* Broker and topics, each topic with the credentials of who writes it: the
 * others may have no right to see it. */
#include "doctor.h"

#include "daemon/topics_admin.h"

#include <string.h>

static const enum doctor_service writers[TOPICS] = {
	[TOPIC_DELIVERIES] = DOCTOR_INGEST,
	[TOPIC_EVIDENCE] = DOCTOR_INGEST,
	[TOPIC_REJECTED] = DOCTOR_INGEST,
	[TOPIC_PARKED] = DOCTOR_INGEST,
	[TOPIC_VERDICTS] = DOCTOR_EVALUATOR,
	[TOPIC_STATE] = DOCTOR_EVALUATOR,
	[TOPIC_NOTICES] = DOCTOR_NOTIFIER,
};

/* The writer, or whoever was given. */
static int speaker(const struct doctor *doctor, enum topic topic)
{
	if (doctor->given[writers[topic]])
		return (int)writers[topic];
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		if (doctor->given[i])
			return i;
	return -1;
}

static void say_topic(struct doctor *doctor, const struct kafka_topic *topic,
	enum status status, const struct reason *reason)
{
	if (status == OK)
		doctor_say(doctor, FINDING_OK, "topic", topic->name, NULL, "%s",
			topic_durability(topic));
	else if (status == IGNORED)
		doctor_say(doctor, FINDING_WARN, "topic", topic->name,
			"alter the topic, or the settings `partitions`, "
			"`replication` and `flush-each` that say what is "
			"wanted",
			"%s", reason->sentence);
	else
		doctor_say(doctor, FINDING_FAIL, "topic", topic->name,
			"postern-ingest --create-topics makes what is missing",
			"%s", reason->sentence);
}

/* False where the broker does not answer, which is said once. */
static bool look_at_topic(struct doctor *doctor, struct kafka_admin *admin,
	enum doctor_service service, enum topic topic, bool first)
{
	struct kafka_topic wanted;
	struct reason reason = {0};
	enum status status = topic_look(doctor->arena, doctor->common[service],
		admin, topic, first ? doctor->wait : 0, &wanted, &reason);
	const char *brokers = doctor->common[service]->kafka_brokers;

	if (status == RETRY) {
		doctor_say(doctor, FINDING_FAIL, "broker",
			doctor_service_name(service),
			"is it up, is the address right, do TLS and login "
			"(`kafka-properties`) fit its listener?",
			"%s does not answer: %s", brokers, reason.sentence);
		doctor->away[service] = true;
		return false;
	}
	if (first)
		doctor_say(doctor, FINDING_OK, "broker",
			doctor_service_name(service), NULL, "%s answers",
			brokers);
	say_topic(doctor, &wanted, status, &reason);
	return true;
}

static void look_by(struct doctor *doctor, enum doctor_service service)
{
	struct kafka_admin *admin = NULL;
	struct reason reason = {0};
	bool first = true, answers = true;

	if (kafka_admin_open(&doctor->kafka[service], &admin, &reason) != OK) {
		doctor_say_reason(doctor, FINDING_FAIL, "broker",
			doctor_service_name(service),
			"mend `kafka-brokers` or `kafka-properties`", &reason);
		return;
	}
	for (int i = 0; i < TOPICS && answers; i++) {
		if (speaker(doctor, i) != (int)service)
			continue;
		answers = look_at_topic(doctor, admin, service, i, first);
		first = false;
	}
	kafka_admin_close(&admin);
}

/* Was somebody else told that these do not answer? It takes seconds to ask. */
static bool is_away(const struct doctor *doctor, enum doctor_service service)
{
	const char *brokers = doctor->common[service]->kafka_brokers;

	for (int i = 0; i < (int)service; i++)
		if (doctor->away[i] &&
			strcmp(doctor->common[i]->kafka_brokers, brokers) == 0)
			return true;
	return false;
}

void doctor_kafka(struct doctor *doctor)
{
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		if (doctor->given[i] &&
			!is_away(doctor, (enum doctor_service)i))
			look_by(doctor, (enum doctor_service)i);
}
