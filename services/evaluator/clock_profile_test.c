/* SPDX-License-Identifier: Apache-2.0 */
#include "clock_profile.h"

#define PLAIN                                                                  \
	"- name: plain\n"                                                      \
	"  rows:\n"                                                            \
	"  - {severity: [critical, high], within: 10d}\n"                      \
	"  - {severity: info, within: never}\n"                                \
	"  - {within: 20s}\n"

static const char both[] =
	"profiles:\n" PLAIN "- name: exploit\n"
	"  title: By what is exploited\n"
	"  text: unverified\n"
	"  fallback: plain\n"
	"  assume: {automatable: false}\n"
	"  rows:\n"
	"  - {known_exploited: true, exposed: true, within: 3d, triage: true}\n"
	"  - {known_exploited: true, within: 14d}\n"
	"  - {known_exploited: false, exposed: true, automatable: false, "
	"within: 60d}\n"
	"  - {known_exploited: false, exposed: true, automatable: true, "
	"within: 30d}\n"
	"  - {known_exploited: false, exposed: false, next_upgrade: true}\n";

struct fixture {
	struct arena *arena;
	const struct clock_profiles *profiles;
	struct reason reason;
	struct clock_window window;
};

static enum status load(struct fixture *f, const char *text)
{
	const struct doc *root;

	memset(f, 0, sizeof(*f));
	f->arena = arena_new(1 << 20);
	assert_int_equal(doc_read(f->arena, "clocks.yaml", text, strlen(text),
				 &root, &f->reason),
		OK);
	return clock_profiles_read(f->arena, root, &f->profiles, &f->reason);
}

static void apply(struct fixture *f, const char *severity, int exploited,
	int exposed, int automatable)
{
	struct clock_input input = {
		severity, exploited, exposed, automatable, -1};

	clock_profile_apply(
		clock_profile_find(f->profiles, "exploit"), &input, &f->window);
}

static void test_clock_profile__takes_the_first_row_that_holds(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(load(&f, both), OK);
	apply(&f, "low", 1, 1, -1);
	assert_int_equal(f.window.limit, 3 * INSTANT_DAY);
	assert_true(f.window.triage);
	assert_string_equal(f.window.cite, "exploit (unverified text)");
	apply(&f, "low", 0, 1, 1);
	assert_int_equal(f.window.limit, 30 * INSTANT_DAY);
	assert_false(f.window.triage);
	apply(&f, "low", 0, 0, 1);
	assert_int_equal(f.window.limit, INSTANT_NEVER);
	assert_true(f.window.next_upgrade);
	arena_free(&f.arena);
}

static void test_clock_profile__assumes_what_it_says_it_assumes(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(load(&f, both), OK);
	apply(&f, "low", 0, 1, -1);
	assert_int_equal(f.window.limit, 60 * INSTANT_DAY);
	/* Known to be exploited counts, exposed or not. */
	apply(&f, "low", 1, -1, -1);
	assert_int_equal(f.window.limit, 14 * INSTANT_DAY);
	arena_free(&f.arena);
}

static void test_clock_profile__falls_back_and_says_so(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(load(&f, both), OK);
	apply(&f, "critical", -1, -1, -1);
	assert_int_equal(f.window.limit, 10 * INSTANT_DAY);
	assert_string_equal(f.window.cite,
		"plain (no exploit or exposure data for exploit)");
	apply(&f, "odd", 0, -1, -1);
	assert_int_equal(f.window.limit, 20 * INSTANT_SECOND);
	apply(&f, "info", -1, 1, -1);
	assert_int_equal(f.window.limit, INSTANT_NEVER);
	assert_false(f.window.next_upgrade);
	assert_null(clock_profile_find(f.profiles, "other"));
	assert_null(clock_profile_find(NULL, "plain"));
	arena_free(&f.arena);
}

static void test_clock_profile__names_the_place_of_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
		{"[]", ":1:1", "a map"},
		{"profile: []", ":1:10", "not known"},
		{"{}", ":1:1", "\"profiles\" must be"},
		{"profiles: {}", ":1:11", "\"profiles\" must be"},
		{"profiles:\n- {rows: []}", ":2:3", "\"name\" is missing"},
		{"profiles:\n- {name: a}", ":2:3", "has rows"},
		{"profiles:\n- {name: a, rows: []}", ":2:19", "has rows"},
		{"profiles:\n- {name: a, text: x, rows: []}", ":2:19",
			"verified"},
		{"profiles:\n- {name: a, assume: {x: true}, rows: []}", ":2:25",
			"not known"},
		{"profiles:\n- {name: a, assume: {exposed: 1}, rows: []}",
			":2:31", "true or false"},
		{"profiles:\n- {name: a, rows: [{}]}", ":2:20", "a row says"},
		{"profiles:\n- {name: a, rows: [{within: x}]}", ":2:29",
			"within"},
		{"profiles:\n- {name: a, rows: [{severity: x, within: 1d}]}",
			":2:31", "a severity is"},
		{"profiles:\n- {name: a, rows: [{severity: [], within: 1d}]}",
			":2:31", "empty"},
		{"profiles:\n- {name: a, rows: [{severity: low, within: 1d}]}",
			":2:3",
			"no row for severity critical, known_exploited not "
			"known"},
		{"profiles:\n- {name: a, fallback: b, rows: [{within: 1d}]}",
			":2:23", "needs none"},
		{"profiles:\n- {name: a, fallback: a, rows: [{within: 1d}]}",
			":2:23", "needs none"},
		{"profiles:\n" PLAIN "- {name: plain, rows: [{within: 1d}]}",
			":7:10", "already"},
		{"profiles:\n" PLAIN "- {name: b, fallback: plain, rows: "
		 "[{exposed: true, within: 1d}]}",
			":7:3", "exposed false"},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum status status = load(&f, rows[i].text);

		if (status != CONFIG ||
			!strstr(f.reason.place, rows[i].place) ||
			!strstr(f.reason.sentence, rows[i].sentence))
			fail_msg("%s: %d %s: %s", rows[i].text, status,
				f.reason.place, f.reason.sentence);
		arena_free(&f.arena);
	}
}
