/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL as each service reaches it: login, version, schema, rights, clock;
 * and whether the topics are those that were read. */
#include "doctor.h"

#include "daemon/migrate.h"
#include "wire/pg.h"

#include <string.h>

#define OLDEST 150000
#define SKEW_WARN (2 * INSTANT_SECOND)
/* Evidence that is dated further ahead is flagged (docs/criteria.md). */
#define SKEW_FAIL (5 * INSTANT_MINUTE)

struct looking {
	struct doctor *doctor;
	const char *name; /* of the service */
	struct pg *pg;
	struct pg_rows *rows;
};

/* False where it failed, which is said. */
static bool ask(struct looking *l, const char *sql)
{
	struct reason reason = {0};

	pg_rows_free(&l->rows);
	if (pg_run(l->pg, sql, NULL, &l->rows, &reason) == OK)
		return true;
	doctor_say_reason(l->doctor, FINDING_FAIL, "database", l->name,
		"see the server's log", &reason);
	return false;
}

static void look_at_server(struct looking *l)
{
	if (!ask(l, "SELECT current_setting('server_version_num')::int,"
		    " current_setting('server_version'), pg_is_in_recovery()"))
		return;
	if (pg_get_integer(l->rows, 0, 0) < OLDEST)
		doctor_say(l->doctor, FINDING_FAIL, "database", l->name,
			"upgrade the server", "PostgreSQL %s is older than 15",
			pg_get(l->rows, 0, 1));
	else if (pg_get_bool(l->rows, 0, 2))
		doctor_say(l->doctor, FINDING_FAIL, "database", l->name,
			"name the primary",
			"the server is a standby and takes no writes");
	else
		doctor_say(l->doctor, FINDING_OK, "database", l->name, NULL,
			"PostgreSQL %s answers", pg_get(l->rows, 0, 1));
}

static void look_at_clock(struct looking *l)
{
	instant before = clock_now(&clock_wall), after, skew;
	const char *advice = "let both hosts ask a time server (NTP)";
	double seconds;

	if (!ask(l, "SELECT clock_timestamp()"))
		return;
	after = clock_now(&clock_wall);
	skew = pg_get_instant(l->rows, 0, 0) - before - (after - before) / 2;
	seconds = (double)skew / (double)INSTANT_SECOND;
	if (skew < 0)
		skew = -skew;
	doctor_say(l->doctor,
		skew > SKEW_FAIL   ? FINDING_FAIL
		: skew > SKEW_WARN ? FINDING_WARN
				   : FINDING_OK,
		"clock", l->name, advice, "the database's is ours %+.1f s",
		seconds);
}

static bool look_at_schema(struct looking *l)
{
	struct reason reason = {0};

	if (migrate_check(l->pg, l->name, &reason) != OK) {
		doctor_say_reason(l->doctor, FINDING_FAIL, "schema", l->name,
			arena_printf(l->doctor->arena,
				"postern-%s --migrate as the schema's owner",
				l->name),
			&reason);
		return false;
	}
	doctor_say(l->doctor, FINDING_OK, "schema", l->name, NULL,
		"is that of this release");
	return true;
}

/* What a running service may not do: change what was taken in. */
static const char *protected(const struct looking *l)
{
	return strcmp(l->name, "evaluator") == 0
		       ? "SELECT current_user, (SELECT rolsuper FROM pg_roles"
			 " WHERE rolname = current_user),"
			 " has_table_privilege('evidence',"
			 " 'UPDATE, DELETE, TRUNCATE'),"
			 " has_table_privilege('evidence', 'INSERT') AND"
			 " has_table_privilege('outbox', 'DELETE')"
		       : "SELECT current_user, (SELECT rolsuper FROM pg_roles"
			 " WHERE rolname = current_user),"
			 " has_table_privilege('attempt', 'TRUNCATE'),"
			 " has_table_privilege('notice', 'UPDATE') AND"
			 " has_table_privilege('outbox', 'DELETE')";
}

