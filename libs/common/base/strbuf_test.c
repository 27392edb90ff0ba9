/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

static void test_strbuf__joins_what_is_added(void **state)
{
	struct strbuf buf;

	(void)state;
	strbuf_init(&buf, 1000);
	strbuf_adds(&buf, "a");
	strbuf_addc(&buf, '-');
	strbuf_addf(&buf, "%0100d", 7);
	strbuf_add(&buf, "", 0);
	assert_int_equal(buf.length, 102);
	assert_int_equal(buf.text[101], '7');
	strbuf_reset(&buf);
	assert_string_equal(buf.text, "");
	strbuf_release(&buf);
}

static void test_strbuf__says_when_it_is_full_and_keeps_what_fitted(void **s)
{
	struct strbuf buf;

	(void)s;
	strbuf_init(&buf, 4);
	strbuf_adds(&buf, "abc");
	strbuf_addf(&buf, "%s", "de");
	assert_true(buf.full);
	assert_string_equal(buf.text, "abc");
	strbuf_adds(&buf, "x");
	assert_string_equal(buf.text, "abc");
	strbuf_release(&buf);
}
