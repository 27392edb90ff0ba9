/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every combination of what may be known is tried when a profile is read: one
 * that leaves a finding without an answer is refused then, not met later.
 */
#include "clock_profile.h"

#include "base/bug.h"

#include <string.h>

#define PROFILES_MAX 100
#define ROWS_MAX 200
#define FLAGS 4
#define ANYTHING (-1)

static const char *const severities[] = {
	"critical", "high", "medium", "low", "info", "unknown"};
#define SEVERITY_WORDS (sizeof(severities) / sizeof(severities[0]))

static const char *const flags[FLAGS] = {
	"known_exploited", "exposed", "automatable", "total_impact"};

struct clock_row {
	unsigned severities; /* bits; 0: any */
	int flags[FLAGS];
	struct clock_window window;
};

struct clock_profile {
	const char *name;
	const char *cite;
	const char *fallback_cite; /* of the fallback, with the reason */
	const struct clock_profile *fallback;
	int assume[FLAGS];
	struct clock_row *rows;
	size_t count;
	const struct doc *node;
};

struct clock_profiles {
	struct clock_profile *rows;
	size_t count;
};

struct reading {
	struct arena *arena;
	struct reason *reterr;
};

static size_t severity_index(const char *word)
{
	size_t i = 0;

	while (i < SEVERITY_WORDS && strcmp(severities[i], word) != 0)
		i++;
	return i;
}

static enum status read_severity(
	struct reading *reading, const struct doc *node, unsigned *ret)
{
	size_t index = SEVERITY_WORDS;

	if (node->kind == DOC_SCALAR)
		index = severity_index(node->text);
	if (index == SEVERITY_WORDS)
		return doc_error(node, reading->reterr,
			"a severity is critical, high, medium, low, info or "
			"unknown");
	*ret |= 1u << index;
	return OK;
}

static enum status read_severities(
	struct reading *reading, const struct doc *row, unsigned *ret)
{
	const struct doc *node = doc_get(row, "severity");
	enum status status = OK;

	if (!node)
		return OK;
	if (node->kind != DOC_LIST)
		return read_severity(reading, node, ret);
	if (node->count == 0)
		return doc_error(
			node, reading->reterr, "an empty list never holds");
	DOC_EACH (node, item) {
		status = read_severity(reading, item, ret);
		if (status != OK)
			return status;
	}
	return OK;
}

static enum status read_flags(
	struct reading *reading, const struct doc *map, int ret[FLAGS])
{
	for (size_t i = 0; i < FLAGS; i++) {
		bool value;
		enum status status;

		ret[i] = ANYTHING;
		if (!doc_get(map, flags[i]))
			continue;
		status =
			doc_bool(map, flags[i], false, &value, reading->reterr);
		if (status != OK)
			return status;
		ret[i] = value;
	}
	return OK;
}

static enum status read_window(struct reading *reading, const struct doc *node,
	struct clock_window *ret)
{
	const struct doc *within = doc_get(node, "within");
	enum status status = doc_bool(node, "next_upgrade", false,
		&ret->next_upgrade, reading->reterr);

	if (status == OK)
		status = doc_bool(
			node, "triage", false, &ret->triage, reading->reterr);
	if (status != OK)
		return status;
	ret->limit = INSTANT_NEVER;
	if (!within && !ret->next_upgrade)
		return doc_error(node, reading->reterr,
			"a row says within: a duration or never, or "
			"next_upgrade: true");
	if (!within || (within->kind == DOC_SCALAR &&
			       strcmp(within->text, "never") == 0))
		return OK;
	return doc_duration(
		node, "within", INSTANT_NEVER, &ret->limit, reading->reterr);
}

static enum status read_row(
	struct reading *reading, const struct doc *node, struct clock_row *ret)
{
	static const char *const keys[] = {"severity", "known_exploited",
		"exposed", "automatable", "total_impact", "within",
		"next_upgrade", "triage", NULL};
	enum status status = doc_only(node, keys, reading->reterr);

