/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report of Trivy, `--format json`, schema version 2, as a snapshot of the
 * vulnerabilities of an image or a repository. An image with several manifest
 * digests gives one event for each: any of them may be what is deployed. What
 * has no name outside the machine that scanned (a folder, a disk) is ignored;
 * secrets, misconfigurations and licences are counted, but are no findings of
 * this class.
 */
#include "adapter.h"
#include "formats/findings.h"
#include "formats/member.h"
#include "model/subject.h"

#include <string.h>

#define FINDINGS_MAX 100000
#define DIGESTS_MAX 8

struct reading {
	const struct delivery *delivery;
	struct event_list *list;
	struct members report;
	struct findings findings;
	/* Canonical, sorted: the tool's order must not matter. */
	const char *subjects[DIGESTS_MAX];
	size_t subject_count;
	const char *target; /* of the snapshot */
	size_t suppressed, secrets, misconfigurations, licenses;
	bool any_packages, os_packages;
};

static enum rating read_severity(const struct members *item)
{
	const char *word = member_text_if(item, "Severity");
	enum rating severity = word ? rating_parse(word) : RATING_UNKNOWN;

	if (severity < RATINGS)
		return severity;
	/* Guessing "unknown" could hide a critical one. */
	member_refuse(item, "Severity",
		"expected CRITICAL, HIGH, MEDIUM, LOW or UNKNOWN");
	return RATING_UNKNOWN;
}

/* `target` is a file only where the result is about a language's packages. */
static void read_finding(
	struct reading *r, const struct members *item, const char *target)
{
	struct finding *finding = finding_add(&r->findings);

	finding->vulnerability = member_text(item, "VulnerabilityID");
	finding->aliases = member_list_if(item, "VendorIDs");
	finding->version = member_text_if(item, "InstalledVersion");
	finding->package = finding_package(r->delivery->arena,
		member_text_if(item, "PkgIdentifier.PURL"),
		member_text(item, "PkgName"), finding->version);
	finding->fixed_version = member_text_if(item, "FixedVersion");
	finding->status = member_text_if(item, "Status");
	finding->path = member_text_if(item, "PkgPath");
	if (!finding->path)
		finding->path = target;
	finding->severity = read_severity(item);
	if (!finding_name(r->delivery->arena, finding))
		member_refuse(item, "VulnerabilityID",
			"id, package and path together are over %d bytes",
			FINDING_KEY_MAX);
}

static void read_result(struct reading *r, const struct members *result)
{
	const char *class = member_text_if(result, "Class");
	const char *target = member_text_if(result, "Target");
	const struct json *vulnerabilities =
		member_list_if(result, "Vulnerabilities");
	bool os = class && strcmp(class, "os-pkgs") == 0;
	bool language = class && strcmp(class, "lang-pkgs") == 0;

	/* The first versions of this schema gave no class. */
	r->any_packages |= !class || os || language || vulnerabilities;
	r->os_packages |= !class || os;
	r->secrets += json_count(member_list_if(result, "Secrets"));
	r->misconfigurations +=
		json_count(member_list_if(result, "Misconfigurations"));
	r->licenses += json_count(member_list_if(result, "Licenses"));
	JSON_EACH (member_list_if(result, "ExperimentalModifiedFindings"), walk)
		if (strcmp(json_text_at(walk.value, "Type", ""),
			    "vulnerability") == 0)
			r->suppressed++;
	JSON_EACH (vulnerabilities, walk) {
		struct members item = members_item(
			result, "Vulnerabilities", walk.index, walk.value);

		read_finding(r, &item, language ? target : NULL);
	}
}

static void read_results(struct reading *r)
{
	const struct json *results = member_list_if(&r->report, "Results");
	size_t total = 0;

	JSON_EACH (results, walk)
		total += json_count(json_get(walk.value, "Vulnerabilities"));
	/* Each digest gets a copy of all: that is what must fit. */
	if (total > FINDINGS_MAX / r->subject_count) {
		member_refuse(&r->report, "Results",
			"%zu vulnerabilities of %zu digests are more than %d",
			total, r->subject_count, FINDINGS_MAX);
		return;
	}
	findings_init(&r->findings, r->delivery->arena, total);
	JSON_EACH (results, walk) {
		struct members result = members_item(
			&r->report, "Results", walk.index, walk.value);

		read_result(r, &result);
	}
	findings_settle(&r->findings);
}

