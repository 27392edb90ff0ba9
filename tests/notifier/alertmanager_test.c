/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against real Alertmanagers, named by POSTERN_TEST_ALERTMANAGERS (addresses
 * with commas between; scripts/test starts two).
 */
#include "notifier/stage.h"

#include "label_set.h"
#include "wire/httpc.h"
#include "wire/json.h"

#define SCHEMA "test_notifier_am"

struct am {
	struct stage *stage;
	const char *one, *two;
	struct httpc *httpc;
};

static const char *servers(void)
{
	const char *list = getenv("POSTERN_TEST_ALERTMANAGERS");

	if (!list || !*list) {
		print_message("POSTERN_TEST_ALERTMANAGERS is not set: "
			      "Alertmanager tests are SKIPPED\n");
		skip();
	}
	return list;
}

/* `routes` gets the first server's address, then `other`. */
static struct am begin(const char *routes, const char *other)
{
	const char *list = servers();
	struct httpc_settings client = {.connect_deadline = INSTANT_SECOND,
		.deadline = 5 * INSTANT_SECOND,
		.answer_max = 1 << 20};
	struct am am = {0};
	char one[200], text[1000];
	struct reason reason;

	snprintf(one, sizeof(one), "%.*s", (int)strcspn(list, ","), list);
	snprintf(text, sizeof(text),
		"sinks: {am: {kind: alertmanager, timeout: 2s, urls: "
		"[%s%s%s]}}\n"
		"routes: %s\n",
		one, other ? ", " : "", other ? other : "", routes);
	am.stage = stage_begin(SCHEMA, text);
	am.one = arena_string(am.stage->arena, one);
	assert_int_equal(httpc_open(&client, &am.httpc, &reason), OK);
	return am;
}

static void end(struct am *am)
{
	httpc_close(&am->httpc);
	stage_end(am->stage);
}

/* Alerts about a subject that the server has now. */
static const struct json *alerts(
	struct am *am, const char *name, size_t *ret_count)
{
	struct arena *arena = am->stage->arena;
	const char *filter = arena_printf(
		arena, "subject=\"default/service/prod/%s\"", name);
	struct httpc_request request = {.method = "GET",
		.url = arena_printf(arena, "%s/api/v2/alerts?filter=%s",
			am->one, url_encode(arena, filter))};
	struct httpc_answer answer;
	const struct json *list;
	struct reason reason;
	bool doubtful;

	assert_int_equal(httpc_call(am->httpc, arena, &request, &answer,
				 &doubtful, &reason),
		OK);
	assert_int_equal(answer.code, 200);
	assert_int_equal(
		json_read(arena, answer.body, answer.size, &list, &reason), OK);
	*ret_count = json_count(list);
	return list;
}

static const struct json *until(struct am *am, const char *name, size_t count)
{
	instant limit = clock_monotonic() + STAGE_WAIT;
	size_t there;
	const struct json *list;

	while (list = alerts(am, name, &there), there != count) {
		if (clock_monotonic() > limit)
			fail_msg("%zu alerts about %s, not %zu", there, name,
				count);
		clock_sleep(INSTANT_SECOND / 20);
	}
	return list;
}

/* Names differ from run to run: the server remembers. */
static const char *fresh(struct am *am, const char *stem)
{
	return arena_printf(am->stage->arena, "%s-%lld", stem,
		(long long)clock_now(&clock_wall));
}

/* Says to the server, behind the notifier's back, that all is over. */
static void forget(struct am *am)
{
	struct arena *arena = am->stage->arena;
	char *labels = db_value(am->stage->pg, "SELECT labels FROM notice");
	const char *headers[] = {"Content-Type: application/json", NULL};
	struct httpc_request request = {.method = "POST",
		.url = arena_printf(arena, "%s/api/v2/alerts", am->one),
		.headers = headers};
	struct httpc_answer answer;
	struct reason reason;
	char now[INSTANT_TEXT];
	bool doubtful;

	instant_format(clock_now(&clock_wall), now);
	request.body = arena_printf(arena,
		"[{\"labels\":%s,\"startsAt\":\"%s\",\"endsAt\":\"%s\"}]",
		labels, now, now);
	request.size = strlen(request.body);
	memory_free(labels);
	assert_int_equal(httpc_call(am->httpc, arena, &request, &answer,
				 &doubtful, &reason),
		OK);
	assert_int_equal(answer.code, 200);
}

static void test_alertmanager__fires_and_resolves(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "fires");
	struct verdict_record verdict = stage_verdict(am.stage, name);
	struct verdict_record pass;
	char since[INSTANT_TEXT], *identity;
	const struct json *list;

	(void)state;
	stage_run(am.stage);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	list = until(&am, name, 1);
	assert_string_equal(json_text_at(list, "0.annotations.summary", ""),
		"1 finding past its due date");
	assert_string_equal(json_text_at(list, "0.annotations.episode", ""),
		verdict.episode);
	instant_format(verdict.episode_opened / 1000 * 1000, since);
	assert_memory_equal(json_text_at(list, "0.startsAt", ""), since, 19);
	/* The server agrees with us on who this is. */
	identity = db_value(am.stage->pg, "SELECT identity FROM notice");
	assert_string_equal(json_text_at(list, "0.fingerprint", ""), identity);
	memory_free(identity);
	pass = stage_pass(verdict);
	assert_int_equal(stage_tell(am.stage, &pass), OK);
	until(&am, name, 0);
	stage_until(am.stage,
		"SELECT count(*) FROM notice WHERE due_at = 'infinity'", 1);
	assert_int_equal(
		db_number(am.stage->pg, "SELECT count(*) FROM attempt"
					" WHERE outcome <> 'delivered'"),
		0);
	/* fire and resolve; refreshes that went well are not said */
	assert_int_equal(
		db_number(am.stage->pg, "SELECT count(*) FROM outbox"), 2);
	end(&am);
}

