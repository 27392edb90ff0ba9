/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a projection: what one evidence class leaves behind besides
 * the evidence itself, inside the intake's transaction. One file per class
 * that needs one. The rows must be the same for any order of arrival and any
 * batch size, so that late and repeated records are harmless.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "model/evidence.h"
#include "wire/pg.h"

struct projection {
	const char *name;
	enum evidence_class class;
	/* New evidence of this class only, its rows stored, in no order. */
	enum status (*apply)(struct pg *pg, struct arena *arena,
		const struct evidence *const *evidence, size_t count,
		struct reason *reterr);
};

/* Generated from projections/. */
extern const struct projection *const projection_table[];
extern const size_t projection_table_size;
