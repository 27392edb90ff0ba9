/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_client.h"

#include "wire/kafka_in.h"
#include "wire/kafka_out.h"

#define SOON (INSTANT_SECOND / 2)

struct fixture {
	char folder[40], path[64];
	struct kafka_property rows[4];
	struct kafka_settings settings;
};

static void put(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct fixture *begin(const char *property)
{
	static struct fixture f;

	f = (struct fixture){.folder = "/tmp/kafka-client-XXXXXX",
		.rows = {{"linger.ms", "5"}, {property, f.path}},
		.settings = {"127.0.0.1:1", "test", f.rows}};
	assert_non_null(mkdtemp(f.folder));
	snprintf(f.path, sizeof(f.path), "%s/secret", f.folder);
	put(&f, "17");
	return &f;
}

static void end(const struct fixture *f)
{
	unlink(f->path);
	rmdir(f->folder);
}

static void test_kafka_client__sees_another_file_that_settled(void **state)
{
	static const char *const properties[] = {
		"linger.ms-file", "ssl.ca.location"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture *f = begin(properties[i]);
		struct kafka_client client = {0};
		instant now = 100 * INSTANT_SECOND;

		kafka_client_begin(&client, &f->settings, now);
		assert_false(
			kafka_client_stale(&client, now += INSTANT_SECOND));
		put(f, "18 and more");
		/* Nobody looks before a second is over. */
		assert_false(kafka_client_stale(&client, now + SOON));
		assert_false(
			kafka_client_stale(&client, now += INSTANT_SECOND));
		put(f, "19 and still more");
		assert_false(
			kafka_client_stale(&client, now += INSTANT_SECOND));
		assert_false(kafka_client_stale(&client, now + SOON));
		assert_true(kafka_client_stale(&client, now += INSTANT_SECOND));
		/* As long as it is so, but once a second. */
		assert_false(kafka_client_stale(&client, now + SOON));
		assert_true(kafka_client_stale(&client, now += INSTANT_SECOND));
		kafka_client_begin(&client, &f->settings, now);
		assert_false(
			kafka_client_stale(&client, now += INSTANT_SECOND));
		end(f);
	}
}

static void test_kafka_client__looks_at_no_other_property(void **state)
{
	struct fixture *f = begin("client.rack");
	struct kafka_client client = {0};

	(void)state;
	kafka_client_begin(&client, &f->settings, 0);
	put(f, "another");
	assert_false(kafka_client_stale(&client, INSTANT_SECOND));
	assert_false(kafka_client_stale(&client, 2 * INSTANT_SECOND));
	end(f);
}

static void test_kafka_client__is_in_and_out(void **state)
{
	struct fixture *f = begin("client.rack-file");
	const struct kafka_in_settings in_settings = {
		.kafka = f->settings, .fetch_bytes = 1 << 20};
	const struct kafka_out_settings out_settings = {.kafka = f->settings,
		.deadline = INSTANT_SECOND,
		.queue_bytes = 1 << 20};
	struct kafka_in *in = NULL;
	struct kafka_out *out = NULL;
	bool in_stale = false, out_stale = false;
	instant until = clock_monotonic() + 10 * INSTANT_SECOND;
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_in_open(&in_settings, &in, &reason), OK);
	assert_int_equal(kafka_out_open(&out_settings, &out, &reason), OK);
	assert_false(kafka_in_stale(in) || kafka_out_stale(out));
	put(f, "another");
	while (!(in_stale && out_stale) && clock_monotonic() < until) {
		in_stale |= kafka_in_stale(in);
		out_stale |= kafka_out_stale(out);
		clock_sleep(INSTANT_SECOND / 100);
	}
	assert_true(in_stale && out_stale);
	kafka_in_close(&in);
	kafka_out_close(&out, 0);
	/* What can be read no more is refused, by both, and nothing leaks. */
	put(f, "");
	assert_int_equal(kafka_in_open(&in_settings, &in, &reason), CONFIG);
	assert_string_equal(reason.place, f->path);
	assert_int_equal(kafka_out_open(&out_settings, &out, &reason), CONFIG);
	assert_string_equal(reason.place, f->path);
	assert_null(in);
	assert_null(out);
	end(f);
}
