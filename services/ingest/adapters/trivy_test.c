/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/adapter_testing.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX65 "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD                                                                   \
	"\"SchemaVersion\":2,\"CreatedAt\":"                                   \
	"\"2026-11-02T08:00:00.123456789+01:00\","                             \
	"\"ArtifactName\":\"shop:1\",\"ArtifactType\":\"container_image\""
#define IMAGE(results)                                                         \
	"{" HEAD ",\"Metadata\":{\"OS\":{\"Family\":\"alpine\",\"Name\":"      \
	"\"3.20\"},\"RepoDigests\":[\"reg/shop@sha256:" HEX64                  \
	"\"]},\"Results\":" results "}"
#define PACKAGES(list)                                                         \
	IMAGE("[{\"Target\":\"shop:1 (alpine 3.20)\",\"Class\":\"os-pkgs\","   \
	      "\"Vulnerabilities\":" list "}]")
#define VULNERABILITY(id, more)                                                \
	"{\"VulnerabilityID\":\"" id                                           \
	"\",\"PkgName\":\"git\",\"PkgIdentifier\":{\"PURL\":"                  \
	"\"pkg:apk/alpine/git@2.35.1-r2?arch=x86_64&distro=3.20\"},"           \
	"\"InstalledVersion\":\"2.35.1-r2\"" more "}"

static struct told *report(const char *body)
{
	struct told *told = tell_new("trivy");

	tell(told, body);
	return told;
}

static void test_trivy__a_report_is_a_snapshot_of_an_image(void **state)
{
	struct told *told = report(PACKAGES("[" VULNERABILITY("CVE-2026-1",
		",\"FixedVersion\":\"2.35.2-r0\",\"Status\":\"fixed\","
		"\"Severity\":\"MEDIUM\",\"VendorIDs\":[\"DSA-1\"]") "]"));
	const struct event *event;

	(void)state;
	assert_told(told, 1);
	event = &told->list.events[0];
	assert_string_equal(event->subject, "default/image/oci/sha256:" HEX64);
	assert_true(event->snapshot && event->complete);
	assert_string_equal(event->target, "image");
	assert_string_equal(event->split, "findings");
	assert_string_equal(told_time(told, 0), "2026-11-02T07:00:00.123456Z");
	assert_string_equal(told_body(told, 0),
		"{\"scanner\":\"trivy\",\"target\":\"image\",\"artifact\":"
		"\"shop:1\",\"os\":{\"Family\":\"alpine\",\"Name\":\"3.20\"},"
		"\"ignored\":{\"secrets\":0,\"misconfigurations\":0,"
		"\"licenses\":0},\"suppressed\":0,\"findings\":[{\"key\":"
		"\"CVE-2026-1 pkg:apk/alpine/git@2.35.1-r2\","
		"\"vulnerability\":\"CVE-2026-1\",\"aliases\":[\"DSA-1\"],"
		"\"package\":\"pkg:apk/alpine/git@2.35.1-r2\",\"version\":"
		"\"2.35.1-r2\",\"fixed_version\":\"2.35.2-r0\",\"severity\":"
		"\"medium\",\"status\":\"fixed\"}],\"counts\":{\"critical\":0,"
		"\"high\":0,\"medium\":1,\"low\":0,\"info\":0,\"unknown\":0}}");
	tell_free(told);
}

static void test_trivy__no_results_is_whole_and_empty(void **state)
{
	static const char *const bodies[] = {IMAGE("null"), IMAGE("[]"),
		PACKAGES("null"), PACKAGES("[]"),
		"{" HEAD
		",\"Metadata\":{\"RepoDigests\":[\"reg/shop@sha256:" HEX64
		"\"]}}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct told *told = report(bodies[i]);

		assert_told(told, 1);
		assert_true(told->list.events[0].complete);
		assert_int_equal(
			json_count(json_get(told_json(told, 0), "findings")),
			0);
		tell_free(told);
	}
}

