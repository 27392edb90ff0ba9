/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bytes of bodies may be in memory: in all, for each source, and for
 * each peer that has not proven yet who it is (a body under an HMAC). So a
 * stranger can neither fill the memory nor keep an honest sender out. Bytes are
 * reserved before they are allocated. Any thread.
 */
#pragma once

#include "edge/network.h"
#include "edge/source.h"

#include <stddef.h>

struct budget_settings {
	size_t total;
	size_t per_source;
	/* Of all that is unproven, half of the total at most; of one peer,
	 * this, or one body of any size. */
	size_t per_peer;
};

struct budget;
struct budget *budget_new(const struct budget_settings *settings);
void budget_free(struct budget **budget);

/* What one request holds; zero it, then name who pays. */
struct budget_hold {
	char holder[SOURCE_NAME_MAX + NETWORK_KEY];
	bool unproven;
	size_t bytes;
};
/* A proven body is paid by its source, another by its peer. */
void budget_begin(struct budget_hold *hold, const char *holder, bool unproven);
/* Raises what is held to `bytes`; false and unchanged where there is no room.
 */
bool budget_grow(struct budget *budget, struct budget_hold *hold,
	size_t bytes) MUST_CHECK;
/* The body was proven: its source pays from now on, over its share if need
 * be, since the bytes are here already. */
void budget_prove(
	struct budget *budget, struct budget_hold *hold, const char *source);
/* Gives all back; may be called twice. */
void budget_release(struct budget *budget, struct budget_hold *hold);
size_t budget_used(struct budget *budget);
