/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call came to. Each value has exactly one consequence for the
 * caller, so that nobody decides anew what an error means.
 */
#pragma once

enum status {
	OK,      /* go on */
	IGNORED, /* count it, go on */
	RETRY,   /* try again, with back-off */
	REJECT,  /* never will do: publish it with its reason */
	CONFIG,  /* refuse to start */
};

/* A caller must look at a status. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
