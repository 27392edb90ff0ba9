/* SPDX-License-Identifier: Apache-2.0 */
#include "model/subject.h"

#include "base/bug.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *const kind_names[SUBJECT_KINDS] = {
	[SUBJECT_SERVICE] = "service",
	[SUBJECT_IMAGE] = "image",
	[SUBJECT_CLUSTER] = "cluster",
	[SUBJECT_REPO] = "repo",
	[SUBJECT_HOST] = "host",
	[SUBJECT_TOOL] = "tool",
	[SUBJECT_ORG] = "org",
};

/* Hosts whose paths are case-blind: two spellings are one repository. */
static const char *const case_blind_hosts[] = {
	"github.com", "gitlab.com", "bitbucket.org", NULL};

const char *subject_kind_name(enum subject_kind kind)
{
	MUST(kind < SUBJECT_KINDS);
	return kind_names[kind];
}

enum subject_kind subject_kind_parse(const char *word)
{
	for (int i = 0; i < SUBJECT_KINDS; i++)
		if (strcmp(word, kind_names[i]) == 0)
			return (enum subject_kind)i;
	return SUBJECT_KINDS;
}

/* RFC 3986 unreserved, and what stands in names everywhere. */
static bool stands(unsigned char c, bool in_name)
{
	return isalnum(c) || strchr("-._~:@+", c) || (in_name && c == '/');
}

static void add_part(
	struct strbuf *out, const char *part, bool in_name, bool lower)
{
	for (; *part; part++) {
		unsigned char c = (unsigned char)*part;

		if (lower)
			c = (unsigned char)tolower(c);
		if (c && stands(c, in_name))
			strbuf_addc(out, (char)c);
		else
			strbuf_addf(out, "%%%02X", c);
	}
}

