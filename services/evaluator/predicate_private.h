/* SPDX-License-Identifier: Apache-2.0 */
/* For predicate.c and predicate_compile.c only: the compiled tree. */
#pragma once

#include "predicate.h"

enum operator{
	OP_ALL,
	OP_ANY,
	OP_NOT,
	OP_EQUALS,
	OP_IN,
	OP_MATCHES,
	OP_EXISTS,
	OP_AT_LEAST,
	OP_AT_MOST,
	OP_CONTAINS,
	OP_SAME_AS,
	OP_OPERATORS
};

/* A scalar as it was written: quoted text is never a number or a truth. */
struct wanted {
	const char *text;
	bool is_number, is_integer, is_bool;
	double number;
	int64_t integer;
};

struct predicate {
	enum operator operator;
	const struct predicate **children; /* all, any, not */
	const char *field;
	struct wanted *wanted; /* the others */
	size_t count;          /* of children or wanted */
};
