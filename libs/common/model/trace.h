/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context: the header traceparent, which a sender may set and which
 * goes along from its delivery to the notice. Nothing is ever decided by it.
 */
#pragma once

#include "base/arena.h"

#define TRACE_PARENT 56 /* with its NUL */
#define TRACE_ID 33

/*
 * In the form of version 00, in the arena; NULL where `text` is NULL or not
 * well-formed. Of a later version the members that 00 has are kept, as the
 * specification wants it.
 */
const char *trace_parent(struct arena *arena, const char *text);
/* The id of the whole trace, of what trace_parent gave. */
void trace_id(const char *parent, char ret[TRACE_ID]);
