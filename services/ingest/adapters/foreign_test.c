/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapters over payloads that nobody here wrote: a folder with samples of
 * real tools, which is no part of this repository. Its path is in
 * POSTERN_SHARED, else ../shared beside the source; where there is none the
 * tests say so and are skipped. Each file has a row here, with what comes of it
 * and why, so that a new file is a failing test until somebody decides.
 */
#include "adapters/adapter_testing.h"
#include "edge/authenticate.h"
#include "wire/doc.h"

#include <dirent.h>
#include <strings.h>

#define BODY_MAX (4u << 20)
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum how {
	AS_IS,
	FROM_YAML, /* an Application: the same as JSON is what is sent */
	AS_IMAGE,  /* a report made to be about an image, for its findings */
};

struct row {
	const char *tool, *file, *event; /* event: of the header; NULL */
	enum how how;
	enum status status;
	const char *says; /* member=value of the body, or the place */
	int findings;     /* -1: not asked */
	const char *why;  /* for those that read this */
};

static const struct row rows[] = {
	{"github", "push-new-branch.json", "push", AS_IS, OK, "action=push", -1,
		"a branch was made"},
	{"github", "push-tag-deleted.json", "push", AS_IS, OK,
		"ref=refs/tags/simple-tag", -1, "a tag was deleted"},
	{"github", "release-published.json", "release", AS_IS, OK,
		"action=released", -1, "a release"},
	{"github", "pull_request_review-submitted.json", "pull_request_review",
		AS_IS, OK, "action=commented", -1,
		"a comment approves nothing"},
	{"github", "branch_protection_rule-edited.json",
		"branch_protection_rule", AS_IS, OK,
		"protection.pattern=production", -1, "weaker protection"},
	{"github", "member-edited.json", "member", AS_IS, IGNORED, "member", -1,
		"access is not read yet"},
	{"github", "organization-member_added.json", "organization", AS_IS,
		IGNORED, "organization", -1, "access is not read yet"},
	{"github", "ping.json", "ping", AS_IS, OK, "action=ping", -1,
		"the hook was made"},
	{"argocd", "application-manual-sync.json", NULL, AS_IS, OK,
		"initiator=iain", -1, "a person started it"},
	{"argocd", "application-automated-sync.yaml", NULL, FROM_YAML, OK,
		"sync=synced", -1, "the controller started it"},
	{"argocd", "application-helm-plugin-full-status.yaml", NULL, FROM_YAML,
		OK, "initiator=foo@example.com", -1, "a source with a plugin"},
	{"argocd", "application-child-no-status.yaml", NULL, FROM_YAML, OK,
		"sync=unknown", -1, "never reconciled: nothing is known"},
	{"argocd", "application-automated-sync.yaml", NULL, AS_IS, REJECT,
		"byte 0", -1, "Argo CD sends JSON"},
	{"argocd", "argocd-notifications-cm.yaml", NULL, FROM_YAML, REJECT,
		"$.app", -1, "configuration, no application"},
	{"argocd", "trigger-on-deployed.yaml", NULL, FROM_YAML, REJECT, "$", -1,
		"configuration, no application"},
	{"argocd", "trigger-on-sync-failed.yaml", NULL, FROM_YAML, REJECT, "$",
		-1, "configuration, no application"},
	{"trivy", "trivy-main-alpine-distroless.json.golden.json", NULL, AS_IS,
		OK, "findings.0.vulnerability=CVE-2022-24765", 1,
		"known by its config only"},
	{"trivy", "license_scheme.json", NULL, AS_IS, OK,
		"partial=no result is about packages", 0,
		"licences alone close no vulnerability"},
	{"trivy", "scheme_2_no_vuln.json", NULL, AS_IS, REJECT,
		"$.Metadata.RepoDigests", -1, "a tag names no image"},
	{"trivy", "scheme_2_no_vuln.json", NULL, AS_IMAGE, OK, "scanner=trivy",
		0, "whole and empty"},
	{"trivy", "severity_prio.json", NULL, AS_IS, IGNORED, "cyclonedx", -1,
		"an SBOM that names no image"},
	{"trivy", "severity_prio.json", NULL, AS_IMAGE, OK,
		"findings.0.severity=critical", 2, "not by its score of 7.5"},
	{"trivy", "severity_prio.json", NULL, AS_IMAGE, OK,
		"findings.1.severity=low", 2, "not by its score of 6.5"},
	{"trivy", "npm-with-suppressed.json.golden.json", NULL, AS_IS, IGNORED,
		"filesystem", -1, "a folder has no name"},
	{"trivy", "npm-with-suppressed.json.golden.json", NULL, AS_IMAGE, OK,
		"findings.0.path=package-lock.json", 1, "one is suppressed"},
	{"trivy", "misconfigurations_and_secrets.json", NULL, AS_IS, IGNORED,
		"filesystem", -1, "a folder has no name"},
	{"trivy", "misconfigurations_and_secrets.json", NULL, AS_IMAGE, OK,
		"scanner=trivy", 2, "the other three are of other classes"},
	{"trivy", "kubernetes.json", NULL, AS_IS, IGNORED, "kubernetes", -1,
		"a cluster's report"},
	{"trivy", "k8s-resources-issue_9170.json", NULL, AS_IS, IGNORED,
		"kubernetes", -1, "a cluster's report"},
	{"trivy", "legacy_many_vulns.json", NULL, AS_IS, REJECT, "$", -1,
		"Trivy before 0.20"},
	{"trivy", "legacy_no_vuln.json", NULL, AS_IS, REJECT, "$", -1,
		"Trivy before 0.20"},
	{"trivy", "legacy-old.json.golden.json", NULL, AS_IS, REJECT, "$", -1,
		"Trivy before 0.20"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *shared(void)
{
	static char path[4096];
	const char *given = getenv("POSTERN_SHARED");

	snprintf(path, sizeof(path), "%s%s", given ? given : POSTERN_SOURCE_DIR,
		given ? "/samples" : "/../shared/samples");
	if (access(path, R_OK) == 0)
		return path;
	fprintf(stderr,
		"SKIPPED: no payloads of real tools at %s (set "
		"POSTERN_SHARED)\n",
		path);
	skip();
	return NULL;
}

static const char *read_file(
	struct arena *arena, const char *path, size_t *ret_size)
{
	char *bytes = arena_alloc(arena, BODY_MAX + 1);
	FILE *file = fopen(path, "re");

	if (!file)
		fail_msg("%s cannot be read", path);
	*ret_size = fread(bytes, 1, BODY_MAX, file);
	fclose(file);
	return bytes;
}

static void set_node(struct json_maker *maker, struct json_node *in,
	const char *key, const struct doc *doc);

static struct json_node *container(
	struct json_maker *maker, const struct doc *doc)
{
	struct json_node *node =
		doc->kind == DOC_MAP ? json_object(maker) : json_array(maker);

	DOC_EACH (doc, child)
		set_node(maker, node, child->key, child);
	return node;
}

/* Numbers stay text: the adapter reads none but history ids, which may. */
static void set_node(struct json_maker *maker, struct json_node *in,
	const char *key, const struct doc *doc)
{
	char *end;
	long number = strtol(doc->text ? doc->text : "", &end, 10);

	if (doc->kind != DOC_SCALAR) {
		struct json_node *node = container(maker, doc);

		if (key)
			json_set_node(maker, in, key, node);
		else
			json_add_node(maker, in, node);
	} else if (!key) {
		json_add_text(maker, in, doc->text);
	} else if (doc->quoted) {
		json_set_text(maker, in, key, doc->text);
	} else if (strcmp(doc->text, "true") == 0 ||
		   strcmp(doc->text, "false") == 0) {
		json_set_bool(maker, in, key, doc->text[0] == 't');
	} else if (doc->text[0] && !*end) {
		json_set_integer(maker, in, key, number);
	} else {
		json_set_text(maker, in, key, doc->text);
	}
}

static const char *from_yaml(
	struct told *told, const char *text, size_t size, size_t *ret_size)
{
	const struct doc *doc = NULL;

	if (doc_read(told->arena, "sample", text, size, &doc, &told->why) != OK)
		fail_msg("%s: %s", told->why.place, told->why.sentence);
	return json_write(
		told->list.maker, container(told->list.maker, doc), ret_size);
}

/* Another type and a config digest, the rest as it is. */
static const char *as_image(
	struct told *told, const char *text, size_t size, size_t *ret_size)
{
	struct json_maker *maker = told->list.maker;
	struct json_node *report = json_object(maker);
	struct json_node *metadata = json_object(maker);
	const struct json *json = NULL;

	assert_int_equal(
		json_read(told->arena, text, size, &json, &told->why), OK);
	json_set_text(maker, metadata, "ImageID", "sha256:" HEX64);
	json_set_text(maker, report, "ArtifactType", "container_image");
	json_set_node(maker, report, "Metadata", metadata);
	JSON_EACH (json, walk)
		if (strcmp(walk.key, "Metadata") != 0 &&
			strcmp(walk.key, "ArtifactType") != 0)
			json_set_copy(maker, report, walk.key, walk.value);
	return json_write(maker, report, ret_size);
}

static void check_says(const struct row *row, struct told *told)
{
	const char *value = strchr(row->says, '=');

	if (row->status == REJECT) {
		assert_string_equal(told->why.place, row->says);
		return;
	}
	if (row->status == IGNORED) {
		assert_string_equal(told->identity.kind, row->says);
		return;
	}
	assert_non_null(value);
	assert_string_equal(
		told_text(told, 0,
			arena_printf(told->arena, "%.*s",
				(int)(value - row->says), row->says)),
		value + 1);
	if (row->findings >= 0)
		assert_int_equal(
			json_count(json_get(told_json(told, 0), "findings")),
			row->findings);
}

static void check_row(const struct row *row)
{
	struct told *told = tell_new(row->tool);
	const char *path = arena_printf(
		told->arena, "%s/%s/%s", shared(), row->tool, row->file);
	size_t size;
	const char *body = read_file(told->arena, path, &size);

	if (row->event)
		tell_header(told, "x-github-event", row->event);
	if (row->how == FROM_YAML)
		body = from_yaml(told, body, size, &size);
	if (row->how == AS_IMAGE)
		body = as_image(told, body, size, &size);
	tell_bytes(told, body, size);
	if (told->status != row->status)
		fail_msg("%s (%s): %d at %s: %s", row->file, row->why,
			told->status, told->why.place, told->why.sentence);
	check_says(row, told);
	tell_free(told);
}

static void test_foreign__each_payload_comes_to_what_its_row_says(void **state)
{
	(void)state;
	shared();
	for (size_t i = 0; i < ROWS; i++)
		check_row(&rows[i]);
}

static bool has_row(const char *tool, const char *file)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].tool, tool) == 0 &&
			strcmp(rows[i].file, file) == 0)
			return true;
	return false;
}

