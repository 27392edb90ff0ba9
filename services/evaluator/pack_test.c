/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "predicate.h"

#include <sys/stat.h>

#define FILES_MAX 8

struct fixture {
	char folder[64];
	const char *files[FILES_MAX];
	size_t count;
	struct pack *pack;
	struct reason reason;
	enum status status;
};

static void path_of(
	const struct fixture *f, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s", f->folder, name);
}

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/pack-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
}

static void put(struct fixture *f, const char *name, const char *text)
{
	char path[200];
	FILE *file;

	path_of(f, name, path, sizeof(path));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->files[i], name) == 0)
			return;
	f->files[f->count++] = name;
}

static enum status load(struct fixture *f)
{
	pack_free(&f->pack);
	f->status = pack_load(f->folder, &f->pack, &f->reason);
	return f->status;
}

static void end(struct fixture *f)
{
	char path[200];

	pack_free(&f->pack);
	assert_null(f->pack);
	for (size_t i = 0; i < f->count; i++) {
		path_of(f, f->files[i], path, sizeof(path));
		unlink(path);
	}
	rmdir(f->folder);
}

#define HEAD "pack: tiny\nversion: 1.2.3\n"
#define SILENT                                                                 \
	"- {id: PO.3.2-i, sentence: Not silent., subject: tool, severity: "    \
	"high, role: toolchain-owner, rule: silence, parameters: {}, "         \
	"suppresses: consequences}\n"
#define SYNCED                                                                 \
	"- id: PO.2.1-f\n"                                                     \
	"  sentence: In sync.\n"                                               \
	"  subject: service\n"                                                 \
	"  applies: {field: label.environment, equals: prod}\n"                \
	"  in_use_by: <serves\n"                                               \
	"  severity: medium\n"                                                 \
	"  role: release-manager\n"                                            \
	"  case: {policy: after, after: 30s, triage: at-once}\n"               \
	"  rule: state\n"                                                      \
	"  parameters:\n"                                                      \
	"    evidence: deployment\n"                                           \
	"    holds: {field: deployment.sync, equals: synced}\n"

static void test_pack__reads_all_files_of_a_folder(void **state)
{
	struct fixture f;
	const struct criterion *criterion;
	const struct label label = {"environment", "prod"};
	struct predicate_view view = {.labels = &label, .label_count = 1};

	(void)state;
	begin(&f);
	put(&f, "pack.yaml", HEAD);
	put(&f, "PO.3.yaml", "task: PO.3\ncriteria:\n" SILENT);
	put(&f, "PO.2.yaml", "task: PO.2.1\ncriteria:\n" SYNCED);
	put(&f, ".hidden", "not read");
	assert_int_equal(load(&f), OK);
	assert_string_equal(pack_name(f.pack), "tiny");
	assert_string_equal(pack_version(f.pack), "1.2.3");
	assert_int_equal(strlen(pack_digest(f.pack)), 71);
	assert_int_equal(pack_count(f.pack), 2);
	criterion = pack_at(f.pack, 0);
	assert_string_equal(criterion->id, "PO.2.1-f");
	assert_string_equal(criterion->task, "PO.2.1");
	assert_string_equal(criterion->sentence, "In sync.");
	assert_int_equal(criterion->subject, SUBJECT_SERVICE);
	assert_true(predicate_holds(criterion->applies, &view));
	assert_string_equal(criterion->in_use_by, "<serves");
	assert_int_equal(criterion->severity, SEVERITY_MEDIUM);
	assert_string_equal(criterion->role, "release-manager");
	assert_string_equal(criterion->doubt_role, "toolchain-owner");
	assert_int_equal(criterion->case_policy, CASE_AFTER);
	assert_int_equal(criterion->case_after, 30 * INSTANT_SECOND);
	assert_string_equal(criterion->rule->name, "state");
	assert_int_equal(criterion->needs.own_classes, 1u << CLASS_DEPLOYMENT);
	assert_string_equal(criterion->needs.relations[0], "<serves");
	assert_null(criterion->needs.relations[1]);
	assert_int_equal(criterion->line, 3);
	assert_ptr_equal(pack_find(f.pack, "PO.3.2-i"), pack_at(f.pack, 1));
	assert_ptr_equal(pack_silence(f.pack), pack_at(f.pack, 1));
	assert_true(criterion->case_triage);
	assert_int_equal(pack_at(f.pack, 1)->case_policy, CASE_NEVER);
	assert_false(pack_at(f.pack, 1)->case_triage);
	assert_null(pack_find(f.pack, "PO.1.1-a"));
	end(&f);
}

