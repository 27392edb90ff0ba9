/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/route.h"

static void reads(const char *path, const char *source, const char *token)
{
	struct route route;

	if (!route_read(path, &route) || strcmp(route.source, source) != 0 ||
		strcmp(route.token, token) != 0)
		fail_msg("%s: %s %s", path, route.source, route.token);
}

static void test_route__reads_source_and_token(void **state)
{
	(void)state;
	reads("/v1/hooks/git-acme", "git-acme", "");
	reads("/v1/hooks/git-acme/", "git-acme", "");
	reads("/v1/hooks/a/s3cret", "a", "s3cret");
	reads("/v1/hooks/a/s%2F%e2%82%ac+", "a", "s/\xe2\x82\xac+");
	reads("/v1/hooks/%61", "a", "");
}

static void test_route__makes_nothing_of_what_is_none(void **state)
{
	char path[1200] = "/v1/hooks/";

	(void)state;
	reads("/v1/hooks/a%00b", "?", "");
	reads("/v1/hooks/a/%00", "a", "?");
	reads("/v1/hooks/a/%", "a", "?");
	reads("/v1/hooks/a/%4", "a", "?");
	reads("/v1/hooks/a/%zz", "a", "?");
	reads("/v1/hooks/a/b/c", "a", "?");
	memset(path + 10, 'a', 101);
	reads(path, "?", "");
	memset(path + 10, 'a', 1000);
	path[12] = '/';
	reads(path, "aa", "?");
}

static void test_route__knows_no_other_path(void **state)
{
	static const char *const paths[] = {"", "/", "/v1", "/v1/hooks",
		"/v1/hooks/", "/v1/hooks//x", "/v2/hooks/a", "/v1/hook/a",
		"v1/hooks/a", "/metrics"};
	struct route route;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_false(route_read(paths[i], &route));
}
