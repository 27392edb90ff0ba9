/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a rule fills its judgement: deciding values, observables and times as
 * people read them. Lists that are full stay as they are: the first ones are
 * the ones that matter.
 */
#pragma once

#include "predicate.h"
#include "rule.h"
#include "window.h"

/* A judgement that nothing but new evidence changes. `verdict` as given. */
void answer(struct judgement *ret, enum verdict verdict, const char *summary,
	const char *would_change);
void answer_decided_by(struct judgement *ret, const char *name,
	const char *value, const char *evidence);
/* NULL or empty values are left out, and so are repeated ones. */
void answer_observed(
	struct judgement *ret, const char *kind, const char *value);
/* The subject itself, where it is an image (its digest) or a host. */
void answer_observed_subject(struct judgement *ret, const struct window *window,
	struct arena *arena);

/* "observe: [{kind: user, field: deployment.initiator}]" of a rule's
 * parameters: what of a row is of use to who looks into it. */
struct observations {
	struct observation {
		const char *kind;
		const char *field;
	} * rows;
	size_t count;
};
/* CONFIG with its place. An absent list observes nothing. */
enum status observations_compile(struct arena *arena, const struct doc *map,
	struct observations *ret, struct reason *reterr) MUST_CHECK;
void observations_add(const struct observations *observations,
	const struct predicate_view *view, struct arena *arena,
	struct judgement *ret);

/* When the first of those that use the subject now, by `relation`, began to;
 * INSTANT_NEVER: nobody does, or `relation` is NULL. */
instant used_since(
	const struct window *window, const char *relation, instant at);

/* A time in evidence; a date alone means its beginning. INSTANT_NEVER where it
 * is none. */
instant time_in(const struct json *value);
const char *time_text(struct arena *arena, instant at);
const char *duration_text(struct arena *arena, instant duration);
/* `at` and `duration` later; INSTANT_NEVER where either is or it overflows. */
instant time_after(instant at, instant duration);
instant time_first(instant one, instant other);
/* A duration of a rule's parameters that must be there and be positive. */
enum status duration_required(const struct doc *map, const char *key,
	instant *ret, struct reason *reterr) MUST_CHECK;
/* The same where it may be absent. */
enum status duration_optional(const struct doc *map, const char *key,
	instant otherwise, instant *ret, struct reason *reterr) MUST_CHECK;
