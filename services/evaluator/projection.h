/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a projection: what one evidence class leaves behind besides
 * the evidence itself, inside the intake's transaction. One file per class
 * that needs one. Each write carries a version guard (effective_time,
 * recorded_time, id), so late and repeated records are harmless, and the
 * result is the same for any batch size.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "model/evidence.h"
#include "wire/pg.h"

struct projection {
	const char *name;
	enum evidence_class class;
	/* New evidence of this class only, in partition order. */
	enum status (*apply)(struct pg *pg, struct arena *arena,
		const struct evidence *const *evidence, size_t count,
		struct reason *reterr);
};

/* Generated from projections/. */
extern const struct projection *const projection_table[];
extern const size_t projection_table_size;