/* Closing what was not looked at would be a silent lie. */
static void test_trivy__what_was_not_looked_at_closes_nothing(void **state)
{
	struct told *told = report(
		IMAGE("[{\"Target\":\"/key\",\"Class\":\"secret\",\"Secrets\":"
		      "[{\"RuleID\":\"x\"},{\"RuleID\":\"y\"}]},{\"Class\":"
		      "\"config\",\"Misconfigurations\":[{}]},{\"Class\":"
		      "\"license\",\"Licenses\":[{}]}]"));

	(void)state;
	assert_told(told, 1);
	assert_false(told->list.events[0].complete);
	assert_string_equal(
		told_text(told, 0, "partial"), "no result is about packages");
	assert_string_equal(
		json_rewrite(told->arena,
			json_get(told_json(told, 0), "ignored"), &(size_t){0}),
		"{\"secrets\":2,\"misconfigurations\":1,\"licenses\":1}");
	tell_free(told);
	told = report(IMAGE("[{\"Target\":\"app/go.sum\",\"Class\":"
			    "\"lang-pkgs\"}]"));
	assert_told(told, 1);
	assert_false(told->list.events[0].complete);
	assert_string_equal(told_text(told, 0, "partial"),
		"no result is about the operating system's packages");
	tell_free(told);
}

static void test_trivy__each_digest_is_an_image_in_any_order(void **state)
{
	static const char *const lists[] = {"[\"a@sha256:" HEX65
					    "\",\"b@sha256:" HEX64
					    "\",\"c@sha256:" HEX65 "\"]",
		"[\"b@sha256:" HEX64 "\",\"a@sha256:" HEX65 "\"]"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct told *told = tell_new("trivy");

		tell(told, arena_printf(told->arena,
				   "{" HEAD ",\"Metadata\":{\"RepoDigests\":%s,"
				   "\"ImageID\":\"sha256:" HEX64 "\"}}",
				   lists[i]));
		assert_told(told, 2);
		assert_string_equal(told->list.events[0].subject,
			"default/image/oci/sha256:" HEX64);
		assert_string_equal(told->list.events[1].subject,
			"default/image/oci/sha256:" HEX65);
		tell_free(told);
	}
}

static void test_trivy__without_a_manifest_the_config_names_it(void **state)
{
	struct told *told =
		report("{" HEAD ",\"Metadata\":{\"RepoDigests\":null,"
		       "\"ImageID\":\"sha256:" HEX64 "\"}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told->list.events[0].subject,
		"default/image/config/sha256:" HEX64);
	tell_free(told);
}

static void test_trivy__one_package_in_two_layers_is_one_finding(void **state)
{
	struct told *told = report(PACKAGES("[" VULNERABILITY("CVE-2026-2",
		",\"Severity\":\"LOW\"") "," VULNERABILITY("CVE-2026-2",
		",\"Severity\":\"HIGH\"") "," VULNERABILITY("CVE-2026-1",
		",\"Severity\":\"UNKNOWN\"") "," VULNERABILITY("CVE-2026-2",
		",\"Severity\":\"LOW\",\"PkgPath\":\"opt/git\"") "]"));

	(void)state;
	assert_told(told, 1);
	assert_int_equal(
		json_count(json_get(told_json(told, 0), "findings")), 3);
	assert_string_equal(
		told_text(told, 0, "findings.0.vulnerability"), "CVE-2026-1");
	assert_string_equal(told_text(told, 0, "findings.1.severity"), "high");
	assert_string_equal(told_text(told, 0, "findings.2.key"),
		"CVE-2026-2 pkg:apk/alpine/git@2.35.1-r2 opt/git");
	tell_free(told);
}