static void test_alertmanager__what_it_forgot_it_is_told_again(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "forgets");
	struct verdict_record verdict = stage_verdict(am.stage, name);

	(void)state;
	am.stage->settings.refresh_every = 2 * INSTANT_SECOND;
	stage_run(am.stage);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	until(&am, name, 1);
	forget(&am);
	until(&am, name, 0);
	until(&am, name, 1);
	end(&am);
}

static void test_alertmanager__a_dead_instance_delays_no_other(void **state)
{
	struct am am = begin("[{sinks: [am]}]", "'http://127.0.0.1:1'");
	const char *name = fresh(&am, "half");
	struct verdict_record verdict = stage_verdict(am.stage, name);
	instant begun;

	(void)state;
	stage_run(am.stage);
	stage_until(am.stage,
		"SELECT count(*) FROM lease WHERE owner IS NOT NULL", 2);
	begun = clock_monotonic();
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	until(&am, name, 1);
	assert_true(clock_monotonic() - begun < 3 * INSTANT_SECOND);
	stage_until(am.stage,
		"SELECT count(*) FROM notice WHERE outcome = 'retrying'", 1);
	end(&am);
}

static void test_alertmanager__one_bad_alert_poisons_no_other(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "bad");
	struct verdict_record verdict = stage_verdict(am.stage, name);

	(void)state;
	for (int i = 0; i < 5; i++) {
		verdict = stage_verdict(am.stage, name);
		verdict.criterion =
			arena_printf(am.stage->arena, "PO.1.1-%d", i);
		assert_int_equal(stage_tell(am.stage, &verdict), OK);
	}
	/* No roles file lets such a name through. */
	db_script(am.stage->pg,
		"UPDATE notice SET labels = replace(labels, '\"team\"',"
		" '\"te-am\"') WHERE labels LIKE '%PO.1.1-3%'");
	stage_run(am.stage);
	until(&am, name, 4);
	stage_until(am.stage,
		"SELECT count(*) FROM notice WHERE outcome = 'failed'"
		" AND due_at = 'infinity'",
		1);
	stage_until(am.stage,
		"SELECT count(*) FROM notice WHERE outcome = 'delivered'", 4);
	assert_int_equal(
		db_number(am.stage->pg, "SELECT count(*) FROM outbox WHERE"
					" convert_from(value, 'UTF8') LIKE"
					" '%\"failed\"%te-am%'"),
		1);
	end(&am);
}

static void test_alertmanager__other_labels_replace_the_old(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "labels");
	struct verdict_record verdict = stage_verdict(am.stage, name);
	const struct json *list;

	(void)state;
	stage_run(am.stage);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	until(&am, name, 1);
	verdict.severity = SEVERITY_CRITICAL;
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	stage_until(am.stage,
		"SELECT count(*) FROM notice WHERE NOT open AND NOT standing",
		1);
	stage_until(am.stage, "SELECT count(*) FROM notice WHERE standing", 1);
	list = until(&am, name, 1);
	assert_string_equal(
		json_text_at(list, "0.labels.severity", ""), "critical");
	end(&am);
}

static void test_alertmanager__the_same_alert_fires_anew(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "again");
	struct verdict_record verdict = stage_verdict(am.stage, name);
	struct verdict_record pass;
	const struct json *list;

	(void)state;
	stage_run(am.stage);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	until(&am, name, 1);
	pass = stage_pass(verdict);
	assert_int_equal(stage_tell(am.stage, &pass), OK);
	until(&am, name, 0);
	verdict = stage_verdict(am.stage, name);
	verdict.episode_opened = clock_now(&clock_wall);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	list = until(&am, name, 1);
	assert_string_equal(json_text_at(list, "0.annotations.episode", ""),
		verdict.episode);
	/* The first one's end is still within its time, and is not said. */
	clock_sleep(2 * INSTANT_SECOND);
	until(&am, name, 1);
	end(&am);
}

static void test_alertmanager__muted_it_hears_nothing(void **state)
{
	struct am am = begin("[{sinks: [am]}]", NULL);
	const char *name = fresh(&am, "muted");
	struct verdict_record verdict = stage_verdict(am.stage, name);

	(void)state;
	am.stage->settings.mute = true;
	am.stage->settings.watchdog = true;
	stage_run(am.stage);
	assert_int_equal(stage_tell(am.stage, &verdict), OK);
	stage_until(am.stage,
		"SELECT count(*) FROM attempt WHERE outcome = 'muted'", 1);
	until(&am, name, 0);
	stage_stop(am.stage);
	/* Once it may speak, it says what stands. */
	am.stage->settings.mute = false;
	stage_run(am.stage);
	until(&am, name, 1);
	end(&am);
}
