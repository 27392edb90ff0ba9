/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_private.h"

static void test_pg_state__refuses_a_server_that_is_too_old(void **state)
{
	struct reason reason = {0};

	(void)state;
	assert_int_equal(pg_version_check(150000, &reason), OK);
	assert_int_equal(pg_version_check(180001, &reason), OK);
	assert_int_equal(pg_version_check(140019, &reason), CONFIG);
	assert_string_equal(reason.sentence,
		"the server is version 14.19, older than 15: upgrade it");
}

static void test_pg_state__sorts_states_into_consequences(void **state)
{
	(void)state;
	assert_int_equal(pg_state_status(""), RETRY);
	assert_int_equal(pg_state_status("08006"), RETRY);
	assert_int_equal(pg_state_status("57P03"), RETRY);
	assert_int_equal(pg_state_status("28P01"), CONFIG);
	assert_int_equal(pg_state_status("42501"), CONFIG);
	assert_int_equal(pg_state_status("23505"), REJECT);
	assert_int_equal(pg_state_status("P0001"), REJECT);
}