static void look_at_role(struct looking *l)
{
	struct doctor *doctor = l->doctor;
	const char *advice = arena_printf(doctor->arena,
		"connect as postern_%s, which --migrate makes", l->name);
	const char *user;

	if (!ask(l, protected(l)))
		return;
	user = pg_get(l->rows, 0, 0);
	if (!pg_get_bool(l->rows, 0, 3))
		doctor_say(doctor, FINDING_FAIL, "role", l->name, advice,
			"%s may not write the tables of its service", user);
	else if (pg_get_bool(l->rows, 0, 1))
		doctor_say(doctor, FINDING_WARN, "role", l->name, advice,
			"%s is a superuser", user);
	else if (pg_get_bool(l->rows, 0, 2))
		doctor_say(doctor, FINDING_WARN, "role", l->name, advice,
			"%s may change or remove what must stay: it owns the "
			"tables, or was granted too much",
			user);
	else
		doctor_say(doctor, FINDING_OK, "role", l->name, NULL,
			"%s may do what it must and no more", user);
}

static void compare_topic(struct looking *l, struct kafka_admin *admin,
	const char *topic, const char *read)
{
	char id[KAFKA_TOPIC_ID];
	struct reason reason = {0};
	int partitions;

	/* Of a topic that is missing, or a broker that is away, was told. */
	if (kafka_topic_id(admin, topic, id, &partitions, &reason) != OK ||
		strcmp(id, read) == 0)
		return;
	doctor_say(l->doctor, FINDING_FAIL, "offsets", topic,
		"restore the topic that was, or begin with an empty database "
		"(docs/operations.md)",
		"the %s has read another topic of this name: it was made anew",
		l->name);
}

static void look_at_offsets(struct looking *l, enum doctor_service service)
{
	struct kafka_admin *admin = NULL;
	struct reason reason = {0};

	if (!ask(l, "SELECT DISTINCT topic, topic_id FROM consumer_offset"
		    " WHERE next > 0") ||
		!pg_count(l->rows) ||
		kafka_admin_open(&l->doctor->kafka[service], &admin, &reason) !=
			OK)
		return;
	for (size_t i = 0; i < pg_count(l->rows); i++)
		compare_topic(
			l, admin, pg_get(l->rows, i, 0), pg_get(l->rows, i, 1));
	kafka_admin_close(&admin);
}

static void look(struct doctor *doctor, enum doctor_service service,
	const char *conninfo, const char *schema)
{
	struct looking l = {
		.doctor = doctor, .name = doctor_service_name(service)};
	const struct pg_settings settings = {.conninfo = conninfo,
		.name = "postern doctor",
		.schema = schema,
		.statement_timeout = doctor->wait};
	struct reason reason = {0};
	enum status status = pg_open(&settings, &l.pg, &reason);

	if (status == OK)
		status = pg_do(l.pg,
			"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
			NULL, NULL, &reason);
	if (status != OK) {
		doctor_say_reason(doctor, FINDING_FAIL, "database", l.name,
			status == RETRY
				? "is it up, and is the address in `postgres` "
				  "right?"
				: "mend user, password or certificate in "
				  "`postgres`",
			&reason);
		pg_close(&l.pg);
		return;
	}
	look_at_server(&l);
	look_at_clock(&l);
	if (look_at_schema(&l)) {
		look_at_role(&l);
		look_at_offsets(&l, service);
	}
	pg_rows_free(&l.rows);
	pg_close(&l.pg);
}

void doctor_databases(struct doctor *doctor)
{
	if (doctor->given[DOCTOR_EVALUATOR])
		look(doctor, DOCTOR_EVALUATOR, doctor->evaluator.postgres,
			doctor->evaluator.schema);
	if (doctor->given[DOCTOR_NOTIFIER])
		look(doctor, DOCTOR_NOTIFIER, doctor->notifier.postgres,
			doctor->notifier.schema);
}
