/* SPDX-License-Identifier: Apache-2.0 */
/* The mock broker keeps no ACLs: that they suffice, and no more, is shown on a
 * real one in tests/flow/50-tls.py. */
#include "daemon/acls_admin.h"

#include "base/log.h"

static const struct acls_row rows[] = {
	{KAFKA_ACL_TOPIC, TOPIC_EVIDENCE, NULL, KAFKA_ACL_READ},
	{.may = -1},
};

static void test_acls_admin__names_the_principal_of_a_service(void **state)
{
	struct arena *arena = arena_new(1u << 16);
	struct common_settings common = {0};

	(void)state;
	assert_string_equal(acls_principal(arena, &common, "ingest"),
		"User:postern-ingest");
	common.kafka_principal = "User:CN=ingest,O=acme";
	assert_string_equal(acls_principal(arena, &common, "ingest"),
		"User:CN=ingest,O=acme");
	arena_free(&arena);
}

static void test_acls_admin__gives_up_where_no_broker_answers(void **state)
{
	struct arena *arena = arena_new(1u << 16);
	struct common_settings common = {.topic_prefix = "t"};
	struct kafka_settings kafka = {"127.0.0.1:1", "test", NULL};
	struct strbuf out;
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	strbuf_init(&out, 1000);
	assert_int_equal(
		acls_create(arena, &common, &kafka, "x", rows, &out, &reason),
		RETRY);
	assert_string_equal(reason.place, "t.evidence");
	assert_string_equal(out.text, "");
	strbuf_release(&out);
	arena_free(&arena);
}
