/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/toolstate.h"

#include "edge/known.h"
#include "edge/publish_testing.h"

static const struct verify_spec specs[] = {
	{.name = "token", .scheme = VERIFY_TOKEN, .header = "X-Key"}, {0}};
static const struct adapter any = {.name = "any", .verify = specs};

static const struct adapter *find(const char *tool)
{
	(void)tool;
	return &any;
}

static struct sources *load(const char *text)
{
	char path[] = "/tmp/toolstate-test-XXXXXX";
	struct sources *sources;
	struct reason reason;
	int fd = mkstemp(path);

	setenv("EDGE_NEW", "s3cret", 1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (sources_load(path, find, &sources, &reason) != OK)
		fail_msg("%s: %s", reason.place, reason.sentence);
	unlink(path);
	return sources;
}

#define SECRET "secrets: [{env: EDGE_NEW}]"
#define A_AND_B                                                                \
	"sources:\n- {name: a, tool: git, tenant: acme, " SECRET "}\n"         \
	"- {name: b, tool: scan, interval: 15m, " SECRET "}\n"
#define A_OTHER_AND_C                                                          \
	"sources:\n- {name: a, tool: git, tenant: acme, interval: 1h, " SECRET \
	"}\n- {name: c, tool: scan, " SECRET "}\n"

struct fixture {
	struct rig rig;
	struct source_book *book;
	struct tally *tally;
	struct toolstate *toolstate;
	char *all;
};

static void start(struct fixture *f, const char *text)
{
	struct sources *sources = load(text);
	struct toolstate_settings settings = {.publish = f->rig.publish,
		.spool = f->rig.spool,
		.tally = f->tally,
		.clock = &clock_wall,
		.health = f->rig.health,
		.topic_prefix = "t",
		.instance = "one",
		.folder = f->rig.folder,
		.heartbeat_every = INSTANT_HOUR,
		.counts_every = INSTANT_HOUR};

	f->book = source_book_new(&sources);
	settings.book = f->book;
	f->toolstate = toolstate_new(&settings);
	rig_start(&f->rig);
	service_start(
		f->rig.service, "toolstate", toolstate_loop, f->toolstate);
}

static void stop(struct fixture *f)
{
	rig_stop(&f->rig);
	toolstate_free(&f->toolstate);
	source_book_free(&f->book);
	if (f->all)
		free(f->all);
	f->all = rig_read(&f->rig, TOPIC);
}

static void end(struct fixture *f)
{
	tally_free(&f->tally);
	free(f->all);
	rig_end(&f->rig);
}

static void begin(struct fixture *f)
{
	rig_begin(&f->rig);
	f->tally = tally_new();
}

/* As after the end of the process. */
static void begin_again(struct fixture *f)
{
	service_free(&f->rig.service);
	f->rig.service = service_new("test");
	rig_open_publish(&f->rig);
}

static void holds(const struct fixture *f, const char *text)
{
	if (!strstr(f->all, text))
		fail_msg("no %s in %s", text, f->all);
}

static void test_toolstate__declares_all_and_beats(void **state)
{
	struct fixture f = {0};
	char *last;

	(void)state;
	begin(&f);
	start(&f, A_AND_B);
	clock_sleep(INSTANT_SECOND / 2);
	tally_accepted(f.tally, "b", 1700000000 * INSTANT_SECOND);
	tally_unauthenticated(f.tally, "b");
	tally_rejected(f.tally, "gone");
	stop(&f);
	holds(&f, "{\"state\":\"declared\",\"source\":\"a\",\"tool\":\"git\","
		  "\"interval_seconds\":86400,\"from\":\"20");
	holds(&f, "{\"state\":\"declared\",\"source\":\"b\",\"tool\":\"scan\","
		  "\"interval_seconds\":900,");
	holds(&f, "{\"state\":\"heartbeat\",\"source\":\"ingest-one\",");
	holds(&f, "\"spool_records\":0}");
	/* At its end it says what was counted. */
	last = strstr(f.all, "{\"state\":\"counts\",\"source\":\"b\"");
	assert_non_null(last);
	assert_non_null(strstr(last,
		"\"accepted\":1,\"rejected\":0,\"unauthenticated\":1,"
		"\"last_delivery\":\"2023-11-14T22:13:20Z\",\"from\":"));
	assert_null(strstr(f.all, "gone"));
	end(&f);
}

static void test_toolstate__tells_what_a_reload_changed(void **state)
{
	struct fixture f = {0};
	struct sources *sources;

	(void)state;
	begin(&f);
	start(&f, A_AND_B);
	clock_sleep(INSTANT_SECOND / 2);
	sources = load(A_OTHER_AND_C);
	source_book_set(f.book, &sources);
	toolstate_changed(f.toolstate);
	clock_sleep(INSTANT_SECOND);
	stop(&f);
	holds(&f, "{\"state\":\"changed\",\"source\":\"a\",\"tool\":\"git\","
		  "\"interval_seconds\":3600,");
	holds(&f, "{\"state\":\"declared\",\"source\":\"c\",");
	holds(&f, "{\"state\":\"removed\",\"source\":\"b\",\"tool\":\"scan\"");
	end(&f);
}

static void test_toolstate__remembers_who_was_there_before(void **state)
{
	struct fixture f = {0};

	(void)state;
	begin(&f);
	start(&f, A_AND_B);
	clock_sleep(INSTANT_SECOND / 2);
	stop(&f);
	assert_null(strstr(f.all, "removed"));
	begin_again(&f);
	start(&f, A_OTHER_AND_C);
	clock_sleep(INSTANT_SECOND / 2);
	stop(&f);
	holds(&f, "{\"state\":\"removed\",\"source\":\"b\",\"tool\":\"scan\"");
	assert_null(strstr(f.all, "\"removed\",\"source\":\"a\""));
	end(&f);
}

static void test_toolstate__goes_through_the_spool_like_others(void **state)
{
	struct fixture f = {.rig = {.brokers = "127.0.0.1:1"}};

	(void)state;
	begin(&f);
	start(&f, A_AND_B);
	clock_sleep(INSTANT_SECOND / 2);
	rig_stop(&f.rig);
	toolstate_free(&f.toolstate);
	source_book_free(&f.book);
	assert_int_equal(spool_count(f.rig.spool), 3);
	assert_true(spool_holds(f.rig.spool, "a"));
	assert_true(spool_holds(f.rig.spool, "ingest-one"));
	end(&f);
}

static void test_toolstate__starts_with_a_broken_memory(void **state)
{
	struct fixture f = {0};
	char path[100];
	FILE *file;

	(void)state;
	begin(&f);
	snprintf(path, sizeof(path), "%s/sources.known", f.rig.folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("{\"sources\":[{\"name\"", file);
	fclose(file);
	start(&f, A_AND_B);
	clock_sleep(INSTANT_SECOND / 2);
	stop(&f);
	holds(&f, "{\"state\":\"declared\",\"source\":\"a\"");
	assert_null(strstr(f.all, "removed"));
	end(&f);
}

static void test_toolstate__a_memory_is_whole_or_not_there(void **state)
{
	char folder[] = "/tmp/known-test-XXXXXX", path[100];
	struct arena *arena = arena_new(32u << 20);
	struct sources *sources = load(A_AND_B);
	struct known *known;
	struct reason reason;
	size_t count;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(
		known_read(arena, folder, &known, &count, &reason), IGNORED);
	assert_int_equal(known_write(arena, folder, sources, &reason), OK);
	assert_int_equal(
		known_read(arena, folder, &known, &count, &reason), OK);
	assert_int_equal(count, 2);
	assert_string_equal(known[0].name, "a");
	assert_string_equal(known[0].tenant, "acme");
	assert_string_equal(known[1].tool, "scan");
	snprintf(path, sizeof(path), "%s/sources.known", folder);
	unlink(path);
	rmdir(folder);
	assert_int_equal(known_write(arena, folder, sources, &reason), RETRY);
	sources_unref(&sources);
	arena_free(&arena);
}
