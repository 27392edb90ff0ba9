/* SPDX-License-Identifier: Apache-2.0 */
#include "role.h"

static enum status load(
	const char *text, struct roles **ret, struct reason *reterr)
{
	char path[] = "/tmp/role_test.XXXXXX";
	int fd = mkstemp(path);
	enum status status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	status = roles_load(path, ret, reterr);
	unlink(path);
	return status;
}

static void refused(const char *text, const char *place, const char *sentence)
{
	struct roles *roles = NULL;
	struct reason reason = {0};

	assert_int_equal(load(text, &roles, &reason), CONFIG);
	assert_null(roles);
	if (!strstr(reason.place, place) || !strstr(reason.sentence, sentence))
		fail_msg("%s: %s", reason.place, reason.sentence);
}

static void test_role__the_first_entry_that_matches_wins(void **state)
{
	static const struct label shop[] = {{"service", "shop-api"}};
	static const struct label other[] = {{"service", "billing"}};
	struct verdict_record verdict = {.role = "owner",
		.tenant = "acme",
		.criterion = "PO.1.1-a",
		.subject = "acme/repo/github.com/acme/x",
		.labels = shop,
		.label_count = 1};
	struct roles *roles = NULL;
	struct reason reason;

	(void)state;
	assert_int_equal(
		load("parties:\n"
		     "  shop: {title: Shop, alertmanager: {team: s},"
		     " thehive: k}\n"
		     "  repos: {}\n"
		     "  all:\n"
		     "    title: Everybody else\n"
		     "roles:\n"
		     "  owner:\n"
		     "  - {match: {service: 'shop-*'}, party: shop}\n"
		     "  - {match: {kind: repo, tenant: acme}, party: repos}\n"
		     "fallback: all\n",
			&roles, &reason),
		OK);
	assert_int_equal(roles_parties(roles), 3);
	assert_string_equal(roles_party(roles, &verdict)->name, "shop");
	assert_string_equal(roles_party(roles, &verdict)->thehive, "k");
	assert_string_equal(roles_party(roles, &verdict)->labels[0].value, "s");
	verdict.labels = other;
	assert_string_equal(roles_party(roles, &verdict)->name, "repos");
	assert_string_equal(roles_party(roles, &verdict)->title, "repos");
	verdict.tenant = "other";
	assert_string_equal(roles_party(roles, &verdict)->name, "all");
	verdict.role = "nobody";
	assert_string_equal(
		roles_party(roles, &verdict)->title, "Everybody else");
	roles_free(&roles);
	assert_null(roles);
	roles_free(&roles);
}

static void test_role__says_where_a_file_is_wrong(void **state)
{
	(void)state;
	refused("- a\n", ":1:1", "must be a map");
	refused("roles: {}\nfallback: a\n", ":1:1", "no parties");
	refused("parties: {}\nfallback: a\n", ":1:10", "1 to");
	refused("parties: {a: {}}\n", ":1:1", "fallback");
	refused("parties: {a: {}}\nfallback: b\n", ":2:11", "no party \"b\"");
	refused("parties: {a: {mail: x}}\nfallback: a\n", ":1:", "mail");
	refused("parties: {a: x}\nfallback: a\n", ":1:14", "map");
	refused("parties: {a: {alertmanager: {env: x}}}\nfallback: a\n",
		":1:35", "set by Postern");
	refused("parties: {a: {alertmanager: {a-b: x}}}\nfallback: a\n",
		":1:", "no label name");
	refused("parties: {a: {}}\nroles: {r: a}\nfallback: a\n", ":2:12",
		"list");
	refused("parties: {a: {}}\nroles:\n  r:\n  - {party: c}\n"
		"fallback: a\n",
		":4:13", "no party \"c\"");
	refused("parties: {a: {}}\nroles:\n  r:\n  - {match: {x: [1]},"
		" party: a}\nfallback: a\n",
		":4:", "single value");
}

static void test_role__a_missing_file_is_said(void **state)
{
	struct roles *roles = NULL;
	struct reason reason = {0};

	(void)state;
	assert_int_equal(
		roles_load("/nonexistent/roles.yaml", &roles, &reason), CONFIG);
	assert_non_null(strstr(reason.place, "/nonexistent/roles.yaml"));
}