/* The encoding is written down in docs/criteria.md; the value is another
 * implementation's (Python's hashlib). */
static void test_pack__digest_is_over_names_and_bytes(void **state)
{
	struct fixture f;
	char first[80];

	(void)state;
	begin(&f);
	put(&f, "pack.yaml", HEAD);
	put(&f, "PO.3.yaml", "task: PO.3\ncriteria:\n" SILENT);
	assert_int_equal(load(&f), OK);
	assert_string_equal(pack_digest(f.pack),
		"sha256:"
		"a6d1524acdefaeaecffb5b5bd35e3e01"
		"8bb1bbc4325023befe7700de35239b28");
	snprintf(first, sizeof(first), "%s", pack_digest(f.pack));
	put(&f, "pack.yaml", HEAD "# a remark\n");
	assert_int_equal(load(&f), OK);
	assert_string_not_equal(pack_digest(f.pack), first);
	end(&f);
}

static void refused(struct fixture *f, const char *place, const char *sentence)
{
	load(f);
	if (f->status != CONFIG || !strstr(f->reason.place, place) ||
		!strstr(f->reason.sentence, sentence))
		fail_msg("%s, %s: %d %s: %s", place, sentence, f->status,
			f->reason.place, f->reason.sentence);
}

static void test_pack__refuses_what_is_no_pack(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	refused(&f, f.folder, "no pack.yaml");
	put(&f, "pack.yaml", HEAD);
	refused(&f, f.folder, "no criterion");
	put(&f, "PO.3.yaml", "task: PO.3\ncriteria:\n" SILENT);
	put(&f, "P0.2.yaml", "");
	refused(&f, "P0.2.yaml", "none of them");
	end(&f);
	begin(&f);
	rmdir(f.folder);
	refused(&f, f.folder, "cannot be opened");
	end(&f);
}

static void test_pack__names_the_place_in_each_file(void **state)
{
	static const struct {
		const char *file, *text, *place, *sentence;
	} rows[] = {
		{"pack.yaml", "pack: x\n", "pack.yaml:1:1", "\"version\" is"},
		{"pack.yaml", HEAD "colour: red\n", "pack.yaml:3:9", "colour"},
		{"pack.yaml", HEAD "pack: x\n", "pack.yaml:3:1", "twice"},
		{"clocks.yaml", "profiles: x\n", "clocks.yaml:1:11", "list"},
		{"PO.3.yaml", "", "PO.3.yaml:1:1", "empty"},
		{"PO.3.yaml", "criteria: []\n", "PO.3.yaml:1:1", "\"task\" is"},
		{"PO.3.yaml", "task: PO.9\ncriteria: []\n", "PO.3.yaml:1:7",
			"no task or practice"},
		{"PO.3.yaml", "task: PO.3\n", "PO.3.yaml:1:1", "\"criteria\""},
		{"PO.3.yaml", "task: PO.3\ncriteria: []\n", "PO.3.yaml:2:11",
			"at least one"},
		{"PO.3.yaml", "task: PO.3\ncriteria:\n- x\n", "PO.3.yaml:3:3",
			"a map"},
		{"PO.3.yaml", "task: PO.3\ncriteria:\n" SILENT SILENT,
			"PO.3.yaml:4:8", "already, at"},
		{"PO.3.yaml", "task: PO.3\ncriteria: [\n", "PO.3.yaml:3:1", ""},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&f);
		put(&f, "pack.yaml", HEAD);
		put(&f, "PO.3.yaml", "task: PO.3\ncriteria:\n" SILENT);
		put(&f, rows[i].file, rows[i].text);
		refused(&f, rows[i].place, rows[i].sentence);
		end(&f);
	}
}

