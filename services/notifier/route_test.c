/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#define SINKS                                                                  \
	"sinks:\n"                                                             \
	"  am: {kind: alertmanager, urls: ['http://a:1/', 'https://b/x']}\n"   \
	"  no: {kind: 'null'}\n"

struct files {
	struct roles *roles;
	struct routes *routes;
	char secret[40];
	struct reason reason;
};

static void put(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void begin(struct files *f, const char *secret)
{
	char path[] = "/tmp/route_test.XXXXXX";

	*f = (struct files){.secret = "/tmp/route_test.XXXXXX"};
	put(path, "parties: {a: {}, b: {thehive: own}}\nfallback: a\n");
	put(f->secret, secret);
	assert_int_equal(roles_load(path, &f->roles, &f->reason), OK);
	unlink(path);
}

static void end(struct files *f)
{
	routes_free(&f->routes);
	assert_null(f->routes);
	roles_free(&f->roles);
	unlink(f->secret);
}

/* FILE in the text stands for the secret's path. */
static enum status load(struct files *f, const char *text)
{
	char path[] = "/tmp/route_test.XXXXXX", full[2000] = "";
	enum status status;
	const char *at;
	size_t length = 0;

	while ((at = strstr(text, "FILE"))) {
		length += (size_t)snprintf(full + length, sizeof(full) - length,
			"%.*s%s", (int)(at - text), text, f->secret);
		text = at + 4;
	}
	snprintf(full + length, sizeof(full) - length, "%s", text);
	put(path, full);
	status = routes_load(path, f->roles, &f->routes, &f->reason);
	unlink(path);
	return status;
}

static void refused(const char *text, const char *place, const char *sentence)
{
	struct files f;

	begin(&f, "two\nlines");
	assert_int_equal(load(&f, text), CONFIG);
	assert_null(f.routes);
	if (!strstr(f.reason.place, place) ||
		!strstr(f.reason.sentence, sentence))
		fail_msg("%s: %s", f.reason.place, f.reason.sentence);
	end(&f);
}

static size_t match(struct files *f, const char *role, enum severity severity,
	enum verdict verdict)
{
	struct verdict_record record = {.role = role,
		.severity = severity,
		.verdict = verdict,
		.criterion = "PO.1.1-a",
		.tenant = "default"};
	size_t count = 9;

	if (!routes_match(f->routes, &record, &count))
		return 100;
	return count;
}

static void test_route__the_first_route_that_matches_wins(void **state)
{
	struct files f;

	(void)state;
	begin(&f, "x");
	assert_int_equal(
		load(&f, SINKS "routes:\n"
			       "- {role: owner, severity: [critical, high],"
			       " verdict: fail, sinks: [am, no]}\n"
			       "- {role: 'own*', criterion: 'PO.1.*',"
			       " sinks: [am]}\n"
			       "- {severity: low, sinks: []}\n"),
		OK);
	assert_int_equal(match(&f, "owner", SEVERITY_HIGH, VERDICT_FAIL), 2);
	assert_int_equal(match(&f, "owner", SEVERITY_HIGH, VERDICT_STALE), 1);
	assert_int_equal(
		match(&f, "owners", SEVERITY_CRITICAL, VERDICT_FAIL), 1);
	assert_int_equal(match(&f, "x", SEVERITY_LOW, VERDICT_FAIL), 0);
	assert_int_equal(match(&f, "x", SEVERITY_HIGH, VERDICT_FAIL), 100);
	assert_int_equal(routes_sinks(f.routes), 2);
	assert_string_equal(routes_sink_at(f.routes, 0)->urls[0], "http://a:1");
	assert_string_equal(
		routes_sink_at(f.routes, 0)->urls[1], "https://b/x");
	assert_int_equal(routes_sink_at(f.routes, 0)->settings.timeout,
		10 * INSTANT_SECOND);
	assert_string_equal(routes_sink_at(f.routes, 1)->urls[0], "");
	end(&f);
}

static void test_route__reads_credentials_from_files(void **state)
{
	const struct sink_settings *settings;
	struct files f;

	(void)state;
	begin(&f, "s3cret\r\n");
	assert_int_equal(
		load(&f, "sinks:\n"
			 "  am: {kind: alertmanager, urls: ['http://a'],"
			 " basic_auth: {user: u, password_file: FILE}}\n"
			 "  soc: {kind: thehive, urls: ['http://t'],"
			 " key_file: FILE, keys: {own: FILE}, source: eu,"
			 " timeout: 5s}\n"
			 "routes: [{sinks: [am, soc]}]\n"),
		OK);
	settings = &routes_sink_at(f.routes, 0)->settings;
	assert_string_equal(settings->user, "u");
	assert_string_equal(settings->password, "s3cret");
	settings = &routes_sink_at(f.routes, 1)->settings;
	assert_string_equal(settings->bearer, "s3cret");
	assert_string_equal(settings->keys[0].name, "own");
	assert_string_equal(settings->keys[0].secret, "s3cret");
	assert_string_equal(settings->source, "eu");
	assert_int_equal(settings->timeout, 5 * INSTANT_SECOND);
	end(&f);
}

static void test_route__says_where_the_sinks_are_wrong(void **state)
{
	(void)state;
	refused("sinks: {}\nroutes: []\n", ":1:8", "1 to");
	refused("routes: []\n", ":1:1", "needs sinks and routes");
	refused("sinks: {a: {kind: fax}}\nroutes: []\n", ":1:19",
		"no sink of kind \"fax\"");
	refused("sinks: {a: {kind: alertmanager}}\nroutes: []\n", ":1:12",
		"needs urls");
	refused("sinks: {a: {kind: 'null', urls: [x]}}\nroutes: []\n",
		":1:", "no urls");
	refused("sinks: {a: {kind: 'null', ca: x}}\nroutes: []\n",
		":1:", "has no \"ca\"");
	refused("sinks: {a: {kind: alertmanager, urls: [ftp://x]}}\n"
		"routes: []\n",
		":1:40", "http://");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://u:p@x']}}\n"
		"routes: []\n",
		":1:40", "no credentials");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x',"
		" 'http://x/']}}\nroutes: []\n",
		":1:52", "there already");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x'],"
		" timeout: 1h}}\nroutes: []\n",
		":1:", "from 1s to 5m");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x'],"
		" ca: /nonexistent}}\nroutes: []\n",
		":1:", "cannot be read");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x'],"
		" certificate: FILE}}\nroutes: []\n",
		":1:12", "go together");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x'],"
		" key_file: FILE}}\nroutes: []\n",
		":1:", "one line");
	refused("sinks: {a: {kind: alertmanager, urls: ['http://x'],"
		" key_file: /nonexistent}}\nroutes: []\n",
		":1:", "cannot be read");
	refused("sinks: {a: {kind: thehive, urls: ['http://x']}}\n"
		"routes: []\n",
		":1:12", "key_file or keys");
	refused("sinks: {a: {kind: thehive, urls: ['http://x', 'http://y']}}\n"
		"routes: []\n",
		":1:34", "one address");
}

