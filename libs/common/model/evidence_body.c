/* SPDX-License-Identifier: Apache-2.0 */
#include "model/evidence_body.h"

#include "base/bug.h"
#include "model/subject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MOST 9007199254740992 /* 2^53 */
#define PLACE_ROOM 180

enum form {
	TEXT,
	WHOLE,   /* an integer, not negative */
	NATURAL, /* an integer from 1 */
	INTEGER,
	NUMBER,
	BOOL,
	TIME,
	SUBJECT,
	WORD,          /* one of `words` */
	WHOLE_OR_TEXT, /* some tools number what others name */
	MAP,           /* an object of anything */
	COUNTS,        /* an object of whole numbers */
	TEXTS,
	SUBJECTS,
	ROWS, /* an array of objects as `row` says */
};

struct member {
	const char *name;
	enum form form;
	bool required;
	const char *words; /* " a b c " */
	const struct member *row;
};

#define SEVERITIES_TEXT " critical high medium low info unknown "

static const struct member change[] = {
	{"action", TEXT, true, 0, 0},
	{"repository", SUBJECT, false, 0, 0},
	{"revision", TEXT, false, 0, 0},
	{"ref", TEXT, false, 0, 0},
	{"number", INTEGER, false, 0, 0},
	{"author", TEXT, false, 0, 0},
	{"actor", TEXT, false, 0, 0},
	{"merge_revision", TEXT, false, 0, 0},
	{"head_revision", TEXT, false, 0, 0},
	{"forced", BOOL, false, 0, 0},
	{"deleted", BOOL, false, 0, 0},
	{"protection", MAP, false, 0, 0},
	{0},
};

static const struct member earlier[] = {
	{"id", WHOLE_OR_TEXT, false, 0, 0},
	{"revision", TEXT, false, 0, 0},
	{"deployed_at", TIME, false, 0, 0},
	{0},
};

static const struct member deployment[] = {
	{"application", TEXT, false, 0, 0},
	{"environment", TEXT, false, 0, 0},
	{"phase", WORD, false,
		" succeeded failed error running terminating unknown ", 0},
	{"sync", WORD, false, " synced out-of-sync unknown ", 0},
	{"health", TEXT, false, 0, 0},
	{"revision", TEXT, false, 0, 0},
	{"revisions", TEXTS, false, 0, 0},
	{"repository", SUBJECT, false, 0, 0},
	{"automated", BOOL, false, 0, 0},
	{"initiator", TEXT, false, 0, 0},
	{"started_at", TIME, false, 0, 0},
	{"finished_at", TIME, false, 0, 0},
	{"images", SUBJECTS, false, 0, 0},
	{"unpinned_images", TEXTS, false, 0, 0},
	{"history", ROWS, false, 0, earlier},
	{"rollback", BOOL, false, 0, 0},
	{"trigger", TEXT, false, 0, 0},
	{0},
};

static const struct member finding[] = {
	{"key", TEXT, true, 0, 0},
	{"vulnerability", TEXT, true, 0, 0},
	{"aliases", TEXTS, false, 0, 0},
	{"package", TEXT, true, 0, 0},
	{"version", TEXT, false, 0, 0},
	{"fixed_version", TEXT, false, 0, 0},
	{"severity", WORD, true, SEVERITIES_TEXT, 0},
	{"status", TEXT, false, 0, 0},
	{"path", TEXT, false, 0, 0},
	{"known_exploited", BOOL, false, 0, 0},
	{"kev_date", TEXT, false, 0, 0},
	{"exposed", BOOL, false, 0, 0},
	{"automatable", BOOL, false, 0, 0},
	{"technical_impact", WORD, false, " partial total ", 0},
	{0},
};

