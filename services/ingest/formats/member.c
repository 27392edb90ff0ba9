/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/member.h"

#include "base/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PLACE_MAX 200
#define KEY_MAX 100
/* What every JSON reader of ours and of others holds exactly. */
#define EXACT_MAX ((int64_t)1 << 53)

static void print_place(const struct members *members, const char *path,
	size_t length, char text[PLACE_MAX])
{
	size_t n;

	if (members->outer) {
		print_place(members->outer, members->path,
			strlen(members->path), text);
		n = strlen(text);
		if (members->index != SIZE_MAX)
			snprintf(text + n, PLACE_MAX - n, "[%zu]",
				members->index);
	} else {
		snprintf(text, PLACE_MAX, "$");
	}
	n = strlen(text);
	if (length > 0)
		snprintf(text + n, PLACE_MAX - n, ".%.*s", (int)length, path);
}

static void refuse(const struct members *members, const char *path,
	size_t length, const char *sentence)
{
	char place[PLACE_MAX];

	if (members->fault->status != OK)
		return;
	print_place(members, path, length, place);
	reason_set(members->fault->reterr, place, "%s", sentence);
	members->fault->status = REJECT;
}

static void refuse_type(const struct members *members, const char *path,
	size_t length, const char *expected, const struct json *value)
{
	char sentence[100];

	snprintf(sentence, sizeof(sentence), "expected %s, found %s", expected,
		json_type(value));
	refuse(members, path, length, sentence);
}

/* NULL where it is absent or null, or was refused on the way. */
static const struct json *look_up(
	const struct members *members, const char *path)
{
	const struct json *value = members->from;
	const char *rest = path;

	for (;;) {
		size_t n = strcspn(rest, ".");
		char key[KEY_MAX];

		MUST(n < sizeof(key));
		memcpy(key, rest, n);
		key[n] = '\0';
		value = json_get(value, key);
		if (!value || json_is_null(value))
			return NULL;
		if (!rest[n])
			return value;
		if (!json_is_object(value)) {
			refuse_type(members, path, (size_t)(rest + n - path),
				"an object", value);
			return NULL;
		}
		rest += n + 1;
	}
}

/* What look_up() hides behind one NULL, for a message. */
static void refuse_missing(
	const struct members *members, const char *path, const char *expected)
{
	char sentence[100];

	snprintf(sentence, sizeof(sentence), "expected %s, found %s", expected,
		json_type(json_path(members->from, path)));
	refuse(members, path, strlen(path), sentence);
}

struct members members_of(const struct json *root, struct member_fault *fault)
{
	struct members ret = {.from = root, .fault = fault};

	if (!json_is_object(root))
		refuse_type(&ret, "", 0, "an object", root);
	return ret;
}

struct members members_item(const struct members *outer, const char *path,
	size_t index, const struct json *item)
{
	struct members ret = {item, outer, path, index, outer->fault};

	if (!json_is_object(item))
		refuse_type(&ret, "", 0, "an object", item);
	return ret;
}

struct members members_within(const struct members *outer, const char *path)
{
	return (struct members){member_object(outer, path), outer, path,
		SIZE_MAX, outer->fault};
}

const char *member_text_if(const struct members *members, const char *path)
{
	const struct json *value = look_up(members, path);
	const char *text = json_text(value);

	if (value && !text)
		refuse_type(members, path, strlen(path), "a string", value);
	return text && text[0] ? text : NULL;
}

const char *member_text(const struct members *members, const char *path)
{
	const char *text = member_text_if(members, path);

	if (text)
		return text;
	if (json_text(json_path(members->from, path)))
		refuse(members, path, strlen(path),
			"expected a string, found an empty one");
	else
		refuse_missing(members, path, "a string");
	return "";
}

bool member_integer_if(
	const struct members *members, const char *path, int64_t *ret)
{
	const struct json *value = look_up(members, path);

	if (!value)
		return false;
	if (json_integer(value, ret) && *ret >= -EXACT_MAX && *ret <= EXACT_MAX)
		return true;
	if (json_is_number(value))
		refuse(members, path, strlen(path),
			"expected an integer within 2^53");
	else
		refuse_type(members, path, strlen(path), "an integer", value);
	return false;
}

int64_t member_integer(const struct members *members, const char *path)
{
	int64_t number = 0;

	if (!member_integer_if(members, path, &number))
		refuse_missing(members, path, "an integer");
	return number;
}

bool member_flag_if(const struct members *members, const char *path)
{
	const struct json *value = look_up(members, path);

	if (value && !json_is_bool(value))
		refuse_type(
			members, path, strlen(path), "true or false", value);
	return json_true(value);
}

instant member_time_if(const struct members *members, const char *path)
{
	const char *text = member_text_if(members, path);
	struct reason why;
	instant at;

	/* How a Go program writes a time that was never set. */
	if (!text || strncmp(text, "0001-01-01T00:00:00", 19) == 0)
		return INSTANT_NEVER;
	if (instant_parse(text, strlen(text), &at, &why) == OK)
		return at;
	refuse(members, path, strlen(path), why.sentence);
	return INSTANT_NEVER;
}

const struct json *member_object_if(
	const struct members *members, const char *path)
{
	const struct json *value = look_up(members, path);

	if (!value || json_is_object(value))
		return value;
	refuse_type(members, path, strlen(path), "an object", value);
	return NULL;
}

const struct json *member_object(
	const struct members *members, const char *path)
{
	const struct json *value = member_object_if(members, path);

	if (!value)
		refuse_missing(members, path, "an object");
	return value;
}

const struct json *member_list_if(
	const struct members *members, const char *path)
{
	const struct json *value = look_up(members, path);

	if (!value || json_is_array(value))
		return value;
	refuse_type(members, path, strlen(path), "an array", value);
	return NULL;
}

void member_refuse(
	const struct members *members, const char *path, const char *fmt, ...)
{
	char sentence[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	refuse(members, path, strlen(path), sentence);
}