	if (status == OK)
		status = read_severities(reading, node, &ret->severities);
	if (status == OK)
		status = read_flags(reading, node, ret->flags);
	if (status == OK)
		status = read_window(reading, node, &ret->window);
	return status;
}

static enum status read_rows(struct reading *reading, const struct doc *node,
	struct clock_profile *profile)
{
	const struct doc *list = doc_get(node, "rows");

	if (!list || list->kind != DOC_LIST || list->count == 0 ||
		list->count > ROWS_MAX)
		return doc_error(list ? list : node, reading->reterr,
			"a profile has rows: a list of 1 to %d", ROWS_MAX);
	profile->rows = arena_array(
		reading->arena, list->count, sizeof(*profile->rows));
	DOC_EACH (list, item) {
		enum status status = read_row(
			reading, item, &profile->rows[profile->count++]);

		if (status != OK)
			return status;
	}
	return OK;
}

static enum status read_assume(struct reading *reading, const struct doc *node,
	struct clock_profile *profile)
{
	const struct doc *assume = doc_get(node, "assume");
	enum status status = OK;

	if (assume)
		status = doc_only(assume,
			(const char *const[]){
				flags[0], flags[1], flags[2], flags[3], NULL},
			reading->reterr);
	return status == OK ? read_flags(reading, assume, profile->assume)
			    : status;
}

static enum status read_profile(struct reading *reading, const struct doc *node,
	struct clock_profile *profile)
{
	static const char *const keys[] = {
		"name", "title", "text", "fallback", "assume", "rows", NULL};
	const char *title, *text;
	enum status status = doc_only(node, keys, reading->reterr);

	profile->node = node;
	if (status == OK)
		status = doc_text_required(
			node, "name", &profile->name, reading->reterr);
	if (status == OK)
		status = doc_text(node, "title", "", &title, reading->reterr);
	if (status == OK)
		status = doc_text(
			node, "text", "verified", &text, reading->reterr);
	if (status == OK && strcmp(text, "verified") != 0 &&
		strcmp(text, "unverified") != 0)
		return doc_error(doc_get(node, "text"), reading->reterr,
			"\"text\" is verified or unverified");
	if (status == OK)
		status = read_assume(reading, node, profile);
	if (status == OK)
		status = read_rows(reading, node, profile);
	if (status != OK)
		return status;
	profile->cite = strcmp(text, "unverified") == 0
				? arena_printf(reading->arena,
					  "%s (unverified text)", profile->name)
				: profile->name;
	return OK;
}

static bool row_holds(
	const struct clock_row *row, size_t severity, const int known[FLAGS])
{
	if (row->severities && !(row->severities & 1u << severity))
		return false;
	for (size_t i = 0; i < FLAGS; i++)
		if (row->flags[i] != ANYTHING && row->flags[i] != known[i])
			return false;
	return true;
}

/* NULL where no row holds. */
static const struct clock_row *first_row(const struct clock_profile *profile,
	size_t severity, const int input[FLAGS])
{
	int known[FLAGS];

	for (size_t i = 0; i < FLAGS; i++)
		known[i] = input[i] == ANYTHING ? profile->assume[i] : input[i];
	for (size_t i = 0; i < profile->count; i++)
		if (row_holds(&profile->rows[i], severity, known))
			return &profile->rows[i];
	return NULL;
}

static const char *flag_word(int flag)
{
	if (flag == ANYTHING)
		return "not known";
	return flag ? "true" : "false";
}

static enum status check_case(struct reading *reading,
	const struct clock_profile *profile, size_t severity,
	const int known[FLAGS])
{
	bool all_known = true;

	for (size_t i = 0; i < FLAGS; i++)
		all_known = all_known && known[i] != ANYTHING;
	if (first_row(profile, severity, known) ||
		(profile->fallback && !all_known))
		return OK;
	return doc_error(profile->node, reading->reterr,
		"profile \"%s\" has no row for severity %s, known_exploited "
		"%s, exposed %s, automatable %s, total_impact %s",
		profile->name, severities[severity], flag_word(known[0]),
		flag_word(known[1]), flag_word(known[2]), flag_word(known[3]));
}