/* A whole criterion, of which one member is another. */
static void with(const char *member, const char *place, const char *sentence)
{
	static const char *const members[] = {"id: PO.3.2-x", "sentence: Well.",
		"subject: tool", "severity: high", "role: owner",
		"rule: silence", "parameters: {}"};
	struct fixture f;
	char text[1000] = "task: PO.3\ncriteria:\n- {";
	size_t key = strcspn(member, ":");

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strncmp(members[i], member, key + 1) != 0)
			snprintf(text + strlen(text),
				sizeof(text) - strlen(text), "%s, ",
				members[i]);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "\n%s}\n",
		member);
	begin(&f);
	put(&f, "pack.yaml", HEAD);
	put(&f, "PO.3.yaml", text);
	refused(&f, place, sentence);
	end(&f);
}

static void test_pack__names_what_is_wrong_with_a_criterion(void **state)
{
	(void)state;
	with("id: PO.3.2", ":4:5", "does not begin with a task");
	with("id: PO.9.1-a", ":4:5", "does not begin with a task");
	with("id: PO.3.2-", ":4:5", "an id is");
	with("id: PO.3.2-a b", ":4:5", "an id is");
	with("id: PO.2.1-a", ":4:5", "does not belong to PO.3");
	with("sentence: []", ":4:11", "single value");
	with("subject: person", ":4:10", "a subject is");
	with("severity: urgent", ":4:11", "a severity is");
	with("role: The Boss", ":4:7", "a role is");
	with("doubt_role: The Boss", ":4:13", "a role is");
	with("case: {policy: soon}", ":4:16", "a case is opened");
	with("case: {policy: after}", ":4:7", "\"after\"");
	with("case: {policy: never, after: 1s}", ":4:7", "\"after\"");
	with("case: {policy: after, after: soon}", ":4:30", "after");
	with("case: {policy: after, after: 1s, triage: soon}", ":4:42",
		"\"triage\" is at-once");
	with("case: {policy: at-once, triage: at-once}", ":4:33",
		"where the policy is not");
	with("case: {when: now}", ":4:14", "not known");
	with("in_use_by: '<<runs'", ":4:12", "a relation is");
	with("applies: {field: a, is: b}", ":4:25", "no operator");
	with("rule: magic", ":4:7", "no rule kind");
	with("parameters: []", ":4:13", "must be a map");
	with("parameters: {factor: 0}", ":4:22", "factor");
	with("parameters: {x: 1}", ":4:17", "not known");
	with("suppresses: all", ":4:13", "consequences");
	with("colour: red", ":4:9", "not known");
	with("parameters: null", ":4:13", "must be a map");
}

static void test_pack__only_one_criterion_suppresses(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	put(&f, "pack.yaml", HEAD);
	put(&f, "PO.3.yaml",
		"task: PO.3\ncriteria:\n" SILENT
		"- {id: PO.3.2-j, sentence: X., subject: tool, severity: low, "
		"role: a, rule: silence, parameters: {}, suppresses: "
		"consequences}\n");
	refused(&f, "PO.3.yaml:4:", "PO.3.2-i suppresses");
	put(&f, "PO.3.yaml",
		"task: PO.3\ncriteria:\n"
		"- {id: PO.3.2-j, sentence: X., subject: host, severity: low, "
		"role: a, rule: silence, parameters: {}, suppresses: "
		"consequences}\n");
	refused(&f, "PO.3.yaml:3:", "only a criterion about tools");
	end(&f);
}

static void test_pack__the_shipped_one_is_well(void **state)
{
	static const char *const ids[] = {
		"PO.2.1-e", "PO.2.1-f", "PO.3.2-a", "PO.3.2-i", "PO.4.2-g"};
	struct pack *pack = NULL;
	struct reason reason;

	(void)state;
	if (pack_load(POSTERN_SOURCE_DIR "/packs/ssdf-po", &pack, &reason) !=
		OK)
		fail_msg("%s: %s", reason.place, reason.sentence);
	assert_string_equal(pack_name(pack), "ssdf-po");
	assert_int_equal(pack_count(pack), sizeof(ids) / sizeof(ids[0]));
	for (size_t i = 0; i < pack_count(pack); i++)
		assert_string_equal(pack_at(pack, i)->id, ids[i]);
	assert_string_equal(pack_silence(pack)->id, "PO.3.2-i");
	assert_string_equal(
		pack_find(pack, "PO.2.1-e")->needs.relations[0], "built-from");
	assert_int_equal(pack_find(pack, "PO.3.2-a")->needs.neighbour_classes,
		1u << CLASS_DEPLOYMENT);
	pack_free(&pack);
}
