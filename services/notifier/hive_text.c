/* SPDX-License-Identifier: Apache-2.0 */
/* What is written on the other side: title, description, tags, observables. */
#include "hive.h"

#include "base/strbuf.h"
#include "wire/crypto.h"

#define MARK "**Postern** `"
#define END_MARK "**End of Postern** `"
#define DATA_MAX 4096
#define TAGS_MAX 64

void hive_ref(const char *episode, char ret[HIVE_REF])
{
	size_t hex = strspn(episode, "0123456789abcdef");
	uint8_t digest[SHA256_SIZE];
	struct crypto *crypto;

	if (hex >= HIVE_REF - 1 && !episode[hex]) {
		memcpy(ret, episode, HIVE_REF - 1);
		ret[HIVE_REF - 1] = '\0';
		return;
	}
	crypto = crypto_new();
	sha256(crypto, episode, strlen(episode), digest);
	crypto_free(&crypto);
	hex_encode(digest, (HIVE_REF - 1) / 2, ret);
}

int64_t hive_severity(enum severity severity)
{
	switch (severity) {
	case SEVERITY_LOW:
		return 1;
	case SEVERITY_MEDIUM:
		return 2;
	case SEVERITY_HIGH:
		return 3;
	case SEVERITY_CRITICAL:
	case SEVERITIES:
		break;
	}
	return 4;
}

const char *hive_title(
	struct arena *arena, const struct verdict_record *verdict)
{
	char *title = arena_printf(arena, "[%s] %s: %s", verdict->criterion,
		verdict->subject, verdict->sentence);

	utf8_cut(title, HIVE_TITLE_MAX);
	return title;
}

/* A value inside a line of Markdown: no line breaks, no column bars. */
static void add_value(struct strbuf *out, const char *value)
{
	for (; value && *value; value++) {
		if (*value == '|')
			strbuf_addc(out, '\\');
		strbuf_addc(
			out, *value == '\n' || *value == '\r' ? ' ' : *value);
	}
}

static void add_line(struct strbuf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	strbuf_addf(out, "**%s:** ", name);
	add_value(out, value);
	strbuf_adds(out, "\n\n");
}

static void add_state(struct strbuf *out, const struct sink_notice *notice)
{
	const struct verdict_record *verdict = notice->verdict;
	char opened[INSTANT_TEXT], at[INSTANT_TEXT];

	instant_format(notice->opened, opened);
	if (notice->ended != INSTANT_NEVER) {
		instant_format(notice->ended, at);
		strbuf_addf(out, "**Resolved** at %s: it is %s now\n\n", at,
			verdict_name(verdict->verdict));
	} else {
		instant_format(verdict->since, at);
		strbuf_addf(out, "**State:** %s since %s, severity %s\n\n",
			verdict_name(verdict->verdict), at,
			severity_name(verdict->severity));
	}
	add_line(out, "Episode opened", opened);
}

static void add_deciding(
	struct strbuf *out, const struct verdict_record *verdict)
{
	if (!verdict->deciding_count)
		return;
	strbuf_adds(out, "| what was looked at | value | evidence |\n"
			 "|---|---|---|\n");
	for (size_t i = 0; i < verdict->deciding_count; i++) {
		strbuf_adds(out, "| ");
		add_value(out, verdict->deciding[i].name);
		strbuf_adds(out, " | ");
		add_value(out, verdict->deciding[i].value);
		strbuf_adds(out, " | ");
		add_value(out, verdict->deciding[i].evidence);
		strbuf_adds(out, " |\n");
	}
	strbuf_addc(out, '\n');
}

static void add_list(struct strbuf *out, const char *name,
	const char *const *items, size_t count)
{
	if (!count)
		return;
	strbuf_addf(out, "**%s:**\n\n", name);
	for (size_t i = 0; i < count; i++) {
		strbuf_adds(out, "- ");
		add_value(out, items[i]);
		strbuf_addc(out, '\n');
	}
	strbuf_addc(out, '\n');
}

