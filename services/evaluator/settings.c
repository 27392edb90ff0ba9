/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#define AT(member) offsetof(struct evaluator_settings, member)

const char *const evaluator_switches[] = {"migrate",
	"bring the schema to the state of this program, then exit; `postgres` "
	"must name the schema's owner",
	"create-topics", "make the topics that are missing, then exit",
	"check-topics", "say whether the topics keep what they are given",
	"create-acls",
	"allow kafka-principal what this service does on Kafka, then exit",
	NULL};

const struct setting evaluator_table[] = {
	SETTINGS_COMMON(struct evaluator_settings),
	{"postgres", SETTING_TEXT, "", 0, 0, true, true, false, AT(postgres),
		"PostgreSQL, as URI or key=value pairs; the role "
		"postern_evaluator, for --migrate the schema's owner"},
	{"postgres-password", SETTING_TEXT, "", 0, 0, false, true, false,
		AT(postgres_password),
		"password of that role, where `postgres` holds none"},
	{"role-password", SETTING_TEXT, "", 0, 0, false, true, false,
		AT(role_password),
		"with --migrate: password that the role postern_evaluator is "
		"given; none: it is left as it is"},
	{"reader-password", SETTING_TEXT, "", 0, 0, false, true, false,
		AT(reader_password),
		"the same for postern_reader, which may read and nothing else"},
	{"schema", SETTING_TEXT, "evaluator", 0, 0, true, false, false,
		AT(schema), "schema that is the evaluator's own"},
	{"pack", SETTING_TEXT, "", 0, 0, false, false, true, AT(pack),
		"folder of the criteria that are judged"},
	{"lease-time", SETTING_DURATION, "10s", INSTANT_SECOND,
		10 * INSTANT_MINUTE, false, false, false, AT(lease_time),
		"after so long another evaluator takes over from a dead one"},
	{"batch-records", SETTING_INTEGER, "500", 1, 5000, false, false, false,
		AT(batch_records),
		"evidence taken in per transaction, at most"},
	{"batch-bytes", SETTING_SIZE, "4MiB", 1 << 20, 32 << 20, false, false,
		false, AT(batch_bytes),
		"bytes of evidence taken in per transaction, at most"},
	{"judges", SETTING_INTEGER, "1", 0, EVALUATOR_JUDGES_MOST, false, false,
		false, AT(judges),
		"judge loops, each with a connection of its own; 0: this "
		"process only takes evidence in"},
	{"retention", SETTING_DURATION, "400d", INSTANT_DAY,
		36500 * INSTANT_DAY, false, false, false, AT(retention),
		"evidence that was received longer ago is not taken in"},
	{"now-patience", SETTING_DURATION, "2m", 5 * INSTANT_SECOND,
		INSTANT_DAY, false, false, false, AT(now_patience),
		"readiness ends when the judge's now stands still for longer"},
	{0},
};
