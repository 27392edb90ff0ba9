/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event is about: its labels from source and rules, and the service it
 * belongs to where the adapter left that to the mapping.
 */
#pragma once

#include "translate/translation.h"

/*
 * Sets subject, labels and unmapped of `ret`. A service is named by its label
 * `service`, its authority the label `environment` ("-" where there is none);
 * one that nothing maps keeps its own name, "<source>:<name>".
 */
enum status about_settle(const struct translation_needs *needs,
	const struct delivery *delivery, const struct event *event,
	struct evidence *ret, struct reason *reterr) MUST_CHECK;