static void test_trivy__a_language_target_is_a_path(void **state)
{
	struct told *told = report(IMAGE(
		"[{\"Class\":\"os-pkgs\"},{\"Target\":\"app/go.mod\","
		"\"Class\":\"lang-pkgs\",\"Vulnerabilities\":[{"
		"\"VulnerabilityID\":\"GHSA-x\",\"VendorIDs\":[\"CVE-2026-3\","
		"\"GO-1\"],\"PkgName\":\"net\",\"InstalledVersion\":\"1\"}]}"
		"]"));

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "findings.0.key"),
		"CVE-2026-3 net@1 app/go.mod");
	assert_string_equal(
		told_text(told, 0, "findings.0.severity"), "unknown");
	assert_string_equal(
		told_text(told, 0, "findings.0.aliases.0"), "GHSA-x");
	assert_string_equal(told_text(told, 0, "findings.0.aliases.1"), "GO-1");
	tell_free(told);
}

static void test_trivy__what_the_user_suppressed_is_counted(void **state)
{
	struct told *told = report(IMAGE(
		"[{\"Class\":\"os-pkgs\",\"ExperimentalModifiedFindings\":"
		"[{\"Type\":\"vulnerability\"},{\"Type\":\"secret\"},7]}]"));
	int64_t suppressed = 0;

	(void)state;
	assert_told(told, 1);
	assert_true(json_integer(
		json_get(told_json(told, 0), "suppressed"), &suppressed));
	assert_int_equal(suppressed, 1);
	tell_free(told);
}

static void test_trivy__a_repository_has_its_address(void **state)
{
	struct told *told =
		report("{\"SchemaVersion\":2,\"ArtifactName\":"
		       "\"https://github.com/acme/shop\",\"ArtifactType\":"
		       "\"repository\",\"Metadata\":{\"Branch\":\"main\"}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told->list.events[0].subject,
		"default/repo/github.com/acme/shop");
	assert_string_equal(told->list.events[0].target, "main");
	assert_string_equal(told_time(told, 0), "never");
	tell_free(told);
}

