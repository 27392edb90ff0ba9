/* SPDX-License-Identifier: Apache-2.0 */
/* What the notifier is told; the table in settings.c is the manual. */
#pragma once

#include "daemon/settings.h"

struct notifier_settings {
	struct common_settings common;
	const char *postgres;
	const char *postgres_password;
	const char *role_password;
	const char *schema;
	const char *roles;
	const char *routes;
	instant lease_time;
	instant refresh_every;
	instant ends_ahead;
	instant resolved_for;
	instant keep_attempts, keep_notices;
	bool watchdog;
	bool mute;
};

enum notifier_switch {
	NOTIFIER_MIGRATE,
	NOTIFIER_CREATE_TOPICS,
	NOTIFIER_CHECK_TOPICS,
	NOTIFIER_CREATE_ACLS
};
extern const char *const notifier_switches[];
extern const struct setting notifier_table[];

/* CONFIG where rows that are well alone do not go together. */
enum status notifier_settings_check(const struct notifier_settings *settings,
	struct reason *reterr) MUST_CHECK;