static const struct member scan[] = {
	{"scanner", TEXT, false, 0, 0},
	{"scanner_version", TEXT, false, 0, 0},
	{"target", TEXT, false, 0, 0},
	{"artifact", TEXT, false, 0, 0},
	{"findings", ROWS, true, 0, finding},
	{"counts", COUNTS, false, 0, 0},
	{"suppressed", WHOLE, false, 0, 0},
	{0},
};

static const struct member control[] = {
	{"id", TEXT, true, 0, 0},
	{"title", TEXT, false, 0, 0},
	{"status", TEXT, true, 0, 0},
	{"impact", NUMBER, false, 0, 0},
	{0},
};

static const struct member assessment[] = {
	{"profile", TEXT, false, 0, 0},
	{"controls", ROWS, false, 0, control},
	{0},
};

static const struct member policy[] = {
	{"policy", TEXT, false, 0, 0},
	{"mode", TEXT, false, 0, 0},
	{"decision", TEXT, false, 0, 0},
	{"resource", TEXT, false, 0, 0},
	{0},
};

static const struct member detection[] = {
	{"rule", TEXT, false, 0, 0},
	{"priority", TEXT, false, 0, 0},
	{"message", TEXT, false, 0, 0},
	{"host", TEXT, false, 0, 0},
	{0},
};

static const struct member component[] = {
	{"purl", TEXT, false, 0, 0},
	{"name", TEXT, false, 0, 0},
	{"version", TEXT, false, 0, 0},
	{0},
};

static const struct member inventory[] = {
	{"components", ROWS, false, 0, component},
	{"format", TEXT, false, 0, 0},
	{0},
};

static const struct member attestation[] = {
	{"predicate", TEXT, false, 0, 0},
	{"verified", BOOL, false, 0, 0},
	{"signer", TEXT, false, 0, 0},
	{0},
};

static const struct member ownership[] = {
	{"owner", TEXT, false, 0, 0},
	{"members", TEXTS, false, 0, 0},
	{"escalation", TEXT, false, 0, 0},
	{0},
};

static const struct member access_change[] = {
	{"action", TEXT, false, 0, 0},
	{"actor", TEXT, false, 0, 0},
	{"principal", TEXT, false, 0, 0},
	{"role", TEXT, false, 0, 0},
	{0},
};

static const struct member exception[] = {
	{"owner", TEXT, false, 0, 0},
	{"approver", TEXT, false, 0, 0},
	{"reason", TEXT, false, 0, 0},
	{"expires_at", TIME, false, 0, 0},
	{0},
};

static const struct member incident[] = {
	{"case", TEXT, false, 0, 0},
	{"state", TEXT, false, 0, 0},
	{"assignee", TEXT, false, 0, 0},
	{0},
};

static const struct member toolstate[] = {
	{"state", WORD, true,
		" declared changed removed heartbeat counts import conflict "
		"version ",
		0},
	{"source", TEXT, false, 0, 0},
	{"tool", TEXT, false, 0, 0},
	{"interval_seconds", NATURAL, false, 0, 0},
	{"last_delivery", TIME, false, 0, 0},
	{"spool_records", WHOLE, false, 0, 0},
	{"spool_oldest", TIME, false, 0, 0},
	{"accepted", WHOLE, false, 0, 0},
	{"rejected", WHOLE, false, 0, 0},
	{"unauthenticated", WHOLE, false, 0, 0},
	{"from", TIME, false, 0, 0},
	{"until", TIME, false, 0, 0},
	{0},
};

static const struct member statement[] = {
	{"statement", TEXT, false, 0, 0},
	{"person", TEXT, false, 0, 0},
	{"expires_at", TIME, false, 0, 0},
	{0},
};