static void test_trivy__what_has_no_name_is_ignored(void **state)
{
	static const struct {
		const char *body, *kind;
	} rows[] = {
		{"{\"SchemaVersion\":2,\"ArtifactName\":\".\","
		 "\"ArtifactType\":\"filesystem\"}",
			"filesystem"},
		{"{\"SchemaVersion\":2,\"ArtifactName\":\"../shop\","
		 "\"ArtifactType\":\"repository\"}",
			"repository"},
		{"{\"SchemaVersion\":2,\"ArtifactName\":\"sbom.json\","
		 "\"ArtifactType\":\"cyclonedx\"}",
			"cyclonedx"},
		{"{\"ClusterName\":\"prod\",\"Resources\":[]}", "kubernetes"},
		{"{\"ID\":\"nsa\",\"Title\":\"NSA\"}", "compliance"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told *told = report(rows[i].body);

		assert_int_equal(told->status, IGNORED);
		assert_string_equal(told->identity.kind, rows[i].kind);
		tell_free(told);
	}
}

static void test_trivy__a_named_sbom_is_about_its_image(void **state)
{
	struct told *told =
		report("{\"SchemaVersion\":2,\"ArtifactName\":\"sbom.json\","
		       "\"ArtifactType\":\"cyclonedx\",\"Metadata\":{"
		       "\"ImageID\":\"sha256:" HEX64 "\"}}");

	(void)state;
	assert_told(told, 1);
	tell_free(told);
}

static void test_trivy__refuses_another_shape_with_its_path(void **state)
{
	static const struct {
		const char *body, *place, *word;
	} rows[] = {
		{"null", "$", "before 0.20"},
		{"[]", "$", "before 0.20"},
		{"7", "$", "found number"},
		{"{}", "$.SchemaVersion", "found absent"},
		{"{\"SchemaVersion\":3}", "$.SchemaVersion", "expected 2"},
		{"{\"SchemaVersion\":\"2\"}", "$.SchemaVersion", "string"},
		{"{\"SchemaVersion\":2}", "$.ArtifactType", "absent"},
		{"{" HEAD "}", "$.Metadata.RepoDigests", "tag is no name"},
		{"{" HEAD ",\"Metadata\":[]}", "$.Metadata", "found array"},
		{"{" HEAD ",\"Metadata\":{\"RepoDigests\":[\"shop:1\"]}}",
			"$.Metadata.RepoDigests", "at 0"},
		{"{" HEAD ",\"Metadata\":{\"RepoDigests\":[7]}}",
			"$.Metadata.RepoDigests", "at 0"},
		{"{" HEAD ",\"Metadata\":{\"ImageID\":\"shop\"}}",
			"$.Metadata.ImageID", "sha256"},
		{IMAGE("{}"), "$.Results", "found object"},
		{IMAGE("[7]"), "$.Results[0]", "found number"},
		{IMAGE("[{\"Class\":7}]"), "$.Results[0].Class", "number"},
		{PACKAGES("{}"), "$.Results[0].Vulnerabilities", "object"},
		{PACKAGES("[null]"), "$.Results[0].Vulnerabilities[0]",
			"found null"},
		{PACKAGES("[{}]"),
			"$.Results[0].Vulnerabilities[0].VulnerabilityID",
			"absent"},
		{PACKAGES("[{\"VulnerabilityID\":\"CVE-1\"}]"),
			"$.Results[0].Vulnerabilities[0].PkgName", "absent"},
		{PACKAGES("[" VULNERABILITY(
			 "CVE-1", ",\"Severity\":\"WILD\"") "]"),
			"$.Results[0].Vulnerabilities[0].Severity", "HIGH"},
		{PACKAGES("[" VULNERABILITY("CVE-1", ",\"Severity\":4") "]"),
			"$.Results[0].Vulnerabilities[0].Severity", "number"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told *told = report(rows[i].body);

		assert_refused(told, rows[i].place, rows[i].word);
		tell_free(told);
	}
}

static void test_trivy__too_many_digests_are_refused(void **state)
{
	struct told *told = tell_new("trivy");
	char *body = arena_alloc(told->arena, 4000), *at = body;

	(void)state;
	at += snprintf(at, 1000, "{" HEAD ",\"Metadata\":{\"RepoDigests\":[");
	for (int i = 0; i < 9; i++)
		at += snprintf(at, 200, "%s\"x@sha256:%d%s\"", i ? "," : "", i,
			&HEX64[1]);
	snprintf(at, 100, "]}}");
	tell(told, body);
	assert_refused(told, "$.Metadata.RepoDigests", "more than 8");
	tell_free(told);
}

static void test_trivy__a_key_fits_an_index(void **state)
{
	struct told *told = tell_new("trivy");
	char *path = arena_alloc(told->arena, 2001);

	(void)state;
	memset(path, 'p', 2000);
	tell(told, arena_printf(told->arena,
			   "{" HEAD ",\"Metadata\":{\"ImageID\":\"sha256:" HEX64
			   "\"},\"Results\":[{\"Class\":\"os-pkgs\","
			   "\"Vulnerabilities\":[{\"VulnerabilityID\":\"C\","
			   "\"PkgName\":\"p\",\"PkgPath\":\"%s\"}]}]}",
			   path));
	assert_refused(told, "$.Results[0].Vulnerabilities[0].VulnerabilityID",
		"over 1024 bytes");
	tell_free(told);
}

/* Bounded before anything is made of it: one finding too many for two. */
static void test_trivy__findings_are_bounded_over_all_digests(void **state)
{
	struct told *told = tell_new("trivy");
	size_t room = (size_t)3 << 20;
	char *body = arena_alloc(told->arena, room), *at = body;

	(void)state;
	at += snprintf(at, 1000,
		"{" HEAD ",\"Metadata\":{\"RepoDigests\":[\"a@sha256:" HEX64
		"\",\"b@sha256:" HEX65 "\"]},\"Results\":[{"
		"\"Vulnerabilities\":[0");
	for (int i = 0; i < 50000; i++)
		at += snprintf(at, 8, ",%d", i % 10);
	snprintf(at, 100, "]}]}");
	tell(told, body);
	assert_refused(told, "$.Results", "50001 vulnerabilities of 2");
	tell_free(told);
}