static void add_observables(
	struct strbuf *out, const struct verdict_record *verdict)
{
	if (!verdict->observable_count)
		return;
	strbuf_adds(out, "**Observables:**\n\n");
	for (size_t i = 0; i < verdict->observable_count; i++) {
		strbuf_addf(out, "- %s ", verdict->observables[i].kind);
		add_value(out, verdict->observables[i].value);
		strbuf_addc(out, '\n');
	}
	strbuf_addc(out, '\n');
}

static void add_all(struct arena *arena, struct strbuf *out,
	const struct sink_notice *notice)
{
	const struct verdict_record *verdict = notice->verdict;

	add_state(out, notice);
	add_line(out, "Why", verdict->summary);
	add_line(out, "What would change it", verdict->would_change);
	add_line(out, "Criterion",
		arena_printf(arena, "%s (%s) %s", verdict->criterion,
			verdict->task, verdict->sentence));
	add_line(out, "Subject", verdict->subject);
	add_line(out, "Accountable",
		arena_printf(arena, "%s, as %s", notice->party, notice->role));
	add_line(out, "Clock", verdict->profile);
	add_deciding(out, verdict);
	add_observables(out, verdict);
	add_list(out, "Evidence", verdict->evidence, verdict->evidence_count);
	add_list(out, "Payloads", verdict->payloads, verdict->payload_count);
	add_line(out, "Pack",
		arena_printf(arena, "%s %s %s", verdict->pack_name,
			verdict->pack_version, verdict->pack_digest));
}

const char *hive_description(struct arena *arena,
	const struct sink_notice *notice, const char *ref, size_t max)
{
	const char *end = arena_printf(arena, "\n\n" END_MARK "%s`", ref);
	struct strbuf text;
	char *cut;

	strbuf_init(&text, 1 << 20);
	strbuf_addf(&text,
		MARK "%s` (Postern rewrites what stands between these marks)"
		     "\n\n",
		ref);
	add_all(arena, &text, notice);
	while (text.length && text.text[text.length - 1] == '\n')
		text.length--;
	cut = arena_copy(arena, text.text, text.length);
	strbuf_release(&text);
	utf8_cut(cut, max > strlen(end) ? max - strlen(end) : 0);
	return arena_printf(arena, "%s%s", cut, end);
}

const char *hive_describe(struct arena *arena, const char *text,
	const char *ref, const char *ours)
{
	const char *mark = arena_printf(arena, MARK "%s`", ref);
	const char *end_mark = arena_printf(arena, END_MARK "%s`", ref);
	const char *from = strstr(text, mark);
	const char *to = from ? strstr(from, end_mark) : NULL;

	if (!to)
		return *text ? arena_printf(arena, "%s\n\n%s", text, ours)
			     : ours;
	return arena_printf(arena, "%.*s%s%s", (int)(from - text), text, ours,
		to + strlen(end_mark));
}

struct tags {
	const char *tags[TAGS_MAX];
	size_t count;
};

static void add_tag(struct arena *arena, struct tags *tags, const char *name,
	const char *value)
{
	char *tag = arena_printf(arena, "%s:%s", name, value);

	utf8_cut(tag, HIVE_TAG_MAX);
	if (tags->count < TAGS_MAX)
		tags->tags[tags->count++] = tag;
}

/* From the label set, but what has a member of its own or is too long. */
static void our_tags(
	struct arena *arena, const struct sink_notice *notice, struct tags *ret)
{
	static const char *const apart[] = {
		"alertname", "subject", "severity", NULL};
	const struct json *labels = NULL;
	struct reason reason;

	ret->count = 0;
	ret->tags[ret->count++] = "postern";
	add_tag(arena, ret, "ssdf", notice->verdict->task);
	if (json_read(arena, notice->labels, strlen(notice->labels), &labels,
		    &reason) != OK)
		return;
	JSON_EACH (labels, walk) {
		const char *const *skip = apart;

		while (*skip && strcmp(*skip, walk.key) != 0)
			skip++;
		if (!*skip && json_text(walk.value))
			add_tag(arena, ret, walk.key, json_text(walk.value));
	}
}

