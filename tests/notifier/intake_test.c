/* SPDX-License-Identifier: Apache-2.0 */
/* From verdicts to what is owed. */
#include "notifier/stage.h"

#define SCHEMA "test_notifier_intake"
#define ROUTES                                                                 \
	"sinks:\n"                                                             \
	"  am: {kind: alertmanager, urls: ['http://127.0.0.1:1',"              \
	" 'http://127.0.0.1:2']}\n"                                            \
	"  no: {kind: 'null'}\n"                                               \
	"routes:\n"                                                            \
	"  - {severity: low, sinks: []}\n"                                     \
	"  - {severity: critical, sinks: [am, no]}\n"                          \
	"  - {severity: high, sinks: [am]}\n"

#define OWED "SELECT count(*) FROM notice WHERE open"
#define ENDED "SELECT count(*) FROM notice WHERE NOT open"

static void test_intake__owes_one_notice_to_each_instance(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");
	char *labels;

	(void)state;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	labels = db_value(stage->pg, "SELECT DISTINCT labels FROM notice");
	assert_string_equal(labels,
		"{\"alertname\":\"Postern_PO_3_2_a\",\"criterion\":"
		"\"PO.3.2-a\",\"env\":\"prod\",\"owner\":\"shop\",\"role\":"
		"\"service-owner\",\"service\":\"shop\",\"severity\":\"high\","
		"\"subject\":\"default/service/prod/a\",\"team\":\"shop\","
		"\"tenant\":\"default\"}");
	memory_free(labels);
	stage_end(stage);
}

static void test_intake__drops_repeats_and_old_news(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record old = verdict;

	(void)state;
	verdict.n = 5;
	old.n = 4;
	old.severity = SEVERITY_CRITICAL;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(stage_tell(stage, &old), OK);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	assert_int_equal(
		db_number(stage->pg, "SELECT max(revision) FROM notice"), 1);
	old.generation = 2; /* of a newer database: newer, whatever n is */
	assert_int_equal(stage_tell(stage, &old), OK);
	assert_int_equal(db_number(stage->pg, OWED), 3);
	stage_end(stage);
}

static void test_intake__other_labels_end_the_old_set(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");

	(void)state;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	verdict.severity = SEVERITY_CRITICAL;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 3);
	assert_int_equal(db_number(stage->pg, ENDED), 2);
	/* And back: the first set is the one that stands again. */
	verdict.severity = SEVERITY_HIGH;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	assert_int_equal(db_number(stage->pg, ENDED), 3);
	verdict.severity = SEVERITY_LOW;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 0);
	stage_end(stage);
}

static void test_intake__a_pass_ends_what_stands(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record pass = stage_pass(verdict);

	(void)state;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(stage_tell(stage, &pass), OK);
	assert_int_equal(db_number(stage->pg, OWED), 0);
	assert_int_equal(db_number(stage->pg, "SELECT count(*) FROM episode"
					      " WHERE closed < 'infinity'"),
		1);
	stage_end(stage);
}

static void test_intake__a_new_episode_ends_the_one_before(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record doubt;

	(void)state;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	doubt = stage_verdict(stage, "a");
	doubt.verdict = VERDICT_UNKNOWN;
	doubt.episode_kind = EPISODE_DOUBT;
	assert_string_not_equal(doubt.episode, verdict.episode);
	assert_int_equal(stage_tell(stage, &doubt), OK);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	/* The same label set: the first one's end must never be said. */
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(*) FROM notice WHERE NOT open"
				 " AND due_at = 'infinity' AND NOT standing"),
		2);
	/* A good verdict without an episode ends what stands, too. */
	doubt = stage_pass(doubt);
	doubt.episode_kind = EPISODE_NONE;
	doubt.episode = NULL;
	assert_int_equal(stage_tell(stage, &doubt), OK);
	assert_int_equal(db_number(stage->pg, OWED), 0);
	stage_end(stage);
}

static void test_intake__what_another_explains_owes_nothing(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");

	(void)state;
	verdict.suppressed_by = "default/tool/postern/x PO.3.2-i";
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 0);
	verdict.suppressed_by = NULL;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	verdict.suppressed_by = "default/tool/postern/x PO.3.2-i";
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg, OWED), 0);
	assert_int_equal(db_number(stage->pg, ENDED), 2);
	stage_end(stage);
}

static void test_intake__old_news_waits_for_what_follows(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");

	(void)state;
	verdict.known_at -= INSTANT_HOUR;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(*) FROM notice WHERE due_at >"
				 " clock_timestamp() + interval '5 s'"),
		2);
	stage_end(stage);
}

static void test_intake__names_the_record_that_is_wrong(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct kafka_record records[2] = {{0}};
	struct kafka_batch batch = {.records = records, .count = 2};
	struct verdict_record verdict = stage_verdict(stage, "a");
	size_t culprit = 9;

	(void)state;
	verdict.n = 1;
	verdict_encode(stage->arena, &verdict, &records[0]);
	records[1] = records[0];
	records[1].value = "{}";
	records[1].value_length = 2;
	db_ok(pg_begin(stage->pg, &stage->reason), &stage->reason);
	assert_int_equal(intake_apply(&stage->intake, stage->pg, stage->arena,
				 &batch, &culprit, &stage->reason),
		REJECT);
	assert_int_equal(culprit, 1);
	pg_rollback(stage->pg);
	stage_end(stage);
}

/* All open episodes, as after a reload. */
static int reroute_all(struct stage *stage)
{
	char last[EVIDENCE_ID] = "";
	const char *id;
	int count = 0;

	for (;; count++) {
		enum status status = intake_reroute(&stage->intake, stage->pg,
			stage->arena, last, &id, &stage->reason);

		if (status == IGNORED)
			return count;
		db_ok(status, &stage->reason);
		snprintf(last, sizeof(last), "%s", id);
	}
}

static void test_intake__other_files_decide_again_what_is_open(void **state)
{
	struct stage *stage = stage_begin(SCHEMA, ROUTES);
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record over = stage_verdict(stage, "b");
	struct verdict_record pass;

	(void)state;
	assert_int_equal(stage_tell(stage, &verdict), OK);
	over.episode = arena_printf(stage->arena, "%064x", 99u);
	assert_int_equal(stage_tell(stage, &over), OK);
	pass = stage_pass(over);
	assert_int_equal(stage_tell(stage, &pass), OK);
	/* By the same files nothing is told again. */
	assert_int_equal(reroute_all(stage), 1);
	assert_int_equal(db_number(stage->pg, OWED), 2);
	assert_int_equal(db_number(stage->pg, "SELECT max(revision) FROM notice"
					      " WHERE open"),
		1);
	stage_routes(stage, "sinks:\n"
			    "  other: {kind: alertmanager, urls: "
			    "['http://127.0.0.1:3']}\n"
			    "routes: [{sinks: [other]}]\n");
	assert_int_equal(reroute_all(stage), 1);
	assert_int_equal(db_number(stage->pg, OWED), 1);
	assert_int_equal(
		db_number(stage->pg, OWED " AND target = 'http://127.0.0.1:3'"),
		1);
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(*) FROM notice WHERE NOT open"
				 " AND sink = 'am' AND due_at < 'infinity'"),
		4);
	stage_end(stage);
}
