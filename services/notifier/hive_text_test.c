/* SPDX-License-Identifier: Apache-2.0 */
#include "hive.h"

#include "scripted.h"

#define REF "00112233445566778899aabbccddeeff"

static struct sink_notice notice_of(const struct verdict_record *verdict)
{
	return (struct sink_notice){.verdict = verdict,
		.episode = REF REF,
		.role = "owner",
		.party = "shop",
		.labels = "{\"owner\":\"shop\"}",
		.opened = 1764230400 * INSTANT_SECOND,
		.ended = INSTANT_NEVER};
}

static void test_hive_text__a_reference_is_hex_whatever_comes(void **state)
{
	char ref[HIVE_REF];

	(void)state;
	hive_ref(REF REF, ref);
	assert_string_equal(ref, REF);
	hive_ref("~1;2", ref);
	assert_int_equal(strlen(ref), 32);
	assert_int_equal(strspn(ref, "0123456789abcdef"), 32);
	hive_ref("", ref);
	assert_int_equal(strspn(ref, "0123456789abcdef"), 32);
}

static void test_hive_text__severity_goes_from_1_to_4(void **state)
{
	(void)state;
	assert_int_equal(hive_severity(SEVERITY_LOW), 1);
	assert_int_equal(hive_severity(SEVERITY_CRITICAL), 4);
}

static void test_hive_text__cuts_between_characters(void **state)
{
	struct arena *arena = arena_new(8u << 20);
	struct verdict_record verdict = scripted_verdict();
	struct sink_notice notice = notice_of(&verdict);
	char *long_text = arena_alloc(arena, 3001);
	const char *title, *text;

	(void)state;
	for (size_t i = 0; i < 1500; i++)
		memcpy(long_text + 2 * i, "\xc3\xa4", 2);
	verdict.sentence = long_text;
	title = hive_title(arena, &verdict);
	assert_true(strlen(title) <= HIVE_TITLE_MAX);
	assert_true(strlen(title) >= HIVE_TITLE_MAX - 1);
	assert_memory_equal(title + strlen(title) - 2, "\xc3\xa4", 2);
	verdict.summary = long_text;
	text = hive_description(arena, &notice, REF, 1000);
	assert_true(strlen(text) <= 1000);
	assert_non_null(strstr(text, "**End of Postern** `" REF "`"));
	arena_free(&arena);
}

static void test_hive_text__leaves_what_people_wrote(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct verdict_record verdict = scripted_verdict();
	struct sink_notice notice = notice_of(&verdict);
	const char *one = hive_description(arena, &notice, REF, 9999);
	const char *both, *other;

	(void)state;
	assert_string_equal(hive_describe(arena, "", REF, one), one);
	both = arena_printf(arena, "before\n%s\nafter", one);
	notice.ended = notice.opened;
	other = hive_description(arena, &notice, REF, 9999);
	assert_string_not_equal(one, other);
	assert_string_equal(hive_describe(arena, both, REF, other),
		arena_printf(arena, "before\n%s\nafter", other));
	/* Another episode's part is not ours. */
	assert_string_equal(hive_describe(arena, one, "ffff", "x"),
		arena_printf(arena, "%s\n\nx", one));
	arena_free(&arena);
}

static void test_hive_text__a_value_breaks_no_table(void **state)
{
	static const struct deciding deciding[] = {{"a|b", "c\nd", NULL}};
	struct arena *arena = arena_new(1 << 20);
	struct verdict_record verdict = scripted_verdict();
	struct sink_notice notice = notice_of(&verdict);

	(void)state;
	verdict.deciding = deciding;
	assert_non_null(strstr(hive_description(arena, &notice, REF, 9999),
		"| a\\|b | c d |"));
	arena_free(&arena);
}

static void test_hive_text__knows_whether_all_tags_are_there(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct verdict_record verdict = scripted_verdict();
	struct sink_notice notice = notice_of(&verdict);
	static const char all[] =
		"[\"x\",\"owner:shop\",\"ssdf:PO.3.2\",\"postern\"]";
	const struct json *tags = NULL;
	struct reason reason;

	(void)state;
	assert_int_equal(
		json_read(arena, all, strlen(all), &tags, &reason), OK);
	assert_true(hive_tagged(arena, &notice, tags));
	notice.labels = "{\"owner\":\"other\"}";
	assert_false(hive_tagged(arena, &notice, tags));
	assert_false(hive_tagged(arena, &notice, NULL));
	arena_free(&arena);
}