static void test_route__a_party_without_its_key_is_said(void **state)
{
	struct files f;

	(void)state;
	begin(&f, "k");
	assert_int_equal(load(&f, "sinks: {a: {kind: thehive,"
				  " urls: ['http://x'], key_file: FILE}}\n"
				  "routes: [{sinks: [a]}]\n"),
		CONFIG);
	assert_non_null(strstr(f.reason.sentence, "party \"b\""));
	end(&f);
}

static void test_route__says_where_the_routes_are_wrong(void **state)
{
	(void)state;
	refused(SINKS "routes: []\n", ":4:9", "1 to");
	refused(SINKS "routes: [{}]\n", ":4:10", "needs sinks");
	refused(SINKS "routes: [{sinks: [x]}]\n", ":4:19", "no sink \"x\"");
	refused(SINKS "routes: [{sinks: [am, am]}]\n", ":4:23",
		"there already");
	refused(SINKS "routes: [{severity: hot, sinks: [am]}]\n", ":4:21",
		"no severity \"hot\"");
	refused(SINKS "routes: [{verdict: bad, sinks: [am]}]\n", ":4:20",
		"no verdict \"bad\"");
	refused(SINKS "routes: [{role: {}, sinks: [am]}]\n", ":4:17", "word");
	refused(SINKS "routes: [{role: [], sinks: [am]}]\n", ":4:17",
		"nothing");
	refused(SINKS "routes: [{who: x, sinks: [am]}]\n", ":4:", "who");
}