static bool holds(const struct tags *tags, const char *tag)
{
	for (size_t i = 0; i < tags->count; i++)
		if (strcmp(tags->tags[i], tag) == 0)
			return true;
	return false;
}

struct json_node *hive_tags(struct json_maker *maker, struct arena *arena,
	const struct sink_notice *notice, const struct json *others)
{
	struct json_node *array = json_array(maker);
	struct tags tags;

	our_tags(arena, notice, &tags);
	for (size_t i = 0; i < tags.count; i++)
		json_add_text(maker, array, tags.tags[i]);
	JSON_EACH (others, walk)
		if (json_text(walk.value) &&
			!holds(&tags, json_text(walk.value)))
			json_add_text(maker, array, json_text(walk.value));
	return array;
}

bool hive_tagged(struct arena *arena, const struct sink_notice *notice,
	const struct json *there)
{
	struct tags tags;

	our_tags(arena, notice, &tags);
	for (size_t i = 0; i < tags.count; i++) {
		bool found = false;

		JSON_EACH (there, walk)
			found = found || (json_text(walk.value) &&
						 strcmp(json_text(walk.value),
							 tags.tags[i]) == 0);
		if (!found)
			return false;
	}
	return true;
}

struct artifact {
	const char *type;
	const char *data;
};

/* Types that every TheHive has; a digest is told by its digits alone. */
static struct artifact artifact_of(const struct observable *observable)
{
	const char *kind = observable->kind, *value = observable->value;
	const char *colon = strrchr(value, ':');

	if (strcmp(kind, "digest") == 0 && colon)
		return (struct artifact){"hash", colon + 1};
	if (strcmp(kind, "digest") == 0)
		return (struct artifact){"hash", value};
	if (strcmp(kind, "host") == 0)
		return (struct artifact){
			strchr(value, '.') ? "fqdn" : "hostname", value};
	if (strcmp(kind, "url") == 0)
		return (struct artifact){"url", value};
	return (struct artifact){"other", value};
}

static bool same(const struct artifact *one, const struct artifact *other)
{
	return strcmp(one->type, other->type) == 0 &&
	       strcmp(one->data, other->data) == 0;
}

static bool is_there(const struct json *there, const struct artifact *artifact)
{
	JSON_EACH (there, walk) {
		struct artifact other = {
			json_text_at(walk.value, "dataType", ""),
			json_text_at(walk.value, "data", "")};

		if (same(artifact, &other))
			return true;
	}
	return false;
}

static bool repeats(const struct verdict_record *verdict, size_t i)
{
	struct artifact one = artifact_of(&verdict->observables[i]);

	for (size_t j = 0; j < i; j++) {
		struct artifact other = artifact_of(&verdict->observables[j]);

		if (same(&one, &other))
			return true;
	}
	return false;
}

struct json_node *hive_artifacts(struct json_maker *maker, struct arena *arena,
	const struct verdict_record *verdict, const struct json *there)
{
	struct json_node *array = json_array(maker);

	for (size_t i = 0; i < verdict->observable_count; i++) {
		struct artifact artifact =
			artifact_of(&verdict->observables[i]);
		struct json_node *node, *tags;

		if (!*artifact.data || strlen(artifact.data) > DATA_MAX ||
			repeats(verdict, i) || is_there(there, &artifact))
			continue;
		node = json_object(maker);
		tags = json_array(maker);
		json_add_text(maker, tags, "postern");
		json_set_text(maker, node, "dataType", artifact.type);
		json_set_text(maker, node, "data", artifact.data);
		json_set_text(maker, node, "message",
			arena_printf(arena, "%s, by Postern",
				verdict->observables[i].kind));
		json_set_integer(maker, node, "tlp", 2);
		json_set_node(maker, node, "tags", tags);
		json_add_node(maker, array, node);
	}
	return json_node_count(array) ? array : NULL;
}
