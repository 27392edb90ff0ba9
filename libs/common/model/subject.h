/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one canonical name of what evidence is about:
 * tenant/kind/authority/name. Made here and nowhere else; test vectors in
 * subject_test.c. Lower-cased where the authority is case-blind,
 * percent-encoded where it must be, never guessed.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

#define SUBJECT_MAX 1024

enum subject_kind {
	SUBJECT_SERVICE,
	SUBJECT_IMAGE,
	SUBJECT_CLUSTER,
	SUBJECT_REPO,
	SUBJECT_HOST,
	SUBJECT_TOOL,
	SUBJECT_ORG,
	SUBJECT_KINDS /* how many; also "no kind" */
};

const char *subject_kind_name(enum subject_kind kind);
/* SUBJECT_KINDS for another word. */
enum subject_kind subject_kind_parse(const char *word);

/*
 * Makes a name from raw parts. REJECT where a part is empty (use "-" for an
 * authority that is not known), holds NUL or control bytes or invalid UTF-8,
 * or the whole is longer than SUBJECT_MAX. Images take "oci" or "config" and
 * "sha256:<64 hex>"; repos lower-case their host, and their path too where the
 * host is github.com, gitlab.com or bitbucket.org.
 */
enum status subject_make(struct arena *arena, const char *tenant,
	enum subject_kind kind, const char *authority, const char *name,
	const char **ret, struct reason *reterr) MUST_CHECK;
/* A repository from any address a tool writes: https://, ssh://, git@host:x,
 * with or without .git, credentials dropped. REJECT where there is no host. */
enum status subject_repo(struct arena *arena, const char *tenant,
	const char *address, const char **ret,
	struct reason *reterr) MUST_CHECK;
/*
 * An image from a reference: "repo@sha256:..." or "sha256:..." gives oci.
 * IGNORED where it pins no digest: a tag is never a name.
 */
enum status subject_image(struct arena *arena, const char *tenant,
	const char *reference, const char **ret,
	struct reason *reterr) MUST_CHECK;

/* Checks a canonical name from outside; REJECT with what is wrong. */
enum status subject_check(
	const char *canonical, struct reason *reterr) MUST_CHECK;
/* Of a checked name. */
enum subject_kind subject_kind_of(const char *canonical);
const char *subject_tenant_of(struct arena *arena, const char *canonical);
const char *subject_authority_of(struct arena *arena, const char *canonical);
/* Percent-decoded. */
const char *subject_name_of(struct arena *arena, const char *canonical);