static const struct {
	const struct member *members;
	bool snapshot;
	const char *split;
} classes[CLASSES] = {
	[CLASS_CHANGE] = {change, false, NULL},
	[CLASS_DEPLOYMENT] = {deployment, false, NULL},
	[CLASS_SCAN] = {scan, true, "findings"},
	[CLASS_ASSESSMENT] = {assessment, true, "controls"},
	[CLASS_POLICY] = {policy, false, NULL},
	[CLASS_DETECTION] = {detection, false, NULL},
	[CLASS_INVENTORY] = {inventory, true, "components"},
	[CLASS_ATTESTATION] = {attestation, false, NULL},
	[CLASS_OWNERSHIP] = {ownership, false, NULL},
	[CLASS_ACCESS] = {access_change, false, NULL},
	[CLASS_EXCEPTION] = {exception, false, NULL},
	[CLASS_CASE] = {incident, false, NULL},
	[CLASS_TOOLSTATE] = {toolstate, false, NULL},
	[CLASS_REGISTER] = {statement, false, NULL},
};

static const char *const wants[] = {
	[TEXT] = "a string",
	[WHOLE] = "a whole number from 0 to 2^53",
	[NATURAL] = "a whole number from 1 to 2^53",
	[INTEGER] = "a whole number within 2^53",
	[NUMBER] = "a number",
	[BOOL] = "true or false",
	[TIME] = "an RFC 3339 time in UTC with at most microseconds",
	[SUBJECT] = "a canonical subject",
	[WORD] = "one of",
	[WHOLE_OR_TEXT] = "a whole number or a string",
	[MAP] = "an object",
	[COUNTS] = "an object of whole numbers",
	[TEXTS] = "an array of strings",
	[SUBJECTS] = "an array of canonical subjects",
	[ROWS] = "an array of objects",
};

bool evidence_class_snapshot(enum evidence_class class)
{
	MUST(class < CLASSES);
	return classes[class].snapshot;
}

const char *evidence_class_split(enum evidence_class class)
{
	MUST(class < CLASSES);
	return classes[class].split;
}

bool evidence_time_is(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	struct reason ignored;
	size_t length = strlen(text);
	instant at;

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	if (text[length - 1] != 'Z' || length > sizeof(form) + 7 ||
		text[length - 2] == '.')
		return false;
	return instant_parse(text, length, &at, &ignored) == OK;
}

static bool integer_from(const struct json *value, int64_t least)
{
	int64_t number;

	return json_integer(value, &number) && number >= least &&
	       number <= NUMBER_MOST;
}

static bool word_of(const char *words, const char *text)
{
	const char *at = text && *text && !strchr(text, ' ')
				 ? strstr(words, text)
				 : NULL;
	size_t length = text ? strlen(text) : 0;

	while (at && (at[-1] != ' ' || at[length] != ' '))
		at = strstr(at + 1, text);
	return at != NULL;
}

static bool subject_is(const struct json *value)
{
	struct reason ignored;

	return json_text(value) &&
	       subject_check(json_text(value), &ignored) == OK;
}

/* All but arrays and rows. */
static bool single(const struct member *member, const struct json *value)
{
	switch (member->form) {
	case WHOLE:
		return integer_from(value, 0);
	case NATURAL:
		return integer_from(value, 1);
	case INTEGER:
		return integer_from(value, -NUMBER_MOST);
	case NUMBER:
		return json_is_number(value);
	case BOOL:
		return json_is_bool(value);
	case TIME:
		return json_text(value) && evidence_time_is(json_text(value));
	case SUBJECT:
		return subject_is(value);
	case WORD:
		return word_of(member->words, json_text(value));
	case WHOLE_OR_TEXT:
		return json_text(value) || integer_from(value, -NUMBER_MOST);
	case MAP:
		return json_is_object(value);
	default:
		return json_text(value) != NULL;
	}
}

static enum status refuse(const char *place, const struct member *member,
	const struct json *value, struct reason *reterr)
{
	const char *text = json_text(value);
	int words = member->words ? (int)strlen(member->words) - 1 : 0;

	reason_set(reterr, place, "must be %s%.*s, is %s%s%.60s%s",
		wants[member->form], words, words ? member->words : "",
		text ? "" : json_type(value), text ? "\"" : "",
		text ? text : "", text ? "\"" : "");
	return REJECT;
}

