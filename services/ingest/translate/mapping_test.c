/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/mapping.h"

#include "base/strbuf.h"

static struct reason why;
static char path[100];

static enum status loaded(const char *text, struct mapping **ret)
{
	int fd;
	enum status status;

	snprintf(path, sizeof(path), "mapping_test.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	status = mapping_load(path, ret, &why);
	unlink(path);
	return status;
}

static const char rules[] =
	"rules:\n"
	"- tool: cloudevents\n"
	"  match: {application: 'shop-*-*', cluster: '*'}\n"
	"  labels: {service: shop, environment: '{2}', region: '{1}',"
	" at: '{3}/{1}'}\n"
	"- tool: cloudevents\n"
	"  match: {application: 'shop-*'}\n"
	"  labels: {service: 'shop', environment: '{1}'}\n"
	"- tool: toolstate\n"
	"  match: {application: '*'}\n"
	"  labels: {service: other}\n";

static const char *found(const struct mapping *mapping, struct arena *arena,
	const struct label *fields, size_t count)
{
	const struct label *labels;
	size_t n;
	struct strbuf text;
	const char *copy;

	if (!mapping_find(
		    mapping, arena, "cloudevents", fields, count, &labels, &n))
		return "none";
	strbuf_init(&text, 8192);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%s=%s", i ? " " : "", labels[i].name,
			labels[i].value);
	copy = arena_string(arena, text.text);
	strbuf_release(&text);
	return copy;
}

static void test_mapping__first_rule_that_matches_wins(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct mapping *mapping;
	const struct label full[] = {
		{"application", "shop-eu-prod"}, {"cluster", "c1"}};
	const struct label other[] = {{"application", "bank-eu-prod"}};
	const struct label bare[] = {{"application", "shop-"}};
	const struct label two[] = {
		{"application", "x"}, {"application", "shop-q"}};

	(void)state;
	assert_int_equal(loaded(rules, &mapping), OK);
	assert_int_equal(mapping_rules(mapping), 3);
	assert_string_equal(found(mapping, arena, full, 2),
		"service=shop environment=prod region=eu at=c1/eu");
	assert_string_equal(found(mapping, arena, full, 1),
		"service=shop environment=eu-prod");
	assert_string_equal(found(mapping, arena, other, 1), "none");
	assert_string_equal(found(mapping, arena, bare, 1), "service=shop");
	assert_string_equal(
		found(mapping, arena, two, 2), "service=shop environment=q");
	assert_string_equal(found(mapping, arena, NULL, 0), "none");
	mapping_unref(&mapping);
	arena_free(&arena);
}

static void test_mapping__a_field_too_long_matches_nothing(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct mapping *mapping;
	char text[MAPPING_FIELD_MAX + 10] = "shop-";
	struct label field = {"application", text};

	(void)state;
	memset(text + 5, 'x', sizeof(text) - 6);
	assert_int_equal(loaded(rules, &mapping), OK);
	assert_string_equal(found(mapping, arena, &field, 1), "none");
	text[MAPPING_FIELD_MAX] = '\0';
	assert_string_not_equal(found(mapping, arena, &field, 1), "none");
	mapping_unref(&mapping);
	arena_free(&arena);
}

static void test_mapping__without_a_file_maps_nothing(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct mapping *mapping, *again;
	const struct label field = {"application", "shop-eu"};

	(void)state;
	assert_int_equal(mapping_load(NULL, &mapping, &why), OK);
	assert_string_equal(found(mapping, arena, &field, 1), "none");
	again = mapping_ref(mapping);
	mapping_unref(&mapping);
	assert_null(mapping);
	assert_int_equal(mapping_rules(again), 0);
	mapping_unref(&again);
	mapping_unref(&again);
	arena_free(&arena);
}

static void refuses(const char *text, const char *place, const char *sentence)
{
	struct mapping *mapping;

	assert_int_equal(loaded(text, &mapping), CONFIG);
	if (!strstr(why.place, place) || !strstr(why.sentence, sentence))
		fail_msg("%s: %s", why.place, why.sentence);
}

#define RULE(match, labels)                                                    \
	"rules:\n- tool: toolstate\n  match: " match "\n  labels: " labels "\n"

static void test_mapping__names_line_and_column_of_what_is_wrong(void **state)
{
	struct mapping *mapping;

	(void)state;
	refuses("[]\n", ":1:1", "must be a map");
	refuses("rules: 1\n", ":1:8", "list");
	refuses("other: 1\n", ":1:", "other");
	refuses("{}\n", ":1:1", "rules");
	refuses("rules:\n- 1\n", ":2:3", "a rule is a map");
	refuses("rules:\n- tool: none\n", ":2:9", "no adapter");
	refuses("rules:\n- tool: toolstate\n", ":2:3", "match");
	refuses("rules:\n- {tool: toolstate, matches: 1}\n", ":2:", "matches");
	refuses(RULE("{}", "{a: b}"), ":3:10", "match");
	refuses(RULE("{f: [1]}", "{a: b}"), ":3:14", "single");
	refuses(RULE("{f: 'a[b'}", "{a: b}"), ":3:14", "never closed");
	refuses(RULE("{f: '*'}", "{}"), ":4:11", "labels");
	refuses(RULE("{f: '*'}", "{a: ''}"), ":4:15", "single value");
	refuses(RULE("{f: '*'}", "{a: '{2}'}"), ":4:15", "no star");
	refuses(RULE("{f: '*'}", "{a: '{0}'}"), ":4:15", "capture");
	refuses(RULE("{f: '*'}", "{a: '{x'}"), ":4:15", "capture");
	assert_int_equal(mapping_load("/no/such/file", &mapping, &why), CONFIG);
}
