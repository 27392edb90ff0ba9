/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

static enum status load(char **argv, int argc, struct ingest_settings *ret,
	struct arena *arena, struct reason *reason)
{
	enum settings_wish wish;
	int which;

	*ret = (struct ingest_settings){0};
	return ingest_settings_load(
		arena, argc, argv, ret, &wish, &which, reason);
}

/* The arguments behind what must be there; text is read only. */
#define LOAD(...)                                                              \
	load((char *[]){(char *)"ingest", (char *)"--sources",                 \
		     (char *)"s.yaml", (char *)"--spool-dir",                  \
		     (char *)"/tmp/x", __VA_ARGS__, NULL},                     \
		(int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)) + 5,   \
		&settings, arena, &reason)

static void test_settings__refuses_plain_http_to_others(void **state)
{
	static char address[] = "--listen-address", insecure[] = "--insecure",
		    certificate[] = "--tls-certificate", file[] = "c.pem";
	static char *const open[] = {
		(char *)"0.0.0.0", (char *)"::", (char *)"10.1.2.3"};
	static char *const own[] = {(char *)"127.0.0.1", (char *)"127.1.2.3",
		(char *)"::1", (char *)"localhost"};
	struct arena *arena = arena_new(1u << 20);
	struct ingest_settings settings;
	struct reason reason;

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		assert_int_equal(LOAD(address, open[i]), CONFIG);
		assert_string_equal(reason.place, "listen-address");
		assert_int_equal(LOAD(address, open[i], insecure), OK);
		assert_int_equal(LOAD(address, open[i], certificate, file), OK);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_int_equal(LOAD(address, own[i]), OK);
	arena_free(&arena);
}

static void test_settings__makes_a_name_of_the_instance(void **state)
{
	static char instance[] = "--instance", name[] = "Pod_1 A/B";
	struct arena *arena = arena_new(1u << 20);
	struct ingest_settings settings;
	struct reason reason;

	(void)state;
	assert_int_equal(LOAD(instance, name), OK);
	assert_string_equal(settings.instance, "pod_1-a-b");
	assert_int_equal(settings.ack_deadline, 2 * INSTANT_SECOND);
	assert_string_equal(settings.kafka.client_id, "ingest");
	arena_free(&arena);
}

static void test_settings__keeps_a_source_within_the_whole(void **state)
{
	static char one[] = "--in-flight-per-source", size[] = "512MiB";
	struct arena *arena = arena_new(1u << 20);
	struct ingest_settings settings;
	struct reason reason;

	(void)state;
	assert_int_equal(LOAD(one, size), CONFIG);
	assert_string_equal(reason.place, "in-flight-per-source");
	arena_free(&arena);
}

static void test_settings__needs_no_sources_to_make_topics(void **state)
{
	char *run[] = {(char *)"ingest", NULL};
	char *make[] = {(char *)"ingest", (char *)"--create-topics", NULL};
	struct arena *arena = arena_new(1u << 20);
	struct ingest_settings settings;
	struct reason reason;

	(void)state;
	assert_int_equal(load(run, 1, &settings, arena, &reason), CONFIG);
	assert_string_equal(reason.place, "sources");
	assert_int_equal(load(make, 2, &settings, arena, &reason), OK);
	arena_free(&arena);
}
