/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/source.h"

static const struct verify_spec git_specs[] = {
	{.name = "signature",
		.scheme = VERIFY_HMAC,
		.header = "X-Signature",
		.prefix = "sha256="},
	{.name = "token",
		.scheme = VERIFY_TOKEN,
		.header = "X-Token",
		.prefix = ""},
	{.name = "certificate", .scheme = VERIFY_CERTIFICATE},
	{.name = "standard", .scheme = VERIFY_STANDARD_WEBHOOKS},
	{0},
};
static const struct verify_spec own_specs[] = {
	{.name = "nothing", .scheme = VERIFY_NOTHING}, {0}};
static const struct adapter git = {.name = "git", .verify = git_specs};
static const struct adapter own = {.name = "own", .verify = own_specs};

static const struct adapter *find(const char *tool)
{
	if (strcmp(tool, "git") == 0)
		return &git;
	return strcmp(tool, "own") == 0 ? &own : NULL;
}

struct fixture {
	char path[64];
	struct sources *sources;
	struct reason reason;
	enum status status;
};

static void load(struct fixture *f, const char *text)
{
	int fd;

	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "/tmp/sources-test-XXXXXX");
	fd = mkstemp(f->path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	setenv("POSTERN_TEST_SECRET", "s3cret", 1);
	setenv("POSTERN_TEST_WHSEC", "whsec_c2VjcmV0", 1);
	f->status = sources_load(f->path, find, &f->sources, &f->reason);
}

static void end(struct fixture *f)
{
	unlink(f->path);
	sources_unref(&f->sources);
	assert_null(f->sources);
}

#define SECRET "secrets: [{env: POSTERN_TEST_SECRET}]"

static void test_source__takes_defaults_and_all_that_is_said(void **state)
{
	struct fixture f;
	const struct source *source;

	(void)state;
	load(&f, "sources:\n"
		 "- {name: plain, tool: git, " SECRET "}\n"
		 "- name: all\n"
		 "  tool: git\n"
		 "  tenant: acme\n"
		 "  scheme: token\n"
		 "  interval: 15m\n"
		 "  body_limit: 8MiB\n"
		 "  labels: {service: shop, environment: prod}\n"
		 "  networks: [10.0.0.0/8, 2001:db8::/32]\n"
		 "  " SECRET "\n");
	assert_int_equal(f.status, OK);
	assert_int_equal(sources_count(f.sources), 2);
	assert_string_equal(sources_at(f.sources, 0)->name, "all");
	source = sources_find(f.sources, "plain");
	assert_string_equal(source->tenant, "default");
	assert_int_equal(source->interval, INSTANT_DAY);
	assert_int_equal(source->body_limit, 2u << 20);
	assert_ptr_equal(source->verify, &git_specs[0]);
	assert_int_equal(source->secrets[0].size, 6);
	assert_memory_equal(source->secrets[0].bytes, "s3cret", 6);
	source = sources_find(f.sources, "all");
	assert_ptr_equal(source->verify, &git_specs[1]);
	assert_int_equal(source->interval, 15 * INSTANT_MINUTE);
	assert_int_equal(source->body_limit, 8u << 20);
	assert_int_equal(source->network_count, 2);
	assert_string_equal(source->labels[1].value, "prod");
	assert_false(source_same(source, sources_find(f.sources, "plain")));
	assert_true(source_same(source, source));
	assert_null(sources_find(f.sources, "other"));
	end(&f);
}

static void test_source__a_secret_file_ends_before_its_break(void **state)
{
	char secret[] = "/tmp/source-secret-XXXXXX", text[300];
	struct fixture f;
	int fd = mkstemp(secret);

	(void)state;
	assert_int_equal(write(fd, "abc\r\n", 5), 5);
	close(fd);
	snprintf(text, sizeof(text),
		"sources: [{name: a, tool: git, secrets: [{file: %s}, {env: "
		"POSTERN_TEST_SECRET}]}]",
		secret);
	load(&f, text);
	assert_int_equal(f.status, OK);
	assert_int_equal(sources_at(f.sources, 0)->secret_count, 2);
	assert_int_equal(sources_at(f.sources, 0)->secrets[0].size, 3);
	unlink(secret);
	end(&f);
}