/* 3^4 states of the flags: -1, 0, 1 each. */
static enum status check_cases(
	struct reading *reading, const struct clock_profile *profile)
{
	for (int n = 0; n < 3 * 3 * 3 * 3; n++) {
		int known[FLAGS] = {
			n % 3 - 1,
			n / 3 % 3 - 1,
			n / 9 % 3 - 1,
			n / 27 - 1,
		};

		for (size_t i = 0; i < SEVERITY_WORDS; i++) {
			enum status status =
				check_case(reading, profile, i, known);

			if (status != OK)
				return status;
		}
	}
	return OK;
}

static enum status join_fallback(struct reading *reading,
	const struct clock_profiles *profiles, struct clock_profile *profile)
{
	const struct doc *node = doc_get(profile->node, "fallback");

	if (!node)
		return OK;
	if (node->kind == DOC_SCALAR)
		profile->fallback = clock_profile_find(profiles, node->text);
	if (!profile->fallback || doc_get(profile->fallback->node, "fallback"))
		return doc_error(node, reading->reterr,
			"\"fallback\" names a profile that needs none itself");
	profile->fallback_cite = arena_printf(reading->arena,
		"%s (no exploit or exposure data for %s)",
		profile->fallback->cite, profile->name);
	return OK;
}

static enum status read_profiles(struct reading *reading,
	const struct doc *list, struct clock_profiles *profiles)
{
	enum status status;

	DOC_EACH (list, item) {
		struct clock_profile *profile =
			&profiles->rows[profiles->count];

		status = read_profile(reading, item, profile);
		if (status != OK)
			return status;
		if (clock_profile_find(profiles, profile->name))
			return doc_error(doc_get(item, "name"), reading->reterr,
				"there is a profile \"%s\" already",
				profile->name);
		profiles->count++;
	}
	for (size_t i = 0; i < profiles->count; i++) {
		status = join_fallback(reading, profiles, &profiles->rows[i]);
		if (status == OK)
			status = check_cases(reading, &profiles->rows[i]);
		if (status != OK)
			return status;
	}
	return OK;
}

enum status clock_profiles_read(struct arena *arena, const struct doc *root,
	const struct clock_profiles **ret, struct reason *reterr)
{
	static const char *const keys[] = {"profiles", NULL};
	struct reading reading = {arena, reterr};
	struct clock_profiles *profiles = arena_alloc(arena, sizeof(*profiles));
	const struct doc *list = doc_get(root, "profiles");
	enum status status = doc_only(root, keys, reterr);

	if (status == OK &&
		(!list || list->kind != DOC_LIST || list->count > PROFILES_MAX))
		status = doc_error(list ? list : root, reterr,
			"\"profiles\" must be a list of at most %d",
			PROFILES_MAX);
	if (status != OK)
		return status;
	profiles->rows =
		arena_array(arena, list->count + 1, sizeof(*profiles->rows));
	status = read_profiles(&reading, list, profiles);
	if (status == OK)
		*ret = profiles;
	return status;
}

const struct clock_profile *clock_profile_find(
	const struct clock_profiles *profiles, const char *name)
{
	for (size_t i = 0; profiles && i < profiles->count; i++)
		if (strcmp(profiles->rows[i].name, name) == 0)
			return &profiles->rows[i];
	return NULL;
}

void clock_profile_apply(const struct clock_profile *profile,
	const struct clock_input *input, struct clock_window *ret)
{
	const int known[FLAGS] = {input->known_exploited, input->exposed,
		input->automatable, input->total_impact};
	size_t severity = severity_index(input->severity);
	const char *cite = profile->cite;
	const struct clock_row *row;

	if (severity == SEVERITY_WORDS)
		severity = severity_index("unknown");
	row = first_row(profile, severity, known);
	if (!row) {
		MUST(profile->fallback);
		cite = profile->fallback_cite;
		row = first_row(profile->fallback, severity, known);
	}
	MUST(row);
	*ret = row->window;
	ret->cite = cite;
}

const char *clock_profile_cite(const struct clock_profile *profile)
{
	return profile->cite;
}
