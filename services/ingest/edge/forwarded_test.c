/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/forwarded.h"

struct fixture {
	struct arena *arena;
	struct proxies proxies;
	char client[NETWORK_KEY];
};

static struct fixture begin(const char *ranges)
{
	struct fixture f = {.arena = arena_new(1 << 16)};
	struct reason reason;

	assert_int_equal(
		proxies_parse(f.arena, ranges, &f.proxies, &reason), OK);
	return f;
}

static void end(struct fixture *f)
{
	arena_free(&f->arena);
}

static const char *client(
	struct fixture *f, const char *peer, const char *chain)
{
	forwarded_client(&f->proxies, peer, chain, f->client);
	return f->client;
}

static void test_forwarded__believes_nobody_unless_told(void **state)
{
	struct fixture f = begin(NULL);

	(void)state;
	assert_string_equal(client(&f, "10.1.1.1", "192.0.2.7"), "10.1.1.1");
	assert_string_equal(client(&f, "::1", "192.0.2.7"), "::1");
	assert_false(forwarded_plain(&f.proxies, "10.1.1.1", "http"));
	end(&f);
}

static void test_forwarded__takes_the_last_that_is_no_proxy(void **state)
{
	struct fixture f = begin("10.0.0.0/8, 2001:db8:1::/48");

	(void)state;
	assert_string_equal(client(&f, "10.1.1.1", "192.0.2.7"), "192.0.2.7");
	assert_string_equal(
		client(&f, "10.1.1.1", " 192.0.2.7 ,10.2.2.2"), "192.0.2.7");
	assert_string_equal(
		client(&f, "2001:db8:1::5", "2001:db8:2::1"), "2001:db8:2::1");
	/* What stands before it, the sender itself may have written. */
	assert_string_equal(
		client(&f, "10.1.1.1", "10.9.9.9, 203.0.113.5, 192.0.2.7"),
		"192.0.2.7");
	assert_string_equal(
		client(&f, "192.0.2.1", "203.0.113.5"), "192.0.2.1");
	/* All are ours: the first one began it. */
	assert_string_equal(
		client(&f, "10.1.1.1", "10.3.3.3,10.2.2.2"), "10.3.3.3");
	assert_string_equal(client(&f, "10.1.1.1", ""), "10.1.1.1");
	end(&f);
}

static void test_forwarded__cuts_a_port_off(void **state)
{
	struct fixture f = begin("10.0.0.0/8");

	(void)state;
	assert_string_equal(
		client(&f, "10.1.1.1", "192.0.2.7:4711"), "192.0.2.7");
	assert_string_equal(
		client(&f, "10.1.1.1", "[2001:db8::7]:443"), "2001:db8::7");
	assert_string_equal(
		client(&f, "10.1.1.1", "[2001:db8::7]"), "2001:db8::7");
	end(&f);
}

static void test_forwarded__stops_at_what_is_no_address(void **state)
{
	static const char *const wrong[] = {"unknown", "_hidden", "192.0.2.7,",
		",", "192.0.2.7, 192.0.2.256", "192.0.2.0/24", "[2001:db8::7",
		"for=192.0.2.7",
		"192.0.2.7, 1111:2222:3333:4444:5555:6666:7777:8888:9999:aa"};
	struct fixture f = begin("10.0.0.0/8");

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_string_equal(
			client(&f, "10.1.1.1", wrong[i]), "10.1.1.1");
	assert_string_equal(client(&f, "10.1.1.1", "192.0.2.7, junk, 10.2.2.2"),
		"10.2.2.2");
	end(&f);
}

static void test_forwarded__knows_plain_http_from_a_proxy(void **state)
{
	struct fixture f = begin("10.0.0.0/8");

	(void)state;
	assert_true(forwarded_plain(&f.proxies, "10.1.1.1", "http"));
	assert_true(forwarded_plain(&f.proxies, "10.1.1.1", "https, HTTP "));
	assert_false(forwarded_plain(&f.proxies, "10.1.1.1", "http,https"));
	assert_false(forwarded_plain(&f.proxies, "10.1.1.1", ""));
	assert_false(forwarded_plain(&f.proxies, "192.0.2.7", "http"));
	end(&f);
}

static void test_proxies__name_what_is_no_range(void **state)
{
	static const char *const wrong[] = {
		"10.0.0.0/8,", "proxy.example", "10.0.0.0/33", ", ::1"};
	struct fixture f = begin("127.0.0.1");
	struct reason reason;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
			proxies_parse(f.arena, wrong[i], &f.proxies, &reason),
			CONFIG);
		assert_string_equal(reason.place, "trusted-proxies");
	}
	end(&f);
}
