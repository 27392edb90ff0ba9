/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#define AT(member) offsetof(struct notifier_settings, member)

const char *const notifier_switches[] = {"migrate",
	"bring the schema to the state of this program, then exit",
	"create-topics", "make the topics that are missing, then exit",
	"check-topics", "say whether the topics keep what they are given",
	"create-acls",
	"allow kafka-principal what this service does on Kafka, then exit",
	NULL};

const struct setting notifier_table[] = {
	SETTINGS_COMMON(struct notifier_settings),
	{"postgres", SETTING_TEXT, "", 0, 0, true, true, false, AT(postgres),
		"PostgreSQL, as URI or key=value pairs"},
	{"postgres-password", SETTING_TEXT, "", 0, 0, false, true, false,
		AT(postgres_password),
		"password of that role, where `postgres` holds none"},
	{"role-password", SETTING_TEXT, "", 0, 0, false, true, false,
		AT(role_password),
		"with --migrate: password that the role postern_notifier is "
		"given; none: it is left as it is"},
	{"schema", SETTING_TEXT, "notifier", 0, 0, true, false, false,
		AT(schema), "schema that is the notifier's own"},
	{"roles", SETTING_TEXT, "", 0, 0, false, false, true, AT(roles),
		"roles.yaml: who is behind each role"},
	{"routes", SETTING_TEXT, "", 0, 0, false, false, true, AT(routes),
		"routes.yaml: which sinks there are and who hears what"},
	{"lease-time", SETTING_DURATION, "10s", INSTANT_SECOND,
		10 * INSTANT_MINUTE, false, false, false, AT(lease_time),
		"after so long another notifier takes over from a dead one"},
	{"refresh-every", SETTING_DURATION, "60s", INSTANT_SECOND, INSTANT_HOUR,
		false, false, false, AT(refresh_every),
		"how often an alert that stands is sent again"},
	{"ends-ahead", SETTING_DURATION, "1h", INSTANT_MINUTE, INSTANT_DAY,
		false, false, false, AT(ends_ahead),
		"how long an alert stands without being sent again"},
	{"resolved-for", SETTING_DURATION, "15m", 0, INSTANT_DAY, false, false,
		false, AT(resolved_for),
		"how long a resolved alert is still sent"},
	{"keep-attempts", SETTING_DURATION, "90d", INSTANT_DAY,
		36500 * INSTANT_DAY, false, false, false, AT(keep_attempts),
		"what came of each attempt is kept for so long; "
		"<prefix>.notices "
		"has it, too"},
	{"keep-notices", SETTING_DURATION, "400d", INSTANT_DAY,
		36500 * INSTANT_DAY, false, false, false, AT(keep_notices),
		"episodes that are over, and what was told of them, are kept "
		"for so long"},
	{"watchdog", SETTING_BOOL, "true", 0, 0, false, false, false,
		AT(watchdog), "let PosternWatchdog fire always"},
	{"mute", SETTING_BOOL, "false", 0, 0, false, false, false, AT(mute),
		"take in and decide, but tell nobody (while rebuilding)"},
	{0},
};

enum status notifier_settings_check(
	const struct notifier_settings *settings, struct reason *reterr)
{
	if (settings->ends_ahead < 2 * settings->refresh_every) {
		reason_set(reterr, "ends-ahead",
			"must be at least twice refresh-every, or alerts end "
			"while their cause stands");
		return CONFIG;
	}
	return OK;
}