/* Length of a valid UTF-8 text without control bytes; false otherwise. */
static bool clean(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		int more = *at >= 0xf0   ? 3
			   : *at >= 0xe0 ? 2
			   : *at >= 0xc0 ? 1
					 : 0;

		if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) ||
			*at > 0xf4)
			return false;
		for (at++; more > 0; more--, at++)
			if ((*at & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static enum status check_part(
	const char *what, const char *part, struct reason *reterr)
{
	if (!*part) {
		reason_set(reterr, NULL, "the subject's %s is empty", what);
		return REJECT;
	}
	if (!clean(part)) {
		reason_set(reterr, NULL,
			"the subject's %s holds control bytes or is no UTF-8",
			what);
		return REJECT;
	}
	return OK;
}

static bool is_digest(const char *text)
{
	size_t hex;

	if (strncasecmp(text, "sha256:", 7) != 0)
		return false;
	hex = strspn(text + 7, "0123456789abcdefABCDEF");
	return hex == 64 && text[7 + hex] == '\0';
}

static bool is_case_blind(const char *host)
{
	for (const char *const *h = case_blind_hosts; *h; h++)
		if (strcasecmp(host, *h) == 0)
			return true;
	return false;
}

static enum status check_kind(enum subject_kind kind, const char *authority,
	const char *name, struct reason *reterr)
{
	if (kind != SUBJECT_IMAGE)
		return OK;
	if (strcmp(authority, "oci") != 0 && strcmp(authority, "config") != 0) {
		reason_set(reterr, NULL,
			"an image is of oci or config, not \"%.40s\"",
			authority);
		return REJECT;
	}
	if (!is_digest(name)) {
		reason_set(reterr, NULL,
			"an image is named by sha256:<64 hex>, not \"%.80s\"",
			name);
		return REJECT;
	}
	return OK;
}

enum status subject_make(struct arena *arena, const char *tenant,
	enum subject_kind kind, const char *authority, const char *name,
	const char **ret, struct reason *reterr)
{
	bool lower_host = kind == SUBJECT_REPO || kind == SUBJECT_IMAGE;
	bool lower_name = kind == SUBJECT_IMAGE ||
			  (kind == SUBJECT_REPO && is_case_blind(authority));
	enum status status = check_part("tenant", tenant, reterr);
	struct strbuf out;

	MUST(kind < SUBJECT_KINDS);
	if (status == OK)
		status = check_part("authority", authority, reterr);
	if (status == OK)
		status = check_part("name", name, reterr);
	if (status == OK)
		status = check_kind(kind, authority, name, reterr);
	if (status != OK)
		return status;
	strbuf_init(&out, SUBJECT_MAX);
	add_part(&out, tenant, false, false);
	strbuf_addf(&out, "/%s/", kind_names[kind]);
	add_part(&out, authority, false, lower_host);
	strbuf_addc(&out, '/');
	add_part(&out, name, true, lower_name);
	if (out.full) {
		reason_set(reterr, NULL, "the subject is longer than %d bytes",
			SUBJECT_MAX);
		status = REJECT;
	} else {
		*ret = arena_copy(arena, out.text, out.length);
	}
	strbuf_release(&out);
	return status;
}

/* Splits "https://u:p@host:22/a/b.git" or "git@host:a/b" in place. */
static bool split_address(char *address, char **ret_host, char **ret_path)
{
	char *scheme = strstr(address, "://");
	char *host = scheme ? scheme + 3 : address;
	char *end = host + strcspn(host, scheme ? "/" : "/:");
	char *at;

	if (!*end)
		return false;
	*ret_path = end + 1;
	*end = '\0';
	at = strrchr(host, '@');
	if (at)
		host = at + 1;
	/* A port says how to get there, not which repository it is. */
	if (scheme && host[0] != '[')
		host[strcspn(host, ":")] = '\0';
	*ret_host = host;
	return *host != '\0';
}

static void trim_path(char *path)
{
	size_t n;

	path[strcspn(path, "?#")] = '\0';
	n = strlen(path);
	while (n > 0 && path[n - 1] == '/')
		path[--n] = '\0';
	if (n > 4 && strcmp(path + n - 4, ".git") == 0)
		path[n - 4] = '\0';
}

enum status subject_repo(struct arena *arena, const char *tenant,
	const char *address, const char **ret, struct reason *reterr)
{
	char *copy = arena_string(arena, address);
	char *host;
	char *path;

	if (!split_address(copy, &host, &path)) {
		reason_set(reterr, NULL,
			"\"%.120s\" is no address of a repository", address);
		return REJECT;
	}
	while (*path == '/')
		path++;
	trim_path(path);
	return subject_make(
		arena, tenant, SUBJECT_REPO, host, path, ret, reterr);
}

enum status subject_image(struct arena *arena, const char *tenant,
	const char *reference, const char **ret, struct reason *reterr)
{
	const char *at = strrchr(reference, '@');
	const char *digest = at ? at + 1 : reference;

	if (!is_digest(digest)) {
		reason_set(reterr, NULL, "\"%.120s\" pins no sha256 digest",
			reference);
		return IGNORED;
	}
	return subject_make(
		arena, tenant, SUBJECT_IMAGE, "oci", digest, ret, reterr);
}

/* The n-th part of a canonical name; the last takes all that is left. */
static const char *part_of(const char *canonical, int n, size_t *ret_length)
{
	for (; n > 0; n--) {
		canonical = strchr(canonical, '/');
		if (!canonical)
			return NULL;
		canonical++;
	}
	*ret_length = strcspn(canonical, "/");
	return canonical;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static const char *decode(struct arena *arena, const char *text, size_t length)
{
	char *out = arena_alloc(arena, length + 1);
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' && i + 2 < length &&
			hex_digit(text[i + 1]) >= 0 &&
			hex_digit(text[i + 2]) >= 0) {
			out[n++] = (char)(hex_digit(text[i + 1]) * 16 +
					  hex_digit(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i];
		}
	}
	return out;
}

enum subject_kind subject_kind_of(const char *canonical)
{
	size_t length;
	const char *kind = part_of(canonical, 1, &length);

	for (int i = 0; kind && i < SUBJECT_KINDS; i++)
		if (strlen(kind_names[i]) == length &&
			memcmp(kind, kind_names[i], length) == 0)
			return (enum subject_kind)i;
	return SUBJECT_KINDS;
}

static const char *decoded_part(
	struct arena *arena, const char *canonical, int n)
{
	size_t length;
	const char *part = part_of(canonical, n, &length);

	MUST(part);
	return decode(arena, part, n == 3 ? strlen(part) : length);
}

const char *subject_tenant_of(struct arena *arena, const char *canonical)
{
	return decoded_part(arena, canonical, 0);
}

const char *subject_authority_of(struct arena *arena, const char *canonical)
{
	return decoded_part(arena, canonical, 2);
}

const char *subject_name_of(struct arena *arena, const char *canonical)
{
	return decoded_part(arena, canonical, 3);
}

/*
 * True where making it again could change nothing: four parts, no byte that is
 * escaped or lower-cased. What is left to look at is the slow way's business.
 */
static bool is_plain(const char *canonical)
{
	enum subject_kind kind = subject_kind_of(canonical);
	size_t length;
	int parts = 1;
	bool begun = false;

	for (const char *c = canonical; *c; c++) {
		if (*c == '/' && parts < 4) {
			if (!begun)
				return false;
			parts++;
			begun = false;
			continue;
		}
		if (isupper((unsigned char)*c) ||
			!stands((unsigned char)*c, parts == 4))
			return false;
		begun = true;
	}
	if (parts < 4 || !begun || kind == SUBJECT_KINDS)
		return false;
	if (kind != SUBJECT_IMAGE)
		return true;
	return strncmp(part_of(canonical, 2, &length), "oci/", 4) == 0 &&
	       is_digest(part_of(canonical, 3, &length));
}

/* A canonical name is one that making it again leaves alone. */
enum status subject_check(const char *canonical, struct reason *reterr)
{
	size_t size = strlen(canonical);
	enum status status = REJECT;
	const char *again;
	struct arena *arena;
	size_t length;

	if (size > SUBJECT_MAX || !part_of(canonical, 3, &length) ||
		subject_kind_of(canonical) == SUBJECT_KINDS) {
		reason_set(reterr, NULL,
			"\"%.120s\" is no tenant/kind/authority/name",
			canonical);
		return REJECT;
	}
	if (is_plain(canonical))
		return OK;
	arena = arena_new(16 * SUBJECT_MAX);
	status = subject_make(arena, subject_tenant_of(arena, canonical),
		subject_kind_of(canonical),
		subject_authority_of(arena, canonical),
		subject_name_of(arena, canonical), &again, reterr);
	if (status == OK && strcmp(again, canonical) != 0) {
		reason_set(reterr, NULL,
			"\"%.120s\" is not canonical: write \"%.120s\"",
			canonical, again);
		status = REJECT;
	}
	arena_free(&arena);
	return status;
}
