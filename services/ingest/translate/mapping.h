/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tools' words meet: subjects.yaml rules that map (tool, fields of an
 * event) to labels, above all service and environment. The first rule that
 * matches wins; nothing is ever joined by likeness. A mapping never changes: a
 * reload makes another one.
 */
#pragma once

#include "adapter.h"
#include "base/arena.h"
#include "base/reason.h"
#include "model/evidence.h"

/* A longer field matches no rule: no name of anything is that long. */
#define MAPPING_FIELD_MAX 1024

struct mapping;

/* CONFIG with file:line:column. A NULL path gives a mapping without rules. */
enum status mapping_load(const char *path, struct mapping **ret,
	struct reason *reterr) MUST_CHECK;
struct mapping *mapping_ref(struct mapping *mapping);
/* Accepts NULL, leaves NULL. Any thread. */
void mapping_unref(struct mapping **mapping);
size_t mapping_rules(const struct mapping *mapping);

/*
 * Labels of the first rule for `tool` all of whose fields match, made in
 * `arena`; one whose value comes out empty is left out. False where there is
 * no such rule.
 */
bool mapping_find(const struct mapping *mapping, struct arena *arena,
	const char *tool, const struct label *fields, size_t field_count,
	const struct label **ret, size_t *ret_count);