static void test_foreign__no_payload_is_without_a_row(void **state)
{
	static const char *const tools[] = {"github", "argocd", "trivy"};
	char path[4200];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct dirent *entry;
		DIR *folder;

		snprintf(path, sizeof(path), "%s/%s", shared(), tools[i]);
		folder = opendir(path);
		assert_non_null(folder);
		while ((entry = readdir(folder)))
			if (entry->d_name[0] != '.' &&
				!has_row(tools[i], entry->d_name))
				fail_msg("%s/%s has no row", tools[i],
					entry->d_name);
		closedir(folder);
	}
}

/* A captured request: header lines, an empty line, the body byte for byte. */
static size_t split_request(struct told *told, char *bytes, size_t size)
{
	char *line = bytes;

	for (;;) {
		char *end = memchr(line, '\n', size - (size_t)(line - bytes));
		char *colon;

		assert_non_null(end);
		*end = '\0';
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (!line[0])
			return (size_t)(end + 1 - bytes);
		colon = strstr(line, ": ");
		for (char *c = line; colon && c < colon; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		if (colon) {
			*colon = '\0';
			if (told->delivery.header_count < TELL_HEADERS)
				tell_header(told, line, colon + 2);
		}
		line = end + 1;
	}
}

static struct told *captured(
	const char *tool, const char *folder, const char *file)
{
	struct told *told = tell_new(tool);
	const char *path = arena_printf(
		told->arena, "%s/captured/%s/%s", shared(), folder, file);
	size_t size, head;
	char *bytes = (char *)(uintptr_t)read_file(told->arena, path, &size);

	head = split_request(told, bytes, size);
	tell_bytes(told, bytes + head, size - head);
	return told;
}

static const char *shown(void *context, const char *name)
{
	struct told *told = context;

	for (size_t i = 0; i < told->delivery.header_count; i++)
		if (strcasecmp(told->headers[i].name, name) == 0)
			return told->headers[i].value;
	return NULL;
}

static unsigned shown_count(void *context, const char *name)
{
	return shown(context, name) ? 1 : 0;
}

/* By the edge's own code and the first scheme of the adapter. */
static bool proven(struct told *told, const char *secret)
{
	const struct adapter *adapter = adapter_find(told->delivery.tool);
	struct source source = {.name = "here",
		.tool = adapter->name,
		.tenant = "default",
		.adapter = adapter,
		.verify = adapter->verify,
		.secrets = {{secret, strlen(secret), false}},
		.secret_count = 1};
	struct presented presented = {.header = shown,
		.header_count = shown_count,
		.context = told,
		.peer = "127.0.0.1"};
	struct verifier *verifier = verifier_new();
	enum refusal refusal = REFUSAL_NONE;
	enum proof proof =
		authenticate_head(verifier, &source, &presented, &refusal);

	authenticate_body(verifier, told->delivery.body, told->delivery.size);
	if (proof == PROOF_IN_BODY) {
		refusal = authenticate_end(
			verifier, told->delivery.body, told->delivery.size);
		proof = refusal == REFUSAL_NONE ? PROOF_GIVEN : PROOF_REFUSED;
	}
	verifier_free(&verifier);
	return proof == PROOF_GIVEN;
}

static void test_foreign__another_template_of_argocd_is_named(void **state)
{
	struct told *told;

	(void)state;
	shared();
	told = captured(
		"argocd", "argocd-notifications-engine-0.5.0", "002.http");
	assert_refused(told, "$.app", "expected an object, found string");
	tell_free(told);
}

/*
 * Gitea speaks GitHub's dialect beside its own: real signatures over real
 * bytes. Its form is signed in another way, and some events are not GitHub's.
 */
static void test_foreign__githubs_dialect_of_gitea_verifies(void **state)
{
	size_t signed_well = 0, events = 0;

	(void)state;
	shared();
	for (int i = 1; i <= 24; i++) {
		char file[20];
		struct told *told;
		const char *type;

		snprintf(file, sizeof(file), "%03d.http", i);
		told = captured("github", "gitea-1.26.0", file);
		type = delivery_header(&told->delivery, "content-type");
		if (type && strcmp(type, "application/json") == 0) {
			assert_true(proven(told, "gitea-webhook-secret"));
			assert_false(proven(told, "gitea-webhook-secrets"));
			signed_well++;
		}
		assert_true(told->status == OK || told->status == IGNORED ||
			    (told->status == REJECT && told->why.place[0]));
		if (told->status == REJECT)
			fprintf(stderr, "%s refused at %s: %s\n", file,
				told->why.place, told->why.sentence);
		events += told->status == OK;
		tell_free(told);
	}
	assert_true(signed_well > 5);
	assert_true(events > 3);
}
