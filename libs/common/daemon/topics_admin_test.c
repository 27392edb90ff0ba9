/* SPDX-License-Identifier: Apache-2.0 */
/* The mock cluster has no controller; with real brokers the flow tests make and
 * check all topics. */
#include "daemon/topics_admin.h"

#include "base/log.h"

struct fixture {
	struct arena *arena;
	struct strbuf out;
	struct common_settings common;
	struct kafka_settings kafka;
	struct reason reason;
};

static void begin(struct fixture *f)
{
	log_setup(LOG_ERROR, false);
	*f = (struct fixture){
		.arena = arena_new(1u << 20),
		.common = {.topic_prefix = "t",
			.partitions = 1,
			.replication = 1,
			.flush_each = true},
		.kafka = {"127.0.0.1:1", "test", NULL},
	};
	strbuf_init(&f->out, 10000);
}

static void end(struct fixture *f)
{
	strbuf_release(&f->out);
	arena_free(&f->arena);
}

static void test_topics_admin__gives_up_where_no_broker_answers(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(topics_check(f.arena, &f.common, &f.kafka, 0, &f.out,
				 &f.reason),
		RETRY);
	assert_non_null(strstr(f.out.text, "t.deliveries: wrong, "));
	assert_null(strstr(f.out.text, "t.evidence"));
	end(&f);
}

static void test_topics_admin__refuses_a_property_that_is_none(void **state)
{
	const struct kafka_property rows[] = {{"acks", "many"}, {0, 0}};
	struct fixture f;

	(void)state;
	begin(&f);
	f.kafka.properties = rows;
	assert_int_equal(topics_create(f.arena, &f.common, &f.kafka, 0, &f.out,
				 &f.reason),
		CONFIG);
	assert_string_equal(f.reason.place, "acks");
	assert_int_equal(topics_check(f.arena, &f.common, &f.kafka, 0, &f.out,
				 &f.reason),
		CONFIG);
	end(&f);
}