static enum status check_rows(const struct member *row, const struct json *rows,
	const char *place, struct reason *reterr);

static enum status check_items(const struct member *member,
	const struct json *value, const char *place, struct reason *reterr)
{
	const struct member item = {.form = member->form == SUBJECTS ? SUBJECT
					    : member->form == COUNTS ? WHOLE
								     : TEXT};
	bool object = member->form == COUNTS;

	if (object ? !json_is_object(value) : !json_is_array(value))
		return refuse(place, member, value, reterr);
	JSON_EACH (value, walk) {
		char at[PLACE_ROOM];

		if (single(&item, walk.value))
			continue;
		if (object)
			snprintf(at, sizeof(at), "%s.%s", place, walk.key);
		else
			snprintf(at, sizeof(at), "%s[%zu]", place, walk.index);
		return refuse(at, &item, walk.value, reterr);
	}
	return OK;
}

static enum status check_members(const struct member *members,
	const struct json *object, const char *place, struct reason *reterr)
{
	enum status status = OK;

	for (; members->name && status == OK; members++) {
		const struct json *value = json_get(object, members->name);
		char at[PLACE_ROOM];

		if (!value && !members->required)
			continue;
		snprintf(at, sizeof(at), "%s.%s", place, members->name);
		if (!value)
			status = refuse(at, members, value, reterr);
		else if (members->form == ROWS)
			status = check_rows(members->row, value, at, reterr);
		else if (members->form >= COUNTS)
			status = check_items(members, value, at, reterr);
		else if (!single(members, value))
			status = refuse(at, members, value, reterr);
	}
	return status;
}

static enum status check_rows(const struct member *row, const struct json *rows,
	const char *place, struct reason *reterr)
{
	const struct member whole = {.form = ROWS}, one = {.form = MAP};

	if (!json_is_array(rows))
		return refuse(place, &whole, rows, reterr);
	JSON_EACH (rows, walk) {
		char at[PLACE_ROOM];
		enum status status;

		snprintf(at, sizeof(at), "%s[%zu]", place, walk.index);
		if (!json_is_object(walk.value))
			return refuse(at, &one, walk.value, reterr);
		status = check_members(row, walk.value, at, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

static bool number_is(const struct json *value)
{
	int64_t whole;
	double real;

	if (json_integer(value, &whole))
		return whole <= NUMBER_MOST && whole >= -NUMBER_MOST;
	return json_double(value, &real) && isfinite(real) &&
	       fabs(real) <= (double)NUMBER_MOST;
}

enum status evidence_numbers_check(
	const struct json *value, const char *place, struct reason *reterr)
{
	if (json_is_number(value) && !number_is(value)) {
		reason_set(reterr, place, "holds a number outside 2^53");
		return REJECT;
	}
	/* Nesting is bounded by whoever read the document. */
	JSON_EACH (value, walk) {
		char at[PLACE_ROOM];
		enum status status;

		if (!json_is_number(walk.value) && json_count(walk.value) == 0)
			continue;
		if (walk.key)
			snprintf(at, sizeof(at), "%s.%s", place, walk.key);
		else
			snprintf(at, sizeof(at), "%s[%zu]", place, walk.index);
		status = evidence_numbers_check(walk.value, at, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

enum status evidence_body_check(enum evidence_class class,
	const struct json *body, struct reason *reterr)
{
	const struct member whole = {.form = MAP};
	char place[PLACE_ROOM];
	enum status status;

	MUST(class < CLASSES);
	snprintf(place, sizeof(place), "$.%s", evidence_class_name(class));
	if (!json_is_object(body))
		return refuse(place, &whole, body, reterr);
	status = check_members(classes[class].members, body, place, reterr);
	if (status == OK)
		status = evidence_numbers_check(body, place, reterr);
	return status;
}
