/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/about.h"

#include "model/subject.h"

#include <string.h>

#define LABELS_MAX 50 /* as the schema says */

struct labels {
	struct label rows[LABELS_MAX];
	size_t count;
};

static const char *label_of(const struct labels *labels, const char *name)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->rows[i].name, name) == 0)
			return labels->rows[i].value;
	return NULL;
}

static void set(struct labels *labels, const char *name, const char *value)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->rows[i].name, name) == 0) {
			labels->rows[i].value = value;
			return;
		}
	if (labels->count < LABELS_MAX)
		labels->rows[labels->count++] = (struct label){name, value};
}

/* A canonical service says itself what others take from rules. */
static void set_from_subject(
	struct arena *arena, const char *subject, struct labels *labels)
{
	const char *authority;

	if (subject_kind_of(subject) != SUBJECT_SERVICE)
		return;
	authority = subject_authority_of(arena, subject);
	if (!label_of(labels, "service"))
		set(labels, "service", subject_name_of(arena, subject));
	if (!label_of(labels, "environment") && strcmp(authority, "-") != 0)
		set(labels, "environment", authority);
}

static enum status name_service(const struct delivery *delivery,
	const struct event *event, const struct labels *labels,
	struct evidence *ret, struct reason *reterr)
{
	struct arena *arena = delivery->arena;
	const char *service = label_of(labels, "service");
	const char *environment = label_of(labels, "environment");

	if (!service && event->match_count == 0) {
		reason_set(reterr, "$", "nothing in it names a service");
		return REJECT;
	}
	if (!service) {
		const struct label *own = &event->match[0];

		service = arena_printf(
			arena, "%s:%s", delivery->source, own->value);
		ret->unmapped = arena_printf(arena,
			"no rule maps %s %s \"%.200s\" to a service",
			delivery->tool, own->name, own->value);
	}
	return subject_make(arena, delivery->tenant, SUBJECT_SERVICE,
		environment ? environment : "-", service, &ret->subject,
		reterr);
}

enum status about_settle(const struct translation_needs *needs,
	const struct delivery *delivery, const struct event *event,
	struct evidence *ret, struct reason *reterr)
{
	struct arena *arena = delivery->arena;
	struct labels *labels = arena_alloc(arena, sizeof(*labels));
	const struct label *mapped;
	size_t count;
	enum status status = OK;

	for (size_t i = 0; i < needs->label_count; i++)
		set(labels, needs->labels[i].name, needs->labels[i].value);
	if (mapping_find(needs->mapping, arena, delivery->tool, event->match,
		    event->match_count, &mapped, &count))
		for (size_t i = 0; i < count; i++)
			set(labels, mapped[i].name, mapped[i].value);
	ret->subject = event->subject;
	if (event->subject)
		set_from_subject(arena, event->subject, labels);
	else
		status = name_service(delivery, event, labels, ret, reterr);
	ret->labels = labels->rows;
	ret->label_count = labels->count;
	return status;
}
