/* SPDX-License-Identifier: Apache-2.0 */
/* Judgements that no rule made, and copies that outlive the point at which one
 * was made, with texts cut to what a record can hold. */
#pragma once

#include "rule.h"

#define JUDGEMENT_SENTENCE 600
#define JUDGEMENT_NAME 300
#define JUDGEMENT_VALUE 500

const struct judgement *judgement_copy(
	struct arena *arena, const struct judgement *judgement);
/* Without deciding values, changed by nothing but new evidence. */
const struct judgement *judgement_said(struct arena *arena,
	enum verdict verdict, const char *summary, const char *would_change);
/* The deciding values as the JSON array of the record. */
const char *judgement_deciding(
	struct arena *arena, const struct judgement *judgement);
