/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/network.h"

static bool holds(const char *range, const char *peer)
{
	struct network network;

	assert_true(network_parse(range, &network));
	return network_holds(&network, peer);
}

static void test_network__holds_what_its_bits_say(void **state)
{
	(void)state;
	assert_true(holds("10.0.0.0/8", "10.255.0.1"));
	assert_false(holds("10.0.0.0/8", "11.0.0.1"));
	assert_true(holds("192.168.4.0/22", "192.168.7.255"));
	assert_false(holds("192.168.4.0/22", "192.168.8.0"));
	assert_true(holds("192.0.2.1", "192.0.2.1"));
	assert_false(holds("192.0.2.1", "192.0.2.2"));
	assert_true(holds("0.0.0.0/0", "203.0.113.9"));
	assert_false(holds("0.0.0.0/0", "2001:db8::1"));
	assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(holds("::ffff:10.0.0.0/104", "10.9.9.9"));
	assert_false(holds("10.0.0.0/8", "?"));
}

static void test_network__refuses_other_text(void **state)
{
	static const char *const texts[] = {"", "10.0.0.0/33", "10.0.0.0/",
		"10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "host", "::1/129"};
	struct network network;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(network_parse(texts[i], &network));
}

static void test_network__a_peer_of_ipv6_is_its_64(void **state)
{
	char one[NETWORK_KEY], two[NETWORK_KEY];

	(void)state;
	network_peer_key("2001:db8:1:2:3::4", one);
	network_peer_key("2001:db8:1:2:ffff::5", two);
	assert_string_equal(one, two);
	network_peer_key("2001:db8:1:3::4", two);
	assert_string_not_equal(one, two);
	network_peer_key("192.0.2.1", one);
	assert_string_equal(one, "192.0.2.1");
}
