/* SPDX-License-Identifier: Apache-2.0 */
#include "pruned.h"

#define COUNTED(delete)                                                        \
	"WITH gone AS (" delete " RETURNING 1) SELECT count(*) FROM gone"

/* Each locks what it takes and leaves what somebody works on. */
static const char attempts_sql[] = COUNTED(
	"DELETE FROM attempt WHERE (notice, number) IN (SELECT notice, number"
	" FROM attempt WHERE at < $1 ORDER BY at LIMIT $2"
	" FOR UPDATE SKIP LOCKED)");
static const char notices_sql[] = COUNTED(
	"DELETE FROM notice WHERE id IN (SELECT n.id FROM notice n"
	" JOIN episode e ON e.id = n.episode WHERE NOT n.open"
	" AND NOT n.standing AND n.due_at = 'infinity' AND n.ended_at < $1"
	" AND e.closed < $1 LIMIT $2 FOR UPDATE OF n SKIP LOCKED)");
static const char episodes_sql[] =
	COUNTED("DELETE FROM episode WHERE id IN (SELECT e.id FROM episode e"
		" WHERE e.closed < $1 AND NOT EXISTS (SELECT FROM notice n"
		" WHERE n.episode = e.id) LIMIT $2 FOR UPDATE SKIP LOCKED)");

void pruned_rules(const struct notifier_settings *settings,
	struct prune_rule ret[PRUNED_RULES])
{
	ret[0] = (struct prune_rule){
		"attempt", attempts_sql, settings->keep_attempts};
	ret[1] = (struct prune_rule){
		"notice", notices_sql, settings->keep_notices};
	ret[2] = (struct prune_rule){
		"episode", episodes_sql, settings->keep_notices};
}
