/* SPDX-License-Identifier: Apache-2.0 */
#include "model/subject.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct reason why;

static const char *made(
	enum subject_kind kind, const char *authority, const char *name)
{
	const char *subject = NULL;

	if (!arena)
		arena = arena_new(1 << 20);
	if (subject_make(arena, "default", kind, authority, name, &subject,
		    &why) != OK)
		fail_msg("%s", why.sentence);
	return subject;
}

/* The vectors that other implementations may hold themselves to. */
static void test_subject__makes_the_vectors(void **state)
{
	(void)state;
	assert_string_equal(made(SUBJECT_SERVICE, "backstage", "payments"),
		"default/service/backstage/payments");
	assert_string_equal(made(SUBJECT_REPO, "GitHub.com", "Acme/Shop"),
		"default/repo/github.com/acme/shop");
	assert_string_equal(made(SUBJECT_REPO, "Git.Acme.example", "Acme/Shop"),
		"default/repo/git.acme.example/Acme/Shop");
	assert_string_equal(made(SUBJECT_IMAGE, "oci", "SHA256:" HEX64),
		"default/image/oci/sha256:" HEX64);
	assert_string_equal(made(SUBJECT_ORG, "-", "-"), "default/org/-/-");
	assert_string_equal(made(SUBJECT_HOST, "fleet", "web 01/\xc3\xa4"),
		"default/host/fleet/web%2001/%C3%A4");
	assert_string_equal(
		made(SUBJECT_TOOL, "a/b", "50%"), "default/tool/a%2Fb/50%25");
}

static void test_subject__knows_a_repository_by_any_address(void **state)
{
	static const char *const same[] = {"https://github.com/acme/shop",
		"https://github.com/Acme/shop.git",
		"https://user:token@github.com:443/acme/shop/",
		"ssh://git@github.com:22/acme/shop.git",
		"git@github.com:acme/shop.git"};
	const char *subject;

	(void)state;
	made(SUBJECT_ORG, "-", "-");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(
			subject_repo(arena, "default", same[i], &subject, &why),
			OK);
		assert_string_equal(
			subject, "default/repo/github.com/acme/shop");
	}
	assert_int_equal(
		subject_repo(arena, "default", "shop", &subject, &why), REJECT);
	assert_int_equal(
		subject_repo(arena, "default", "https:///x", &subject, &why),
		REJECT);
}

static void test_subject__takes_an_image_only_by_digest(void **state)
{
	const char *subject;

	(void)state;
	made(SUBJECT_ORG, "-", "-");
	assert_int_equal(subject_image(arena, "default",
				 "reg.acme.example/shop:1@sha256:" HEX64,
				 &subject, &why),
		OK);
	assert_string_equal(subject, "default/image/oci/sha256:" HEX64);
	assert_int_equal(
		subject_image(arena, "default", "shop:1.2", &subject, &why),
		IGNORED);
	assert_int_equal(subject_image(arena, "default", "shop@sha256:00",
				 &subject, &why),
		IGNORED);
}

static void test_subject__refuses_what_cannot_be_named(void **state)
{
	const char *subject;
	char longer[SUBJECT_MAX + 1];

	(void)state;
	made(SUBJECT_ORG, "-", "-");
	memset(longer, 'a', SUBJECT_MAX);
	longer[SUBJECT_MAX] = '\0';
	static const char *const bad[] = {"", "a\nb", "\xff", "\xc3", "\x7f"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(subject_make(arena, "default", SUBJECT_HOST,
					 "fleet", bad[i], &subject, &why),
			REJECT);
	assert_int_equal(subject_make(arena, "default", SUBJECT_HOST, "fleet",
				 longer, &subject, &why),
		REJECT);
	assert_int_equal(subject_make(arena, "default", SUBJECT_IMAGE, "oci",
				 "latest", &subject, &why),
		REJECT);
	assert_int_equal(subject_make(arena, "default", SUBJECT_IMAGE, "docker",
				 "sha256:" HEX64, &subject, &why),
		REJECT);
}

#define IMAGE(authority)                                                       \
	"default/image/" authority "/sha256:00112233445566778899aabbccddeeff"  \
	"00112233445566778899aabbccddeeff"

static void test_subject__checks_that_a_name_is_canonical(void **state)
{
	(void)state;
	assert_int_equal(
		subject_check("default/repo/github.com/acme/shop", &why), OK);
	assert_int_equal(
		subject_check("default/host/fleet/web%2001", &why), OK);
	assert_int_equal(
		subject_check("default/repo/GitHub.com/acme", &why), REJECT);
	assert_int_equal(
		subject_check("default/host/fleet/web 01", &why), REJECT);
	assert_int_equal(subject_check("default/thing/x/y", &why), REJECT);
	assert_int_equal(subject_check("default/host/x", &why), REJECT);
	assert_int_equal(subject_check("", &why), REJECT);
	assert_int_equal(subject_check("default/repo//y", &why), REJECT);
	assert_int_equal(subject_check("/repo/x/y", &why), REJECT);
	assert_int_equal(subject_check("default/repo/x/", &why), REJECT);
	assert_int_equal(subject_check("default/repo/x//y", &why), OK);
	assert_int_equal(
		subject_check("default/image/oci/latest", &why), REJECT);
	assert_int_equal(subject_check(IMAGE("oci"), &why), OK);
	assert_int_equal(subject_check(IMAGE("config"), &why), OK);
	assert_int_equal(subject_check(IMAGE("docker"), &why), REJECT);
}

static void test_subject__gives_its_parts_back(void **state)
{
	const char *s = made(SUBJECT_REPO, "github.com", "acme/shop x");

	(void)state;
	assert_int_equal(subject_kind_of(s), SUBJECT_REPO);
	assert_string_equal(subject_tenant_of(arena, s), "default");
	assert_string_equal(subject_authority_of(arena, s), "github.com");
	assert_string_equal(subject_name_of(arena, s), "acme/shop x");
	assert_int_equal(subject_kind_parse("planet"), SUBJECT_KINDS);
	assert_string_equal(subject_kind_name(SUBJECT_TOOL), "tool");
}
