/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/findings.h"

#include "base/testing.h"

static struct arena *arena;

static const struct json *read_json(const char *text)
{
	const struct json *json = NULL;
	struct reason why;

	if (!arena)
		arena = arena_new(1 << 20);
	assert_int_equal(json_read(arena, text, strlen(text), &json, &why), OK);
	return json;
}

static void test_findings__know_the_words_of_severity(void **state)
{
	(void)state;
	assert_int_equal(rating_parse("CRITICAL"), RATING_CRITICAL);
	assert_int_equal(rating_parse("Negligible"), RATING_INFO);
	assert_int_equal(rating_parse("unknown"), RATING_UNKNOWN);
	assert_int_equal(rating_parse("Defcon1"), RATINGS);
	assert_int_equal(rating_parse(""), RATINGS);
}

static void test_findings__a_package_loses_its_qualifiers(void **state)
{
	(void)state;
	read_json("1");
	assert_string_equal(
		finding_package(arena, "pkg:npm/a@1?x=y#z", "a", "1"),
		"pkg:npm/a@1");
	assert_string_equal(finding_package(arena, "pkg:npm/a@1#z?", "a", "1"),
		"pkg:npm/a@1");
	assert_string_equal(finding_package(arena, NULL, "a", "1"), "a@1");
	assert_string_equal(finding_package(arena, NULL, "a", NULL), "a");
}

static const char *folded(const char *id, const char *aliases)
{
	struct finding finding = {.vulnerability = id,
		.package = "p",
		.aliases = read_json(aliases)};

	assert_true(finding_name(arena, &finding));
	return finding.key;
}

static void test_findings__fold_an_id_onto_the_only_cve(void **state)
{
	(void)state;
	assert_string_equal(folded("GHSA-1", "[\"CVE-1\",\"X\"]"), "CVE-1 p");
	assert_string_equal(
		folded("GHSA-1", "[\"CVE-1\",\"CVE-2\"]"), "GHSA-1 p");
	assert_string_equal(folded("GHSA-1", "[7,null]"), "GHSA-1 p");
	assert_string_equal(folded("CVE-9", "[\"CVE-1\"]"), "CVE-9 p");
	assert_string_equal(folded("CVE-9", "{}"), "CVE-9 p");
}

static void add(struct findings *findings, const char *id, const char *version,
	enum rating severity)
{
	struct finding *finding = finding_add(findings);

	finding->vulnerability = id;
	finding->package = "p";
	finding->version = version;
	finding->severity = severity;
	assert_true(finding_name(arena, finding));
}

static void test_findings__have_one_key_each_and_are_counted(void **state)
{
	struct findings findings;
	struct json_maker *maker;
	struct json_node *body;
	size_t length;

	(void)state;
	read_json("1");
	maker = json_maker_new(arena);
	body = json_object(maker);
	findings_init(&findings, arena, 4);
	add(&findings, "CVE-2", "a", RATING_HIGH);
	add(&findings, "CVE-1", "b", RATING_LOW);
	add(&findings, "CVE-2", "c", RATING_CRITICAL);
	add(&findings, "CVE-2", "d", RATING_CRITICAL);
	findings_settle(&findings);
	findings_set(&findings, maker, body);
	assert_string_equal(json_write(maker, body, &length),
		"{\"findings\":[{\"key\":\"CVE-1 p\",\"vulnerability\":"
		"\"CVE-1\",\"package\":\"p\",\"version\":\"b\",\"severity\":"
		"\"low\"},{\"key\":\"CVE-2 p\",\"vulnerability\":\"CVE-2\","
		"\"package\":\"p\",\"version\":\"c\",\"severity\":"
		"\"critical\"}],\"counts\":{\"critical\":1,\"high\":0,"
		"\"medium\":0,\"low\":1,\"info\":0,\"unknown\":0}}");
}

static void add_beyond(void)
{
	struct arena *own = arena_new(1 << 20);
	struct findings findings;

	findings_init(&findings, own, 0);
	finding_add(&findings);
}

static void test_findings__more_than_the_room_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(add_beyond);
}