/*
 * Why the report closes nothing; NULL: it is whole. A report without results
 * is whole and empty. One with results, but none of packages, was not asked
 * for vulnerabilities; an operating system without its packages was left out
 * or is none that Trivy has data of.
 */
static const char *why_partial(const struct reading *r)
{
	if (json_count(member_list_if(&r->report, "Results")) == 0)
		return NULL;
	if (!r->any_packages)
		return "no result is about packages";
	if (member_text_if(&r->report, "Metadata.OS.Family") && !r->os_packages)
		return "no result is about the operating system's packages";
	return NULL;
}

static void set_ignored(struct reading *r, struct json_node *body)
{
	struct json_maker *maker = r->list->maker;
	struct json_node *ignored = json_object(maker);

	json_set_integer(maker, ignored, "secrets", (int64_t)r->secrets);
	json_set_integer(maker, ignored, "misconfigurations",
		(int64_t)r->misconfigurations);
	json_set_integer(maker, ignored, "licenses", (int64_t)r->licenses);
	json_set_node(maker, body, "ignored", ignored);
	json_set_integer(maker, body, "suppressed", (int64_t)r->suppressed);
}

static void add_scan(struct reading *r, const char *subject)
{
	struct event *event = event_add(r->list);
	const char *partial = why_partial(r);
	const char *artifact = member_text_if(&r->report, "ArtifactName");
	struct json_maker *maker = r->list->maker;

	event->class = CLASS_SCAN;
	event->subject = subject;
	event->tool_time = member_time_if(&r->report, "CreatedAt");
	event->snapshot = true;
	event->complete = !partial;
	event->target = r->target;
	event->split = "findings";
	event->body = json_object(maker);
	if (artifact)
		event_match(r->list, event, "artifact", artifact);
	json_set_text(maker, event->body, "scanner", "trivy");
	json_set_text(maker, event->body, "scanner_version",
		member_text_if(&r->report, "Trivy.Version"));
	json_set_text(maker, event->body, "target", r->target);
	json_set_text(maker, event->body, "artifact", artifact);
	json_set_text(maker, event->body, "report",
		member_text_if(&r->report, "ReportID"));
	json_set_text(maker, event->body, "partial", partial);
	json_set_copy(maker, event->body, "os",
		member_object_if(&r->report, "Metadata.OS"));
	set_ignored(r, event->body);
	findings_set(&r->findings, maker, event->body);
}

static void add_subject(struct reading *r, const char *one)
{
	size_t i = 0;

	while (i < r->subject_count && strcmp(r->subjects[i], one) < 0)
		i++;
	if (i < r->subject_count && strcmp(r->subjects[i], one) == 0)
		return;
	if (r->subject_count == DIGESTS_MAX) {
		member_refuse(&r->report, "Metadata.RepoDigests",
			"more than %d digests of one image", DIGESTS_MAX);
		return;
	}
	memmove(r->subjects + i + 1, r->subjects + i,
		(r->subject_count - i) * sizeof(r->subjects[0]));
	r->subjects[i] = one;
	r->subject_count++;
}