static void test_source__decodes_keys_of_standard_webhooks(void **state)
{
	struct fixture f;

	(void)state;
	load(&f, "sources: [{name: a, tool: git, scheme: standard, secrets: "
		 "[{env: POSTERN_TEST_WHSEC}]}]");
	assert_int_equal(f.status, OK);
	assert_int_equal(sources_at(f.sources, 0)->secrets[0].size, 6);
	assert_memory_equal(
		sources_at(f.sources, 0)->secrets[0].bytes, "secret", 6);
	end(&f);
	load(&f, "sources: [{name: a, tool: git, scheme: standard, secrets: "
		 "[{env: POSTERN_TEST_SECRET}]}]");
	assert_int_equal(f.status, CONFIG);
	end(&f);
}

static void test_source__names_line_and_column_of_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
		{"sources:\n- {name: a, tool: git}\n", ":2:3", "needs secrets"},
		{"sources:\n- {name: A, tool: git}\n", ":2:10", "a name is"},
		{"sources:\n- {name: a, tool: no}\n", ":2:19", "no adapter"},
		{"sources:\n- {name: a, tool: own}\n", ":2:19", "our own"},
		{"sources:\n- {name: a, tool: git, x: 1}\n", ":2:", "x"},
		{"sources:\n- {name: a, tool: git, scheme: x}\n", ":2:32",
			"no scheme"},
		{"sources:\n- {name: a, tool: git, secrets: [x]}\n", ":2:34",
			"a secret is"},
		{"sources:\n- {name: a, tool: git, secrets: [{file: /no}]}\n",
			":2:41", "cannot be read"},
		{"sources:\n- {name: a, tool: git, secrets: [{env: NOPE_}]}\n",
			":2:40", "empty or absent"},
		{"sources:\n- {name: a, tool: git, " SECRET
		 ", body_limit: 65MiB}\n",
			":2:", "64MiB"},
		{"sources:\n- {name: a, tool: git, " SECRET
		 ", networks: [x]}\n",
			":2:", "no address range"},
		{"sources:\n- {name: a, tool: git, " SECRET
		 ", interval: soon}\n",
			":2:", ""},
		{"sources:\n- {name: a, tool: git, scheme: certificate}\n",
			":2:3", "client_certificate"},
		{"sources:\n- {name: a, tool: git, " SECRET
		 "}\n- {name: a, tool: git, " SECRET "}\n",
			":3:10", "already"},
		{"sources: 3\n", ":1:", "list"},
		{"source: []\n", ":1:", ""},
		{"- a\n", ":1:1", "map"},
		{"sources: [\n", ":2:", ""},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		load(&f, rows[i].text);
		if (f.status != CONFIG ||
			!strstr(f.reason.place, rows[i].place) ||
			strncmp(f.reason.place, f.path, strlen(f.path)) != 0 ||
			!strstr(f.reason.sentence, rows[i].sentence))
			fail_msg("row %zu: %d %s: %s", i, f.status,
				f.reason.place, f.reason.sentence);
		end(&f);
	}
}

static void test_source__a_book_keeps_what_is_still_read(void **state)
{
	struct fixture f, g;
	struct source_book *book;
	struct sources *held;

	(void)state;
	load(&f, "sources: [{name: a, tool: git, " SECRET "}]");
	load(&g, "sources: []");
	assert_int_equal(g.status, OK);
	book = source_book_new(&f.sources);
	held = source_book_get(book);
	source_book_set(book, &g.sources);
	assert_non_null(sources_find(held, "a"));
	sources_unref(&held);
	held = source_book_get(book);
	assert_null(sources_find(held, "a"));
	sources_unref(&held);
	source_book_free(&book);
	end(&f);
	end(&g);
}
