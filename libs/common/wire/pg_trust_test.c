/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_trust.h"

static void test_pg_trust__wants_a_server_elsewhere_verified(void **state)
{
	static const char *const open[] = {"host=db dbname=x",
		"postgresql://u@db.example/x",
		"hostaddr=10.0.0.1 host=localhost", "host=db sslmode=require",
		"host=db sslmode=disable"};
	static const char *const well[] = {"dbname=x", "host=/run/postgresql",
		"host=127.0.0.1", "postgresql://u@localhost:1/x", "host=::1",
		"host=db sslmode=verify-full", "no such thing"};
	struct reason reason;

	(void)state;
	unsetenv("PGSSLMODE");
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (!pg_is_unverified(open[i], &reason))
			fail_msg("%s passes", open[i]);
		assert_non_null(strstr(reason.sentence, "verify-full"));
	}
	for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++)
		if (pg_is_unverified(well[i], &reason))
			fail_msg("%s: %s", well[i], reason.sentence);
	setenv("PGSSLMODE", "verify-full", 1);
	assert_false(pg_is_unverified("host=db", &reason));
	unsetenv("PGSSLMODE");
}