/* Each manifest digest; else the config digest, which is another namespace. */
static void read_image(struct reading *r)
{
	static const char path[] = "Metadata.RepoDigests";
	struct arena *arena = r->delivery->arena;
	const char *id = member_text_if(&r->report, "Metadata.ImageID");
	const char *subject;
	struct reason why;

	r->target = "image";
	JSON_EACH (member_list_if(&r->report, path), walk) {
		const char *text = json_text(walk.value);

		if (text && subject_image(arena, r->delivery->tenant, text,
				    &subject, &why) == OK)
			add_subject(r, subject);
		else
			member_refuse(&r->report, path,
				"expected name@sha256:..., found something "
				"else at %zu",
				walk.index);
	}
	if (r->subject_count > 0)
		return;
	if (!id)
		member_refuse(&r->report, path,
			"neither this nor Metadata.ImageID names the image: a "
			"tag is no name");
	else if (subject_make(arena, r->delivery->tenant, SUBJECT_IMAGE,
			 "config", id, &subject, &why) != OK)
		member_refuse(
			&r->report, "Metadata.ImageID", "%s", why.sentence);
	else
		add_subject(r, subject);
}

/* RepoURL is there since the artifact may be a folder. */
static const char *repository_address(const struct members *report)
{
	const char *address = member_text_if(report, "Metadata.RepoURL");

	return address ? address : member_text_if(report, "ArtifactName");
}

static void read_repository(struct reading *r)
{
	const char *branch = member_text_if(&r->report, "Metadata.Branch");
	const char *subject;
	struct reason why;

	r->target = branch ? branch : "-";
	if (subject_repo(r->delivery->arena, r->delivery->tenant,
		    repository_address(&r->report), &subject, &why) != OK)
		member_refuse(&r->report, "ArtifactName",
			"neither this nor Metadata.RepoURL: %s", why.sentence);
	else
		add_subject(r, subject);
}

static bool names_image(const struct members *report)
{
	return json_count(member_list_if(report, "Metadata.RepoDigests")) > 0 ||
	       member_text_if(report, "Metadata.ImageID");
}

/* Reports of other commands have no type of artifact. */
static const char *other_kind(const struct json *root)
{
	if (json_get(root, "ClusterName"))
		return "kubernetes";
	if (json_get(root, "ID") && json_get(root, "Title"))
		return "compliance";
	return NULL;
}

static enum status check_version(const struct members *report)
{
	int64_t version = member_integer(report, "SchemaVersion");

	if (report->fault->status == OK && version != 2)
		member_refuse(report, "SchemaVersion", "expected 2");
	return report->fault->status;
}

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	struct member_fault fault = {OK, reterr};
	struct members report;
	const char *address;

	if (json_is_array(delivery->json) || json_is_null(delivery->json)) {
		reason_set(reterr, "$",
			"a report of Trivy before 0.20: expected an object "
			"with SchemaVersion 2");
		return REJECT;
	}
	report = members_of(delivery->json, &fault);
	ret->kind = other_kind(delivery->json);
	if (fault.status != OK || ret->kind)
		return fault.status != OK ? fault.status : IGNORED;
	if (check_version(&report) != OK)
		return fault.status;
	ret->kind = member_text(&report, "ArtifactType");
	if (fault.status != OK || strcmp(ret->kind, "container_image") == 0 ||
		names_image(&report))
		return fault.status;
	address = repository_address(&report);
	if (fault.status == OK && (strcmp(ret->kind, "repository") != 0 ||
					  !address || !strstr(address, "://")))
		return IGNORED;
	return fault.status;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	struct member_fault fault = {OK, reterr};
	struct reading reading = {.delivery = delivery, .list = ret};

	reading.report = members_of(delivery->json, &fault);
	if (strcmp(identity->kind, "repository") == 0 &&
		!names_image(&reading.report))
		read_repository(&reading);
	else
		read_image(&reading);
	if (fault.status == OK)
		read_results(&reading);
	for (size_t i = 0; fault.status == OK && i < reading.subject_count; i++)
		add_scan(&reading, reading.subjects[i]);
	return fault.status;
}

static const struct verify_spec verify[] = {
	{"bearer", VERIFY_TOKEN, "Authorization", "Bearer ", 0, false, NULL},
	{.name = "certificate", .scheme = VERIFY_CERTIFICATE},
	{.name = NULL},
};

const struct adapter adapter_trivy = {
	.name = "trivy",
	.revision = 1,
	.verify = verify,
	.json = true,
	.classify = classify,
	.translate = translate,
};
